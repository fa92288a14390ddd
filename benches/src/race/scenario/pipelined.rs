//! Sixteen requests in one packet: what is left when reading and writing hardly cost.

use std::collections::BTreeMap;

use super::{CLIENTS, HELLO, Measure, Picture, Scenario, Trial};
use crate::race::{
    contender::{Connections, Contender},
    effort::Effort,
    track::Track,
};

/// Requests in one write.
const BATCH: usize = 16;

/// Sixteen at once.
pub const SCENARIO: Scenario = Scenario {
    name: "pipelined",
    title: "Sixteen requests at once",
    method: "GET /hello, sixteen in one write. Closed loop: 64 clients send the next sixteen when \
        all answers have come.",
    prediction: "A thread or a process for each connection loses: sixteen requests later another \
        one must run, and the switch is the largest thing left. The pool's workers take the next \
        batch from a queue that is not empty; the loops of levels 3 and 4 never leave their \
        thread. (level1-one has one client only, and waits for it.) All is closer together than with single requests, as everybody parses what one \
        read brought and answers it with one write, by the same protocol core.",
    losers: &["level2-thread", "level2-process"],
    cures: &["level3", "level4"],
    measures: &[
        Measure { key: "cpu", title: "CPU µs/request, closed", decimals: 3 },
        Measure { key: "capacity", title: "requests/s, closed", decimals: 0 },
    ],
    picture: Picture::Bars(&["cpu", "capacity"]),
    step_title: "",
    steps: &[""],
    absence,
    duration: |effort| effort.warm_up + effort.slice,
    run,
};

fn absence(contender: &Contender, _step: usize, _effort: &Effort) -> Option<&'static str> {
    (contender.connections == Connections::New)
        .then_some("it closes after what one packet brought; level1-one shows the same loop")
}

fn run(track: &Track<'_>, trials: &mut Vec<Trial>) -> anyhow::Result<()> {
    let exchange = track.exchange("/hello", HELLO, BATCH)?;
    let closed = track.closed(&exchange, CLIENTS)?;
    let mut figures = BTreeMap::from([("cpu", closed.cpu_of_request())]);
    figures.extend(closed.capacity().map(|capacity| ("capacity", capacity)));
    trials.push(Trial { step: 0, figures, records: vec![closed] });
    Ok(())
}
