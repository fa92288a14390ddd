//! A length of time as a person writes it: `500ms`, `10s`, `2m`, `1h`, and `0` for none.
//!
//! It holds whole milliseconds, so text and value say the same thing in both directions.
//! The servers compute with [`std::time::Duration`]; this type only stands at the door, and
//! has another name so that nobody takes the one for the other.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::quantity::{self, Problem, Units};

const UNITS: &Units = &[("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A duration in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    milliseconds: u64,
}

impl Period {
    /// A period of so many milliseconds.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self { milliseconds }
    }

    /// The same length of time in the standard library's type.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.milliseconds)
    }
}

impl From<Period> for Duration {
    fn from(period: Period) -> Self {
        period.duration()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.milliseconds {
            0 => f.write_str("0s"),
            milliseconds => quantity::write(f, milliseconds, UNITS),
        }
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        if text == "0" {
            return Ok(Self::from_millis(0));
        }
        quantity::parse(text, UNITS).map(Self::from_millis).map_err(|problem| match problem {
            Problem::Syntax => PeriodError::Syntax(text.to_owned()),
            Problem::Overflow => PeriodError::TooLong(text.to_owned()),
        })
    }
}

/// Why a text is not a [`Period`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// Not a whole number and a unit.
    #[error("'{0}' is not a duration: write a number and a unit, such as 500ms, 10s, 2m or 1h")]
    Syntax(String),
    /// More milliseconds than a `u64` counts.
    #[error("'{0}' is too long a duration: write a shorter one, such as 24h")]
    TooLong(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_back() {
        let cases = [
            ("0", 0, "0s"),
            ("0s", 0, "0s"),
            ("0ms", 0, "0s"),
            ("500ms", 500, "500ms"),
            ("1500ms", 1_500, "1500ms"),
            ("1000ms", 1_000, "1s"),
            ("010s", 10_000, "10s"),
            ("90s", 90_000, "90s"),
            ("120s", 120_000, "2m"),
            ("90m", 5_400_000, "90m"),
            ("24h", 86_400_000, "24h"),
            ("18446744073709551615ms", u64::MAX, "18446744073709551615ms"),
        ];
        for (text, milliseconds, canonical) in cases {
            let period = text.parse::<Period>();
            assert_eq!(period, Ok(Period::from_millis(milliseconds)), "{text}");
            assert_eq!(period.map(|period| period.to_string()).as_deref(), Ok(canonical));
            assert_eq!(canonical.parse(), Ok(Period::from_millis(milliseconds)), "{canonical}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_number_and_a_unit() {
        let cases = [
            "", "s", "10", "10x", "10 s", " 10s", "10s ", "1.5s", "-1s", "+1s", "1m30s", "10S",
            "١s",
        ];
        for text in cases {
            assert_eq!(text.parse::<Period>(), Err(PeriodError::Syntax(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn refuses_overflow() {
        for text in ["18446744073709551616ms", "18446744073709552s", "9999999999999999999h"] {
            assert_eq!(
                text.parse::<Period>(),
                Err(PeriodError::TooLong(text.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn becomes_the_standard_duration() {
        assert_eq!(Duration::from(Period::from_millis(1_500)), Duration::from_millis(1_500));
    }

    #[test]
    fn errors_say_the_way_out() {
        assert_eq!(
            PeriodError::Syntax("10x".to_owned()).to_string(),
            "'10x' is not a duration: write a number and a unit, such as 500ms, 10s, 2m or 1h"
        );
    }
}
