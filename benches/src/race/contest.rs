//! The contest: in each scenario the contenders take turns, round after round.
//!
//! What disturbs the machine for a while then disturbs all of them a little rather than one of
//! them much, and each round begins with another. Every turn has a server of its own, and no
//! other server is there meanwhile. Who was disturbed gets a few rounds more at the end.

use anyhow::anyhow;

use super::{
    binaries::Binaries,
    conditions::{Conditions, Watch},
    contender::Contender,
    cores::Placement,
    effort::Effort,
    progress::Progress,
    record::{Problem, Record},
    row::{Row, Run, Verdict},
    scenario::{Scenario, Trial},
    server::Server,
    track::Track,
};

/// One round more for each so many is taken by those who were disturbed; not until they are not,
/// so that a race ends in time on a machine that is never quiet.
const ROUNDS_OF_ANOTHER: usize = 3;

/// All that turns have in common.
#[derive(Debug)]
pub struct Contest<'a> {
    contenders: &'a [&'a Contender],
    binaries: &'a Binaries,
    placement: &'a Placement,
    effort: Effort,
    /// The shortest distance between the cores so far, in nanoseconds.
    nearest: f64,
}

/// What came of a turn.
struct Turn {
    /// Each step that was measured.
    trials: Vec<Trial>,
    conditions: Conditions,
    is_clean: bool,
    /// Why it ended early, if it did.
    error: Option<anyhow::Error>,
}

impl<'a> Contest<'a> {
    /// A contest between these.
    pub fn new(
        contenders: &'a [&'a Contender],
        binaries: &'a Binaries,
        placement: &'a Placement,
        effort: Effort,
    ) -> Self {
        Self { contenders, binaries, placement, effort, nearest: f64::INFINITY }
    }

    /// Runs a scenario: its rows, in the order of the contenders.
    pub fn run(&mut self, scenario: &Scenario, progress: &Progress) -> Vec<Row> {
        let mut rows = self.rows(scenario);
        let rounds = self.effort.rounds;
        for round in 0..rounds + rounds.div_ceil(ROUNDS_OF_ANOTHER) {
            let mut order = self.contenders.to_vec();
            order.rotate_left(round % self.contenders.len().max(1));
            for contender in order {
                let mut own: Vec<&mut Row> = rows
                    .iter_mut()
                    .filter(|row| row.contender == contender.name && row.takes_part())
                    .filter(|row| round < rounds || row.good_runs() < rounds)
                    .collect();
                if !own.is_empty() {
                    self.take_turn(scenario, contender, round, &mut own, progress);
                }
            }
        }
        for row in rows.iter_mut().filter(|row| row.takes_part()) {
            row.verdict = Verdict::of(&row.runs);
        }
        rows
    }

    /// A row for each contender and step, without runs so far.
    fn rows(&self, scenario: &Scenario) -> Vec<Row> {
        let row = |contender: &Contender, step: usize| {
            let absence = (scenario.absence)(contender, step, &self.effort);
            let verdict = absence.map_or_else(|| Verdict::of(&[]), Verdict::Absent);
            Row { contender: contender.name, step: scenario.steps[step], verdict, runs: Vec::new() }
        };
        let steps = 0..scenario.steps.len();
        let rows_of = |contender| steps.clone().map(move |step| row(contender, step));
        self.contenders.iter().flat_map(|contender| rows_of(contender)).collect()
    }

    /// One turn: a run for each of these rows.
    fn take_turn(
        &mut self,
        scenario: &Scenario,
        contender: &Contender,
        round: usize,
        rows: &mut [&mut Row],
        progress: &Progress,
    ) {
        let duration = (scenario.duration)(&self.effort);
        if round >= self.effort.rounds {
            progress.extend(duration);
        }
        progress.begin(scenario.name, round, contender.name);
        let turn = self.measure(scenario, contender, round);
        for row in rows {
            row.runs.push(turn.run(round, scenario, row.step));
        }
        progress.finish(duration);
    }

    fn measure(&mut self, scenario: &Scenario, contender: &Contender, round: usize) -> Turn {
        let watch = Watch::start(self.placement);
        let mut trials = Vec::new();
        let core = self.placement.server_core();
        let server = Server::start::<&str>(self.binaries, contender, core, &[]);
        let result = server.as_ref().map_err(|error| anyhow!("{error:#}")).and_then(|server| {
            let seed = self.effort.seed + round as u64;
            let track = Track { contender, server, effort: &self.effort, seed };
            (scenario.run)(&track, &mut trials)
        });
        let conditions = watch.stop();
        self.nearest = conditions.distance.map_or(self.nearest, |now| now.min(self.nearest));
        let is_clean = conditions.are_good(self.nearest);
        Turn { trials, conditions, is_clean, error: result.err() }
    }
}

impl Turn {
    fn run(&self, round: usize, scenario: &Scenario, step: &str) -> Run {
        let trial = self.trials.iter().find(|trial| scenario.steps[trial.step] == step);
        let Trial { figures, records, .. } = trial.cloned().unwrap_or_default();
        let mut problems: Vec<Problem> = records.iter().flat_map(Record::problems).collect();
        if trial.is_none() {
            let error = self.error.as_ref().map(|error| format!("{error:#}"));
            problems.push(Problem::Unfinished(error.unwrap_or_default()));
        }
        let Self { conditions, is_clean, .. } = *self;
        Run { round, figures, records, problems, conditions, is_clean }
    }
}
