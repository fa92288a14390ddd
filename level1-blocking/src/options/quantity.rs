//! A whole number and its unit, as in `10s` or `64KiB`: what durations and sizes share.
//!
//! A table gives each unit its worth in the smallest one, the largest unit first. There are
//! no fractions and no signs, so every text has one meaning and no value is ever rounded.

use std::fmt;

/// Units and their worth, the largest first.
pub(super) type Units = [(&'static str, u64)];

/// Why a text is not a quantity.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// Not a number followed by a unit of the table.
    Syntax,
    /// More than a `u64` holds.
    Overflow,
}

/// The worth of `text`, counted in the smallest unit.
pub(super) fn parse(text: &str, units: &Units) -> Result<u64, Problem> {
    let (digits, unit) = split(text);
    let (_, worth) = units.iter().find(|(name, _)| *name == unit).ok_or(Problem::Syntax)?;
    if digits.is_empty() {
        return Err(Problem::Syntax);
    }
    // All digits: the number can only fail to parse by being too large.
    let number: u64 = digits.parse().map_err(|_| Problem::Overflow)?;
    number.checked_mul(*worth).ok_or(Problem::Overflow)
}

/// Writes `value` with the largest unit that divides it.
pub(super) fn write(f: &mut fmt::Formatter<'_>, value: u64, units: &Units) -> fmt::Result {
    let (unit, worth) =
        units.iter().find(|(_, worth)| value.is_multiple_of(*worth)).unwrap_or(&("", 1));
    write!(f, "{}{unit}", value / worth)
}

/// Cuts `text` after its leading digits.
pub(super) fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}
