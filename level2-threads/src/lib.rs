//! Level 2: the connection loop of level 1, run by others: a thread for each connection, a
//! pool of threads, or a process for each connection.
//!
//! It also holds what all later levels use to run: listeners, signals, the admin address and
//! metrics.

mod sync;
pub mod queue;
pub mod capacity;
pub mod shared_memory;
pub mod metrics;
pub mod admin;
pub mod descriptors;
mod memory_maps;
pub mod listeners;
pub mod activation;
pub mod notify;
mod wait;
pub mod signals;
pub mod options;
pub mod server;
pub mod guest;
pub mod acceptor;
pub mod thread_per_connection;
pub mod waiting_room;
pub mod pool;
pub mod processes;
#[cfg(test)]
mod tests;
