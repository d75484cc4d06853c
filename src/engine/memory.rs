//! The memory of this process, where the system tells (Linux's `/proc`); None elsewhere.

/// Bytes of physical memory in use now.
pub fn resident() -> Option<u64> {
    field("VmRSS:")
}

/// The most bytes of physical memory in use at a time, since the start or the last [`forget_peak`].
pub fn peak() -> Option<u64> {
    field("VmHWM:")
}

/// Lets [`peak`] begin anew; false where the system does not know how.
pub fn forget_peak() -> bool {
    // "5" resets the peak of the resident set (proc(5))
    std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

fn field(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    kibibytes(&text, name).map(|kib| kib * 1024)
}

/// The number of a line such as `VmRSS:     1234 kB`.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let text = "VmPeak:\t  999 kB\nVmHWM:\t  120 kB\nVmRSS:\t   64 kB\n";
        assert_eq!(kibibytes(text, "VmHWM:"), Some(120));
        assert_eq!(kibibytes(text, "VmRSS:"), Some(64));
        assert_eq!(kibibytes(text, "VmSwap:"), None);
    }

    #[test]
    fn a_process_takes_memory_where_the_system_tells() {
        // other tests run beside this one, so that no difference of two calls means anything
        if let Some(bytes) = resident() {
            assert!(bytes > 1 << 20, "{bytes}");
            assert!(peak().is_some_and(|peak| peak > 1 << 20));
        }
        assert_eq!(resident().is_some(), cfg!(target_os = "linux"));
    }
}
