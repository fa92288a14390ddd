//! Pictures of a scenario's medians, as SVG that takes its colours from the page.
//!
//! They are drawn 400 units wide, so that their text can be read on a telephone without being
//! enlarged.

mod axis;
mod bars;
mod spans;
mod lines;

use std::fmt::Display;

use super::{
    SATURATED,
    markup::{Element, element},
};
use crate::race::{
    row::{Row, Verdict},
    scenario::{Picture, Scenario},
};

const WIDTH: f64 = 400.0;

/// Where the names end and the drawing begins.
const LEFT: f64 = 112.0;

/// Where the drawing ends and the values begin.
const RIGHT: f64 = 318.0;

/// Height of a row with a name.
const ROW: f64 = 22.0;

/// The scenario's picture.
pub fn picture(scenario: &Scenario, rows: &[Row]) -> Element {
    match scenario.picture {
        Picture::Bars(keys) => bars::draw(scenario, keys, rows),
        Picture::Spans { title, keys } => spans::draw(scenario, title, keys, rows),
        Picture::Lines(key) => lines::draw(scenario, key, rows),
    }
}

/// What was predicted of a contender, as a class of the style sheet.
pub fn class(scenario: &Scenario, contender: &str) -> &'static str {
    if scenario.losers.contains(&contender) {
        "lose"
    } else if scenario.cures.contains(&contender) {
        "cure"
    } else {
        "other"
    }
}

/// What stands where a contender's drawing would be, if it has none.
fn state(row: &Row) -> &'static str {
    match row.verdict {
        Verdict::Absent(_) => "does not take part",
        Verdict::Invalid(_) => "invalid",
        Verdict::Result { .. } => SATURATED,
    }
}

/// A drawing of this height. It says nothing that the table below does not.
fn drawing(scenario: &Scenario, height: f64) -> Element {
    element("svg")
        .with("xmlns", "http://www.w3.org/2000/svg")
        .with("viewBox", format!("0 0 {WIDTH} {height:.0}"))
        .with("role", "img")
        .with("aria-label", format!("{}: the figures of the table below", scenario.title))
}

/// A text that begins at `x`.
fn text(x: f64, y: f64, class: &str, words: impl Display) -> Element {
    element("text").class(class).with("x", round(x)).with("y", round(y)).text(words)
}

/// A text that ends at `x`.
fn text_before(x: f64, y: f64, class: &str, words: impl Display) -> Element {
    text(x, y, class, words).with("text-anchor", "end")
}

/// A text around `x`.
fn text_around(x: f64, y: f64, class: &str, words: impl Display) -> Element {
    text(x, y, class, words).with("text-anchor", "middle")
}

fn line(class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> Element {
    element("line")
        .class(class)
        .with("x1", round(x1))
        .with("y1", round(y1))
        .with("x2", round(x2))
        .with("y2", round(y2))
}

/// A tenth of a unit is finer than any screen.
fn round(coordinate: f64) -> f64 {
    (coordinate * 10.0).round() / 10.0
}
