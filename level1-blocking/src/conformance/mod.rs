//! What the tests of all levels share (feature `conformance`).
//!
//! A level is tested from outside, as its users meet it: its binary runs as a child process
//! on a free port, and the client is a socket or a real program.

#![expect(clippy::missing_panics_doc, reason = "a test fails by panicking")]

pub mod process;
pub mod client;
