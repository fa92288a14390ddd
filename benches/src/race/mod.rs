//! The race: all levels side by side, loaded in the same ways, on the same machine.
//!
//! In reading order: a load and its count ([`load`], [`record`], [`statistics`]); the servers
//! and the machine they run on ([`contender`] to [`track`]); what is done to them
//! ([`scenario`], [`contest`]); and what a reader gets ([`report`]).

pub mod statistics;
pub mod load;
pub mod record;
pub mod cores;
pub mod distance;
pub mod process;
pub mod conditions;
pub mod machine;
pub mod contender;
pub mod binaries;
pub mod server;
pub mod effort;
pub mod track;
pub mod scenario;
pub mod row;
pub mod progress;
pub mod contest;
pub mod report;
pub mod options;
