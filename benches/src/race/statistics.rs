//! The median of a few rounds, and the interval they span.
//!
//! A round that was disturbed moves a mean, but not a median. From five rounds on, lowest and
//! highest enclose the median of all possible rounds with a probability of 94 % (1 - 2 / 2^5),
//! whatever their distribution.

use serde::Serialize;

/// What rounds of one measurement say together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// Half of the rounds are at most this.
    pub median: f64,
    /// The lowest round.
    pub low: f64,
    /// The highest round.
    pub high: f64,
}

impl Summary {
    /// The summary of these values, unless there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(values[middle - 1], values[middle])
        };
        Some(Self { median, low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_or_between_the_middle_two() {
        let cases: [(&[f64], f64); 4] = [
            (&[3.0], 3.0),
            (&[9.0, 1.0], 5.0),
            (&[9.0, 1.0, 2.0], 2.0),
            (&[4.0, 1.0, 3.0, 2.0], 2.5),
        ];
        for (values, median) in cases {
            let summary = Summary::of(values.iter().copied()).expect("values");
            assert!((summary.median - median).abs() < f64::EPSILON, "{values:?}");
        }
        assert_eq!(Summary::of([]), None);
    }

    #[test]
    fn the_interval_is_from_the_lowest_to_the_highest() {
        let summary = Summary::of([5.0, 2.0, 8.0]).expect("values");
        assert_eq!(summary, Summary { median: 5.0, low: 2.0, high: 8.0 });
    }
}
