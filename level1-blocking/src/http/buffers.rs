//! The memory a connection works in, lent by its worker and given back when it idles.
//!
//! ```text
//! input   [ consumed | head | consumed | pending | spare ]
//!                                      next      end
//! ```
//!
//! A head stays where it was parsed until its request has been answered, while the body
//! flows past behind it. A pool keeps what comes back, warm in the cache for the next
//! connection: ten thousand idle connections hold none of this.

use super::{fields::FieldTable, head::HeadIndex};

/// Bytes of input to begin with, enough for most requests whole.
const INPUT_LEN: usize = 16 * 1024;

/// Bytes of spare room below which a read is not worth its system call.
const SPARE_LEN_MIN: usize = 4 * 1024;

/// What the input may grow by, beyond heads and trailers, for a body that comes fast or for
/// requests that come early.
pub(crate) const READ_AHEAD_LEN_MAX: usize = 64 * 1024;

/// Bytes of capacity above which a buffer is not kept for the next connection.
const KEPT_LEN_MAX: usize = 256 * 1024;

/// Bytes of output that are kept after they were sent, where some always waits behind them.
const SENT_LEN_MAX: usize = 64 * 1024;

/// The buffers of one connection while it is at work.
#[derive(Debug, Default)]
pub struct Buffers {
    pub(crate) input: Input,
    pub(crate) output: Output,
    pub(crate) head: HeadIndex,
    pub(crate) trailers: FieldTable,
}

impl Buffers {
    /// New ones, for a connection that has none. Kept out of what asks for them: it is large.
    #[cold]
    pub(crate) fn empty() -> Box<Self> {
        Box::default()
    }

    /// Forgets what is in them.
    #[inline(never)]
    pub(crate) fn clear(&mut self) {
        self.input.clear();
        self.output.clear();
        self.head.restart();
    }
}

/// Buffers that no connection needs at the moment; one pool a worker.
#[derive(Debug)]
pub struct BufferPool {
    #[expect(clippy::vec_box, reason = "a connection holds its buffers by one pointer")]
    free: Vec<Box<Buffers>>,
    len_max: usize,
}

impl BufferPool {
    /// A pool that keeps up to `len_max` buffers for reuse.
    pub const fn new(len_max: usize) -> Self {
        Self { free: Vec::new(), len_max }
    }

    /// How many it holds.
    pub fn len(&self) -> usize {
        self.free.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.free.is_empty()
    }

    #[inline]
    pub(crate) fn take(&mut self) -> Box<Buffers> {
        self.free.pop().unwrap_or_else(Buffers::empty)
    }

    /// Takes back buffers that nothing is in.
    pub(crate) fn put(&mut self, buffers: Box<Buffers>) {
        let len = buffers.input.bytes.len() + buffers.output.bytes.capacity();
        if self.free.len() < self.len_max && len <= KEPT_LEN_MAX {
            self.free.push(buffers);
        }
    }
}

/// Bytes received and not consumed yet, and the head they follow.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// Always initialised to its full length.
    bytes: Vec<u8>,
    head_start: usize,
    head_end: usize,
    next: usize,
    end: usize,
    /// The last read filled all the room it had: more is on its way.
    was_filled: bool,
}

impl Input {
    /// Room to read into, at least one byte. `head_len_max` says how far a head may grow.
    #[inline]
    pub(crate) fn spare(&mut self, head_len_max: usize) -> &mut [u8] {
        if self.bytes.len() - self.end < SPARE_LEN_MIN || self.was_filled {
            self.make_room(head_len_max);
        }
        &mut self.bytes[self.end..]
    }

    #[cold]
    fn make_room(&mut self, head_len_max: usize) {
        if self.bytes.len() - self.end < SPARE_LEN_MIN {
            self.compact();
        }
        if self.bytes.len() - self.end < SPARE_LEN_MIN || self.was_filled {
            // A head, and behind it trailers as long, or whatever else comes early or fast.
            let len_max = 2 * head_len_max + READ_AHEAD_LEN_MAX;
            let len = (2 * self.bytes.len()).clamp(INPUT_LEN, len_max);
            if len > self.bytes.len() {
                self.bytes.resize(len, 0);
            }
        }
    }

    /// `len` bytes have been read into the spare room.
    pub(crate) fn received(&mut self, len: usize) {
        let end = (self.end + len).min(self.bytes.len());
        self.end = end;
        self.was_filled = end == self.bytes.len();
    }

    /// What has come and is not consumed.
    pub(crate) fn pending(&self) -> &[u8] {
        &self.bytes[self.next..self.end]
    }

    /// Whether nothing is pending.
    pub(crate) const fn is_empty(&self) -> bool {
        self.next == self.end
    }

    pub(crate) fn consume(&mut self, len: usize) {
        self.next = (self.next + len).min(self.end);
        if self.next == self.end {
            (self.next, self.end) = (self.head_end, self.head_end);
        }
    }

    /// The first `len` pending bytes are a head: they are consumed, but stay.
    pub(crate) fn pin(&mut self, len: usize) {
        self.head_start = self.next;
        self.next = (self.next + len).min(self.end);
        self.head_end = self.next;
    }

    /// The head is not needed any more.
    pub(crate) fn unpin(&mut self) {
        (self.head_start, self.head_end) = (self.next, self.next);
        if self.next == self.end {
            self.clear();
        }
    }

    pub(crate) fn head(&self) -> &[u8] {
        self.bytes.get(self.head_start..self.head_end).unwrap_or_default()
    }

    fn clear(&mut self) {
        (self.head_start, self.head_end, self.next, self.end) = (0, 0, 0, 0);
    }

    /// Moves the head to the front, and what is pending behind it.
    fn compact(&mut self) {
        let head_len = self.head_end - self.head_start;
        let pending_len = self.end - self.next;
        self.bytes.copy_within(self.head_start..self.head_end, 0);
        self.bytes.copy_within(self.next..self.end, head_len);
        (self.head_start, self.head_end) = (0, head_len);
        (self.next, self.end) = (head_len, head_len + pending_len);
    }
}

/// Bytes to be sent.
#[derive(Debug, Default)]
pub(crate) struct Output {
    bytes: Vec<u8>,
    sent: usize,
}

impl Output {
    /// Where to append.
    pub(crate) const fn writer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(crate) fn pending(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// How many bytes are pending.
    pub(crate) const fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    pub(crate) fn sent(&mut self, len: usize) {
        self.sent = (self.sent + len).min(self.bytes.len());
        if self.sent == self.bytes.len() {
            self.clear();
        } else if self.sent >= SENT_LEN_MAX {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.sent = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(input: &mut Input, bytes: &[u8]) {
        let spare = input.spare(1024);
        spare[..bytes.len()].copy_from_slice(bytes);
        input.received(bytes.len());
    }

    #[test]
    fn a_head_stays_while_the_body_flows_past() {
        let mut input = Input::default();
        receive(&mut input, b"old.head.body");
        input.consume(4);
        input.pin(5);
        for round in 0..100_u8 {
            assert_eq!(
                (input.head(), input.pending().len()),
                (&b"head."[..], if round == 0 { 4 } else { 900 })
            );
            input.consume(input.pending().len());
            receive(&mut input, &[round; 900]);
            assert_eq!(input.pending(), [round; 900]);
        }
        input.consume(890);
        input.unpin();
        assert_eq!((input.head().len(), input.pending().len()), (0, 10));
    }

    #[test]
    fn input_grows_when_reads_fill_it_and_no_further_than_it_may() {
        let mut input = Input::default();
        for _ in 0..100 {
            let len = input.spare(1024).len();
            input.received(len);
            input.consume(len);
        }
        assert_eq!(input.spare(1024).len(), 2 * 1024 + READ_AHEAD_LEN_MAX);
    }

    #[test]
    fn a_pool_keeps_no_large_buffers_and_not_too_many() {
        let mut pool = BufferPool::new(2);
        let mut large = Box::new(Buffers::default());
        large.output.writer().reserve(KEPT_LEN_MAX + 1);
        pool.put(large);
        assert!(pool.is_empty());
        for _ in 0..3 {
            pool.put(Box::default());
        }
        assert_eq!(pool.len(), 2);
    }
}
