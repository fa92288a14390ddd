//! What a handler may do, and what becomes of it when the client does something else.

use std::{
    future::{pending, poll_fn},
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker, ready},
};

use bytes::Bytes;
use level1_blocking::{
    conformance::simulation::{requests, wire::End, world::World as _},
    handler::Admission,
    http::{
        body::Body,
        head::Head,
        limits::Limits,
        name::FieldName,
        response::{FieldValue, Response},
        status::Status,
    },
};
use level3_async::session::CALLS_MAX;
use level4_hybrid::{
    blocking::Full,
    body::{Incomplete, RequestBody},
    handler::{Answer, Handler, Piece, Pieces, Reply, Request},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::oneshot,
};

use crate::world::{POOL, Simulated};

/// A handler made of a closure.
struct Plain<F>(F);

impl<F: Fn(Request<'_>) -> Answer + Send + Sync> Handler for Plain<F> {
    fn admit(&self, _: &Head<'_>) -> Admission {
        Admission::Accept { body_len_max: u64::MAX }
    }

    fn handle(&self, request: Request<'_>) -> Answer {
        self.0(request)
    }
}

fn world(handle: impl Fn(Request<'_>) -> Answer + Send + Sync + 'static) -> Simulated {
    Simulated::with(Arc::new(Plain(handle)), Limits::default(), usize::MAX)
}

/// All that the client has read, as text.
fn received(world: &mut Simulated) -> String {
    world.settle();
    world.receive(usize::MAX);
    String::from_utf8_lossy(world.received()).into_owned()
}

/// The statuses of the answers, in their order.
fn statuses(received: &str) -> Vec<&str> {
    received.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect()
}

const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: test\r\n\r\n";
const BEHIND: &[u8] = b"GET /b HTTP/1.1\r\nHost: test\r\n\r\n";

/// Counts how often it is dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn what_comes_while_a_handler_is_at_work_is_answered_after_it() {
    let (go_on, wait) = oneshot::channel();
    let wait = std::sync::Mutex::new(Some(wait));
    let mut world = world(move |request| match request.head.target().as_str() {
        "/a" => {
            let wait = wait.lock().expect("no panic").take().expect("once");
            Answer::later(async {
                wait.await.expect("told");
                Response::text(Status::OK, "first").into()
            })
        }
        _ => Response::text(Status::OK, "second").into(),
    });
    world.send(GET);
    world.settle();
    world.send(BEHIND);
    assert_eq!(received(&mut world), "");
    go_on.send(()).expect("it waits");
    let received = received(&mut world);
    assert_eq!(statuses(&received), ["200", "200"]);
    assert!(received.find("first") < received.find("second"), "{received}");
}

#[test]
fn a_client_that_leaves_takes_its_handler_along() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let token = Arc::clone(&dropped);
    let mut world = world(move |_| {
        let token = Dropped(Arc::clone(&token));
        Answer::later(async {
            let _token = token;
            pending().await
        })
    });
    world.send(GET);
    world.settle();
    assert_eq!(dropped.load(Ordering::Relaxed), 0);
    world.end(End::Reset);
    world.settle();
    assert!(world.is_closed());
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}

#[test]
fn blocking_work_whose_client_has_left_is_never_begun() {
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let pool = level4_hybrid::blocking::Pool::start(1, 10, POOL.1).expect("a thread");
    let _busy = pool.offer(move || gate.recv()).expect("room");
    let begun = Arc::new(AtomicUsize::new(0));
    let (counter, queue) = (Arc::clone(&begun), Arc::clone(&pool));
    let mut world = world(move |_| {
        let counter = Arc::clone(&counter);
        let task = queue.offer(move || counter.fetch_add(1, Ordering::Relaxed)).expect("room");
        Answer::later(async {
            let _ = task.await;
            Response::new(Status::OK).into()
        })
    });
    world.send(GET);
    world.settle();
    assert_eq!(pool.load(), 2);
    world.end(End::Reset);
    world.settle();
    open.send(()).expect("the thread waits");
    while pool.load() > 0 {
        std::thread::yield_now();
    }
    assert_eq!(begun.load(Ordering::Relaxed), 0);
}

#[test]
fn more_work_than_the_queue_holds_is_turned_away() {
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let pool = level4_hybrid::blocking::Pool::start(1, 1, POOL.1).expect("a thread");
    let (begun, has_begun) = std::sync::mpsc::channel();
    let _busy = pool.offer(move || (begun.send(()), gate.recv())).expect("room");
    has_begun.recv().expect("the thread is busy");
    let _waiting = pool.offer(|| ()).expect("the queue has room for one");
    assert!(matches!(pool.offer(|| ()), Err(Full)));
    assert_eq!(pool.load(), 2, "what was turned away is not counted");
    let _ = open.send(());
}

#[test]
fn a_panic_costs_one_answer() {
    let mut world = world(|request| match request.head.target().as_str() {
        "/a" => panic!("at once"),
        "/later" => Answer::later(async { panic!("later") }),
        _ => Response::text(Status::OK, "fine").into(),
    });
    world.send(GET);
    world.send(b"GET /later HTTP/1.1\r\nHost: test\r\n\r\n");
    world.send(BEHIND);
    let received = received(&mut world);
    assert_eq!(statuses(&received), ["500", "500", "200"]);
}

/// Pieces, and then something that is to happen.
struct Scripted(Vec<Piece>, fn() -> Poll<Option<io::Result<Piece>>>);

impl futures_core::Stream for Scripted {
    type Item = io::Result<Piece>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Piece>>> {
        if self.0.is_empty() {
            return self.1();
        }
        Poll::Ready(Some(Ok(self.0.remove(0))))
    }
}

fn pieces(end: fn() -> Poll<Option<io::Result<Piece>>>) -> Pieces {
    let data = |text: &'static str| Piece::Data(Bytes::from_static(text.as_bytes()));
    Box::pin(Scripted(vec![data("one"), data(""), data("two")], end))
}

#[test]
fn an_answer_comes_in_pieces() {
    let trailers = || {
        let field = (FieldName::from_static("x-sum"), FieldValue::from_static("6"));
        Poll::Ready(Some(Ok(Piece::Trailers(vec![field]))))
    };
    for (len, end, expected) in [
        (None, trailers as fn() -> _, "3\r\none\r\n3\r\ntwo\r\n0\r\nx-sum: 6\r\n\r\n"),
        (None, || Poll::Ready(None), "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"),
        (Some(6), || Poll::Ready(None), "onetwo"),
        (Some(4), || Poll::Ready(None), "onet"),
    ] {
        let mut world =
            world(move |_| Reply::streaming(Response::new(Status::OK), len, pieces(end)).into());
        world.send(GET);
        world.send(BEHIND);
        let received = received(&mut world);
        assert_eq!(statuses(&received), ["200", "200"], "{received}");
        let (_, body) = received.split_once("\r\n\r\n").expect("a head");
        assert!(body.starts_with(&format!("{expected}HTTP/1.1 200 ")), "{received}");
    }
}

#[test]
fn an_answer_that_cannot_be_finished_is_broken_off() {
    for end in [(|| Poll::Ready(Some(Err(io::Error::other("no more"))))) as fn() -> _, || {
        panic!("no more")
    }] {
        let mut world =
            world(move |_| Reply::streaming(Response::new(Status::OK), None, pieces(end)).into());
        world.send(GET);
        let received = received(&mut world);
        assert!(received.ends_with("3\r\none\r\n3\r\ntwo\r\n") && world.is_closed(), "{received}");
    }
    // Promised, and not brought.
    let mut world = world(|_| {
        let end = || Poll::Ready(None);
        Reply::streaming(Response::new(Status::OK), Some(7), pieces(end)).into()
    });
    world.send(GET);
    assert!(received(&mut world).ends_with("\r\n\r\nonetwo") && world.is_closed());
}

#[test]
fn nothing_that_a_handler_forgets_keeps_a_connection() {
    let mut world = world(|_| Response::new(Status::OK).body(Body::Stream(None)).into());
    world.send(GET);
    received(&mut world);
    assert!(world.is_closed(), "nobody would ever have brought that stream's pieces");
}

#[test]
fn a_body_is_read_as_far_as_it_is_asked_for() {
    let mut world = world(|request| {
        let mut body = request.body;
        if request.head.target().as_str() == "/b" {
            return Response::text(Status::OK, "behind").into();
        }
        Answer::later(async move {
            let first = body.piece().await.expect("it comes").expect("not the end");
            drop(body);
            Response::text(Status::OK, format!("{} bytes", first.len())).into()
        })
    });
    let head = b"POST /a HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n";
    world.send(&[&head[..], &[b'x'; 300]].concat());
    let answer = received(&mut world);
    assert!(answer.ends_with(" bytes") && !answer.contains("close"), "{answer}");
    // The rest is read over, and the connection goes on.
    world.send(&[&[b'x'; 700], BEHIND].concat());
    assert!(received(&mut world).ends_with("behind") && !world.is_closed());
}

/// The rest of a request's body, as an answer's.
struct Rest(RequestBody);

impl futures_core::Stream for Rest {
    type Item = io::Result<Piece>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Piece>>> {
        let piece = ready!(self.0.poll_piece(context)).map_err(io::Error::other)?;
        Poll::Ready(piece.map(|piece| Ok(Piece::Data(piece))))
    }
}

#[test]
fn an_answer_may_begin_when_the_body_has_come_whole_and_is_half_read() {
    let mut world = world(|request| {
        let mut body = request.body;
        Answer::later(async move {
            let first = body.piece().await.expect("it comes").expect("not the end");
            assert_eq!(first, "abc");
            Reply::streaming(Response::new(Status::OK), None, Box::pin(Rest(body)))
        })
    });
    let head = "POST /a HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
    world.send(format!("{head}3\r\nabc\r\n0\r\n\r\n").as_bytes());
    assert!(received(&mut world).ends_with("\r\n\r\n0\r\n\r\n"));
    assert!(!world.is_closed());
}

#[test]
fn whoever_reads_a_body_elsewhere_is_told_of_its_end_behind_what_was_left() {
    let (sender, mut reader) = oneshot::channel();
    let sender = std::sync::Mutex::new(Some(sender));
    let mut world = world(move |request| {
        let mut body = request.body;
        let sender = sender.lock().expect("no panic").take().expect("once");
        Answer::later(async move {
            // Asked for, and not taken.
            let asked = poll_fn(|context| Poll::Ready(body.poll_piece(context).is_pending())).await;
            assert!(asked);
            assert!(sender.send(body).is_ok());
            pending().await
        })
    });
    let head = "POST /a HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n";
    world.send(head.as_bytes());
    world.settle();
    world.send(b"abc");
    world.settle();
    // The connection ends, as at the end of a drain.
    drop(world);
    let mut body = reader.try_recv().expect("it was handed over");
    let mut context = Context::from_waker(Waker::noop());
    assert!(
        matches!(body.poll_piece(&mut context), Poll::Ready(Ok(Some(piece))) if piece == "abc")
    );
    assert_eq!(body.poll_piece(&mut context), Poll::Ready(Err(Incomplete)));
}

#[test]
fn a_stream_is_said_farewell_to_before_it_is_closed() {
    for end in [None, Some(End::Closed)] {
        let mut world = world(|_| Response::text(Status::OK, "last").into());
        world.send(b"GET /a HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        if let Some(end) = end {
            world.end(end);
        }
        assert!(received(&mut world).ends_with("last"));
        assert!(world.is_shut_down(), "{end:?}");
    }
}

#[test]
fn an_answer_before_the_body_was_asked_for_refuses_it() {
    let mut world = world(|_| Response::text(Status::FORBIDDEN, "no").into());
    let head =
        "POST /a HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    world.send(head.as_bytes());
    let answer = received(&mut world);
    assert_eq!(statuses(&answer), ["403"]);
    assert!(answer.contains("Connection: close\r\n") && world.has_ended(), "{answer}");
}

#[test]
fn a_body_may_be_read_from_anywhere() {
    let mut world = world(|request| {
        let body = request.body;
        // As a handler does that hands it to another task.
        let (sender, receiver) = oneshot::channel();
        tokio::spawn(async move { sender.send(body.gather().await) });
        Answer::later(async {
            let (bytes, trailers) = receiver.await.expect("sent").expect("whole");
            let trailer = trailers.fields().get(&FieldName::from_static("x-t")).map(<[u8]>::to_vec);
            Response::text(Status::OK, [bytes, trailer.unwrap_or_default()].concat()).into()
        })
    });
    world.send(b"POST /a HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    world.settle();
    world.send(b"2\r\nde\r\n0\r\nX-T: trailer\r\n\r\n");
    assert!(received(&mut world).ends_with("\r\n\r\nabcdetrailer"));
}

#[test]
fn a_body_that_does_not_come_whole_is_told_to_whoever_waits_for_it() {
    let told = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&told);
    let mut world = world(move |request| {
        let (body, counter) = (request.body, Arc::clone(&counter));
        tokio::spawn(async move {
            if let Err(Incomplete) = body.gather().await {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        });
        Answer::later(pending())
    });
    world.send(b"POST /a HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    assert_eq!(statuses(&received(&mut world)), ["400"]);
    assert_eq!(told.load(Ordering::Relaxed), 1);
}

#[test]
fn a_connection_can_speak_another_protocol() {
    let mut world = world(|request| match request.head.target().as_str() {
        "/a" => Reply::upgrading(
            &FieldValue::from_static("shout"),
            Box::new(|mut upgraded| {
                Box::pin(async move {
                    let mut line = upgraded.received.to_vec();
                    while !line.ends_with(b"\n") {
                        line.push(upgraded.io.read_u8().await.expect("a byte"));
                    }
                    line.make_ascii_uppercase();
                    upgraded.io.write_all(&line).await.expect("a client");
                })
            }),
        )
        .into(),
        _ => Response::new(Status::OK).into(),
    });
    let offer =
        b"GET /a HTTP/1.1\r\nHost: test\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\nhel";
    world.send(offer);
    world.settle();
    world.send(b"lo\n");
    let received = received(&mut world);
    assert_eq!(statuses(&received), ["101"]);
    assert!(received.ends_with("\r\n\r\nHELLO\n") && world.is_closed(), "{received}");
}

#[test]
fn a_protocol_that_was_not_offered_is_not_spoken() {
    let mut world = world(|request| match request.head.target().as_str() {
        "/a" => Reply::upgrading(
            &FieldValue::from_static("shout"),
            Box::new(|_| Box::pin(async { unreachable!("it was not offered") })),
        )
        .into(),
        _ => Response::new(Status::OK).into(),
    });
    world.send(GET);
    world.send(BEHIND);
    assert_eq!(statuses(&received(&mut world)), ["500", "200"]);
}

#[test]
fn a_stop_finishes_a_stream_and_closes() {
    let (go_on, wait) = oneshot::channel::<()>();
    let wait = std::sync::Mutex::new(Some(wait));
    let mut world = world(move |_| {
        let wait = wait.lock().expect("no panic").take().expect("once");
        let end = || Poll::Ready(None);
        Answer::later(async move {
            wait.await.expect("told");
            Reply::streaming(Response::new(Status::OK), None, pieces(end))
        })
    });
    world.send(GET);
    world.settle();
    world.stop();
    world.settle();
    assert!(!world.is_closed());
    go_on.send(()).expect("it waits");
    let received = received(&mut world);
    assert!(received.contains("Connection: close\r\n"), "{received}");
    assert!(received.ends_with("3\r\ntwo\r\n0\r\n\r\n"), "{received}");
}

#[test]
fn a_stop_ends_an_idle_connection_at_once() {
    let mut world = Simulated::new(requests::limits(), usize::MAX);
    world.send(b"GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
    world.settle();
    world.stop();
    world.settle();
    world.pass(std::time::Duration::from_millis(1));
    world.settle();
    assert!(world.is_closed());
}

#[test]
fn who_asks_without_end_leaves_others_their_turn() {
    let mut world = Simulated::new(requests::limits(), usize::MAX);
    let request = b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n";
    world.send(&[&request[..], &[b'x'; 1000]].concat().repeat(1000));
    let turns = world.bystander();
    world.settle();
    let turns_max = turns.load(Ordering::Relaxed);
    assert!(world.calls() <= turns_max * CALLS_MAX, "{} calls, {turns_max} turns", world.calls());
    world.receive(usize::MAX);
    let answers = world.received().windows(12).filter(|bytes| bytes == b"HTTP/1.1 200");
    assert_eq!(answers.count(), 1000);
}
