//! What a lane sends, and when that has been answered.

use std::net::SocketAddr;

use super::{answer::Answer, tally::Outcome};

/// One exchange: requests that go out in one write, and their answers.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The server.
    pub address: SocketAddr,
    /// What goes out.
    pub request: Vec<u8>,
    /// The answer to each request.
    pub answer: Answer,
    /// How many requests go out at once.
    pub batch: usize,
    /// Whether the connection is kept for the next exchange. Else the request asks the server
    /// to close it, and the exchange ends when it has.
    pub keeps_connection: bool,
}

impl Exchange {
    /// GET for `path`, `batch` of them at once, each to be answered with `body`.
    ///
    /// # Errors
    /// If the server does not answer one of them that way now.
    pub fn new(
        address: SocketAddr,
        path: &str,
        body: &[u8],
        batch: usize,
        keeps_connection: bool,
    ) -> anyhow::Result<Self> {
        let request = request(address, path, keeps_connection);
        let answer = Answer::learn(address, &request, body)?;
        Ok(Self { address, request: request.repeat(batch), answer, batch, keeps_connection })
    }

    /// The outcome, if `bytes` decide it after so many have been `received`; no bytes are the
    /// end of the connection.
    pub fn outcome(&self, received: usize, bytes: &[u8]) -> Option<Outcome> {
        let expected = self.batch * self.answer.len();
        let so_far = received + bytes.len();
        if bytes.is_empty() {
            let is_in_order = !self.keeps_connection && so_far == expected;
            return Some(if is_in_order { Outcome::Answered } else { Outcome::Failed });
        }
        if so_far > expected || !self.answer.continues(received, bytes) {
            return Some(Outcome::Failed);
        }
        (self.keeps_connection && so_far == expected).then_some(Outcome::Answered)
    }
}

/// A small request, with the fields that load generators send.
pub fn request(address: SocketAddr, path: &str, keeps_connection: bool) -> Vec<u8> {
    let connection = if keeps_connection { "" } else { "Connection: close\r\n" };
    format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: race\r\nAccept: */*\r\n{connection}\r\n"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

    fn exchange(batch: usize, keeps_connection: bool) -> Exchange {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let answer = Answer::new(ANSWER.to_vec(), b"hi").expect("an answer");
        Exchange { address, request: Vec::new(), answer, batch, keeps_connection }
    }

    #[test]
    fn a_batch_is_answered_when_its_last_byte_has_come() {
        let (two, kept) = (ANSWER.repeat(2), exchange(2, true));
        assert_eq!(kept.outcome(0, &two[..50]), None);
        assert_eq!(kept.outcome(50, &two[50..]), Some(Outcome::Answered));
    }

    #[test]
    fn a_connection_that_is_not_kept_is_answered_when_it_ends() {
        let anew = exchange(1, false);
        assert_eq!(anew.outcome(0, ANSWER), None);
        assert_eq!(anew.outcome(ANSWER.len(), b""), Some(Outcome::Answered));
    }

    #[test]
    fn too_little_too_much_and_another_answer_fail() {
        let kept = exchange(1, true);
        assert_eq!(kept.outcome(10, b""), Some(Outcome::Failed));
        assert_eq!(kept.outcome(0, &ANSWER.repeat(2)), Some(Outcome::Failed));
        assert_eq!(kept.outcome(0, b"HTTP/1.1 503"), Some(Outcome::Failed));
        assert_eq!(exchange(1, false).outcome(10, b""), Some(Outcome::Failed));
    }
}
