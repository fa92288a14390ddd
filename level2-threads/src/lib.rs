//! Level 2: the connection loop of level 1, run by others: a thread for each connection, a
//! pool of threads, or a process for each connection.
//!
//! It also holds what all later levels use to run: listeners, signals, the admin address and
//! metrics.
