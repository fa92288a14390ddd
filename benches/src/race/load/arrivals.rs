//! When requests are planned to arrive: the open loop's timetable.
//!
//! It is made before the first answer comes and does not know of any, which is what makes the
//! loop open: clients of a real server do not wait for each other either.

use std::{iter, time::Duration};

use clap::ValueEnum;
use fastrand::Rng;
use serde::Serialize;

/// How the gaps between arrivals are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gaps {
    /// All alike.
    Fixed,
    /// As those of many independent clients: exponential, so that bursts happen.
    Poisson,
}

impl Gaps {
    /// The times from the start at which requests are planned, at `rate` a second on average,
    /// before `end`. The same seed gives the same times.
    pub fn times(self, rate: f64, end: Duration, seed: u64) -> impl Iterator<Item = Duration> {
        let mut random = Rng::with_seed(seed);
        let mut gap = move || match self {
            Self::Fixed => 1.0 / rate,
            // The inverse of the exponential distribution's function. `1 - u` is never zero.
            Self::Poisson => -(1.0 - random.f64()).ln() / rate,
        };
        let first = gap();
        let times = iter::successors(Some(first), move |time| Some(time + gap()));
        times.map(Duration::from_secs_f64).take_while(move |time| *time < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_gaps_are_all_alike() {
        let times: Vec<_> = Gaps::Fixed.times(4.0, Duration::from_secs(1), 0).collect();
        assert_eq!(times, [250, 500, 750].map(Duration::from_millis));
    }

    #[test]
    fn poisson_gaps_have_the_mean_and_the_spread_of_an_exponential() {
        let end = Duration::from_secs(1000);
        let times: Vec<_> = Gaps::Poisson.times(100.0, end, 7).collect();
        let gaps: Vec<_> =
            times.windows(2).map(|pair| pair[1].as_secs_f64() - pair[0].as_secs_f64()).collect();
        #[expect(clippy::cast_precision_loss, reason = "some hundred thousand gaps")]
        let count = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / count;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count;
        assert!((0.009_9..0.010_1).contains(&mean), "{mean}");
        // An exponential's standard deviation is its mean.
        assert!((0.95..1.05).contains(&(variance.sqrt() / mean)), "{variance}");
    }

    #[test]
    fn the_same_seed_gives_the_same_times() {
        let times =
            |seed| -> Vec<_> { Gaps::Poisson.times(100.0, Duration::from_secs(1), seed).collect() };
        assert_eq!(times(1), times(1));
        assert_ne!(times(1), times(2));
    }
}
