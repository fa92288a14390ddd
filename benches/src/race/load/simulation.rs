//! Generators against a server that exists in arithmetic only: what a stall does to the figures.
//!
//! The server answers after a millisecond, except that every five seconds it stalls for a
//! tenth of a second. Two requests in a hundred arrive during a stall. Half of those wait for
//! more than half of it: so one request in a hundred waits for more than 50 ms, and that is
//! the 99th percentile, whatever the rate.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use super::{
    arrivals::Gaps,
    closed_loop::ClosedLoop,
    open_loop::OpenLoop,
    plan::{Next, Plan},
    tally::Outcome,
};

const LANES: usize = 64;
const END: Duration = Duration::from_secs(50);
const SERVICE: Duration = Duration::from_millis(1);
const STALL: Duration = Duration::from_millis(100);
const STALL_EVERY: Duration = Duration::from_secs(5);

/// How often the generator looks.
const TICK: Duration = Duration::from_micros(100);

/// When the server answers what it is asked at `now`.
fn answered(now: Duration) -> Duration {
    let since_stall = Duration::from_nanos_u128(now.as_nanos() % STALL_EVERY.as_nanos());
    SERVICE + now + STALL.saturating_sub(since_stall)
}

fn simulate(plan: &mut impl Plan) {
    let mut under_way = BinaryHeap::new();
    let mut now = Duration::ZERO;
    while !plan.is_over(now) {
        while let Some(lane) = plan.due(now) {
            under_way.push(Reverse((answered(now), lane)));
        }
        while let Some(&Reverse((time, lane))) = under_way.peek()
            && time <= now
        {
            under_way.pop();
            if plan.finished(lane, Outcome::Answered, now) == Next::Send {
                under_way.push(Reverse((answered(now), lane)));
            }
        }
        now += TICK;
    }
}

#[test]
fn an_open_loop_shows_the_stall_in_its_99th_percentile() {
    for (gaps, rate) in [(Gaps::Fixed, 200.0), (Gaps::Fixed, 2000.0), (Gaps::Poisson, 2000.0)] {
        let mut open = OpenLoop::new(gaps.times(rate, END, 1), LANES);
        simulate(&mut open);
        let tally = open.tally();
        let late = tally.latency_at(0.99).as_millis();
        assert!((45..56).contains(&late), "{gaps:?} at {rate}: {late} ms");
        assert!(tally.latency_at(0.5) < 2 * SERVICE);
        assert!(tally.latency_at(1.0) + TICK >= STALL);
    }
}

#[test]
fn a_closed_loop_hides_the_same_stall() {
    let mut closed = ClosedLoop::new(LANES, END);
    simulate(&mut closed);
    let tally = closed.tally();
    assert!(tally.latency_at(0.99) < 2 * SERVICE);
    assert!(tally.latency_at(1.0) + TICK >= STALL);
}

/// With fewer lanes than requests arrive during a stall, most wait in the generator.
#[test]
fn waiting_for_a_lane_counts_as_the_servers_delay() {
    let mut open = OpenLoop::new(Gaps::Fixed.times(2000.0, END, 1), 8);
    simulate(&mut open);
    let late = open.tally().latency_at(0.99).as_millis();
    assert!((45..70).contains(&late), "{late} ms");
    assert!(open.lateness_at(1.0) <= TICK);
}

#[test]
fn both_loops_obey_littles_law() {
    let mut open = OpenLoop::new(Gaps::Poisson.times(2000.0, END, 1), LANES);
    let mut closed = ClosedLoop::new(LANES, END);
    simulate(&mut open);
    simulate(&mut closed);
    for tally in [open.tally(), closed.tally()] {
        let expected = tally.rate() * tally.latency_mean().as_secs_f64();
        let error = (tally.concurrency() - expected).abs() / expected;
        assert!(error < 0.05, "{} and {expected}", tally.concurrency());
    }
    assert!(closed.tally().concurrency() > 63.0);
}
