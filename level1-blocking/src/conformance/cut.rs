//! How a case's bytes are cut into pieces: TCP may cut anywhere, and no answer may depend on
//! it.
//!
//! A way of cutting is a list of positions in what the whole script sends. What a script
//! sends in two steps is never joined.

/// Scripts that send no more than this are cut at every position.
const SHORT: usize = 2_000;

/// Where a longer script is cut, at the least: as far as a head and its limits are decided
/// upon, and at the end.
const FIRST: usize = 600;
const LAST: usize = 100;

/// Beyond this even those positions are too many: each costs as much as all the bytes.
const LONG: usize = 100_000;

/// Into single bytes, the middle of a long script into blocks.
pub fn bytewise(len: usize) -> Vec<usize> {
    const SINGLE: usize = 300;
    let block = (len / 64).max(1_000);
    positions(len, if len <= SHORT { len } else { SINGLE }, SINGLE, block)
}

/// Every position at which one cut is worth trying.
pub fn positions_of_one(len: usize) -> Vec<usize> {
    if len <= SHORT {
        positions(len, len, 0, 1)
    } else if len <= LONG {
        positions(len, FIRST, LAST, len / 100)
    } else {
        positions(len, 8, 8, len / 16)
    }
}

/// A few fixed cuts that look random, the same in every run.
pub fn scattered(len: usize) -> Vec<Vec<usize>> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let cut = |count: usize, random: &mut Random| {
        let mut cuts: Vec<usize> = (0..count).map(|_| 1 + random.below(len.max(1))).collect();
        cuts.sort_unstable();
        cuts
    };
    [1, 2, 5].map(|count| cut(count, &mut random)).into()
}

/// All of the first and of the last positions, and some between them.
fn positions(len: usize, first: usize, last: usize, stride: usize) -> Vec<usize> {
    let (first, last) = (first.min(len), len.saturating_sub(last).max(first));
    (1..first).chain((first..last).step_by(stride)).chain(last..len).filter(|&at| at > 0).collect()
}

/// A small generator of random numbers: xorshift, seeded, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("below a usize")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_scripts_are_cut_everywhere_and_long_ones_at_their_ends() {
        assert_eq!(bytewise(4), [1, 2, 3]);
        assert_eq!(positions_of_one(4), [1, 2, 3]);
        assert_eq!(positions_of_one(0), [0; 0]);
        for (len, most) in [(5_000, 900), (50_000, 900), (4_000_000, 40)] {
            let cuts = positions_of_one(len);
            assert!(cuts.len() < most && cuts.is_sorted(), "{len}: {}", cuts.len());
            assert!(cuts.starts_with(&[1, 2, 3]) && cuts.ends_with(&[len - 2, len - 1]));
            let cuts = bytewise(len);
            assert!(cuts.len() < 800 && cuts.is_sorted(), "{len}: {}", cuts.len());
        }
    }

    #[test]
    fn scattered_cuts_stay_within_and_repeat() {
        assert_eq!(scattered(100), scattered(100));
        assert!(scattered(100).iter().flatten().all(|at| (1..=100).contains(at)));
    }
}
