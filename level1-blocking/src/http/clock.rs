//! The time, as the driver tells it: an instant for deadlines, and the Date field's text.
//!
//! The core never asks for the time. A driver keeps one `Clock`, brings it up to date when
//! it wakes, and lends it to each call; the date is formatted once a second, not once a
//! response.

use std::{
    ops::Range,
    time::{Duration, Instant, SystemTime},
};

/// A Date field line, with an IMF-fixdate (RFC 9110 §5.6.7), between the status line that
/// nearly all answers have and the field that most of them have: these begin with one copy.
const LINES: &[u8; 70] =
    b"HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: ";

/// Where the Date line stands.
const DATE_LINE: Range<usize> = 17..54;

/// Where the date stands.
const DATE: Range<usize> = 23..52;

/// The time of the current wake-up.
#[derive(Debug, Clone)]
pub struct Clock {
    now: Instant,
    lines: [u8; LINES.len()],
    date_ends: Instant,
}

impl Clock {
    /// A clock that shows `now`; `wall` is the same moment of the calendar.
    pub fn new(now: Instant, wall: SystemTime) -> Self {
        let mut clock = Self { now, lines: *LINES, date_ends: now };
        clock.set_date(wall);
        clock
    }

    /// Shows `now`. The calendar is asked only when the second may have changed.
    pub fn advance(&mut self, now: Instant, wall: impl FnOnce() -> SystemTime) {
        self.now = now;
        if now >= self.date_ends {
            self.set_date(wall());
        }
    }

    /// The instant it shows.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// The status line of a 200, the Date field, and the name of Content-Length.
    pub(crate) const fn ok_with_length(&self) -> &[u8; LINES.len()] {
        &self.lines
    }

    /// The Date field, a whole line.
    pub(crate) fn date_line(&self) -> &[u8] {
        &self.lines[DATE_LINE]
    }

    fn set_date(&mut self, wall: SystemTime) {
        // A machine's calendar may be wrong by any amount; an IMF-fixdate has a range.
        const YEAR_10000: u64 = 253_402_300_800;
        let since_epoch = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = since_epoch.as_secs().min(YEAR_10000 - 1);
        let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        self.lines[DATE].copy_from_slice(date.as_bytes());
        let into_second = Duration::from_nanos(since_epoch.subsec_nanos().into());
        self.date_ends = self.now + Duration::from_secs(1).saturating_sub(into_second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_changes_with_the_second_and_not_before() {
        let (start, epoch) = (Instant::now(), SystemTime::UNIX_EPOCH);
        let mut clock = Clock::new(start, epoch + Duration::from_millis(784_111_777_400));
        assert_eq!(clock.lines[DATE], *b"Sun, 06 Nov 1994 08:49:37 GMT");
        clock.advance(start + Duration::from_millis(599), || unreachable!("the second goes on"));
        clock.advance(start + Duration::from_millis(600), || {
            epoch + Duration::from_secs(784_111_778)
        });
        assert_eq!(clock.lines[DATE], *b"Sun, 06 Nov 1994 08:49:38 GMT");
    }

    #[test]
    fn a_wrong_calendar_is_clamped() {
        let epoch = SystemTime::UNIX_EPOCH;
        let early = Clock::new(Instant::now(), epoch - Duration::from_secs(1));
        assert_eq!(early.lines[DATE], *b"Thu, 01 Jan 1970 00:00:00 GMT");
        let late = Clock::new(Instant::now(), epoch + Duration::from_hours(83_333_333));
        assert_eq!(late.lines[DATE], *b"Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
