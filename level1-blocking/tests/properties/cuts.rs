//! However the bytes are cut on their way, the answers, the log and the end are the same.

use std::sync::Arc;

use level1_blocking::http::{buffers::BufferPool, limits::Limits};
use proptest::{collection::vec, prelude::*, sample::Index};

use super::{
    config,
    demo::App,
    mutation::conversation,
    peer::{Outcome, converse},
};

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn cuts_change_nothing(bytes in conversation(), cuts in cuts(), limits in limits()) {
        let whole = outcome(&bytes, &[], &limits);
        let bytewise: Vec<usize> = (1..bytes.len()).collect();
        let mut some: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        some.sort_unstable();
        for cuts in [some, bytewise] {
            prop_assert_eq!(&outcome(&bytes, &cuts, &limits), &whole, "cut at {:?}", cuts);
        }
    }
}

fn cuts() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 0..8)
}

/// The usual limits, or some that most conversations meet.
fn limits() -> impl Strategy<Value = Arc<Limits>> {
    let small = (20..60_usize, 60..300_usize, 1..6_usize, 1..3_u32, 1..200_usize).prop_map(
        |(request_line_len_max, head_len_max, fields_max, pipelined_max, output_len_max)| Limits {
            request_line_len_max,
            head_len_max,
            fields_max,
            pipelined_max,
            output_len_max,
            chunk_line_len_max: 12,
            chunk_extensions_len_max: 20,
            read_ahead_len_max: 10,
            ..Limits::default()
        },
    );
    prop_oneof![2 => Just(Limits::default()), 1 => small].prop_map(Arc::new)
}

/// The outcome without interim responses: a client that has begun to send its body is not
/// told to go on, so these alone depend on the cuts.
fn outcome(bytes: &[u8], cuts: &[usize], limits: &Arc<Limits>) -> Outcome {
    const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut outcome = converse(&mut App::new(), limits, bytes, cuts, &mut BufferPool::new(1));
    while let Some(at) = memchr::memmem::find(&outcome.output, INTERIM) {
        outcome.output.drain(at..at + INTERIM.len());
    }
    outcome
}
