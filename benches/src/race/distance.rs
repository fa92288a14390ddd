//! How far apart two cores are: the time a cache line takes from one to the other and back.
//!
//! A virtual machine's host may move the two within a second, from cores that share a cache to
//! cores that do not. A request over the loopback interface crosses between them several times,
//! and takes twice as long, or three times, when they are far. A figure is worth little without
//! knowing which it was.

use std::{
    hint,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::cores;

/// Round trips in a measurement: a millisecond or two.
const TRIPS: u32 = 4000;

/// For a core that is busy with something else.
const PATIENCE: Duration = Duration::from_millis(50);

/// The line that goes back and forth, and nothing else on it.
#[repr(align(128))]
struct Line(AtomicU32);

/// The shorter of two measurements between the core of this thread and `other`; nothing if
/// that one was busy.
pub fn round_trip(other: usize) -> Option<Duration> {
    [measure(other), measure(other)].into_iter().flatten().min()
}

fn measure(other: usize) -> Option<Duration> {
    let line = Line(AtomicU32::new(0));
    let give_up = Instant::now() + PATIENCE;
    thread::scope(|scope| {
        let echo = scope.spawn(|| {
            cores::pin(other).is_ok()
                && (0..TRIPS).all(|trip| line.pass(2 * trip + 1, 2 * trip + 2, give_up))
        });
        line.0.store(1, Ordering::Release);
        // The first trip waits until the other thread has started.
        let has_begun = line.pass(2, 3, give_up);
        let start = Instant::now();
        let has_passed =
            has_begun && (1..TRIPS).all(|trip| line.pass(2 * trip + 2, 2 * trip + 3, give_up));
        let time = start.elapsed() / (TRIPS - 1);
        (echo.join().is_ok_and(|has_echoed| has_echoed) && has_passed).then_some(time)
    })
}

impl Line {
    /// Waits until `expected` stands there, and writes `next`. False if it takes too long.
    fn pass(&self, expected: u32, next: u32, give_up: Instant) -> bool {
        let mut looks = 0_u32;
        while self.0.load(Ordering::Acquire) != expected {
            looks += 1;
            // The clock costs more than a look.
            if looks.is_multiple_of(4096) && Instant::now() > give_up {
                return false;
            }
            hint::spin_loop();
        }
        self.0.store(next, Ordering::Release);
        true
    }
}
