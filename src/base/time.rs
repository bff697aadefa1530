//! Simulated time in whole milliseconds. A run starts at zero; nothing in it
//! knows the hour of the day outside.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A moment of a run, in milliseconds since its start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SimTime(u64);

/// A length of simulated time, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SimDuration(u64);

impl SimTime {
    /// The start of a run.
    pub const ZERO: Self = Self(0);

    /// The moment this many milliseconds after the start.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The moment this many seconds after the start.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1000)
    }

    /// Milliseconds since the start.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub const fn since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than any run: the lifetime of a task that nothing ends.
    pub const FOREVER: Self = Self(u64::MAX);
    /// The longest horizon a run may have: a thousand years of 366 days.
    pub const LONGEST: Self = Self::from_secs(1000 * 366 * 86_400);

    /// This many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// This many seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1000)
    }

    /// The length in milliseconds.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// The length in seconds, for reports.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Reads `90s`, `1h30m`, `250ms`, `2d`, `0s`, or a plain number of seconds
    /// (`1.5`). Units: `d`, `h`, `m`, `s`, `ms`.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, in words that fit behind "expected".
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        let text = text.trim();
        if text.starts_with('-') {
            return Err(DurationError::Negative);
        }
        if text.is_empty() || !text.is_ascii() {
            return Err(DurationError::NotADuration);
        }
        if text.bytes().all(|it| it.is_ascii_digit() || it == b'.') {
            return Self::scaled(text, 1000);
        }
        let mut rest = text;
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let digits = rest.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(rest.len());
            let (number, tail) = rest.split_at(digits);
            let letters = tail.find(|it: char| !it.is_ascii_alphabetic()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            let millis_per_unit = match unit {
                "d" => 86_400_000,
                "h" => 3_600_000,
                "m" | "min" => 60_000,
                "s" => 1000,
                "ms" => 1,
                _ => return Err(DurationError::NotADuration),
            };
            let part = Self::scaled(number, millis_per_unit)?;
            total = total.checked_add(part.0).ok_or(DurationError::TooLong)?;
            rest = tail;
        }
        Self(total).checked()
    }

    /// Reads a decimal number of `millis_per_unit`, exactly.
    fn scaled(number: &str, millis_per_unit: u64) -> Result<Self, DurationError> {
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits_only = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !digits_only(whole) || !digits_only(fraction) {
            return Err(DurationError::NotADuration);
        }
        let whole: u64 =
            if whole.is_empty() { 0 } else { whole.parse().map_err(|_| DurationError::TooLong)? };
        let mut millis = whole.checked_mul(millis_per_unit).ok_or(DurationError::TooLong)?;
        // What is finer than a millisecond is cut off, as a clock would.
        let fraction = &fraction[..fraction.len().min(12)];
        if !fraction.is_empty() {
            let value: u64 = fraction.parse().map_err(|_| DurationError::NotADuration)?;
            let scale = 10_u128.pow(u32::try_from(fraction.len()).expect("at most 12"));
            let part = u128::from(value) * u128::from(millis_per_unit) / scale;
            millis += u64::try_from(part).expect("less than one unit");
        }
        Self(millis).checked()
    }

    fn checked(self) -> Result<Self, DurationError> {
        if self > Self::LONGEST { Err(DurationError::TooLong) } else { Ok(self) }
    }
}

/// Why a text is no duration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DurationError {
    /// It begins with a minus sign.
    #[error("a duration that is not negative")]
    Negative,
    /// It is longer than [`SimDuration::LONGEST`].
    #[error("a duration of at most 1000 years")]
    TooLong,
    /// It is something else.
    #[error("a duration such as \"90s\", \"1h30m\" or \"2d\"")]
    NotADuration,
}

impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::FOREVER {
            return f.write_str("for ever");
        }
        let mut rest = self.0;
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, millis) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
            if rest >= millis {
                write!(f, "{}{unit}", rest / millis)?;
                rest %= millis;
            }
        }
        Ok(())
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimDuration(self.0).fmt(f)
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;

    /// Saturates, so that "for ever" from any moment is never.
    fn add(self, duration: SimDuration) -> Self {
        Self(self.0.saturating_add(duration.0))
    }
}

impl Add for SimDuration {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for SimDuration {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for SimTime {
    type Output = SimDuration;

    fn sub(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.checked_sub(earlier.0).expect("time runs forward"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_as_people_write_it() {
        for (text, millis) in [
            ("90s", 90_000),
            ("1h30m", 5_400_000),
            ("250ms", 250),
            ("2d", 172_800_000),
            ("0s", 0),
            ("15", 15_000),
            ("1.5", 1500),
            (".5h", 1_800_000),
        ] {
            assert_eq!(SimDuration::parse(text), Ok(SimDuration::from_millis(millis)), "{text}");
        }
        for text in ["", "h", "1x", "1 h", "NaN", "inf", "1e3", "1.2.3", "s1", "0x10", "1_000", "½h"] {
            assert_eq!(SimDuration::parse(text), Err(DurationError::NotADuration), "{text}");
        }
        assert_eq!(SimDuration::parse("-1s"), Err(DurationError::Negative));
        assert_eq!(SimDuration::parse("99999999999999999999h"), Err(DurationError::TooLong));
        assert_eq!(SimDuration::parse("400000000d"), Err(DurationError::TooLong));
    }

    #[test]
    fn a_duration_shows_as_it_is_read() {
        for text in ["1d2h3m4s5ms", "0s", "36h"] {
            let duration = SimDuration::parse(text).unwrap();
            assert_eq!(SimDuration::parse(&duration.to_string()), Ok(duration));
        }
    }
}
