//! `doctor`: what this machine offers, and what the program makes of it.

use std::fmt::Write as _;

use super::failure::Failure;
use super::print;
use crate::engine::backends;
use crate::engine::command::BackendChoice;
use crate::engine::session::Session;

/// Does what `rectiflow doctor` says.
///
/// # Errors
/// None: what is missing is said in the report.
#[expect(clippy::unnecessary_wraps, reason = "all commands have one form")]
pub fn doctor() -> Result<(), Failure> {
    let mut text = String::new();
    // writing to a String cannot fail
    let mut line = |label: &str, what: &str| {
        let _ = writeln!(text, "{label:<10} {what}");
    };
    line("rectiflow", env!("CARGO_PKG_VERSION"));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    line(
        "processor",
        &format!("{}, {threads} threads, {}", std::env::consts::ARCH, features()),
    );
    let adapters = backends::adapter_lines();
    if adapters.is_empty() {
        let remedy =
            "a GPU needs a Vulkan, Metal or DirectX 12 driver (a software one: apt install mesa-vulkan-drivers)";
        line("adapter", &format!("none; {remedy}"));
    }
    for adapter in &adapters {
        line("adapter", adapter);
    }
    for (label, choice) in [
        ("auto", BackendChoice::Auto),
        ("cpu", BackendChoice::Cpu),
        ("gpu", BackendChoice::Gpu),
    ] {
        match Session::new(choice, None) {
            Ok(session) => line("backend", &format!("{label} is {}", session.backend_name())),
            Err(fault) => line("backend", &format!("{label} does not work: {fault}")),
        }
    }
    line("fonts", "built in; none of the system's are needed");
    line("display", &display());
    print(&text);
    Ok(())
}

fn display() -> String {
    let value = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    if cfg!(any(windows, target_os = "macos")) {
        return "the system's".into();
    }
    match (value("WAYLAND_DISPLAY"), value("DISPLAY")) {
        (Some(name), _) => format!("Wayland, {name}"),
        (None, Some(name)) => format!("X11, {name}"),
        (None, None) => {
            "none (neither DISPLAY nor WAYLAND_DISPLAY is set): the window cannot open, all commands work".into()
        }
    }
}

/// The vector instructions that the CPU backend chooses from.
fn features() -> String {
    #[cfg(target_arch = "x86_64")]
    {
        let found = [
            ("avx512f", std::is_x86_feature_detected!("avx512f")),
            ("avx2", std::is_x86_feature_detected!("avx2")),
            ("fma", std::is_x86_feature_detected!("fma")),
        ];
        let names: Vec<&str> = found.iter().filter(|f| f.1).map(|f| f.0).collect();
        if names.is_empty() {
            "sse2".into()
        } else {
            names.join(" ")
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        "portable vector code".into()
    }
}
