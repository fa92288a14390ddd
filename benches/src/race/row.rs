//! What the rounds of one contender come to: medians, or the reason why there are none.

use std::{collections::BTreeMap, mem};

use serde::Serialize;

use super::{
    conditions::Conditions,
    record::{Problem, Record},
    statistics::Summary,
};

/// Runs under good conditions that are enough for a median, however many others there are.
const CLEAN_MIN: usize = 3;

/// One round, raw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// Which round.
    pub round: usize,
    /// A figure for each measure, but for a capacity that the generator did not reach.
    pub figures: BTreeMap<&'static str, f64>,
    /// The loads they were taken from.
    pub records: Vec<Record>,
    /// Why it does not count.
    pub problems: Vec<Problem>,
    /// What the conditions were.
    pub conditions: Conditions,
    /// Whether they were good.
    pub is_clean: bool,
}

/// A row of a scenario's table, with all that was measured for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Whose row it is.
    pub contender: &'static str,
    /// In which step.
    pub step: &'static str,
    /// What the rounds say together.
    pub verdict: Verdict,
    /// All of them, also those that do not count.
    pub runs: Vec<Run>,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The contender cannot take part, for this reason.
    Absent(&'static str),
    /// It did, but the figures would mislead, for these reasons.
    Invalid(Vec<String>),
    /// Medians and intervals.
    Result {
        /// Of each measure.
        summaries: BTreeMap<&'static str, Summary>,
        /// Over so many runs...
        counted: usize,
        /// ...of which so many had good conditions.
        clean: usize,
    },
}

impl Row {
    /// How many of its runs count and were made under good conditions.
    pub fn good_runs(&self) -> usize {
        self.runs.iter().filter(|run| run.is_clean && run.problems.is_empty()).count()
    }

    /// Whether its server failed in one of the runs.
    pub fn has_failed(&self) -> bool {
        self.runs.iter().flat_map(|run| &run.problems).any(Problem::is_the_servers)
    }

    /// Whether there is anything to measure.
    pub fn takes_part(&self) -> bool {
        !matches!(self.verdict, Verdict::Absent(_))
    }
}

impl Verdict {
    /// What these runs come to.
    ///
    /// One run in which the server failed makes the row invalid. Runs in which the measurement
    /// failed are left out; half of the runs must remain. Runs under good conditions are
    /// preferred if they are half of those, or enough for a median.
    pub fn of(runs: &[Run]) -> Self {
        let problems = || runs.iter().flat_map(|run| &run.problems);
        let valid: Vec<&Run> = runs.iter().filter(|run| run.problems.is_empty()).collect();
        let are_too_few = valid.is_empty() || valid.len() * 2 < runs.len();
        if are_too_few || problems().any(Problem::is_the_servers) {
            return Self::Invalid(reasons(problems()));
        }
        let clean: Vec<&Run> = valid.iter().copied().filter(|run| run.is_clean).collect();
        let clean_len = clean.len();
        let are_enough = clean_len >= CLEAN_MIN || clean_len * 2 >= valid.len();
        let counted = if are_enough { clean } else { valid };
        Self::Result { summaries: summaries(&counted), counted: counted.len(), clean: clean_len }
    }

    /// The summary of a measure, if there is a result.
    pub fn summary(&self, key: &str) -> Option<Summary> {
        match self {
            Self::Result { summaries, .. } => summaries.get(key).copied(),
            Self::Absent(_) | Self::Invalid(_) => None,
        }
    }

    /// Why there is no result, if there is none.
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Absent(reason) => Some(format!("does not take part: {reason}")),
            Self::Invalid(reasons) => Some(format!("invalid: {}", reasons.join("; "))),
            Self::Result { .. } => None,
        }
    }
}

/// One reason of each kind.
fn reasons<'a>(problems: impl Iterator<Item = &'a Problem>) -> Vec<String> {
    let (mut kinds, mut reasons) = (Vec::new(), Vec::new());
    for problem in problems {
        let kind = mem::discriminant(problem);
        if !kinds.contains(&kind) {
            kinds.push(kind);
            reasons.push(problem.to_string());
        }
    }
    reasons
}

/// A summary of each figure that at least half of the runs have.
fn summaries(runs: &[&Run]) -> BTreeMap<&'static str, Summary> {
    let mut values: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for (key, value) in runs.iter().flat_map(|run| &run.figures) {
        values.entry(key).or_default().push(*value);
    }
    values.retain(|_, values| values.len() * 2 >= runs.len());
    values.into_iter().filter_map(|(key, values)| Some((key, Summary::of(values)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(rate: f64, problems: &[Problem], is_clean: bool) -> Run {
        Run {
            round: 0,
            figures: BTreeMap::from([("rate", rate)]),
            records: Vec::new(),
            problems: problems.to_vec(),
            conditions: Conditions { distance: None, foreign: 0.0 },
            is_clean,
        }
    }

    fn median(runs: &[Run]) -> Option<f64> {
        Verdict::of(runs).summary("rate").map(|summary| summary.median)
    }

    #[test]
    fn runs_whose_measurement_failed_are_left_out_until_they_are_most() {
        let (good, late) = (run(1.0, &[], true), run(9.0, &[Problem::Late(1.0)], true));
        assert_eq!(median(&[good.clone(), good.clone(), late.clone()]), Some(1.0));
        assert_eq!(median(&[good.clone(), late.clone()]), Some(1.0));
        assert_eq!(median(&[good, late.clone(), late]), None);
    }

    #[test]
    fn one_run_with_errors_makes_a_row_invalid() {
        let (good, wrong) = (run(1.0, &[], true), run(9.0, &[Problem::Errors(5, 10)], true));
        let verdict = Verdict::of(&[good.clone(), good.clone(), good, wrong]);
        assert_eq!(verdict.reason().as_deref(), Some("invalid: 5 of 10 requests failed"));
    }

    #[test]
    fn a_reason_is_given_once() {
        let late = |by| run(1.0, &[Problem::Late(by), Problem::Little(1.0, 2.0)], true);
        let Verdict::Invalid(reasons) = Verdict::of(&[late(5.0), late(6.0)]) else {
            panic!("most of the runs are invalid");
        };
        assert_eq!(reasons.len(), 2);
        assert_eq!(reasons[0], "the generator itself was 5 µs late");
    }

    #[test]
    fn a_figure_that_most_runs_lack_has_no_summary() {
        let with = run(1.0, &[], true);
        let without = Run { figures: BTreeMap::new(), ..with.clone() };
        assert_eq!(median(&[with.clone(), without.clone()]), Some(1.0));
        let verdict = Verdict::of(&[with, without.clone(), without]);
        assert_eq!((verdict.summary("rate"), verdict.reason()), (None, None));
    }

    #[test]
    fn clean_runs_are_preferred_if_they_are_half_or_enough() {
        let (clean, far) = (run(1.0, &[], true), run(9.0, &[], false));
        let (three, many) = (vec![clean.clone(); CLEAN_MIN], vec![far.clone(); 9]);
        assert_eq!(median(&[three, many].concat()), Some(1.0));
        assert_eq!(median(&[clean.clone(), far.clone()]), Some(1.0));
        assert_eq!(median(&[clean, far.clone(), far]), Some(9.0));
    }
}
