//! Spans: for each contender a line from its first measure to its last, such as from the
//! median latency to the longest, with a mark for each, on a logarithmic axis.

use super::{
    LEFT, RIGHT, ROW, WIDTH,
    axis::{Axis, tick_text},
    class, drawing, line, round, state, text, text_around, text_before,
};
use crate::race::{
    report::{
        markup::{Element, element},
        number::number,
    },
    row::Row,
    scenario::Scenario,
};

const TOP: f64 = 32.0;
const BOTTOM: f64 = 24.0;

pub(super) fn draw(scenario: &Scenario, title: &str, keys: &[&str], rows: &[Row]) -> Element {
    let values = rows.iter().flat_map(|row| medians(row, keys));
    let axis = Axis::new(values, LEFT, RIGHT);
    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
    let end = TOP + ROW * rows.len() as f64;
    let mut parts =
        vec![text(0.0, 16.0, "title", title), text_before(WIDTH, 16.0, "tick", "longest")];
    for (value, x) in axis.ticks() {
        parts.push(line("grid", (x, TOP - 6.0), (x, end)));
        parts.push(text_around(x, end + 14.0, "tick", tick_text(value)));
    }
    let mut top = TOP;
    for row in rows {
        parts.extend(span(scenario, keys, row, &axis, top + ROW / 2.0));
        top += ROW;
    }
    drawing(scenario, end + BOTTOM).children(parts)
}

fn medians(row: &Row, keys: &[&str]) -> Vec<f64> {
    let summaries = keys.iter().filter_map(|key| row.verdict.summary(key));
    summaries.map(|summary| summary.median).collect()
}

fn span(scenario: &Scenario, keys: &[&str], row: &Row, axis: &Axis, y: f64) -> Vec<Element> {
    let class = class(scenario, row.contender);
    let name = text(0.0, y + 4.0, class, row.contender);
    let medians = medians(row, keys);
    let (Some(first), Some(last)) = (medians.first(), medians.last()) else {
        return vec![name, text(LEFT, y + 4.0, "none", state(row))];
    };
    let (from, to) = (axis.place(*first), axis.place(*last));
    let value = text_before(WIDTH, y + 4.0, class, number(*last, 1));
    let mut parts = vec![name, line(&format!("span {class}"), (from, y), (to, y)), value];
    parts.extend(
        medians.iter().enumerate().map(|(nth, value)| mark(nth, axis.place(*value), y, class)),
    );
    parts
}

/// The first mark is a disc, the next ones are strokes, each longer than the one before.
fn mark(nth: usize, x: f64, y: f64, class: &str) -> Element {
    #[expect(clippy::cast_precision_loss, reason = "a few marks")]
    let half = 2.0 + 2.0 * nth as f64;
    match nth {
        0 => element("circle").class(class).with("cx", round(x)).with("cy", y).with("r", 4.0),
        _ => line(&format!("span {class}"), (x, y - half), (x, y + half)),
    }
}
