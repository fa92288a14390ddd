//! What the kernel knows of a process (proc(5)).

use std::{fs, io};

/// What a process takes up at the moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    pub(crate) resident_memory_len: u64,
    pub(crate) threads: u64,
    pub(crate) open_descriptors: u64,
}

impl Process {
    /// Looks the process up.
    pub(crate) fn read(id: u32) -> io::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        Ok(Self {
            resident_memory_len: number(&status, "VmRSS:") * 1024,
            threads: number(&status, "Threads:"),
            open_descriptors: fs::read_dir(format!("/proc/{id}/fd"))?.count() as u64,
        })
    }
}

/// The number in the line that begins with `name`; zero if there is no such line.
fn number(status: &str, name: &str) -> u64 {
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_threads_and_descriptors() {
        let process = Process::read(std::process::id()).expect("this process");
        assert!(process.resident_memory_len > 64 * 1024, "{process:?}");
        assert!(process.threads >= 1, "{process:?}");
        assert!(process.open_descriptors >= 3, "{process:?}");
    }
}
