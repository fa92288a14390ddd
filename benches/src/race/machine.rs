//! The machine a race was run on, without which its figures say nothing.

use std::{fs, time::SystemTime};

use serde::Serialize;

use super::cores::Placement;

/// What a reader must know.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// How many cores it has.
    pub cores: usize,
    /// The kernel's version.
    pub kernel: String,
    /// Where servers and generator ran.
    pub placement: Placement,
    /// When the race began, as HTTP writes it.
    pub date: String,
}

impl Machine {
    /// This machine, now.
    pub fn this(placement: Placement) -> Self {
        let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            cores: information.lines().filter(|line| line.starts_with("processor")).count(),
            processor: processor(&information).unwrap_or("unknown processor").to_owned(),
            kernel: format!("Linux {}", kernel.trim()),
            placement,
            date: httpdate::fmt_http_date(SystemTime::now()),
        }
    }
}

fn processor(information: &str) -> Option<&str> {
    let line = information.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processors_name_is_found() {
        let information = "processor\t: 0\nvendor_id\t: X\nmodel name\t: A processor\n";
        assert_eq!(processor(information), Some("A processor"));
        assert_eq!(processor(""), None);
    }
}
