//! A scenario's rows as a table on the terminal.

use super::{
    Line, SATURATED, lines,
    number::{interval, median},
};
use crate::race::{
    row::{Row, Verdict},
    scenario::Scenario,
};

/// The table, with what was predicted above it.
pub fn table(scenario: &Scenario, rows: &[Row]) -> String {
    let cells: Vec<Vec<String>> = lines(rows).iter().map(|line| cells(scenario, line)).collect();
    let header = header(scenario);
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            let cells = cells.iter().filter(|row| row.len() == header.len());
            cells.chain([&header]).map(|row| row[column].chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut text = format!("\n{}\nPredicted: {}\n\n", scenario.title, scenario.prediction);
    for row in [&header].into_iter().chain(&cells) {
        text += &line(row, &widths);
    }
    text
}

fn header(scenario: &Scenario) -> Vec<String> {
    let fixed = ["contender", scenario.step_title].into_iter().map(str::to_owned);
    let measured = scenario.measures.iter().map(|measure| measure.title.to_owned());
    fixed.chain(measured).chain(["runs".to_owned()]).collect()
}

/// A row without a result has its reason instead of figures.
fn cells(scenario: &Scenario, Line { row, steps }: &Line<'_>) -> Vec<String> {
    let mut cells = vec![row.contender.to_owned(), steps.clone()];
    match &row.verdict {
        Verdict::Result { summaries, counted, clean } => {
            for measure in scenario.measures {
                let summary = summaries.get(measure.key);
                cells.push(summary.map_or_else(
                    || SATURATED.to_owned(),
                    |summary| {
                        let median = median(summary, measure.decimals);
                        match interval(summary, measure.decimals).as_str() {
                            "" => median,
                            interval => format!("{median} ({interval})"),
                        }
                    },
                ));
            }
            cells.push(format!("{counted}/{}, {clean} clean", row.runs.len()));
        }
        Verdict::Absent(_) | Verdict::Invalid(_) => cells.extend(row.verdict.reason()),
    }
    cells
}

/// The first two cells to the left, all others to the right; a reason as it is.
fn line(cells: &[String], widths: &[usize]) -> String {
    let has_reason = cells.len() < widths.len();
    let padded = cells.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column {
        0 | 1 => format!("{cell:<width$}  "),
        _ if has_reason => cell.clone(),
        _ => format!("{cell:>width$}  "),
    });
    padded.collect::<String>().trim_end().to_owned() + "\n"
}
