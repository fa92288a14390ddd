//! Numbers as people read them.

use crate::race::statistics::Summary;

/// What separates thousands: a space that does not break and is as wide as a digit needs.
pub const SEPARATOR: char = '\u{202f}';

/// This many digits after the point, and thousands apart.
pub fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(SEPARATOR);
        }
        grouped.push(digit);
    }
    grouped + fraction
}

/// A median alone.
pub fn median(summary: &Summary, decimals: usize) -> String {
    number(summary.median, decimals)
}

/// An interval, from the lowest to the highest; nothing if one run is all there is.
pub fn interval(summary: &Summary, decimals: usize) -> String {
    let Summary { low, high, .. } = summary;
    if low.total_cmp(high).is_eq() {
        return String::new();
    }
    format!("{}–{}", number(summary.low, decimals), number(summary.high, decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (value, decimals, text) in [
            (0.0, 0, "0"),
            (999.4, 0, "999"),
            (1234.56, 1, "1\u{202f}234.6"),
            (1_234_567.0, 0, "1\u{202f}234\u{202f}567"),
            (0.125, 3, "0.125"),
            (-1234.0, 0, "-1\u{202f}234"),
            (-123_456.0, 0, "-123\u{202f}456"),
        ] {
            assert_eq!(number(value, decimals), text);
        }
    }
}
