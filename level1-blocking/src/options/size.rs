//! A number of bytes as a person writes it: `512`, `512B`, `64KiB`, `4MiB`, `1GiB`.
//!
//! Only the binary units, under their unambiguous names: whether `64KB` means 64 000 or
//! 65 536 bytes depends on whom one asks, so it is refused and the answer says what to write.

use std::fmt;
use std::str::FromStr;

use super::quantity::{self, Problem, Units};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

const UNITS: &Units = &[("GiB", GIB), ("MiB", MIB), ("KiB", KIB), ("", 1), ("B", 1)];

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size {
    bytes: u64,
}

impl Size {
    /// 1024 bytes.
    pub const KIB: Self = Self::from_bytes(KIB);
    /// 1024 KiB.
    pub const MIB: Self = Self::from_bytes(MIB);

    /// A size of so many bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self { bytes }
    }

    /// Reads a size that has bounds, both included.
    ///
    /// # Errors
    ///
    /// When `text` is not a size, or is one out of bounds.
    pub fn parse_within(text: &str, least: Self, most: Self) -> Result<Self, SizeError> {
        let size: Self = text.parse()?;
        if (least..=most).contains(&size) {
            Ok(size)
        } else {
            Err(SizeError::OutOfBounds { text: text.to_owned(), least, most })
        }
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.bytes
    }

    /// The number of bytes as a length in memory; on a small machine, all of its memory.
    pub fn in_memory(self) -> usize {
        usize::try_from(self.bytes).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bytes {
            0 => f.write_str("0"),
            bytes => quantity::write(f, bytes, UNITS),
        }
    }
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        quantity::parse(text, UNITS).map(Self::from_bytes).map_err(|problem| match problem {
            Problem::Overflow => SizeError::TooLarge(text.to_owned()),
            Problem::Syntax => match binary_spelling(text) {
                Some(instead) => SizeError::Unit { text: text.to_owned(), instead },
                None => SizeError::Syntax(text.to_owned()),
            },
        })
    }
}

/// What to write instead of `64KB`, `64K` or `64kib`.
fn binary_spelling(text: &str) -> Option<String> {
    let (digits, unit) = quantity::split(text);
    let prefix = unit.chars().next()?.to_ascii_uppercase();
    let rest = unit.get(1..)?.to_ascii_lowercase();
    let meant = !digits.is_empty() && "KMG".contains(prefix) && ["", "b", "ib"].contains(&&*rest);
    meant.then(|| format!("{digits}{prefix}iB"))
}

/// Why a text is not a [`Size`], or not one that fits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// Not a whole number and a unit.
    #[error("'{0}' is not a size: write a number of bytes, such as 512, 64KiB, 4MiB or 1GiB")]
    Syntax(String),
    /// A decimal or shortened unit.
    #[error("'{text}' is not a size: units are KiB, MiB and GiB, so write {instead}")]
    Unit {
        /// What was written.
        text: String,
        /// The same number with a binary unit.
        instead: String,
    },
    /// More bytes than a `u64` counts.
    #[error("'{0}' is too large a size: write a smaller one, such as 1GiB")]
    TooLarge(String),
    /// A size, but not one that is taken here.
    #[error("'{text}' is out of bounds: write a size from {least} to {most}")]
    OutOfBounds {
        /// What was written.
        text: String,
        /// The smallest size that is taken.
        least: Size,
        /// The largest size that is taken.
        most: Size,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_back() {
        let cases = [
            ("0", 0, "0"),
            ("0KiB", 0, "0"),
            ("512", 512, "512"),
            ("512B", 512, "512"),
            ("1024", KIB, "1KiB"),
            ("1025", 1_025, "1025"),
            ("64KiB", 64 * KIB, "64KiB"),
            ("1536KiB", 1_536 * KIB, "1536KiB"),
            ("4MiB", 4 * MIB, "4MiB"),
            ("1GiB", GIB, "1GiB"),
            ("18446744073709551615", u64::MAX, "18446744073709551615"),
        ];
        for (text, bytes, canonical) in cases {
            let size = text.parse::<Size>();
            assert_eq!(size, Ok(Size::from_bytes(bytes)), "{text}");
            assert_eq!(size.map(|size| size.to_string()).as_deref(), Ok(canonical));
            assert_eq!(canonical.parse(), Ok(Size::from_bytes(bytes)), "{canonical}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_size() {
        let syntax = "is not a size: write a number of bytes, such as 512, 64KiB, 4MiB or 1GiB";
        let cases = [
            ("", syntax),
            ("KiB", syntax),
            ("KB", syntax),
            ("1.5MiB", syntax),
            ("-1", syntax),
            ("64 KiB", syntax),
            ("64é", syntax),
            ("64TiB", syntax),
            ("64KB", "is not a size: units are KiB, MiB and GiB, so write 64KiB"),
            ("64k", "is not a size: units are KiB, MiB and GiB, so write 64KiB"),
            ("4mib", "is not a size: units are KiB, MiB and GiB, so write 4MiB"),
            ("1GB", "is not a size: units are KiB, MiB and GiB, so write 1GiB"),
            ("18446744073709551616", "is too large a size: write a smaller one, such as 1GiB"),
            ("17179869184GiB", "is too large a size: write a smaller one, such as 1GiB"),
        ];
        for (text, complaint) in cases {
            let error = text.parse::<Size>().expect_err(text);
            assert_eq!(error.to_string(), format!("'{text}' {complaint}"));
        }
    }

    #[test]
    fn keeps_bounds() {
        let cases = [
            ("1023", Err("'1023' is out of bounds: write a size from 1KiB to 1MiB")),
            ("1KiB", Ok(KIB)),
            ("1MiB", Ok(MIB)),
            ("1048577", Err("'1048577' is out of bounds: write a size from 1KiB to 1MiB")),
        ];
        for (text, expected) in cases {
            let size = Size::parse_within(text, Size::KIB, Size::MIB);
            let found = size.map(Size::bytes).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned));
        }
    }
}
