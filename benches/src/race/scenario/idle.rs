//! Clients that stay after their answer: what they cost while they say nothing.

use std::{collections::BTreeMap, time::Duration};

use super::{HELLO, Measure, Picture, Scenario, Trial};
use crate::race::{
    contender::{Connections, Contender},
    effort::Effort,
    load::{client::Client, tally::as_f64},
    track::Track,
};

/// Idle connections, step by step.
const IDLE: [usize; 4] = [10, 100, 1000, 10_000];

/// Connections that go on asking.
const ACTIVE: usize = 100;

/// The most processes that are started for this.
const PROCESSES_MAX: usize = 1000;

/// The lesson of levels 2 and 3.
pub const SCENARIO: Scenario = Scenario {
    name: "idle",
    title: "Idle connections",
    method: "10 to 10 000 clients get an answer to /hello and then stay, connected and silent. \
        Beside them 100 clients go on, open loop. Memory is the proportional set of all \
        processes (Pss); each idle client’s share is what it grew by since the 100 were alone. At the end of each step \
        every idle client is answered once more.",
    prediction: "Level 2's threads and processes lose: each idle client keeps a stack, 30 KiB \
        with what belongs to it, or a process, over 100 KiB. In the pool's waiting room and in \
        the loops of levels 3 and 4 it is an entry in a table: 1 or 2 KiB, and no thread.",
    losers: &["level2-thread", "level2-process"],
    cures: &["level2-pool", "level3", "level4"],
    measures: &[
        Measure { key: "memory", title: "memory MiB", decimals: 1 },
        Measure { key: "memory_of_each", title: "KiB each", decimals: 1 },
        Measure { key: "processes", title: "processes", decimals: 0 },
        Measure { key: "threads", title: "threads", decimals: 0 },
        Measure { key: "descriptors", title: "descriptors", decimals: 0 },
        Measure { key: "cpu", title: "CPU µs/request, open", decimals: 1 },
        Measure { key: "p99", title: "p99 µs, open", decimals: 0 },
    ],
    picture: Picture::Lines("memory"),
    step_title: "idle clients",
    steps: &["10", "100", "1\u{202f}000", "10\u{202f}000"],
    absence,
    duration: |effort| {
        let steps = IDLE.iter().filter(|count| **count <= effort.idle_max).count();
        (effort.slice + Duration::from_millis(500)) * u32::try_from(steps).unwrap_or(1)
    },
    run,
};

fn absence(contender: &Contender, step: usize, effort: &Effort) -> Option<&'static str> {
    if contender.connections != Connections::Kept {
        Some("serves one client at a time: an idle one would keep out all others")
    } else if IDLE[step] > effort.idle_max {
        Some("more connections than this run opens, or the system allows")
    } else if contender.name == "level2-process" && IDLE[step] > PROCESSES_MAX {
        Some("so many processes would take a gigabyte and more")
    } else {
        None
    }
}

fn run(track: &Track<'_>, trials: &mut Vec<Trial>) -> anyhow::Result<()> {
    let exchange = track.exchange("/hello", HELLO, 1)?;
    let mut active = Client::new(exchange.clone(), ACTIVE)?;
    track.warm_up(&mut active, ACTIVE)?;
    let before = track.server.processes().holdings();
    let (mut idle, mut opened) = (Vec::new(), 0);
    for (step, count) in IDLE.into_iter().enumerate() {
        if absence(track.contender, step, track.effort).is_some() {
            break;
        }
        let mut newcomers = Client::new(exchange.clone(), count - opened)?;
        track.ask_once(&mut newcomers, count - opened)?;
        idle.push((newcomers, count - opened));
        opened = count;
        let holdings = track.server.processes().holdings();
        let open = track.open(&mut active, ACTIVE, track.effort.arrivals, None)?;
        let growth = as_f64(holdings.memory.saturating_sub(before.memory));
        let figures = BTreeMap::from([
            ("memory", as_f64(holdings.memory) / 1024.0),
            ("memory_of_each", growth / as_f64(count as u64)),
            ("processes", as_f64(holdings.processes)),
            ("threads", as_f64(holdings.threads)),
            ("descriptors", as_f64(holdings.descriptors)),
            ("cpu", open.cpu_of_request()),
            ("p99", open.latency.p99),
        ]);
        trials.push(Trial { step, figures, records: vec![open] });
        for (client, lanes) in &mut idle {
            track.ask_once(client, *lanes)?;
        }
    }
    Ok(())
}
