//! Allocations per request, once the buffers are there.

use benches::{BROWSER, SMALL, memory::Session};

#[test]
fn a_request_that_is_answered_from_constants_allocates_nothing() {
    for (name, bytes, count) in
        [("single", SMALL, 1), ("pipelined", SMALL, 16), ("a browser's", BROWSER, 1)]
    {
        let requests = bytes.repeat(count);
        let mut session = Session::default();
        for _ in 0..3 {
            assert_eq!(session.turn(&requests).0, count, "{name}");
        }
        let allocations = allocation_counter::measure(|| {
            for _ in 0..100 {
                session.turn(&requests);
            }
        });
        assert_eq!(allocations.count_total, 0, "{name}");
    }
}
