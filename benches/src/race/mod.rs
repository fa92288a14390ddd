//! The race: all levels side by side, loaded in the same ways, on the same machine.
//!
//! In reading order: a load and its count ([`load`], [`record`], [`statistics`]); the servers
//! and the machine they run on ([`contender`] to [`track`]); what is done to them
//! ([`scenario`], [`contest`]); and what a reader gets ([`report`]).

pub mod statistics;
pub mod load;
