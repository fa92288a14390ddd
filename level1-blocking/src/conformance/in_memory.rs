//! The suite against the protocol core and the demonstration application, in memory.
//!
//! No socket and no time: each case runs whole, byte by byte, and cut in two at every
//! position. Besides what its case says, all runs must bring the same bytes; only a
//! `100 (Continue)` may depend on the cuts.

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    case::{Case, Script},
    cut, harness,
    play::{self, Peer},
    response::{CONTINUE, Fault},
    verdict,
};
use crate::{
    demo::Demo,
    files::Site,
    handler::{self, Admission, Request},
    http::{
        Connection,
        buffers::BufferPool,
        clock::Clock,
        limits::Limits,
        step::{Event, Write},
        target::Scheme,
    },
};

/// The suite as a test program.
pub fn main() -> ExitCode {
    harness::main(run)
}

/// Runs one case with all cuts.
fn run(case: &Case) -> Result<(), Fault> {
    for script in &case.scripts {
        let whole = without_interims(run_cut(case, script, &[])?);
        let len = play::len_of(script);
        let single_cuts = cut::positions_of_one(len).into_iter().map(|at| vec![at]);
        for cuts in single_cuts.chain([cut::bytewise(len)]) {
            if without_interims(run_cut(case, script, &cuts)?) != whole {
                let sent = harness::describe(script, &cuts);
                return Err(format!("other bytes than if sent whole, {sent}"));
            }
        }
    }
    Ok(())
}

fn run_cut(case: &Case, script: &Script, cuts: &[usize]) -> Result<Vec<u8>, Fault> {
    let mut peer = Core::new(Limits::default());
    let outcome = play::play(case, script, cuts, &mut peer).and_then(|received| {
        verdict::judge(case, script, &received, !cuts.is_empty())?;
        peer.close()?;
        Ok(received)
    });
    outcome.map_err(|fault| format!("{fault}, {}", harness::describe(script, cuts)))
}

fn without_interims(mut received: Vec<u8>) -> Vec<u8> {
    while let Some(at) = memchr::memmem::find(&received, CONTINUE) {
        received.drain(at..at + CONTINUE.len());
    }
    received
}

/// A connection with its driver, the application behind it, and what its client received.
struct Core {
    connection: Connection,
    pool: BufferPool,
    clock: Clock,
    limits: Arc<Limits>,
    demo: Demo,
    body: Vec<u8>,
    received: Vec<u8>,
    is_shut_down: bool,
}

impl Core {
    fn new(limits: Limits) -> Self {
        let (start, limits) = (Instant::now(), Arc::new(limits));
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        Self {
            connection: Connection::new(Arc::clone(&limits), Scheme::Http, start),
            pool: BufferPool::new(1),
            clock: Clock::new(start, wall),
            demo: Demo::new(Site::Embedded, limits.body_len_max),
            limits,
            body: Vec::new(),
            received: Vec::new(),
            is_shut_down: false,
        }
    }

    /// Does what is due, until nothing is.
    fn serve(&mut self) -> Result<(), Fault> {
        while self.answer_event() || self.write()? {}
        self.connection.release(&mut self.pool);
        Ok(())
    }

    /// Answers the event that is due; false if there is none to answer.
    fn answer_event(&mut self) -> bool {
        let Self { connection, clock, demo, body, .. } = self;
        match connection.event() {
            Some(Event::Head(head)) => match handler::admit(demo, &head) {
                Admission::Accept { body_len_max } => {
                    connection.accept(body_len_max, clock);
                    connection.want_body(true, clock);
                }
                Admission::Refuse(response) => connection.respond(response, clock),
            },
            Some(Event::Body(piece)) => {
                body.extend_from_slice(piece);
                let len = piece.len();
                connection.consume(len, clock);
            }
            Some(Event::BodyEnd(head, trailers)) => {
                let request = Request { head, body: std::mem::take(body), trailers };
                let response = handler::handle(demo, request);
                connection.respond(response, clock);
            }
            Some(Event::Answered(_)) => {
                body.clear();
                connection.next_request(clock);
            }
            Some(Event::Upgraded(_) | Event::Close(_)) | None => return false,
        }
        true
    }

    fn write(&mut self) -> Result<bool, Fault> {
        match self.connection.must_write() {
            None => return Ok(false),
            Some(Write::File { .. }) => return Err("a file, where all are in memory".to_owned()),
            Some(Write::Shutdown) => {
                self.is_shut_down = true;
                self.connection.shut_down(&self.clock);
            }
            Some(Write::Bytes(_)) if self.is_shut_down => {
                return Err("something is sent after the end".to_owned());
            }
            Some(Write::Bytes(bytes)) => {
                self.received.extend_from_slice(bytes);
                let len = bytes.len();
                self.connection.sent(len, &self.clock);
            }
        }
        Ok(true)
    }

    /// Closes the client's end; the server must be through with the connection then.
    fn close(&mut self) -> Result<(), Fault> {
        self.connection.peer_closed(&self.clock);
        self.serve()?;
        match self.connection.event() {
            Some(Event::Close(_)) => Ok(()),
            other => Err(format!("the server has not closed, but {other:?} is due")),
        }
    }
}

impl Peer for Core {
    fn send(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        while !bytes.is_empty() && self.connection.may_read() {
            let spare = self.connection.spare(&mut self.pool);
            let len = spare.len().min(bytes.len());
            spare[..len].copy_from_slice(&bytes[..len]);
            self.connection.received(len, &self.clock);
            bytes = &bytes[len..];
            self.serve()?;
        }
        let is_closed = matches!(self.connection.event(), Some(Event::Close(_)));
        if bytes.is_empty() || is_closed {
            Ok(())
        } else {
            Err(format!("the server takes no more, {} bytes before the end", bytes.len()))
        }
    }

    fn finish(&mut self) {
        self.connection.peer_closed(&self.clock);
        // A fault in what follows is found by whoever waits for it.
        let _ = self.serve();
    }

    fn vanish(&mut self) -> Result<(), Fault> {
        self.connection.peer_vanished();
        self.close()?;
        let start = self.clock.now();
        self.connection = Connection::new(Arc::clone(&self.limits), Scheme::Http, start);
        self.body.clear();
        self.received.clear();
        self.is_shut_down = false;
        Ok(())
    }

    fn received(&self) -> &[u8] {
        &self.received
    }

    fn wait(&mut self) -> Result<bool, Fault> {
        let is_closed = matches!(self.connection.event(), Some(Event::Close(_)));
        if self.is_shut_down || is_closed {
            Ok(false)
        } else {
            let so_far = String::from_utf8_lossy(&self.received);
            Err(format!("nothing more comes, and the connection does not end: {so_far:?}"))
        }
    }
}
