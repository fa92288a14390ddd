//! What a turn costs, and when there is none.

use level1_blocking::conformance::simulation::{requests, wire::End, world::World as _};

use crate::world::Simulated;

#[test]
fn a_turn_is_a_few_system_calls_however_much_could_be_done() {
    let request = b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n";
    let requests = [&request[..], &[b'x'; 1000]].concat().repeat(1000);
    let mut world = Simulated::new(requests::limits(), usize::MAX);
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
    let mut world = Simulated::new(requests::limits(), usize::MAX);
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
        let mut world = Simulated::new(requests::limits(), sent_max);
        world.send(b"GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
        assert!(world.round() && !world.round(), "one turn, and then it waits");
        assert!(world.calls() <= 3, "a read, the head, and the file as far as it fits");
    }
}

#[test]
fn the_end_is_seen_although_it_was_told_with_the_bytes_before_it() {
    let mut world = Simulated::new(requests::limits(), usize::MAX);
    world.send(b"GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
    world.end(End::Closed);
    while world.round() {}
    assert!(world.is_closed());
}

#[test]
fn the_loop_sleeps_from_deadline_to_deadline() {
    let mut world = Simulated::new(requests::limits(), 10_000);
    let mut wakings = 0;
    while !world.is_closed() {
        world.round();
        wakings += u32::from(world.sleep());
    }
    assert!(wakings <= 3, "{wakings} wakings for a silent client");
    world.end(End::Closed);
    assert!(!world.round() && !world.sleep(), "nobody is left to wake for");
}
