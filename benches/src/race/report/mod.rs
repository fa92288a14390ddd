//! What a race leaves behind: tables on the terminal, `report.json` with every raw run, and
//! `report.html`, one page with a picture for each scenario.

pub mod number;
pub mod table;
pub mod markup;
pub mod chart;
pub mod html;
#[cfg(test)]
mod tests;

use std::{fs, path::Path};

use anyhow::Context as _;
use serde::Serialize;

use super::{cores::Placement, machine::Machine, row::Row, scenario::Scenario};

/// A whole race.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where it was run.
    pub machine: Machine,
    /// How, in short.
    pub setting: String,
    /// What came out.
    pub chapters: Vec<Chapter>,
}

/// What came out of a scenario.
#[derive(Debug, Serialize)]
pub struct Chapter {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// Its rows, with every run.
    pub rows: Vec<Row>,
}

/// A line of a table: a row, or several in which a contender does not take part for one reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Line<'a> {
    /// The first of the rows.
    pub row: &'a Row,
    /// Their steps.
    pub steps: String,
}

/// The lines of a table with these rows.
pub fn lines(rows: &[Row]) -> Vec<Line<'_>> {
    let is_one = |one: &Row, next: &Row| {
        !one.takes_part() && (one.contender, &one.verdict) == (next.contender, &next.verdict)
    };
    let line = |rows: &[Row]| match rows {
        [one] => one.step.to_owned(),
        [first, .., last] => format!("{}–{}", first.step, last.step),
        [] => String::new(),
    };
    rows.chunk_by(is_one).map(|rows| Line { row: &rows[0], steps: line(rows) }).collect()
}

/// What stands for a capacity that the generator did not reach.
pub const SATURATED: &str = "generator saturated";

impl Report {
    /// How many runs were made under good conditions, and what that means, in a sentence.
    pub fn conditions(&self) -> String {
        let rows = self.chapters.iter().flat_map(|chapter| &chapter.rows);
        let runs = || rows.clone().flat_map(|row| &row.runs);
        let (clean, all) = (runs().filter(|run| run.is_clean).count(), runs().count());
        let warning = match self.machine.placement {
            Placement::Apart { .. } if clean * 2 < all => {
                ": other work disturbed most of them, so repeat the race on a quiet machine"
            }
            _ => "",
        };
        format!("{clean} of {all} runs were clean{warning}.")
    }

    /// The rows whose server failed, in words.
    pub fn failures(&self) -> Vec<String> {
        let rows = self
            .chapters
            .iter()
            .flat_map(|chapter| chapter.rows.iter().map(|row| (chapter.scenario.name, row)));
        rows.filter(|(_, row)| row.has_failed())
            .map(|(scenario, row)| {
                format!("{scenario} {} {}", row.contender, row.step).trim_end().to_owned()
            })
            .collect()
    }

    /// Writes both files to this directory, which is made if need be.
    ///
    /// # Errors
    /// If it cannot be written to.
    pub fn write(&self, directory: &Path) -> anyhow::Result<()> {
        let failed = || format!("cannot write to {}", directory.display());
        fs::create_dir_all(directory).with_context(failed)?;
        let json = serde_json::to_string_pretty(self)?;
        fs::write(directory.join("report.json"), json).with_context(failed)?;
        fs::write(directory.join("report.html"), html::page(self)).with_context(failed)
    }
}
