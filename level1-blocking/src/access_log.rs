//! The access log: one line a request, on standard output.
//!
//! A request is recorded as a `tracing` event with fields; how a line looks is decided
//! where the subscriber is made (`logging.rs`). What clients send is escaped, so that no
//! request can write a line of its own.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use socket2::SockAddr;

use crate::http::{clock::Clock, name::FieldName, step::Exchange, version::Version};

/// The target of access-log events, by which a subscriber tells them from all others.
pub const TARGET: &str = "access";

/// Who made a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// By its address.
    Address(IpAddr),
    /// Over a Unix socket.
    Local,
}

impl Client {
    /// The client at the other end of a socket.
    pub fn new(peer: &SockAddr) -> Self {
        peer.as_socket().map_or(Self::Local, |address: SocketAddr| Self::Address(address.ip()))
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.to_canonical().fmt(f),
            Self::Local => f.write_str("unix"),
        }
    }
}

/// Records a request and its answer.
#[inline]
pub fn record(client: Client, exchange: &Exchange<'_>, clock: &Clock) {
    if tracing::enabled!(target: TARGET, tracing::Level::INFO) {
        write(client, exchange, clock);
    }
}

#[inline(never)]
fn write(client: Client, exchange: &Exchange<'_>, clock: &Clock) {
    let head = exchange.head;
    let field = |name| {
        let value = head.and_then(|head| head.fields().get(name)).unwrap_or(b"-");
        value.escape_ascii().to_string()
    };
    let took = clock.now().saturating_duration_since(exchange.began);
    tracing::info!(
        target: TARGET,
        client = %client,
        method = head.map_or("-", |head| head.method().as_str()),
        request_target = head.map_or("-", |head| head.target().as_str()),
        version = head.map_or("-", |head| match head.version() {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
        }),
        status = exchange.status.code(),
        body_len = exchange.body_len,
        referer = field(&FieldName::REFERER),
        user_agent = field(&FieldName::USER_AGENT),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        refused = exchange.refusal.map(|refusal| refusal.to_string()),
    );
}
