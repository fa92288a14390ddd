//! Lines: a measure over the steps, a line for each contender, both axes logarithmic.

use super::{
    axis::{Axis, tick_text},
    class, drawing, line, round, text, text_around, text_before,
};
use crate::race::{
    report::{
        markup::{Element, element},
        number,
    },
    row::Row,
    scenario::Scenario,
};

const HEIGHT: f64 = 260.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 222.0;
const START: f64 = 48.0;
const END: f64 = 292.0;

/// The least distance between the names at the lines' ends.
const LABEL: f64 = 14.0;

/// A contender's line.
struct Curve<'a> {
    contender: &'a str,
    points: Vec<(f64, f64)>,
}

pub(super) fn draw(scenario: &Scenario, key: &str, rows: &[Row]) -> Element {
    let mut curves = curves(key, rows);
    let across = Axis::new(curves.iter().flat_map(Curve::steps), START, END);
    let up = Axis::new(curves.iter().flat_map(Curve::values), BOTTOM, TOP);
    let mut parts = vec![
        text(0.0, 16.0, "title", scenario.measure(key).title),
        text_around(f64::midpoint(START, END), HEIGHT - 4.0, "tick", scenario.step_title),
    ];
    for (value, y) in up.ticks() {
        parts.push(line("grid", (START, y), (END, y)));
        parts.push(text_before(START - 6.0, y + 4.0, "tick", tick_text(value)));
    }
    for (value, x) in across.ticks() {
        parts.push(text_around(x, BOTTOM + 16.0, "tick", tick_text(value)));
    }
    for curve in &mut curves {
        curve.points.iter_mut().for_each(|(x, y)| (*x, *y) = (across.place(*x), up.place(*y)));
        parts.extend(curve.draw(class(scenario, curve.contender)));
    }
    parts.extend(labels(scenario, &curves));
    drawing(scenario, HEIGHT).children(parts)
}

/// The lines of those who have any points, in steps and values.
fn curves<'a>(key: &str, rows: &'a [Row]) -> Vec<Curve<'a>> {
    let mut curves: Vec<Curve<'a>> = Vec::new();
    for row in rows {
        let step = row.step.replace(number::SEPARATOR, "").parse().ok();
        let Some((step, summary)) = step.zip(row.verdict.summary(key)) else { continue };
        match curves.last_mut() {
            Some(curve) if curve.contender == row.contender => {
                curve.points.push((step, summary.median));
            }
            _ => curves
                .push(Curve { contender: row.contender, points: vec![(step, summary.median)] }),
        }
    }
    curves
}

impl Curve<'_> {
    fn steps(&self) -> impl Iterator<Item = f64> {
        self.points.iter().map(|(step, _)| *step)
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        self.points.iter().map(|(_, value)| *value)
    }

    fn draw(&self, class: &str) -> Vec<Element> {
        let points: Vec<String> =
            self.points.iter().map(|(x, y)| format!("{},{}", round(*x), round(*y))).collect();
        let curve = element("polyline").class(class).with("points", points.join(" "));
        let dots = self.points.iter().map(|(x, y)| {
            element("circle").class(class).with("cx", round(*x)).with("cy", round(*y)).with("r", 3)
        });
        [curve].into_iter().chain(dots).collect()
    }
}

/// The names beside the lines' ends, moved down where they would overlap; above the end of a line
/// that ends early, where others go on.
fn labels(scenario: &Scenario, curves: &[Curve<'_>]) -> Vec<Element> {
    let mut ends: Vec<_> = curves
        .iter()
        .filter_map(|curve| curve.points.last().map(|(x, y)| (*y, *x, curve.contender)))
        .collect();
    ends.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut lowest = f64::NEG_INFINITY;
    let mut labels = Vec::new();
    for (y, x, contender) in ends {
        let class = class(scenario, contender);
        if x + 1.0 < END {
            labels.push(text_around(x, y - 9.0, class, contender));
        } else {
            lowest = (lowest + LABEL).max(y);
            labels.push(text(x + 8.0, lowest + 4.0, class, contender));
        }
    }
    labels
}
