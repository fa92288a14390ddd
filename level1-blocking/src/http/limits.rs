//! Every bound the core keeps, in one place, each with its default and its reason.
//!
//! A bound is checked before the memory it guards is taken. What is not here is not
//! bounded because it cannot grow. All can be set; a driver gives each connection a
//! shared copy when it is accepted, so a reload reaches new connections only.

use std::time::Duration;

const KIB: usize = 1024;

/// The bounds of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in a request line. 8000 is the least a server should take (RFC 9112 §3);
    /// a longer one is answered 414.
    pub request_line_len_max: usize,
    /// Bytes in a head, request line and blank line included; and in a trailer section.
    /// Four times what the largest cookie jar of a browser needs; beyond it 431.
    pub head_len_max: usize,
    /// Field lines in a head or in a trailer section; beyond it 431.
    pub fields_max: usize,
    /// Bytes in a request body, for routes that name no bound of their own; beyond it 413.
    pub body_len_max: u64,
    /// Bytes in a chunk's size line, extensions included: no extension is in use anywhere.
    pub chunk_line_len_max: usize,
    /// Bytes of all chunk extensions of one body, so that overhead cannot replace content.
    pub chunk_extensions_len_max: usize,
    /// Requests answered before their answers must be written: a client that pipelines
    /// without end cannot keep the others of an event loop waiting.
    pub pipelined_max: u32,
    /// Bytes of output held before a write is due; one response head may exceed it.
    pub output_len_max: usize,
    /// Bytes taken ahead of the request being answered; more than 64 KiB count as that.
    pub read_ahead_len_max: usize,
    /// Bytes of an unwanted request body that are read over to keep the connection.
    pub discard_len_max: u64,
    /// Requests on one connection; `None` for no bound.
    pub requests_max: Option<u32>,
    /// Age at which a connection is closed after its answer; `None` for no bound.
    pub age_max: Option<Duration>,

    /// From accept to the first byte. A peer that never speaks is closed without an answer.
    pub silent_timeout: Duration,
    /// From accept, and later from a request's first byte, to the end of its head; then 408.
    pub head_timeout: Duration,
    /// Between two reads of a body, while we are willing to read; then 408.
    pub body_timeout: Duration,
    /// Bytes a second a body must bring on average, after one `body_timeout` of grace;
    /// `None` for no bound.
    pub body_rate_min: Option<u32>,
    /// Between two requests. Zero answers what has already come, then closes.
    pub idle_timeout: Duration,
    /// Without any progress while output is pending.
    pub write_timeout: Duration,
    /// For a peer to close, after an answer it may not have read yet.
    pub linger_timeout: Duration,
    /// Bytes thrown away while lingering.
    pub linger_len_max: u64,
    /// For requests in flight when the server is told to stop. Kept by the drivers.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_line_len_max: 8 * KIB,
            head_len_max: 32 * KIB,
            fields_max: 100,
            body_len_max: 4 * 1024 * 1024,
            chunk_line_len_max: 256,
            chunk_extensions_len_max: 16 * KIB,
            pipelined_max: 64,
            output_len_max: 64 * KIB,
            read_ahead_len_max: 16 * KIB,
            discard_len_max: 64 * 1024,
            requests_max: None,
            age_max: None,
            silent_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(15),
            body_rate_min: None,
            idle_timeout: Duration::from_mins(1),
            write_timeout: Duration::from_secs(30),
            linger_timeout: Duration::from_secs(2),
            linger_len_max: 1024 * 1024,
            drain_timeout: Duration::from_secs(10),
        }
    }
}
