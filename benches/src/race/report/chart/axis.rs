//! A logarithmic axis: from a power of ten below the least value to one above the greatest.

use crate::race::report::number::number;

/// Powers of ten, along a stretch of the drawing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    /// The exponents at both ends.
    from: i32,
    to: i32,
    /// Where those are drawn.
    start: f64,
    end: f64,
}

impl Axis {
    /// An axis for these values, from `start` to `end`. What is not positive has no place on it
    /// and is drawn at its start.
    pub(super) fn new(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Self {
        let exponents: Vec<f64> = values.filter(|value| *value > 0.0).map(f64::log10).collect();
        let least = exponents.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (from, to) = if exponents.is_empty() {
            (0, 1)
        } else {
            (whole(least.floor()), whole(greatest.ceil()))
        };
        Self { from, to: to.max(from + 1), start, end }
    }

    /// Where a value is drawn.
    pub(super) fn place(&self, value: f64) -> f64 {
        let from = f64::from(self.from);
        let share = (value.log10().max(from) - from) / f64::from(self.to - self.from);
        self.start + share * (self.end - self.start)
    }

    /// The powers of ten, and where they are drawn.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (f64, f64)> {
        (self.from..=self.to).map(|exponent| {
            let value = 10_f64.powi(exponent);
            (value, self.place(value))
        })
    }
}

/// A power of ten as text: no digits after the point that say nothing.
pub(super) fn tick_text(value: f64) -> String {
    let decimals =
        if value < 1.0 { usize::try_from(-whole(value.log10().round())).unwrap_or(0) } else { 0 };
    number(value, decimals)
}

#[expect(clippy::cast_possible_truncation, reason = "an exponent of a figure is small")]
fn whole(exponent: f64) -> i32 {
    exponent as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_encloses_its_values_in_powers_of_ten() {
        let axis = Axis::new([0.3, 40.0].into_iter(), 0.0, 300.0);
        let ticks: Vec<String> = axis.ticks().map(|(value, _)| tick_text(value)).collect();
        assert_eq!(ticks, ["0.1", "1", "10", "100"]);
        assert!((axis.place(1.0) - 100.0).abs() < 1e-9);
        assert!((axis.place(0.0) - 0.0).abs() < 1e-9);
    }

    #[test]
    fn an_axis_has_a_length_even_without_values() {
        for values in [&[][..], &[0.0], &[10.0]] {
            let axis = Axis::new(values.iter().copied(), 0.0, 100.0);
            assert!(axis.ticks().count() >= 2, "{values:?}");
            assert!(axis.place(5.0).is_finite());
        }
    }
}
