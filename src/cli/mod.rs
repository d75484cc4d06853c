//! The command line: a contract that scripts rely on. Errors are one line on stderr that says what is wrong and how to mend
//! it; exit code 2 for bad input, 1 for failure.

mod arguments;
mod bench;
mod couple;
mod data;
mod doctor;
mod export;
mod failure;
mod field;
mod first;
mod lab_source;
mod list;
mod render;
mod rounds;
mod run;
mod run_dir;
mod sample;
mod share;
mod window;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use arguments::{Arguments, Command};
use failure::Failure;

/// Does what the program's arguments (the program's own name first) ask for.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let done = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => obey(arguments),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            // whoever closed the pipe does not want the rest
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => Err(Failure::Input(arguments::one_line(&error))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "rectiflow: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

fn obey(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        None if arguments.tell_startup => window::tell_startup(arguments.backend),
        None => window::open(arguments.file.as_deref(), arguments.backend),
        Some(Command::Run(options)) => run::run(&options),
        Some(Command::Sample(options)) => sample::sample(&options),
        Some(Command::Field(options)) => field::field(&options),
        Some(Command::Data(options)) => data::data(&options),
        Some(Command::Couple(options)) => couple::couple(&options),
        Some(Command::Render(options)) => render::render(&options),
        Some(Command::Export(options)) => export::export(&options),
        Some(Command::Open(options)) => window::open_named(&options),
        Some(Command::Share(options)) => share::share(&options),
        Some(Command::List(options)) => list::list(&options),
        Some(Command::Doctor) => doctor::doctor(),
        Some(Command::Bench(options)) => bench::bench(&options),
    }
}

/// Writes text to stdout; a closed pipe (`| head`) is no error.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
