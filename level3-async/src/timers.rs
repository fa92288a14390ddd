//! When to look at which token again, although nothing happens to it: a timer wheel.
//!
//! Time is cut into ticks, and the wheel has a slot for each tick to come, up to its horizon.
//! A slot holds the tokens to look at then, as a list linked through one array.
//!
//! ```text
//! slots     | 0 | 1 | 2 | ... | 2047 |      slot = tick % 2048
//!             |       `- 7 - 12
//!             `- 3              each token stands in one slot at most
//! ```
//!
//! The rule is to be lazy: most deadlines move on before they come, so a token stays in the
//! slot where it stands as long as that slot is not too late. When the slot's time comes, a
//! token whose deadline has moved goes to a later slot. A deadline beyond the horizon is the
//! same case. So a request costs no more than a comparison, and a tick late is the worst.

use std::{
    mem,
    time::{Duration, Instant},
};

/// How late a deadline may fire.
pub const TICK: Duration = Duration::from_millis(TICK_MILLIS);

const TICK_MILLIS: u64 = 32;

/// As many that a minute, the usual longest wait, is within the horizon.
const SLOTS: u64 = 2048;

/// No token, at the end of a list.
const NONE: u32 = u32::MAX;

/// A deadline for each of the tokens 0, 1, 2 and so on.
#[derive(Debug)]
pub struct Timers {
    /// Where tick 0 begins.
    start: Instant,
    /// The ticks before this one are over: all that fell due in them has fired.
    next_tick: u64,
    /// Every slot before this tick is empty.
    soonest: u64,
    /// The first token of each slot.
    slots: Box<[u32]>,
    by_token: Vec<Timer>,
}

/// The timer of one token.
#[derive(Debug, Clone)]
struct Timer {
    deadline: Option<Instant>,
    /// When the slot it stands in is looked at, if it stands in one.
    looked_at: Option<Instant>,
    previous: u32,
    next: u32,
}

const UNSET: Timer = Timer { deadline: None, looked_at: None, previous: NONE, next: NONE };

impl Timers {
    /// No deadlines.
    pub fn new(now: Instant) -> Self {
        let slots = (0..SLOTS).map(|_| NONE).collect();
        Self { start: now, next_tick: 0, soonest: NEVER, slots, by_token: Vec::new() }
    }

    // ANCHOR: set
    /// The deadline of `token` is this from now on; `None` for never.
    ///
    /// # Panics
    /// If there are 2³² tokens or more.
    pub fn set(&mut self, token: usize, deadline: Option<Instant>) {
        if token >= self.by_token.len() {
            self.make_room(token);
        }
        let timer = &mut self.by_token[token];
        timer.deadline = deadline;
        if let Some(deadline) = deadline
            && timer.looked_at.is_none_or(|instant| deadline < instant)
        {
            self.move_forward(token, deadline);
        }
    }
    // ANCHOR_END: set

    #[cold]
    fn make_room(&mut self, token: usize) {
        self.by_token.resize(token + 1, UNSET);
    }

    /// Puts a token into an earlier slot than the one where it stands, if it does.
    #[cold]
    fn move_forward(&mut self, token: usize, deadline: Instant) {
        let token = u32::try_from(token).expect("each has a socket, and those are fewer");
        self.unlink(token);
        self.link(token, deadline);
    }

    /// Takes out the tokens whose deadlines have come, and adds them to `fired`.
    pub fn expire(&mut self, now: Instant, fired: &mut Vec<usize>) {
        let last_tick = self.elapsed(now) / TICK_MILLIS;
        while self.soonest <= last_tick {
            // What is put back belongs to later ticks.
            self.next_tick = self.soonest + 1;
            self.empty_slot(now, fired);
            self.soonest = self.next_occupied();
        }
        self.next_tick = self.next_tick.max(last_tick + 1);
    }

    /// How long nothing will fire; `None` if nothing ever will.
    pub fn next_wait(&self, now: Instant) -> Option<Duration> {
        (self.soonest != NEVER).then(|| self.begin(self.soonest).saturating_duration_since(now))
    }

    /// Moves each token of the soonest slot: to `fired`, or to where it is to be by now.
    fn empty_slot(&mut self, now: Instant, fired: &mut Vec<usize>) {
        let mut first = mem::replace(&mut self.slots[slot_of(self.soonest)], NONE);
        while let Some(timer) = self.by_token.get_mut(first as usize) {
            let token = mem::replace(&mut first, timer.next);
            match mem::replace(timer, UNSET).deadline {
                Some(deadline) if deadline <= now => fired.push(token as usize),
                Some(deadline) => {
                    timer.deadline = Some(deadline);
                    self.link(token, deadline);
                }
                None => {}
            }
        }
    }

    /// The first tick whose slot is not empty.
    fn next_occupied(&self) -> u64 {
        let (before, after) = self.slots.split_at(slot_of(self.next_tick));
        let occupied = after.iter().chain(before).position(|first| *first != NONE);
        occupied.map_or(NEVER, |distance| self.next_tick + distance as u64)
    }

    /// Puts a token into the slot of its deadline, or into the last one before that.
    fn link(&mut self, token: u32, deadline: Instant) {
        let horizon = self.next_tick + SLOTS - 1;
        // The first tick that does not begin before the deadline.
        let due = self.elapsed(deadline + ALMOST_A_MILLI).div_ceil(TICK_MILLIS);
        let tick = due.clamp(self.next_tick, horizon);
        self.soonest = self.soonest.min(tick);
        let next = mem::replace(&mut self.slots[slot_of(tick)], token);
        if let Some(next) = self.by_token.get_mut(next as usize) {
            next.previous = token;
        }
        let looked_at = Some(self.begin(tick));
        let timer = &mut self.by_token[token as usize];
        *timer = Timer { deadline: timer.deadline, looked_at, previous: NONE, next };
    }

    /// Takes a token out of the slot where it stands, if it does.
    fn unlink(&mut self, token: u32) {
        let Timer { looked_at, previous, next, .. } = self.by_token[token as usize];
        let Some(looked_at) = looked_at else { return };
        match self.by_token.get_mut(previous as usize) {
            Some(previous) => previous.next = next,
            None => self.slots[slot_of(self.elapsed(looked_at) / TICK_MILLIS)] = next,
        }
        if let Some(next) = self.by_token.get_mut(next as usize) {
            next.previous = previous;
        }
    }

    /// Whole milliseconds from the start.
    fn elapsed(&self, instant: Instant) -> u64 {
        let elapsed = instant.saturating_duration_since(self.start);
        elapsed.as_secs() * 1000 + u64::from(elapsed.subsec_millis())
    }

    fn begin(&self, tick: u64) -> Instant {
        self.start + Duration::from_millis(tick * TICK_MILLIS)
    }
}

fn slot_of(tick: u64) -> usize {
    usize::try_from(tick % SLOTS).expect("a slot's number is small")
}

/// The tick that never comes.
const NEVER: u64 = u64::MAX;

const ALMOST_A_MILLI: Duration = Duration::from_nanos(999_999);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    /// What can happen to a wheel. Times are milliseconds from then.
    #[derive(Debug, Clone)]
    enum Step {
        Set {
            token: usize,
            after: u32,
        },
        Unset {
            token: usize,
        },
        Pass {
            time: u32,
        },
        /// Sleeps for as long as the wheel says.
        Sleep,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        // Now and soon, many in a few slots, within the horizon, at its edge, and far beyond it.
        let time = || {
            let few = prop::sample::select(vec![40_u32, 80, 120, 160]);
            prop_oneof![
                3 => few,
                1 => 0..100_u32,
                1 => 0..70_000_u32,
                1 => 65_000..66_000_u32,
                1 => 0..500_000_u32,
            ]
        };
        let step = prop_oneof![
            6 => (0..8_usize, time()).prop_map(|(token, after)| Step::Set { token, after }),
            1 => (0..8_usize).prop_map(|token| Step::Unset { token }),
            3 => time().prop_map(|time| Step::Pass { time }),
            3 => Just(Step::Sleep),
        ];
        vec(step, 1..200)
    }

    proptest! {
        #[test]
        fn whatever_happens_a_deadline_fires_once_not_early_and_at_most_a_tick_late(
            steps in steps(),
        ) {
            let mut now = Instant::now();
            let mut timers = Timers::new(now);
            let mut model = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Set { token, after } => {
                        timers.set(token, Some(now + MILLI * after));
                        model.insert(token, now + MILLI * after);
                    }
                    Step::Unset { token } => {
                        timers.set(token, None);
                        model.remove(&token);
                    }
                    Step::Pass { time } => now += MILLI * time,
                    Step::Sleep => {
                        let wait = timers.next_wait(now);
                        if let Some(first) = model.values().min() {
                            let wait = wait.expect("something will fire");
                            let latest = now.max(*first + TICK);
                            prop_assert!(now + wait <= latest, "{wait:?} is too long");
                        }
                        now += wait.unwrap_or_default();
                    }
                }
                let mut fired = Vec::new();
                timers.expire(now, &mut fired);
                for token in fired {
                    let deadline = model.remove(&token);
                    prop_assert!(deadline.is_some_and(|deadline| deadline <= now), "{token}");
                }
                for (token, deadline) in &model {
                    prop_assert!(now < *deadline + TICK, "{token} should have fired");
                }
            }
        }
    }

    #[test]
    fn a_wheel_without_deadlines_sleeps_for_ever() {
        let mut now = Instant::now();
        let mut timers = Timers::new(now);
        assert_eq!(timers.next_wait(now), None);
        timers.set(3, Some(now + 100 * TICK));
        timers.set(3, None);
        now += timers.next_wait(now).expect("the slot is looked at once more");
        let mut fired = Vec::new();
        timers.expire(now, &mut fired);
        assert_eq!((fired, timers.next_wait(now)), (vec![], None));
    }

    #[test]
    fn a_deadline_that_moves_on_is_looked_at_once_a_turn_of_the_wheel_at_most() {
        let mut now = Instant::now();
        let mut timers = Timers::new(now);
        let (end, mut wakings) = (now + Duration::from_hours(1), 0);
        let mut fired = Vec::new();
        timers.set(0, Some(now + Duration::from_mins(1)));
        while fired.is_empty() {
            now += timers.next_wait(now).expect("set");
            // A client that never idles asks for something at that very moment.
            timers.set(0, Some((now + Duration::from_mins(1)).min(end)));
            timers.expire(now, &mut fired);
            wakings += 1;
        }
        assert!(now >= end && wakings <= 62, "{wakings} wakings in an hour");
    }
}
