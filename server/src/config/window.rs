//! When the configuration keeps a priority out: `observers 08:00-15:00`.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use preau_protocol::{Priority, UnixMs};

/// A priority that is closed every day from one time to another.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosedWindow {
    pub priority: Priority,
    from: Time,
    to: Time,
    zone: TimeZone,
}

/// What is wrong with a window as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowFault {
    #[error("expected a priority and a time, as in observers 08:00-15:00")]
    Shape,
    #[error("expected observers, out_of_hour or students")]
    Priority,
    #[error("expected two different times, as in 08:00-15:00")]
    Time,
}

impl ClosedWindow {
    pub fn parse(text: &str, zone: &TimeZone) -> Result<ClosedWindow, WindowFault> {
        let (priority, times) = text.trim().split_once(' ').ok_or(WindowFault::Shape)?;
        let priority = match priority {
            "observers" => Priority::Observers,
            "out_of_hour" => Priority::OutOfHour,
            "students" => Priority::Students,
            _ => return Err(WindowFault::Priority),
        };
        let (from, to) = times.trim().split_once('-').ok_or(WindowFault::Time)?;
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).map_err(|_| WindowFault::Time);
        let (from, to) = (time(from)?, time(to)?);
        if from == to { Err(WindowFault::Time) } else { Ok(ClosedWindow { priority, from, to, zone: zone.clone() }) }
    }

    /// Until when it is closed, if it is now. A window may go past midnight.
    pub fn closed_until(&self, now: UnixMs) -> Option<UnixMs> {
        let now = Timestamp::from_millisecond(i64::try_from(now.0).ok()?).ok()?.to_zoned(self.zone.clone());
        let time = now.time();
        let is_closed = match self.from < self.to {
            true => self.from <= time && time < self.to,
            false => self.from <= time || time < self.to,
        };
        let today = now.with().time(self.to).build().ok()?;
        let end = if today > now { today } else { today.checked_add(1.day()).ok()? };
        is_closed.then(|| UnixMs(end.timestamp().as_millisecond().unsigned_abs() / 60_000 * 60_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixMs {
        let zoned: jiff::Zoned = format!("{text}[Europe/Paris]").parse().expect("a time");
        UnixMs(zoned.timestamp().as_millisecond().unsigned_abs())
    }

    fn window(text: &str) -> Result<ClosedWindow, WindowFault> {
        ClosedWindow::parse(text, &TimeZone::get("Europe/Paris").expect("a zone"))
    }

    #[test]
    fn parents_come_after_three_as_in_paris() {
        let window = window("observers 08:00-15:00").expect("a window");
        assert_eq!(window.closed_until(at("2021-04-06T07:59:59")), None);
        assert_eq!(window.closed_until(at("2021-04-06T08:00:00")), Some(at("2021-04-06T15:00:00")));
        assert_eq!(window.closed_until(at("2021-04-06T15:00:00")), None);
    }

    #[test]
    fn a_night_is_one_window() {
        let window = window("out_of_hour 22:00-06:00").expect("a window");
        assert_eq!(window.closed_until(at("2021-04-06T23:00:00")), Some(at("2021-04-07T06:00:00")));
        assert_eq!(window.closed_until(at("2021-04-07T01:00:00")), Some(at("2021-04-07T06:00:00")));
        assert_eq!(window.closed_until(at("2021-04-07T12:00:00")), None);
    }

    #[test]
    fn what_is_written_wrong_is_said() {
        assert_eq!(window("observers"), Err(WindowFault::Shape));
        assert_eq!(window("teachers 08:00-15:00"), Err(WindowFault::Priority));
        for times in ["8-15", "08:00", "08:00-25:00", "08:00-08:00"] {
            assert_eq!(window(&format!("observers {times}")), Err(WindowFault::Time), "{times}");
        }
    }
}
