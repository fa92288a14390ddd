//! What a server takes from the system: processor time, memory, threads, descriptors; its
//! children's included.

use std::{fs, time::Duration};

use nix::{time::clock_getcpuclockid, unistd::Pid};
use serde::Serialize;

/// A process and all its descendants.
#[derive(Debug, Clone, Copy)]
pub struct ProcessTree {
    /// Its process id.
    pub root: u32,
}

/// What they hold at a moment.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Holdings {
    /// How many there are.
    pub processes: u64,
    /// Threads of all of them.
    pub threads: u64,
    /// Open descriptors of all of them.
    pub descriptors: u64,
    /// Memory in KiB; a page that several of them share counts once.
    pub memory: u64,
}

impl ProcessTree {
    /// Processor time so far, in the kernel and out of it: of those who live, to the
    /// nanosecond, and of their children that have ended, to the clock's tick.
    pub fn processor_time(self) -> Duration {
        self.members().into_iter().map(|id| processor_time(id) + time_of_ended(id)).sum()
    }

    /// What they hold now.
    pub fn holdings(self) -> Holdings {
        self.members().into_iter().fold(Holdings::default(), |sum, id| Holdings {
            processes: sum.processes + 1,
            threads: sum.threads + entries(id, "task"),
            descriptors: sum.descriptors + entries(id, "fd"),
            memory: sum.memory + memory(id),
        })
    }

    /// The root, its children, theirs, and so on.
    fn members(self) -> Vec<u32> {
        let parents = parents();
        let mut members = vec![self.root];
        let mut next = 0;
        while let Some(parent) = members.get(next).copied() {
            members.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(id, _)| *id));
            next += 1;
        }
        members
    }
}

// Fields of `/proc/PID/stat`, counted from the one after the name: see proc_pid_stat(5).
const PARENT: usize = 1;
const CHILDREN_USER_TIME: usize = 13;
const CHILDREN_SYSTEM_TIME: usize = 14;

/// Linux tells times to user space in hundredths of a second, on the machines we serve.
const MILLISECONDS_PER_TICK: u64 = 10;

/// All processes, each with its parent.
fn parents() -> Vec<(u32, u32)> {
    let names = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = names.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id| Some((id, u32::try_from(stat(id, PARENT)?).ok()?))).collect()
}

fn stat(id: u32, field: usize) -> Option<u64> {
    let line = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name may hold anything, also brackets and spaces.
    let (_, fields) = line.rsplit_once(") ")?;
    fields.split(' ').nth(field)?.parse().ok()
}

fn processor_time(id: u32) -> Duration {
    let time = || {
        let id = Pid::from_raw(i32::try_from(id).ok()?);
        let time = clock_getcpuclockid(id).ok()?.now().ok()?;
        Some(Duration::from(time))
    };
    time().unwrap_or_default()
}

fn time_of_ended(id: u32) -> Duration {
    let ticks = [CHILDREN_USER_TIME, CHILDREN_SYSTEM_TIME].map(|field| stat(id, field));
    Duration::from_millis(ticks.into_iter().flatten().sum::<u64>() * MILLISECONDS_PER_TICK)
}

/// How many entries a folder of the process has.
fn entries(id: u32, folder: &str) -> u64 {
    fs::read_dir(format!("/proc/{id}/{folder}")).map_or(0, |entries| entries.count() as u64)
}

/// Its proportional set, in KiB.
fn memory(id: u32) -> u64 {
    let maps = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
    let line = maps.lines().find_map(|line| line.strip_prefix("Pss:"));
    let value = line.and_then(|line| line.split_whitespace().next());
    value.and_then(|value| value.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::process;

    use super::*;

    #[test]
    fn a_process_sees_itself() {
        let tree = ProcessTree { root: process::id() };
        let holdings = tree.holdings();
        assert!(holdings.processes >= 1 && holdings.threads >= 2, "{holdings:?}");
        assert!(holdings.descriptors >= 3 && holdings.memory > 0, "{holdings:?}");
        assert!(tree.processor_time() > Duration::ZERO);
    }

    #[test]
    fn a_process_that_does_not_exist_holds_nothing() {
        let tree = ProcessTree { root: u32::MAX };
        assert_eq!(tree.processor_time(), Duration::ZERO);
        assert_eq!(tree.holdings(), Holdings { processes: 1, ..Holdings::default() });
    }
}
