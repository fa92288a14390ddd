//! What the tests of all levels share (feature `conformance`).
//!
//! A level is tested from outside, as its users meet it: its binary runs as a child process
//! on a free port, and the client is a socket or a real program.
//!
//! The conformance suite is data: what a client does, what must come of it, and where that is
//! written. One suite for all levels, over sockets, and for the protocol core in memory:
//!
//! - a case: `request`, `answer`, `case`, and all of them in `cases`;
//! - the judgement: `response`, `verdict`;
//! - a run: `cut`, `play`, `harness`, and the two ways to run, `in_memory` and `over_sockets`.
//!
//! Beside it, `stopping`: what a stop does to a connection in each of its states; and
//! `simulation`: a level's driver under whatever a kernel may do.

#![expect(clippy::missing_panics_doc, reason = "a test fails by panicking")]

pub mod process;
pub mod client;
pub mod request;
pub mod answer;
pub mod case;
pub mod cases;
pub mod response;
pub mod verdict;
pub mod cut;
pub mod play;
pub mod harness;
pub mod in_memory;
pub mod over_sockets;
pub mod stopping;
pub mod simulation;
