//! What goes wrong with bytes on their way, by accident or by intent.
//!
//! Beside changes without a meaning there are those an attacker makes: lines in another
//! order, line ends in odd places, a second length, a length or a chunk size that lies.

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

use super::request::requests;

/// A change of a message.
#[derive(Debug, Clone)]
pub(crate) enum Mutation {
    Flip {
        at: Index,
        bit: u8,
    },
    Delete {
        at: Index,
        len: usize,
    },
    Duplicate {
        at: Index,
        len: usize,
    },
    SwapLines(Index, Index),
    Insert {
        at: Index,
        bytes: &'static [u8],
    },
    InsertLine {
        at: Index,
        line: &'static str,
    },
    /// Another number where the n-th number stands: a length, a chunk size, a version.
    Lie {
        which: Index,
        number: &'static str,
    },
    Cut {
        at: Index,
    },
}

impl Mutation {
    /// Makes the change.
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |at: &Index, len: usize| at.index(len + 1);
        match self {
            Self::Flip { at, bit } => {
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] ^= 1 << bit;
                }
            }
            Self::Delete { at, len } => {
                let start = place(at, bytes.len());
                bytes.drain(start..(start + len).min(bytes.len()));
            }
            Self::Duplicate { at, len } => {
                let start = place(at, bytes.len());
                let copy = bytes[start..(start + len).min(bytes.len())].to_vec();
                bytes.splice(start..start, copy);
            }
            Self::SwapLines(one, other) => {
                let mut lines: Vec<_> = lines(bytes).map(<[u8]>::to_vec).collect();
                if !lines.is_empty() {
                    let len = lines.len();
                    lines.swap(one.index(len), other.index(len));
                }
                *bytes = lines.concat();
            }
            Self::Insert { at, bytes: inserted } => {
                let start = place(at, bytes.len());
                bytes.splice(start..start, inserted.iter().copied());
            }
            Self::InsertLine { at, line } => {
                let starts: Vec<usize> = line_starts(bytes).collect();
                let start = starts[at.index(starts.len())];
                bytes.splice(start..start, line.bytes().chain(*b"\r\n"));
            }
            Self::Lie { which, number } => {
                let numbers = numbers(bytes);
                if !numbers.is_empty() {
                    let (start, end) = numbers[which.index(numbers.len())];
                    bytes.splice(start..end, number.bytes());
                }
            }
            Self::Cut { at } => bytes.truncate(place(at, bytes.len())),
        }
    }
}

/// Any one change.
pub(crate) fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    let inserted: [&[u8]; 14] = [
        b"\r",
        b"\n",
        b"\0",
        b"\r\n",
        b" ",
        b"\t",
        b":",
        b"\r\n ",
        b"\r\n\r\n",
        b"\x7f",
        b",",
        b";",
        b"%",
        b"\xff",
    ];
    let lines = [
        "Host: other",
        "Content-Length: 5",
        "Content-Length : 5",
        "Transfer-Encoding: chunked",
        "transfer-encoding: gzip, chunked",
        "Expect: 100-continue",
        "Expect: tea",
        "Connection: close",
        "Connection: upgrade",
        "Upgrade: echo",
        " folded",
        "X",
        "",
    ];
    let numbers = [
        "0",
        "1",
        "5",
        "4096",
        "FFFFFFFFFFFFFFFF",
        "18446744073709551616",
        "-1",
        "+3",
        "1.0",
        "",
        "00000000000000001",
        "0x5",
        "1e3",
        "99999",
    ];
    prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip { at, bit }),
        (at(), 1..40_usize).prop_map(|(at, len)| Mutation::Delete { at, len }),
        (at(), 1..40_usize).prop_map(|(at, len)| Mutation::Duplicate { at, len }),
        (at(), at()).prop_map(|(one, other)| Mutation::SwapLines(one, other)),
        (at(), select(inserted.to_vec())).prop_map(|(at, bytes)| Mutation::Insert { at, bytes }),
        (at(), select(lines.to_vec())).prop_map(|(at, line)| Mutation::InsertLine { at, line }),
        (at(), select(numbers.to_vec()))
            .prop_map(|(which, number)| Mutation::Lie { which, number }),
        at().prop_map(|at| Mutation::Cut { at }),
    ]
}

/// The bytes of some requests, with up to four changes.
pub(crate) fn conversation() -> impl Strategy<Value = Vec<u8>> {
    (requests(), vec(mutation(), 0..5)).prop_map(|(requests, mutations)| {
        let mut bytes: Vec<u8> = requests.iter().flat_map(super::request::Request::bytes).collect();
        for mutation in &mutations {
            mutation.apply(&mut bytes);
        }
        bytes
    })
}

/// Lines with their ends.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n')
}

fn line_starts(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let ends = lines(bytes).scan(0, |end, line| {
        *end += line.len();
        Some(*end)
    });
    std::iter::once(0).chain(ends)
}

/// Where runs of digits lie.
fn numbers(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    for run in bytes.split_inclusive(|byte| !byte.is_ascii_hexdigit()) {
        let len = run.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        if run[..len].iter().any(u8::is_ascii_digit) {
            found.push((at, at + len));
        }
        at += run.len();
    }
    found
}
