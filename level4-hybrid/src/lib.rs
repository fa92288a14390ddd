//! Level 4: tokio for the network, a pool for what blocks, streams for what is large.
//!
//! The event loop of level 3 becomes a library's, and what it left undone is done: a handler
//! that takes time keeps nobody waiting, bodies are as large as they like, and all processors
//! work. In reading order: what an application is (`handler`, `body`), where it may block
//! (`blocking`), what a connection is made of (`stream`, `file_sender`), how one is served
//! (`application`, `worker`, `work`, `driver`), who lets it in (`acceptor`, `workers`), and the
//! demonstration application (`hot_files`, `demo`).

pub mod body;
pub mod handler;
pub mod blocking;
pub mod stream;
mod file_sender;
pub mod application;
mod worker;
mod work;
pub mod driver;
mod acceptor;
pub mod workers;
pub mod hot_files;
pub mod demo;
