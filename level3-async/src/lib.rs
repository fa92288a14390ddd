//! Level 3: ten thousand clients on one thread, which waits for all of them at once.
//!
//! A runtime, by hand, in three parts: `timers` know when to wake, a `session` does what it can
//! without waiting, and the `event_loop` gives every session that can go on its turn. `workers`
//! are the threads that run loops.

pub mod timers;
pub mod session;
pub mod event_loop;
pub mod workers;
