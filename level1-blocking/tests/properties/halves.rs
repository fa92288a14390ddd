//! Both halves at once: a streaming echo under any schedule loses nothing and never gets stuck.
//!
//! The peer sends and takes bytes in pieces of any size, the handler uses and fills in parts,
//! pauses, answers early or late; time passes, and the peer may close or vanish at any moment.
//! When the schedule is over, everybody does what is due in turn until the connection closes.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use level1_blocking::http::{
    Connection,
    body::Body,
    buffers::BufferPool,
    clock::Clock,
    framing::Framing,
    limits::Limits,
    response::Response,
    status::Status,
    step::{CloseReason, Event, Write},
    target::Scheme,
};
use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    config,
    request::{Request, requests},
    response::{self, Asked, Received},
};

/// A step of a schedule.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The peer sends up to so many bytes.
    Read(usize),
    /// The peer takes up to so many bytes.
    Write(usize),
    /// The handler takes an event; of a body, up to so many bytes.
    Take(usize),
    /// The handler gives up to so many bytes back.
    Fill(usize),
    /// The handler pauses, or goes on.
    Want(bool),
    /// Milliseconds pass.
    Pass(u64),
    Release,
    PeerClosed,
    PeerVanished,
    Drain,
}

/// The most bytes given back at once.
const PIECE_LEN_MAX: usize = 3000;

fn step() -> impl Strategy<Value = Step> {
    let len = || prop_oneof![1..20_usize, 1..PIECE_LEN_MAX];
    prop_oneof![
        8 => len().prop_map(Step::Read),
        8 => len().prop_map(Step::Write),
        8 => len().prop_map(Step::Take),
        8 => len().prop_map(Step::Fill),
        3 => any::<bool>().prop_map(Step::Want),
        2 => (0..4000_u64).prop_map(Step::Pass),
        1 => Just(Step::Release),
    ]
}

/// What ends a connection early, if anything does, and after how many steps.
fn disturbance() -> impl Strategy<Value = Option<(usize, Step)>> {
    let step = select(vec![Step::PeerClosed, Step::PeerVanished, Step::Drain, Step::Pass(100_000)]);
    prop_oneof![Just(None), (0..80_usize, step).prop_map(Some)]
}

fn limits() -> impl Strategy<Value = Arc<Limits>> {
    let lens = (select(vec![1, 300, 5000]), select(vec![1, 50, 5000]), 1..4_u32);
    lens.prop_map(|(output_len_max, read_ahead_len_max, pipelined_max)| {
        Arc::new(Limits { output_len_max, read_ahead_len_max, pipelined_max, ..Limits::default() })
    })
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn an_echo_loses_nothing_and_never_gets_stuck(
        requests in requests(),
        schedule in vec(step(), 0..80),
        disturbance in disturbance(),
        limits in limits(),
        is_early in any::<bool>(),
    ) {
        let bytes: Vec<u8> = requests.iter().flat_map(Request::bytes).collect();
        let mut echo = Echo::new(&limits, &bytes, is_early);
        let mut schedule = schedule;
        if let Some((at, step)) = disturbance {
            schedule.insert(at.min(schedule.len()), step);
        }
        for step in schedule {
            echo.take(step);
        }
        let steps_max = 1000 + 20 * bytes.len();
        let is_over = (0..steps_max).any(|_| echo.go_on());
        prop_assert!(is_over, "it comes to an end: {:?}", echo.connection.due());
        echo.check_log();
        check_output(&requests, &echo);
        echo.connection.spare(&mut echo.pool);
        echo.connection.release(&mut echo.pool);
        prop_assert_eq!(echo.pool.len(), 1, "the buffers have not grown beyond what is kept");
    }
}

/// A connection, its peer and its handler.
struct Echo<'a> {
    connection: Connection,
    pool: BufferPool,
    clock: Clock,
    limits: &'a Limits,
    unsent: &'a [u8],
    output: Vec<u8>,
    /// The handler answers before it has seen any of the body.
    is_early: bool,
    handler: Handler,
    /// Requests that the handler has seen, and that the log has seen.
    heads: usize,
    logged: usize,
    reason: Option<CloseReason>,
    /// Something was not given the time it needed.
    is_disturbed: bool,
}

/// What the handler has to do yet.
#[derive(Default)]
struct Handler {
    is_called: bool,
    has_paused: bool,
    has_all: bool,
    response: Option<Response>,
    to_give_back: Vec<u8>,
}

impl<'a> Echo<'a> {
    fn new(limits: &'a Arc<Limits>, unsent: &'a [u8], is_early: bool) -> Self {
        let now = Instant::now();
        Self {
            connection: Connection::new(Arc::clone(limits), Scheme::Http, now),
            pool: BufferPool::new(1),
            clock: Clock::new(now, SystemTime::UNIX_EPOCH),
            limits,
            unsent,
            output: Vec::new(),
            is_early,
            handler: Handler::default(),
            heads: 0,
            logged: 0,
            reason: None,
            is_disturbed: false,
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Read(len) => self.read(len),
            Step::Write(len) => self.write(len),
            Step::Take(len) => self.handle(len),
            Step::Fill(len) => self.fill(len),
            Step::Want(is_wanted) => self.want(is_wanted),
            Step::Pass(millis) => self.pass(Duration::from_millis(millis)),
            // What the end has cut short is looked at before the buffers are given back.
            Step::Release if self.connection.unfinished().is_some() => {}
            Step::Release => self.connection.release(&mut self.pool),
            Step::PeerClosed => {
                self.is_disturbed |= !self.unsent.is_empty();
                self.unsent = &[];
                self.connection.peer_closed(&self.clock);
            }
            Step::PeerVanished => {
                self.is_disturbed = true;
                self.connection.peer_vanished();
            }
            Step::Drain => {
                self.is_disturbed = true;
                self.connection.drain(&self.clock);
            }
        }
        self.check();
    }

    /// Everybody does what is due; true when the connection is closed.
    fn go_on(&mut self) -> bool {
        let last = if self.unsent.is_empty() { Step::PeerClosed } else { Step::Read(1000) };
        for step in [Step::Want(true), Step::Take(100), Step::Fill(100), Step::Write(2000), last] {
            self.take(step);
        }
        self.reason.is_some()
    }

    fn read(&mut self, len: usize) {
        if !self.connection.may_read() || self.unsent.is_empty() {
            return;
        }
        let spare = self.connection.spare(&mut self.pool);
        let len = len.min(spare.len()).min(self.unsent.len());
        assert!(len > 0, "there is room to read into");
        let (now, later) = self.unsent.split_at(len);
        spare[..len].copy_from_slice(now);
        self.unsent = later;
        self.connection.received(len, &self.clock);
    }

    fn write(&mut self, len: usize) {
        match self.connection.must_write() {
            None => {}
            Some(Write::Shutdown) => self.connection.shut_down(&self.clock),
            Some(Write::File { .. }) => unreachable!("no answer is a file"),
            Some(Write::Bytes(bytes)) => {
                let len = len.min(bytes.len());
                self.output.extend_from_slice(&bytes[..len]);
                self.connection.sent(len, &self.clock);
            }
        }
    }

    fn handle(&mut self, len: usize) {
        let Self { connection, clock, handler, .. } = self;
        match connection.event() {
            None | Some(Event::Upgraded(_)) => {}
            Some(Event::Close(reason)) => self.reason = Some(reason),
            Some(Event::Head(head)) => {
                let len = match head.framing() {
                    Framing::None => Some(0),
                    Framing::Length(len) => Some(len),
                    Framing::Chunked => None,
                };
                let response = Response::new(Status::OK).body(Body::Stream(len));
                *handler = Handler { is_called: true, has_paused: true, ..Handler::default() };
                handler.response = Some(response);
                self.heads += 1;
                connection.accept(u64::MAX, clock);
                if self.is_early {
                    // An answer would take the end of the body with it, if that has come.
                    if let Some(Event::BodyEnd(..)) = connection.event() {
                        connection.end_taken(clock);
                        handler.has_all = true;
                    }
                    self.answer();
                }
            }
            Some(Event::Body(piece)) => {
                let len = len.min(piece.len());
                handler.to_give_back.extend_from_slice(&piece[..len]);
                connection.consume(len, clock);
            }
            Some(Event::BodyEnd(..)) => {
                connection.end_taken(clock);
                handler.has_all = true;
                self.answer();
            }
            Some(Event::Answered(exchange)) => {
                self.logged += usize::from(exchange.head.is_some());
                *handler = Handler::default();
                connection.next_request(clock);
            }
        }
    }

    fn answer(&mut self) {
        if let Some(response) = self.handler.response.take() {
            self.connection.respond(response, &self.clock);
            self.fill(0);
        }
    }

    fn fill(&mut self, len: usize) {
        let Self { connection, clock, handler, .. } = self;
        if !handler.is_called || handler.response.is_some() {
            return;
        }
        if connection.may_fill() && !handler.to_give_back.is_empty() {
            let len = len.min(handler.to_give_back.len());
            let piece: Vec<u8> = handler.to_give_back.drain(..len).collect();
            connection.filled(&piece, clock);
        }
        if handler.has_all && handler.to_give_back.is_empty() {
            connection.finish(&[], clock);
        }
    }

    fn want(&mut self, is_wanted: bool) {
        if self.handler.is_called {
            self.handler.has_paused = !is_wanted;
            self.connection.want_body(is_wanted, &self.clock);
        }
    }

    fn pass(&mut self, time: Duration) {
        let now = self.clock.now() + time;
        self.is_disturbed |= self.connection.deadline().is_some_and(|deadline| deadline <= now);
        self.clock.advance(now, || SystemTime::UNIX_EPOCH);
        self.connection.expire(&self.clock);
    }

    fn check(&self) {
        let due = self.connection.due();
        let output_len = match due.must_write {
            Some(Write::Bytes(bytes)) => bytes.len(),
            _ => 0,
        };
        let head_len_max = 300;
        let output_len_max = self.limits.output_len_max + PIECE_LEN_MAX + head_len_max;
        assert!(output_len < output_len_max, "output is bounded");
        let is_ours = due.event.is_some() || due.may_fill;
        let is_handlers = self.handler.is_called
            && (self.handler.has_paused || self.handler.response.is_some() || self.handler.has_all);
        let is_peers = due.may_read || due.must_write.is_some();
        assert!(is_ours || is_handlers || is_peers, "somebody can go on");
        if let Some(Event::Close(_)) = due.event {
            assert!(!is_peers && !due.may_fill && due.deadline.is_none(), "the end is the end");
        } else if !is_ours && !is_handlers {
            assert!(due.deadline.is_some(), "the peer is not waited for for ever");
        }
    }

    /// Each request the handler has seen is in the log once.
    fn check_log(&self) {
        let unfinished = self.connection.unfinished();
        let cut_short = usize::from(unfinished.is_some_and(|exchange| exchange.head.is_some()));
        // A head that was whole when the end came may not have been given to the handler.
        let logged = self.logged..=self.logged + cut_short;
        assert!(logged.contains(&self.heads), "{} given, {logged:?} logged", self.heads);
    }
}

/// What the client has received: every request's body in order, or the beginning of that.
fn check_output(requests: &[Request], echo: &Echo<'_>) {
    let mut rest = echo.output.as_slice();
    for request in requests {
        let asked = Asked { method: &request.method, is_http_10: request.version == "HTTP/1.0" };
        let mut read = Received::read(rest, asked);
        if let Ok((interim @ Received { status: 100, .. }, after)) = &read {
            assert!(interim.fields.is_empty());
            read = Received::read(after, asked);
        }
        let received = match read {
            Ok((received, after)) => {
                rest = after;
                received
            }
            Err(_) if echo.is_disturbed => return,
            Err(error) => panic!("{error}, because of {:?}", echo.reason),
        };
        let body = if request.method == "HEAD" { Vec::new() } else { request.body() };
        let is_cut = received.framing == response::Framing::UntilClose && echo.is_disturbed;
        match received.status {
            200 if is_cut => assert!(body.starts_with(&received.body)),
            200 => assert_eq!(received.body, body),
            status => {
                // Nobody knows what was asked for if its line did not come whole.
                assert!(echo.is_disturbed && matches!(status, 400 | 408), "{status}");
                return;
            }
        }
        if received.closes(asked) {
            break;
        }
    }
    assert!(rest.is_empty(), "nothing is left over");
}
