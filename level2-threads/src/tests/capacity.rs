//! Places are taken, and are free again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::capacity::Capacity;

#[test]
fn tells_that_there_is_room_once_somebody_found_none() {
    let told = Arc::new(AtomicUsize::new(0));
    let teller = Arc::clone(&told);
    let capacity = Arc::new(Capacity::new(1, move || {
        teller.fetch_add(1, Ordering::Relaxed);
    }));
    let told = || told.load(Ordering::Relaxed);

    let place = capacity.enter().expect("room");
    drop(place);
    assert_eq!(told(), 0, "nobody was refused");

    let place = capacity.enter().expect("room");
    assert!(capacity.enter().is_none());
    drop(place);
    assert_eq!(told(), 1, "somebody was refused a place");

    let place = capacity.enter().expect("room");
    assert!(!capacity.has_room());
    drop(place);
    assert_eq!(told(), 2, "somebody was told that there is no room");
    assert!(capacity.has_room() && capacity.is_empty());
}

#[test]
fn waits_no_longer_than_until_the_deadline() {
    let capacity = Arc::new(Capacity::new(1, || ()));
    let place = capacity.enter().expect("room");
    let deadline = Instant::now() + Duration::from_millis(20);
    assert!(!capacity.wait_until_empty(deadline));
    assert!(Instant::now() >= deadline);
    drop(place);
    assert!(capacity.wait_until_empty(deadline), "there is nothing to wait for");
}

#[test]
fn waits_until_the_last_has_left() {
    let capacity = Arc::new(Capacity::new(8, || ()));
    let places: Vec<_> = (0..8).map(|_| capacity.enter().expect("room")).collect();
    for place in places {
        thread::spawn(move || drop(place));
    }
    assert!(capacity.wait_until_empty(Instant::now() + Duration::from_mins(1)));
    assert_eq!(capacity.len(), 0);
}
