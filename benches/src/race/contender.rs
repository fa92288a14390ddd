//! Who runs: the levels, each in the models it has. A new level is a new line.

/// How a contender lets its clients use connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connections {
    /// Many at a time, kept from request to request.
    Kept,
    /// One at a time, kept; whoever else comes waits until it ends.
    OneKept,
    /// A new one for each request.
    New,
}

/// A level with the flags that make it a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contender {
    /// Its name, as `--level` knows it.
    pub name: &'static str,
    /// The level's package and binary.
    pub package: &'static str,
    /// Flags besides those that all have.
    pub flags: &'static [&'static str],
    /// How clients use connections.
    pub connections: Connections,
    /// What must be known to read its figures.
    pub note: &'static str,
}

/// What all are started with: a free port, and no log, which would be measured too.
pub const FLAGS: [&str; 4] = ["--listen", "127.0.0.1:0", "--log", "off"];

use Connections::{Kept, New, OneKept};

/// All contenders, in the order of the levels. Where a level has workers that wait for the
/// network, it has one, as it has one core.
#[rustfmt::skip]
pub const CONTENDERS: &[Contender] = &[
    Contender { name: "level1", package: "level1-blocking", flags: &[], connections: New,
        note: "closes each connection after its answer, so that the next client gets a turn" },
    Contender { name: "level1-one", package: "level1-blocking", flags: &["--idle-timeout", "60s"], connections: OneKept,
        note: "keeps its connection and has one client, as a second would wait for the first to leave" },
    Contender { name: "level2-thread", package: "level2-threads", flags: &["--model", "thread"], connections: Kept,
        note: "a thread for each connection" },
    Contender { name: "level2-pool", package: "level2-threads", flags: &["--model", "pool"], connections: Kept,
        note: "sixteen threads, and one that waits for all who are idle" },
    Contender { name: "level2-process", package: "level2-threads", flags: &["--model", "process"], connections: Kept,
        note: "a process for each connection" },
    Contender { name: "level3", package: "level3-async", flags: &["--workers", "1"], connections: Kept,
        note: "one thread, which waits for all and works for all" },
    Contender { name: "level4", package: "level4-hybrid", flags: &["--workers", "1"], connections: Kept,
        note: "one thread that waits for all, and others for what blocks" },
];

impl Contender {
    /// Whether `--level` with this value means it: its name, or that of its level.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.level() == name
    }

    /// The level's short name: `level2` of `level2-pool`.
    pub fn level(&self) -> &'static str {
        self.name.split('-').next().unwrap_or(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contender_has_a_name_of_its_own_and_its_levels_package() {
        for (index, contender) in CONTENDERS.iter().enumerate() {
            let others = &CONTENDERS[index + 1..];
            assert!(others.iter().all(|other| other.name != contender.name));
            assert!(contender.package.starts_with(contender.level()), "{}", contender.name);
        }
    }

    #[test]
    fn a_level_is_called_by_its_name_or_all_its_models_are() {
        let called = |name: &str| CONTENDERS.iter().filter(|one| one.is_called(name)).count();
        assert_eq!((called("level2"), called("level2-pool"), called("level")), (3, 1, 0));
    }
}
