//! Load on a server: when to send ([`plan`] and its kinds), what to count ([`tally`]), and the
//! sockets that do it ([`client`], [`drive`]).
//!
//! The first half has no socket and no clock.

pub mod tally;
pub mod plan;
pub mod arrivals;
pub mod open_loop;
pub mod closed_loop;
pub mod once;
pub mod answer;
pub mod exchange;
pub mod client;
pub mod drive;
#[cfg(test)]
mod simulation;
