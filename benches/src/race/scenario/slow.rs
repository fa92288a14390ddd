//! A handler that blocks, and clients who want something quick meanwhile.

use std::{collections::BTreeMap, time::Duration};

use super::{HELLO, Measure, Picture, Scenario, Trial, milliseconds};
use crate::race::{
    contender::{Connections, Contender},
    effort::Effort,
    load::{client::Client, closed_loop::ClosedLoop, plan::Plan as _},
    record::{Generator, Kind, Record},
    track::Track,
};

/// Clients that ask for slow work all the time, and how slow it is.
const SLOW_CLIENTS: usize = 4;
const SLOW_PATH: &str = "/work?ms=100&kind=sleep";
const SLOW_BODY: &[u8] = b"100 ms of sleep\n";

/// Quick requests a second, and connections they come on.
const ARRIVALS: f64 = 500.0;
const LANES: usize = 256;

/// The lesson of levels 1, 3 and 4.
pub const SCENARIO: Scenario = Scenario {
    name: "slow-beside-fast",
    title: "Slow handlers beside quick ones",
    method: "Four clients ask for /work?ms=100&kind=sleep without a pause. Beside them, open \
        loop: 500 requests a second for /hello arrive as planned, on up to 256 connections. \
        The latencies are those of the quick requests.",
    prediction: "Levels 1 and 3 lose: their one thread sleeps in the handler, and a quick \
        request waits for up to four slow ones, 400 ms. Threads, processes and the pools of \
        levels 2 and 4 let others run meanwhile, and these are answered within milliseconds.",
    losers: &["level1", "level3"],
    cures: &["level2-thread", "level2-pool", "level2-process", "level4"],
    measures: &[
        Measure { key: "p50", title: "p50 ms, open", decimals: 2 },
        Measure { key: "p99", title: "p99 ms, open", decimals: 2 },
        Measure { key: "max", title: "max ms, open", decimals: 2 },
    ],
    picture: Picture::Spans {
        title: "latency, ms: p50 (disc), p99 and longest",
        keys: &["p50", "p99", "max"],
    },
    step_title: "",
    steps: &[""],
    absence,
    duration: |effort| effort.warm_up + effort.slice + Duration::from_millis(400),
    run,
};

fn absence(contender: &Contender, _step: usize, _effort: &Effort) -> Option<&'static str> {
    (contender.connections == Connections::OneKept)
        .then_some("its one client would have nobody beside it")
}

fn run(track: &Track<'_>, trials: &mut Vec<Trial>) -> anyhow::Result<()> {
    let mut quick = Client::new(track.exchange("/hello", HELLO, 1)?, LANES)?;
    let mut slow = Client::new(track.exchange(SLOW_PATH, SLOW_BODY, 1)?, SLOW_CLIENTS)?;
    track.warm_up(&mut quick, LANES)?;
    let mut work = ClosedLoop::new(SLOW_CLIENTS, track.effort.slice);
    let open = track.open(&mut quick, LANES, ARRIVALS, Some((&mut slow, &mut work)))?;
    let generator = Generator { lanes: SLOW_CLIENTS, lateness: None, ..open.generator };
    let beside = Record::new(Kind::Closed { clients: SLOW_CLIENTS }, work.tally(), 1, generator);
    let figures = BTreeMap::from([
        ("p50", milliseconds(open.latency.p50)),
        ("p99", milliseconds(open.latency.p99)),
        ("max", milliseconds(open.latency.max)),
    ]);
    trials.push(Trial { step: 0, figures, records: vec![open, beside] });
    Ok(())
}
