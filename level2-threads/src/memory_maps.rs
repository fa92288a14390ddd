//! Memory maps: a process may have so many (`vm.max_map_count`, 65 530 by default), and every
//! thread takes some.
//!
//! A thread that cannot be started is an error, and the acceptor waits. But a thread begins
//! by mapping a stack for signal handlers, and if that is the map too many, the standard
//! library ends the process. So there are never more threads than maps for all of them.

use std::fs;

/// What a thread maps: its stack, the one for signal handlers, and a guard page for each. And
/// one for a large buffer.
const MAPS_OF_A_THREAD: usize = 5;

/// How many the kernel grants where it does not say so: its default.
const DEFAULT_MAX: usize = 65_530;

/// For how many threads there are maps.
pub(crate) fn threads_max() -> usize {
    let max = fs::read_to_string("/proc/sys/vm/max_map_count");
    let max = max.ok().and_then(|text| text.trim().parse().ok());
    (max.unwrap_or(DEFAULT_MAX) / MAPS_OF_A_THREAD).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_maps_for_some_threads() {
        assert!((1..=usize::MAX / MAPS_OF_A_THREAD).contains(&threads_max()));
    }
}
