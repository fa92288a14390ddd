//! Whatever the kernel does, a client gets the same answers.

use std::time::Duration;

use super::{lots::Lots, reference, requests, wire::End, world::World};

const SCHEDULES: u64 = 2000;

/// Rounds after which a schedule must have come to its end.
const ROUNDS_MAX: u32 = 100_000;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Plays a schedule: what the client received when the server had closed, and what level 1's
/// core answers.
fn play<W: World>(seed: u64, end: End) -> (Vec<u8>, Vec<u8>) {
    let mut lots = Lots(seed);
    let bytes = requests::conversation(&mut lots);
    let demo = requests::demo(W::FOLDER);
    let expected = reference::answers(&demo, &requests::limits(), &bytes);
    let sent_max = *lots.one_of(&[1, 100, 5000, 200_000, 10_000_000]);
    let piece_max = *lots.one_of(&[1, 10, 1000, 30_000, 1_000_000]);
    // A wire that takes a byte at a time is for small conversations.
    let sent_max = sent_max.max(expected.len() / 2000);
    let piece_max = piece_max.max(bytes.len() / 2000);
    let ends_at = if end == End::Reset { lots.below(bytes.len() + 1) } else { bytes.len() };
    let tells_nothing_new = lots.below(2) == 0;
    let mut world = W::new(requests::limits(), sent_max);
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
            6 => world.pass(Duration::from_micros(1 + lots.below(50) as u64)),
            _ => {
                world.round();
            }
        }
        if world.is_closed() {
            world.receive(usize::MAX);
            return (settled(world.received()), settled(&expected));
        }
    }
    panic!("schedule {seed} does not end");
}

/// Without what depends on when the bytes came, or when the answer was written: whether a
/// `100 (Continue)` is sent depends on whether the body was waited for (at the end there may be
/// the beginning of one), and the date is that of the day.
fn settled(mut received: &[u8]) -> Vec<u8> {
    const DATE: &[u8] = b"Date: ";
    const DATE_LEN: usize = "Sun, 06 Nov 1994 08:49:37 GMT".len();
    let mut rest = Vec::new();
    while let Some(first) = received.first() {
        if received.starts_with(CONTINUE) {
            received = &received[CONTINUE.len()..];
        } else if CONTINUE.starts_with(received) && received.starts_with(b"HTTP/1.1 1") {
            break;
        } else if let Some(behind) = received.strip_prefix(DATE) {
            let date_len = behind.len().min(DATE_LEN);
            rest.extend_from_slice(DATE);
            rest.resize(rest.len() + date_len, b'?');
            received = &behind[date_len..];
        } else {
            rest.push(*first);
            received = &received[1..];
        }
    }
    rest
}

/// Whatever the kernel does, the answers are those to the same bytes at once.
pub fn answers_are_those_to_the_same_bytes_at_once<W: World>() {
    for seed in 0..SCHEDULES {
        let (received, expected) = play::<W>(seed, End::Closed);
        assert!(received == expected, "schedule {seed}");
    }
}

/// A client that vanishes at any byte leaves nothing, and got nothing wrong.
pub fn a_client_may_vanish_at_any_byte<W: World>() {
    for seed in 0..SCHEDULES {
        let (received, expected) = play::<W>(seed, End::Reset);
        assert!(expected.starts_with(&received), "schedule {seed}");
    }
}
