//! Properties of the protocol core, held against random requests, answers, cuts and schedules.
//!
//! `request` and `mutation` make what is sent, `peer` drives a connection in memory, and
//! `response` reads what comes back as a strict client; the other modules are the properties.
//! A failure prints the smallest input that shows it; such inputs are kept in `cases`.

mod request;
mod mutation;
mod peer;
mod response;
mod demo;

mod cases;
mod cuts;
mod halves;
mod many;
mod requests;
mod responses;
mod values;

use proptest::test_runner::Config;

/// So many cases a property. What was found is kept as a case, not as a seed in a file.
fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}
