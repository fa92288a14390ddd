//! Bars: a panel for each measure, a bar for each contender, its interval as a thin line.

use super::{LEFT, RIGHT, ROW, WIDTH, class, drawing, line, round, state, text, text_before};
use crate::race::{
    report::{
        markup::{Element, element},
        number::median,
    },
    row::Row,
    scenario::{Measure, Scenario},
    statistics::Summary,
};

const TITLE: f64 = 28.0;
const BAR: f64 = 12.0;

pub(super) fn draw(scenario: &Scenario, keys: &[&str], rows: &[Row]) -> Element {
    let (mut top, mut parts) = (0.0, Vec::new());
    for key in keys {
        let measure = scenario.measure(key);
        parts.push(text(0.0, top + 16.0, "title", measure.title));
        top += TITLE;
        let highest = highest(measure, rows);
        for row in rows {
            parts.extend(bar(scenario, measure, row, top, highest));
            top += ROW;
        }
    }
    drawing(scenario, top).children(parts)
}

fn highest(measure: &Measure, rows: &[Row]) -> f64 {
    let summaries = rows.iter().filter_map(|row| row.verdict.summary(measure.key));
    summaries.map(|summary| summary.high).fold(f64::MIN_POSITIVE, f64::max)
}

fn bar(scenario: &Scenario, measure: &Measure, row: &Row, top: f64, highest: f64) -> Vec<Element> {
    let class = class(scenario, row.contender);
    let baseline = top + BAR / 2.0 + 4.0;
    let name = text(0.0, baseline, class, row.contender);
    let Some(summary) = row.verdict.summary(measure.key) else {
        return vec![name, text(LEFT, baseline, "none", state(row))];
    };
    let place = |value: f64| LEFT + value / highest * (RIGHT - LEFT);
    let bar = element("rect")
        .class(class)
        .with("x", LEFT)
        .with("y", round(top))
        .with("width", round(place(summary.median) - LEFT))
        .with("height", BAR);
    let value = text_before(WIDTH, baseline, class, median(&summary, measure.decimals));
    vec![name, bar, whisker(&summary, top + BAR / 2.0, place), value]
}

fn whisker(summary: &Summary, y: f64, place: impl Fn(f64) -> f64) -> Element {
    line("whisker", (place(summary.low), y), (place(summary.high), y))
}
