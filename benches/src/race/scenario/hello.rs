//! The smallest request: what the way a level waits costs by itself.

use std::collections::BTreeMap;

use super::{CLIENTS, HELLO, Measure, Picture, Scenario, Trial};
use crate::race::{load::client::Client, record::Record, track::Track};

/// Work so small that only the waiting costs.
pub const SCENARIO: Scenario = Scenario {
    name: "hello",
    title: "The smallest request",
    method: "GET /hello. Closed loop: 16, 64 and 256 clients ask as fast as they are answered, \
        and the best of the three is the capacity; processor time is that of 64. Open loop: \
        requests arrive as planned, far below any level's capacity, on 64 connections.",
    prediction: "Level 1 loses: to let the next client in it must close each connection, so \
        every request pays for a new one, which costs several times its work. Alone with one \
        client, level1-one, the same loop needs no more than level 2's threads. Threads keep \
        their clients and cure it. A pool's request passes through two threads and costs four \
        more system calls; levels 3 and 4 need one thread and one wait for all who are ready.",
    losers: &["level1"],
    cures: &["level2-thread", "level2-process", "level3", "level4"],
    measures: &[
        Measure { key: "cpu", title: "CPU µs/request, closed", decimals: 2 },
        Measure { key: "capacity", title: "requests/s, closed", decimals: 0 },
        Measure { key: "p50", title: "p50 µs, open", decimals: 0 },
        Measure { key: "p99", title: "p99 µs, open", decimals: 0 },
    ],
    picture: Picture::Bars(&["cpu", "capacity"]),
    step_title: "",
    steps: &[""],
    absence: |_, _, _| None,
    duration: |effort| {
        let closed = effort.warm_up + effort.slice;
        closed * u32::try_from(effort.clients.len()).unwrap_or(1) + effort.slice
    },
    run,
};

fn run(track: &Track<'_>, trials: &mut Vec<Trial>) -> anyhow::Result<()> {
    let exchange = track.exchange("/hello", HELLO, 1)?;
    let mut tried: Vec<usize> = track.effort.clients.iter().map(|few| track.lanes(*few)).collect();
    tried.dedup();
    let mut records = Vec::new();
    for clients in tried {
        records.push(track.closed(&exchange, clients)?);
    }
    let compared = track.lanes(CLIENTS);
    let cpu = records.iter().find(|record| record.generator.lanes == compared);
    let cpu = cpu.map_or(f64::NAN, Record::cpu_of_request);
    let capacity = records.iter().filter_map(Record::capacity).reduce(f64::max);

    let mut client = Client::new(exchange, compared)?;
    track.warm_up(&mut client, compared)?;
    let open = track.open(&mut client, compared, track.effort.arrivals, None)?;
    let (p50, p99) = (open.latency.p50, open.latency.p99);
    records.push(open);
    let mut figures = BTreeMap::from([("cpu", cpu), ("p50", p50), ("p99", p99)]);
    figures.extend(capacity.map(|capacity| ("capacity", capacity)));
    trials.push(Trial { step: 0, figures, records });
    Ok(())
}
