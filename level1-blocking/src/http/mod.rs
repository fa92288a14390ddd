//! HTTP/1.1 without I/O: the protocol that all six servers speak.
//!
//! Nothing in here owns a socket, a thread or a clock, or opens a file. A driver lends bytes
//! and the time, asks what is due, and does it; `serve.rs` is the smallest one. The modules
//! stand in reading order, and each imports only from those above it:
//!
//! - what is allowed: `limits`, `status`, `error`, `grammar`, `clock`;
//! - a request's parts: `method`, `version`, `authority`, `target`, `name`, `fields`;
//! - a request: `framing`, `head`, `decode`;
//! - a response: `body`, `response`, `encode`;
//! - a connection: `buffers`, `step`, `deadline`, `connection`, its halves `reading` and `writing`,
//!   and `due`.

pub mod limits;
pub mod status;
pub mod error;
mod grammar;
pub mod clock;
pub mod method;
pub mod version;
mod authority;
pub mod target;
pub mod name;
pub mod fields;
pub mod framing;
pub mod head;
mod decode;
pub mod body;
pub mod response;
mod encode;
pub mod buffers;
pub mod step;
mod deadline;
pub mod connection;
mod reading;
mod writing;
mod due;
#[cfg(test)]
mod tests;

pub use connection::Connection;
