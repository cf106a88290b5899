//! Numbers of a scenario that cannot be out of their range.

use std::time::Duration;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WrongNumber {
    #[error("{0} is more than {1}")]
    TooMany(u32, u32),
    #[error("{0} is no time: expected seconds from 0 to 86400")]
    Time(f64),
    #[error("{0} is no share: expected 0 to 1")]
    Share(f64),
    #[error("{0} is no rate: expected 0 to 3600 an hour")]
    Rate(f64),
    #[error("a curve needs 2 to 50 points")]
    Points,
    #[error("a curve's times and shares must not fall")]
    Falls,
    #[error("the first share must be 0")]
    First,
    #[error("the last share must be 1")]
    Last,
}

/// So many, at most `MAX`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Count<const MAX: u32>(u32);

impl<const MAX: u32> Count<MAX> {
    pub(super) const fn of(count: u32) -> Self {
        assert!(count <= MAX);
        Count(count)
    }

    pub fn get(self) -> usize {
        self.0 as usize
    }
}

impl<const MAX: u32> TryFrom<u32> for Count<MAX> {
    type Error = WrongNumber;
    fn try_from(count: u32) -> Result<Self, WrongNumber> {
        if count <= MAX { Ok(Count(count)) } else { Err(WrongNumber::TooMany(count, MAX)) }
    }
}

impl<const MAX: u32> From<Count<MAX>> for u32 {
    fn from(count: Count<MAX>) -> u32 {
        count.0
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $max:expr, $wrong:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(try_from = "f64", into = "f64")]
        pub struct $name(f64);

        impl TryFrom<f64> for $name {
            type Error = WrongNumber;
            fn try_from(number: f64) -> Result<Self, WrongNumber> {
                if (0.0..=$max).contains(&number) { Ok($name(number)) } else { Err(WrongNumber::$wrong(number)) }
            }
        }

        impl From<$name> for f64 {
            fn from(number: $name) -> f64 {
                number.0
            }
        }
    };
}

number!(
    /// A time, at most a day.
    Seconds,
    86_400.0,
    Time
);
number!(
    /// A part of a whole.
    Share,
    1.0,
    Share
);
number!(
    /// How often in an hour, on average.
    PerHour,
    3_600.0,
    Rate
);

/// Of a thousand.
pub type PerMille = Count<500>;

impl Seconds {
    pub(super) const fn of(seconds: f64) -> Seconds {
        Seconds(seconds)
    }

    pub fn get(self) -> Duration {
        Duration::from_secs_f64(self.0)
    }
}

impl Share {
    pub fn get(self) -> f64 {
        self.0
    }
}

impl PerHour {
    pub fn per_s(self) -> f64 {
        self.0 / 3_600.0
    }
}

/// Who has come by when: points of seconds from the bell and shares, straight lines between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(f64, f64)>", into = "Vec<(f64, f64)>")]
pub struct Curve(Vec<(f64, f64)>);

impl Curve {
    /// When somebody comes of whom a share `share` of all come earlier, in seconds from the bell.
    pub fn at(&self, share: f64) -> f64 {
        let next = self.0.iter().position(|(_, by)| *by >= share).unwrap_or(self.0.len() - 1).max(1);
        let ((from, before), (to, by)) = (self.0[next - 1], self.0[next]);
        let within = if by > before { (share - before) / (by - before) } else { 1.0 };
        from + (to - from) * within.clamp(0.0, 1.0)
    }
}

impl TryFrom<Vec<(f64, f64)>> for Curve {
    type Error = WrongNumber;
    fn try_from(points: Vec<(f64, f64)>) -> Result<Self, WrongNumber> {
        if !(2..=50).contains(&points.len()) {
            return Err(WrongNumber::Points);
        }
        if let Some((at, _)) = points.iter().find(|(at, _)| !(-86_400.0..=86_400.0).contains(at)) {
            return Err(WrongNumber::Time(*at));
        }
        if points.windows(2).any(|pair| pair[0].0 > pair[1].0 || pair[0].1 > pair[1].1) {
            return Err(WrongNumber::Falls);
        }
        if points[0].1 != 0.0 {
            return Err(WrongNumber::First);
        }
        if points[points.len() - 1].1 != 1.0 {
            return Err(WrongNumber::Last);
        }
        Ok(Curve(points))
    }
}

impl From<Curve> for Vec<(f64, f64)> {
    fn from(curve: Curve) -> Self {
        curve.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_says_when_somebody_comes() {
        let curve = Curve::try_from(vec![(-10.0, 0.0), (0.0, 0.5), (0.0, 0.75), (20.0, 1.0)]).expect("a curve");
        let at: Vec<f64> = [0.0, 0.25, 0.5, 0.6, 0.875, 1.0].into_iter().map(|share| curve.at(share)).collect();
        assert_eq!(at, [-10.0, -5.0, 0.0, 0.0, 10.0, 20.0]);
    }

    #[test]
    fn a_curve_rises_from_none_to_all() {
        let wrong = |points: &[(f64, f64)]| Curve::try_from(points.to_vec()).expect_err("no curve");
        assert_eq!(wrong(&[(0.0, 0.0)]), WrongNumber::Points);
        assert_eq!(wrong(&[(0.0, 0.1), (1.0, 1.0)]), WrongNumber::First);
        assert_eq!(wrong(&[(0.0, 0.0), (1.0, 0.9)]), WrongNumber::Last);
        assert_eq!(wrong(&[(1.0, 0.0), (0.0, 1.0)]), WrongNumber::Falls);
        assert!(matches!(wrong(&[(f64::NAN, 0.0), (0.0, 1.0)]), WrongNumber::Time(_)));
    }
}
