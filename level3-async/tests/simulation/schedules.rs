//! Whatever the kernel does, a client gets the same answers.

use std::time::Duration;

use crate::{
    reference, requests,
    world::{End, World, pass},
};

const SCHEDULES: u64 = 2000;

/// Rounds after which a schedule must have come to its end.
const ROUNDS_MAX: u32 = 100_000;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A sequence of draws, the same for the same seed (`SplitMix64`).
#[derive(Debug)]
pub(crate) struct Lots(u64);

impl Lots {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).expect("less than `end`")
    }

    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Plays a schedule: what the client received when the server had closed, and what level 1's
/// core answers.
fn play(seed: u64, end: End) -> (Vec<u8>, Vec<u8>) {
    let mut lots = Lots(seed);
    let bytes = requests::conversation(&mut lots);
    let application = requests::application();
    let expected = reference::answers(&*application, &requests::limits(), &bytes);
    let sent_max = *lots.one_of(&[1, 100, 5000, 200_000, 10_000_000]);
    let piece_max = *lots.one_of(&[1, 10, 1000, 30_000, 1_000_000]);
    // A wire that takes a byte at a time is for small conversations.
    let sent_max = sent_max.max(expected.len() / 2000);
    let piece_max = piece_max.max(bytes.len() / 2000);
    let ends_at = if end == End::Reset { lots.below(bytes.len() + 1) } else { bytes.len() };
    let tells_nothing_new = lots.below(2) == 0;
    let mut world = World::new(application, requests::limits(), sent_max);
    let mut rest = &bytes[..ends_at];
    let mut has_ended = false;
    for _ in 0..ROUNDS_MAX {
        match lots.below(8) {
            0..3 if !rest.is_empty() => {
                let (piece, behind) = rest.split_at((1 + lots.below(piece_max)).min(rest.len()));
                world.send(piece);
                rest = behind;
            }
            0..3 if !has_ended => {
                world.end(end);
                has_ended = true;
            }
            3..5 => world.receive(1 + lots.below(2 * sent_max)),
            5 if tells_nothing_new => world.tell_nothing_new(),
            6 => pass(Duration::from_micros(1 + lots.below(50) as u64)),
            _ => {
                world.round();
            }
        }
        if world.is_closed() {
            world.receive(usize::MAX);
            return (without_interims(&world.received), without_interims(&expected));
        }
    }
    panic!("schedule {seed} does not end");
}

/// Whether a `100 (Continue)` is sent depends on whether the body was waited for. At the end
/// there may be the beginning of one.
fn without_interims(mut received: &[u8]) -> Vec<u8> {
    let mut rest = Vec::new();
    while let Some(first) = received.first() {
        if received.starts_with(CONTINUE) {
            received = &received[CONTINUE.len()..];
        } else if CONTINUE.starts_with(received) && received.starts_with(b"HTTP/1.1 1") {
            break;
        } else {
            rest.push(*first);
            received = &received[1..];
        }
    }
    rest
}

#[test]
fn whatever_the_kernel_does_the_answers_are_those_to_the_same_bytes_at_once() {
    for seed in 0..SCHEDULES {
        let (received, expected) = play(seed, End::Closed);
        assert!(received == expected, "schedule {seed}");
    }
}

#[test]
fn a_client_that_vanishes_at_any_byte_leaves_nothing_and_got_nothing_wrong() {
    for seed in 0..SCHEDULES {
        let (received, expected) = play(seed, End::Reset);
        assert!(expected.starts_with(&received), "schedule {seed}");
    }
}

#[test]
fn a_turn_is_a_few_system_calls_however_much_could_be_done() {
    let request = b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n";
    let requests = [&request[..], &[b'x'; 1000]].concat().repeat(1000);
    let mut world = World::new(requests::application(), requests::limits(), usize::MAX);
    world.send(&requests);
    let mut calls = 0;
    while world.round() {
        assert!(world.calls() - calls <= 16, "{} system calls in a turn", world.calls() - calls);
        calls = world.calls();
    }
    world.receive(usize::MAX);
    let answers = world.received.windows(12).filter(|bytes| bytes == b"HTTP/1.1 200");
    assert_eq!(answers.count(), 1000);
}

#[test]
fn a_request_is_one_read_and_one_write() {
    let mut world = World::new(requests::application(), requests::limits(), usize::MAX);
    for count in 1..10 {
        world.send(b"GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
        while world.round() {}
        assert_eq!(world.calls(), 2 * count);
    }
    world.tell_nothing_new();
    assert!(world.round() && !world.round(), "it looks once, and waits again");
}

#[test]
fn a_client_that_does_not_read_is_not_tried_again() {
    // However its buffer's end meets that of the head: nothing fits, or part of what is due.
    for sent_max in 1..1000 {
        let mut world = World::new(requests::application(), requests::limits(), sent_max);
        world.send(b"GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
        assert!(world.round() && !world.round(), "one turn, and then it waits");
        assert!(world.calls() <= 3, "a read, the head, and the file as far as it fits");
    }
}

#[test]
fn the_end_is_seen_although_it_was_told_with_the_bytes_before_it() {
    let mut world = World::new(requests::application(), requests::limits(), usize::MAX);
    world.send(b"GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
    world.end(End::Closed);
    while world.round() {}
    assert!(world.is_closed());
}
