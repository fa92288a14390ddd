//! Every order in which threads can meet at the queue, at the places for connections and at
//! the counters.
//!
//! The modules are those of the server, compiled once more from the same text, with loom's
//! primitives in place of the standard library's (see `src/sync.rs`). Loom runs each model
//! again and again, each time in another order, up to a bound on how often a thread may be
//! interrupted. A thread that would sleep for ever is found as a deadlock.
//!
//! Loom has no time: its timed waits end by a wake-up only. So what waits until a deadline is
//! modelled with one that is never reached; that it is kept is a unit test.

/// What the modules below import in the server as `crate::sync`.
mod sync {
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard, atomic};
}

#[expect(dead_code, unreachable_pub, reason = "a module of a library, of which a part is used")]
#[path = "../src/queue.rs"]
mod queue;

#[expect(unreachable_pub, reason = "a module of a library")]
#[path = "../src/capacity.rs"]
mod capacity;

#[expect(dead_code, unreachable_pub, reason = "a module of a library, of which a part is used")]
#[path = "../src/metrics"]
mod metrics {
    pub mod counter;
    pub mod histogram;
    pub mod shard;
}

use std::{
    iter,
    sync::Arc,
    time::{Duration, Instant},
};

use capacity::Capacity;
use level1_blocking::{
    http::{status::Status, step::Exchange},
    observer::Observer as _,
};
use loom::{
    model::Builder,
    sync::{
        Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};
use metrics::{histogram::Distribution, shard::Shard};
use queue::Queue;

/// Runs a model in all orders with at most three interruptions: known faults of this kind
/// need two.
fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// A thread that does something with what all share.
fn spawn<S, R>(shared: &Arc<S>, run: impl FnOnce(&S) -> R + 'static) -> JoinHandle<R>
where
    S: 'static,
    R: 'static,
{
    let shared = Arc::clone(shared);
    thread::spawn(move || run(&shared))
}

fn join<R>(thread: JoinHandle<R>) -> R {
    thread.join().expect("no panic")
}

/// Takes until the queue is closed and empty.
fn take_all(queue: &Queue<u32>) -> Vec<u32> {
    iter::from_fn(|| queue.take()).collect()
}

#[test]
fn no_item_is_lost_or_taken_twice() {
    check(|| {
        let queue = Arc::new(Queue::new(8));
        let takers = [(); 2].map(|()| spawn(&queue, take_all));
        let offerer = spawn(&queue, |queue| queue.offer(1));
        assert_eq!(queue.push(2), Ok(()));
        assert_eq!(join(offerer), Ok(()));
        // What is in the queue when it is closed is still taken.
        queue.close();
        let mut items = takers.map(join).concat();
        items.sort_unstable();
        assert_eq!(items, [1, 2]);
    });
}

#[test]
fn each_item_wakes_a_taker() {
    check_wakes(|queue| {
        assert_eq!((queue.offer(1), queue.push(2)), (Ok(()), Ok(())));
    });
}

#[test]
fn a_batch_wakes_as_many_takers_as_it_has_items() {
    check_wakes(|queue| queue.append(&mut vec![1, 2]));
}

/// Two takers for two items. Nobody closes the queue: a taker that is not woken is a deadlock.
fn check_wakes(add: impl Fn(&Queue<u32>) + Send + Sync + 'static) {
    check(move || {
        let queue = Arc::new(Queue::new(8));
        let takers = [(); 2].map(|()| spawn(&queue, Queue::take));
        add(&queue);
        let mut items = takers.map(join);
        items.sort_unstable();
        assert_eq!(items, [Some(1), Some(2)]);
    });
}

#[test]
fn closing_wakes_all_takers() {
    check(|| {
        let queue = Arc::new(Queue::<u32>::new(1));
        let takers = [(); 2].map(|()| spawn(&queue, Queue::take));
        queue.close();
        assert_eq!(takers.map(join), [None, None]);
    });
}

#[test]
fn offers_never_exceed_the_bound() {
    check(|| {
        let queue = Arc::new(Queue::new(1));
        let offerers = [1, 2].map(|item| {
            spawn(&queue, move |queue| {
                let outcome = queue.offer(item);
                assert!(queue.len() <= 1);
                outcome
            })
        });
        let outcomes = offerers.map(join);
        assert!(matches!(outcomes, [Ok(()), Err(2)] | [Err(1), Ok(())]), "{outcomes:?}");
    });
}

#[test]
fn an_item_that_meets_the_end_is_taken_or_handed_back() {
    check(|| {
        let queue = Arc::new(Queue::new(1));
        let taker = spawn(&queue, take_all);
        let closer = spawn(&queue, Queue::close);
        let outcome = queue.offer(1);
        join(closer);
        assert_eq!(join(taker).is_empty(), outcome.is_err());
    });
}

#[test]
fn never_are_more_inside_than_there_are_places() {
    check(|| {
        let capacity = Arc::new(Capacity::new(2, || ()));
        let inside = Arc::new(AtomicUsize::new(0));
        let visitors = [(); 3].map(|()| {
            let capacity = Arc::clone(&capacity);
            spawn(&inside, move |inside| {
                let place = capacity.enter()?;
                assert!(inside.fetch_add(1, Ordering::SeqCst) < 2);
                inside.fetch_sub(1, Ordering::SeqCst);
                drop(place);
                Some(())
            })
        });
        assert!(visitors.map(join).iter().flatten().count() >= 2);
        assert!(capacity.is_empty());
    });
}

/// What an acceptor sleeps at, as at a pipe: a call that comes first is not lost.
#[derive(Default)]
struct WakeUp {
    called: Mutex<bool>,
    call: Condvar,
}

impl WakeUp {
    fn call(&self) {
        *self.called.lock().expect("no panic") = true;
        self.call.notify_one();
    }

    fn wait(&self) {
        let mut called = self.called.lock().expect("no panic");
        while !*called {
            called = self.call.wait(called).expect("no panic");
        }
        *called = false;
    }
}

/// A full house of two, whose connections end at any time.
fn full_house() -> (Arc<Capacity>, Arc<WakeUp>) {
    let wake_up = Arc::new(WakeUp::default());
    let caller = Arc::clone(&wake_up);
    let capacity = Arc::new(Capacity::new(2, move || caller.call()));
    for _ in 0..2 {
        let place = capacity.enter().expect("room");
        thread::spawn(move || drop(place));
    }
    (capacity, wake_up)
}

#[test]
fn no_acceptor_that_was_refused_sleeps_for_ever() {
    check(|| {
        let (capacity, wake_up) = full_house();
        let mut places = Vec::new();
        while places.len() < 2 {
            match capacity.enter() {
                Some(place) => places.push(place),
                None => wake_up.wait(),
            }
        }
    });
}

#[test]
fn no_acceptor_that_looked_for_room_sleeps_for_ever() {
    check(|| {
        let (capacity, wake_up) = full_house();
        while !capacity.has_room() {
            wake_up.wait();
        }
        assert!(capacity.enter().is_some(), "nobody else takes the place");
    });
}

#[test]
fn the_wait_is_over_when_the_last_leaves() {
    check(|| {
        let (capacity, _) = full_house();
        assert!(capacity.wait_until_empty(Instant::now() + Duration::from_hours(1)));
        assert_eq!(capacity.len(), 0);
    });
}

#[test]
fn counts_are_exact_when_all_have_counted() {
    check(|| {
        let shard = Arc::new(Shard::default());
        let count = |shard: &Shard| {
            shard.handled(Duration::from_millis(2));
            shard.answered(&Exchange {
                head: None,
                status: Status::OK,
                body_len: 0,
                began: Instant::now(),
                refusal: None,
            });
        };
        let threads = [(); 2].map(|()| spawn(&shard, count));
        assert!(handler_time(&shard).count() <= 2, "a reader never sees what was not counted");
        let [(), ()] = threads.map(join);
        let observed = handler_time(&shard);
        assert_eq!((observed.count(), observed.sum()), (2, Duration::from_millis(4)));
        assert_eq!(shard.answered[1].value(), 2);
    });
}

fn handler_time(shard: &Shard) -> Distribution {
    let mut distribution = Distribution::default();
    distribution.add(&shard.handler_time);
    distribution
}
