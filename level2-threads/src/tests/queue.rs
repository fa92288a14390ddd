//! What goes in comes out.

use std::{iter, thread};

use crate::queue::Queue;

#[test]
fn gives_items_in_the_order_they_came() {
    let queue = Queue::new(2);
    assert_eq!((queue.offer('a'), queue.push('b')), (Ok(()), Ok(())));
    queue.append(&mut vec!['c', 'd']);
    assert_eq!(queue.len(), 4);
    assert_eq!([(); 4].map(|()| queue.take()), ['a', 'b', 'c', 'd'].map(Some));
    assert!(queue.is_empty());
}

#[test]
fn turns_down_offers_when_full_but_takes_what_is_under_way() {
    let queue = Queue::new(1);
    assert_eq!(queue.offer(1), Ok(()));
    assert_eq!(queue.offer(2), Err(2));
    assert_eq!(queue.push(3), Ok(()));
    assert_eq!(queue.offer(4), Err(4));
    assert_eq!((queue.take(), queue.take()), (Some(1), Some(3)));
    assert_eq!(queue.offer(5), Ok(()));
}

#[test]
fn closed_it_takes_nothing_and_gives_the_rest() {
    let queue = Queue::new(9);
    assert_eq!(queue.offer(1), Ok(()));
    queue.close();
    let mut late = vec![4, 5];
    queue.append(&mut late);
    assert_eq!((queue.offer(2), queue.push(3), late), (Err(2), Err(3), vec![4, 5]));
    assert_eq!((queue.take(), queue.take()), (Some(1), None));
}

#[test]
fn eight_threads_lose_nothing() {
    const ITEMS: u64 = 100_000;
    let queue = Queue::new(64);
    let sums = thread::scope(|scope| {
        let takers = [(); 4].map(|()| scope.spawn(|| iter::from_fn(|| queue.take()).sum()));
        let offerers = [0, 1, 2, 3].map(|first| {
            let queue = &queue;
            scope.spawn(move || (first..ITEMS).step_by(4).for_each(|item| offer(queue, item)))
        });
        let [(), (), (), ()] = offerers.map(|offerer| offerer.join().expect("no panic"));
        queue.close();
        takers.map(|taker| taker.join().expect("no panic"))
    });
    assert_eq!(sums.iter().sum::<u64>(), (0..ITEMS).sum::<u64>());
}

/// Offers until there is room.
fn offer(queue: &Queue<u64>, item: u64) {
    while queue.offer(item).is_err() {
        thread::yield_now();
    }
}
