//! Fuzz targets of the protocol core. As ordinary tests they run for a bounded number of inputs.
//!
//! To fuzz for real (`cargo install cargo-bolero`, and a nightly toolchain):
//!
//! ```text
//! cargo +nightly bolero test --package level1-blocking --profile test \
//!     --corpus-dir DIR --crashes-dir DIR requests
//! ```
//!
//! - `connection`: any bytes in any pieces, through the demonstration application;
//! - `requests`: the same, with bytes made of the pieces that requests are made of;
//! - `calls`: any calls of the core's interface in any order with any arguments.

#[path = "../properties/demo.rs"]
mod demo;
#[path = "../properties/peer.rs"]
mod peer;

mod calls;
mod pieces;

use std::sync::{Arc, LazyLock};

use bolero::{check, produce};
use level1_blocking::http::{buffers::BufferPool, limits::Limits};

use self::{
    calls::Call,
    demo::App,
    peer::{Outcome, converse},
    pieces::Piece,
};

#[test]
fn connection() {
    let bytes = produce::<Vec<u8>>().with().len(0..2000_usize);
    let input = (bytes, produce::<Vec<u16>>());
    check!().with_iterations(60_000).with_generator(input).for_each(|(bytes, lens)| {
        check_conversation(bytes, lens);
    });
}

#[test]
fn requests() {
    let input = (produce::<Vec<Piece>>(), produce::<Vec<u16>>());
    check!().with_iterations(60_000).with_generator(input).for_each(|(pieces, lens)| {
        let bytes: Vec<u8> = pieces.iter().flat_map(Piece::bytes).collect();
        check_conversation(&bytes, lens);
    });
}

#[test]
fn calls() {
    check!().with_iterations(30_000).with_type::<Vec<Call>>().for_each(|calls| calls::check(calls));
}

/// Holds the conversation with these bytes in pieces of these lengths, and again in one: it comes
/// to an end, and to the same.
fn check_conversation(bytes: &[u8], lens: &[u16]) {
    let cuts = lens.iter().scan(0, |end, len| {
        *end += usize::from(*len) % 256;
        (*end <= bytes.len()).then_some(*end)
    });
    let cuts: Vec<usize> = cuts.collect();
    assert_eq!(outcome(bytes, &cuts), outcome(bytes, &[]));
}

/// What comes of it; without interim responses, which a client gets only if it waits for them.
fn outcome(bytes: &[u8], cuts: &[usize]) -> Outcome {
    const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    static LIMITS: LazyLock<Arc<Limits>> = LazyLock::new(Arc::default);
    let mut pool = BufferPool::new(1);
    let mut outcome = converse(&mut App::new(), &LIMITS, bytes, cuts, &mut pool);
    let buffers_len = usize::from(!bytes.is_empty());
    assert_eq!(pool.len(), buffers_len, "taken when needed, and grown no further than is kept");
    while let Some(at) = memchr::memmem::find(&outcome.output, INTERIM) {
        outcome.output.drain(at..at + INTERIM.len());
    }
    outcome
}
