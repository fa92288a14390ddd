//! Sessions and timers in a world of our own: a scripted network and a scripted clock.

mod world;
mod turns;

use level1_blocking::conformance::simulation::{deadlines, schedules};
use level3_async::timers::TICK;
use world::Simulated;

#[test]
fn whatever_the_kernel_does_the_answers_are_those_to_the_same_bytes_at_once() {
    schedules::answers_are_those_to_the_same_bytes_at_once::<Simulated>();
}

#[test]
fn a_client_that_vanishes_at_any_byte_leaves_nothing_and_got_nothing_wrong() {
    schedules::a_client_may_vanish_at_any_byte::<Simulated>();
}

#[test]
fn slow_peers_are_closed_at_their_deadlines() {
    deadlines::slow_peers_are_closed::<Simulated>(TICK);
}
