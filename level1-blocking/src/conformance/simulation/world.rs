//! What a level brings: its driver at one end of a wire, in a time of its own.

use std::time::Duration;

use super::wire::End;
use crate::http::limits::Limits;

/// One connection of a server, with its client's end in our hands.
pub trait World {
    /// Where the site's file can be put.
    const FOLDER: &'static str;

    /// A connection that was accepted now. The server serves the demonstration application with
    /// the site of `requests`, within `limits`; the kernel keeps up to `sent_max` bytes of its
    /// answers.
    fn new(limits: Limits, sent_max: usize) -> Self;

    /// The client sends.
    fn send(&mut self, bytes: &[u8]);

    /// The client sends no more.
    fn end(&mut self, end: End);

    /// The client reads up to `len` bytes.
    fn receive(&mut self, len: usize);

    /// The kernel tells something although nothing has happened, as it may.
    fn tell_nothing_new(&mut self);

    /// Time passes, and nothing else happens.
    fn pass(&mut self, time: Duration);

    /// The server does something, if there is anything to do; false if there was not.
    fn round(&mut self) -> bool;

    /// All that the client has read.
    fn received(&self) -> &[u8];

    /// Whether nobody holds the server's end any more.
    fn is_closed(&self) -> bool;

    /// Whether the client has seen, or will see, the end of what the server says.
    fn has_ended(&self) -> bool;
}
