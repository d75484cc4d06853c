//! Rectiflow's program: hands its arguments to [`rectiflow::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    rectiflow::cli::main(std::env::args_os())
}
