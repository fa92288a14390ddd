//! A connection as a task: what the protocol says is due meets what the stream can do.
//!
//! Level 3's session, with the runtime in the loop's place, and with both halves at once:
//!
//! ```text
//!          reads                                  writes
//! stream --------> core --> handler, and its body --------> stream
//!                   `------ pieces of its answer ---'
//! ```
//!
//! Every wake-up asks what is due and does what can be done, until nothing can; each thing
//! that cannot has seen to it that the task is woken when it can. While a handler is at work
//! the driver goes on reading as far as the core allows, and so it notices a client that has
//! reset its connection: then it drops the handler's future, and with it what waits for the pool.
//!
//! The deadline costs a comparison, as in level 3's wheel: the alarm stands at a deadline that
//! was due once, and moves only when that has come, or when an earlier one is due.

use std::{
    future::poll_fn,
    mem,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Bytes;
use level1_blocking::{
    access_log::Client,
    handler::Admission,
    http::{
        Connection,
        body::Body,
        framing::Framing,
        status::Status,
        step::{CloseReason, Event, Write},
        target::Scheme,
    },
    logging,
    observer::Observer as _,
};
use level3_async::session::CALLS_MAX;
use tokio::{
    io::ReadBuf,
    sync::futures::OwnedNotified,
    task,
    time::{self, Sleep},
};

use crate::{
    application::{Application, Shared},
    body::{self, Feed, RequestBody},
    file_sender::{FilePart, FileSender},
    handler::{self, Answer, Handler, Reply, Request, Rest, Upgraded},
    stream::Stream,
    work::{Progress, Work},
    worker::Worker,
};

/// Serves a connection that was accepted now, until it is to be closed. It is polled by one task
/// from its beginning to its end.
pub async fn serve<S: Stream>(
    stream: S,
    client: Client,
    application: Application,
    shared: Arc<Shared>,
) {
    let write_timeout = application.limits.write_timeout;
    let mut driver = Driver::new(stream, client, application, shared);
    match poll_fn(|context| driver.poll(context)).await {
        Ended::Upgraded(received) => {
            if let Work::Upgrading(upgrade) = driver.work {
                upgrade(Upgraded { io: Box::new(driver.stream), received }).await;
            }
        }
        // What the stream still holds is to leave, and its own farewell, if it has one.
        Ended::Closed(CloseReason::PeerVanished | CloseReason::WriteStalled) => {}
        Ended::Closed(_) => {
            let mut stream = driver.into_stream();
            let farewell = poll_fn(|context| Pin::new(&mut stream).poll_shutdown(context));
            let _ = time::timeout(write_timeout, farewell).await;
        }
    }
}

/// What serves one connection.
struct Driver<S> {
    stream: S,
    client: Client,
    connection: Connection,
    handler: Arc<dyn Handler>,
    shared: Arc<Shared>,
    work: Work,
    /// The request's body, as long as a handler may want more of it.
    feed: Option<Feed>,
    file_sender: FileSender,
    /// Something was written that the stream may still hold.
    is_unflushed: bool,
    /// Wakes the task at the deadline, or earlier.
    alarm: Pin<Box<Sleep>>,
    /// Wakes the task when the server is to stop.
    stopped: Pin<Box<OwnedNotified>>,
    /// These two know whom to wake: the task has been polled.
    is_known: bool,
}

/// How it ends.
enum Ended {
    /// The stream is to be closed.
    Closed(CloseReason),
    /// It belongs to another protocol, of which so much has come.
    Upgraded(Bytes),
}

impl<S: Stream> Driver<S> {
    fn new(stream: S, client: Client, application: Application, shared: Arc<Shared>) -> Self {
        let now = time::Instant::now();
        let connection = Connection::new(application.limits, Scheme::Http, now.into_std());
        let deadline = connection.deadline().map_or(now, Into::into);
        Self {
            stream,
            client,
            connection,
            handler: application.handler,
            work: Work::None,
            feed: None,
            file_sender: FileSender::default(),
            is_unflushed: false,
            alarm: Box::pin(time::sleep_until(deadline)),
            stopped: Box::pin(Arc::clone(&shared.stopped).notified_owned()),
            is_known: false,
            shared,
        }
    }

    /// The stream, when nothing else is left to do: whatever a handler still did ends here.
    fn into_stream(self) -> S {
        self.stream
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Ended> {
        let mut worker = Worker::take(&self.shared);
        let client = self.client;
        let ended = logging::on_behalf_of(client, || {
            self.heed_stop(&worker, context);
            self.drive(&mut worker, context)
        });
        if ended.is_ready()
            && let Some(exchange) = self.connection.unfinished()
        {
            worker.note(client, &exchange);
        }
        self.connection.release(&mut worker.pool);
        worker.put_back();
        ended
    }

    /// If the server is stopping, the core is to know; if not, the task is woken when it is.
    fn heed_stop(&mut self, worker: &Worker, context: &mut Context<'_>) {
        if !mem::replace(&mut self.is_known, true) {
            let _ = self.alarm.as_mut().poll(context);
            // Whoever was told before finds the flag set.
            let _ = self.stopped.as_mut().poll(context);
        }
        if self.shared.stop.is_requested() {
            self.connection.drain(&worker.clock);
        }
    }

    // ANCHOR: drive
    /// Does what is due, until nothing can be done at once.
    fn drive(&mut self, worker: &mut Worker, context: &mut Context<'_>) -> Poll<Ended> {
        let mut calls_left = CALLS_MAX;
        loop {
            match self.poll_event(worker, context) {
                Poll::Ready(Some(ended)) => return Poll::Ready(ended),
                Poll::Ready(None) => continue,
                Poll::Pending => {}
            }
            if calls_left == 0 {
                // Who could go on without end goes on after everybody else, and after whoever
                // the kernel has news of: to yield is more than to be woken at once.
                let _ = pin!(task::yield_now()).poll(context);
                return Poll::Pending;
            }
            calls_left -= 1;
            let has_changed = self.poll_work(worker, context).is_ready()
                || self.poll_write(worker, context).is_ready()
                || self.poll_read(worker, context).is_ready()
                || self.poll_alarm(worker, context).is_ready();
            if !has_changed {
                return Poll::Pending;
            }
        }
    }
    // ANCHOR_END: drive
}

/// What has happened, and what our side makes of it.
impl<S: Stream> Driver<S> {
    /// Answers what has happened, if anything has; the end, if that has come.
    fn poll_event(&mut self, worker: &mut Worker, context: &Context<'_>) -> Poll<Option<Ended>> {
        let Self { connection, feed, .. } = self;
        let clock = &worker.clock;
        match connection.event() {
            Some(Event::Head(head)) => match handler::admit(&*self.handler, &head) {
                Admission::Accept { body_len_max } => {
                    connection.accept(body_len_max, clock);
                    self.handle(worker);
                }
                Admission::Refuse(response) => connection.respond(response, clock),
            },
            Some(Event::Body(piece)) => {
                let Some(feed) = feed.as_mut().filter(|feed| feed.is_awaited()) else {
                    return Poll::Pending;
                };
                feed.deliver(Bytes::copy_from_slice(piece), context);
                let len = piece.len();
                connection.consume(len, clock);
                connection.want_body(false, clock);
            }
            Some(Event::BodyEnd(_, trailers)) => {
                if let Some(feed) = feed.take() {
                    feed.end(trailers.into(), context);
                }
                connection.end_taken(clock);
            }
            Some(Event::Answered(exchange)) => {
                worker.note(self.client, &exchange);
                let is_upgrade = exchange.status == Status::SWITCHING_PROTOCOLS;
                connection.next_request(clock);
                self.forget_request(is_upgrade);
            }
            Some(Event::Upgraded(received)) => {
                return Poll::Ready(Some(Ended::Upgraded(Bytes::copy_from_slice(received))));
            }
            Some(Event::Close(reason)) => {
                tracing::debug!(client = %self.client, %reason, "closed");
                return Poll::Ready(Some(Ended::Closed(reason)));
            }
            None => return Poll::Pending,
        }
        Poll::Ready(None)
    }

    /// The request has been answered: whatever was still done for it is in vain.
    fn forget_request(&mut self, is_upgrade: bool) {
        if self.feed.is_some() {
            self.feed = None;
        }
        if self.file_sender.has_begun() {
            self.file_sender = FileSender::default();
        }
        if !matches!(self.work, Work::None) && !is_upgrade {
            self.work = Work::None;
        }
    }

    /// Has the handler answer the request that was accepted, unless the core has refused it.
    fn handle(&mut self, worker: &mut Worker) {
        let Some(head) = self.connection.head().filter(|_| self.connection.is_unanswered()) else {
            return;
        };
        let body = match head.framing() {
            Framing::None => RequestBody::none(),
            Framing::Length(_) | Framing::Chunked => {
                let (feed, body) = body::passage();
                self.feed = Some(feed);
                body
            }
        };
        let received = worker.now();
        let request = Request { head, body, client: self.client, received };
        match handler::handle(&*self.handler, request) {
            Answer::Ready(reply) => self.reply(reply, received, worker),
            Answer::Later(future) => self.work = Work::Handling(future, received),
        }
    }

    /// The handler, which began to work then, has answered.
    fn reply(&mut self, reply: Reply, began: Instant, worker: &mut Worker) {
        let Self { connection, shared, .. } = self;
        worker.handled(began, connection, shared);
        let Reply { response, rest } = reply;
        let is_stream = matches!(response.body, Body::Stream(_));
        match rest {
            Rest::Nothing => {}
            Rest::Pieces(pieces) => self.work = Work::Filling(pieces, Bytes::new()),
            Rest::Upgrade(upgrade) => self.work = Work::Upgrading(upgrade),
        }
        connection.respond(response, &worker.clock);
        if is_stream && !matches!(self.work, Work::Filling(..)) {
            // Nobody would ever fill it.
            connection.abandon();
        }
    }

    /// Goes on with our side's work; ready if that has changed anything.
    fn poll_work(&mut self, worker: &mut Worker, context: &mut Context<'_>) -> Poll<()> {
        let Self { connection, work, feed, .. } = self;
        if let (Work::None, None) = (&*work, &*feed) {
            return Poll::Pending;
        }
        if let Poll::Ready(progress) = work.poll(connection, &worker.clock, context) {
            if let Progress::Replied(reply, began) = progress {
                *work = Work::None;
                self.reply(reply, began, worker);
            }
            return Poll::Ready(());
        }
        // It may wait for the request's body.
        if feed.as_mut().is_some_and(|feed| feed.begins_to_be_awaited(context)) {
            connection.want_body(true, &worker.clock);
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

/// What the stream is to do.
impl<S: Stream> Driver<S> {
    fn poll_read(&mut self, worker: &mut Worker, context: &mut Context<'_>) -> Poll<()> {
        let Self { stream, connection, .. } = self;
        if !connection.may_read() {
            return Poll::Pending;
        }
        ready!(stream.poll_readable(context));
        let mut spare = ReadBuf::new(connection.spare(&mut worker.pool));
        let outcome = ready!(Pin::new(stream).poll_read(context, &mut spare));
        match (outcome, spare.filled().len()) {
            (Ok(()), 0) => connection.peer_closed(&worker.clock),
            (Ok(()), len) => {
                worker.shard.received(len);
                connection.received(len, &worker.clock);
            }
            (Err(_), _) => connection.peer_vanished(),
        }
        Poll::Ready(())
    }

    fn poll_write(&mut self, worker: &mut Worker, context: &mut Context<'_>) -> Poll<()> {
        let stream = Pin::new(&mut self.stream);
        let outcome = match self.connection.must_write() {
            None => return self.poll_flush(context),
            Some(Write::Bytes(bytes)) => ready!(stream.poll_write(context, bytes)).map(Sent::Bytes),
            Some(Write::Shutdown) => ready!(stream.poll_shutdown(context)).map(|()| Sent::Shutdown),
            Some(Write::File { file, offset, len }) => {
                let Self { file_sender, shared, .. } = self;
                let (part, copied) = (FilePart { file, offset, len }, &mut worker.file_piece);
                ready!(file_sender.poll_send(stream, context, &shared.pool, copied, part))
                    .map(Sent::File)
            }
        };
        let Self { connection, .. } = self;
        if let Ok(Sent::Bytes(len) | Sent::File(len)) = outcome {
            worker.shard.sent(len);
            self.is_unflushed = true;
        }
        match outcome {
            Ok(Sent::Bytes(len)) => connection.sent(len, &worker.clock),
            Ok(Sent::File(len)) => connection.transferred(len as u64, &worker.clock),
            Ok(Sent::Shutdown) => connection.shut_down(&worker.clock),
            Err(_) => connection.peer_vanished(),
        }
        Poll::Ready(())
    }

    /// A stream may have buffers of its own. That they are empty makes nothing due.
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.is_unflushed {
            let outcome = ready!(Pin::new(&mut self.stream).poll_flush(context));
            self.is_unflushed = false;
            if outcome.is_err() {
                self.connection.peer_vanished();
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }

    /// Ready if the deadline has come. It is the runtime's timer that says so, and not the
    /// clock: by then the runtime has heard of all that the client did before.
    fn poll_alarm(&mut self, worker: &Worker, context: &mut Context<'_>) -> Poll<()> {
        let Self { connection, alarm, file_sender, .. } = self;
        let Some(deadline) = connection.deadline().filter(|_| !file_sender.is_waiting()) else {
            return Poll::Pending;
        };
        let stands_at = alarm.deadline().into_std();
        if deadline < stands_at {
            alarm.as_mut().reset(deadline.into());
        } else if worker.now() < stands_at {
            return Poll::Pending;
        }
        ready!(alarm.as_mut().poll(context));
        if worker.now() < deadline {
            alarm.as_mut().reset(deadline.into());
            return alarm.as_mut().poll(context);
        }
        connection.expire(&worker.clock);
        Poll::Ready(())
    }
}

/// What was sent.
enum Sent {
    Bytes(usize),
    File(usize),
    Shutdown,
}

const _: () = assert!(
    size_of::<Driver<crate::stream::Socket>>() <= 512,
    "ten thousand idle clients are so many of these"
);
