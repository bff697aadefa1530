//! Quantities with a meaning: CPU units, memory, money. Integers, so that no
//! sum depends on its order.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

/// CPU units as ECS counts them: 1024 are one vCPU.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CpuUnits(pub u32);

/// Memory in MiB.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct MemoryMib(pub u32);

macro_rules! quantity {
    ($name:ident, $unit:literal) => {
        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }
        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{}", $unit), self.0)
            }
        }
    };
}

quantity!(CpuUnits, " CPU units");
quantity!(MemoryMib, " MiB");

/// A decimal with one digit after its point, exactly: the number of tenths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Tenths(pub u64);

impl Tenths {
    /// Reads `33`, `33.3` or `33.30`; `None` for what is finer than a tenth,
    /// negative, too large, or written otherwise.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (text, "0"),
        };
        let digits_only = |it: &str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
        let (first, rest) = fraction.split_at_checked(1)?;
        if !digits_only(whole) || !digits_only(fraction) || rest.bytes().any(|it| it != b'0') {
            return None;
        }
        let whole = whole.parse::<u64>().ok()?.checked_mul(10)?;
        whole.checked_add(first.parse().ok()?).map(Self)
    }
}

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 10, self.0 % 10) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, tenth) => write!(f, "{whole}.{tenth}"),
        }
    }
}

/// US dollars in fixed point, twelve decimals: the tiniest published price
/// (a hundred-millionth of a dollar) per second still has digits to spare.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Money(i128);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    const ONE_USD: i128 = 1_000_000_000_000;

    /// This many millionths of a millionth of a dollar.
    pub const fn from_pico_usd(pico: i128) -> Self {
        Self(pico)
    }

    /// The amount in millionths of a millionth of a dollar.
    pub const fn pico_usd(self) -> i128 {
        self.0
    }

    /// Reads a plain decimal such as `0.0416`, exactly. `None` if it is none,
    /// has more than twelve decimals, or is beyond a billion dollars.
    pub fn parse_usd(text: &str) -> Option<Self> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let digits_only = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
        let is_decimal = !whole.is_empty() && digits_only(whole) && digits_only(fraction);
        if !is_decimal || fraction.len() > 12 || whole.len() > 10 {
            return None;
        }
        let whole: i128 = whole.parse().ok()?;
        let fraction: i128 = format!("{fraction:0<12}").parse().ok()?;
        let pico = whole * Self::ONE_USD + fraction;
        Some(Self(if negative { -pico } else { pico }))
    }

    /// `unit_seconds` where `units` of them cost this an hour, rounded half away
    /// from zero to the last of the twelve decimals.
    pub fn per_hour_for(self, unit_seconds: u64, units: u64) -> Self {
        self.times(unit_seconds.into(), 3600 * i128::from(units))
    }

    /// The price of `quantity` where `per` of it cost this much, rounded half
    /// away from zero to the last of the twelve decimals. `per` is above zero.
    ///
    /// # Panics
    ///
    /// Where the product has no room in 127 bits.
    pub fn times(self, quantity: i128, per: i128) -> Self {
        self.checked_times(quantity, per).expect("a bill of this world fits into 127 bits")
    }

    /// The same; `None` where the product has no room.
    pub fn checked_times(self, quantity: i128, per: i128) -> Option<Self> {
        let exact = self.0.checked_mul(quantity)?;
        let half = if exact < 0 { -(per / 2) } else { per / 2 };
        Some(Self(exact.checked_add(half)? / per))
    }

    /// The amount in dollars, for reports.
    pub fn as_usd_f64(self) -> f64 {
        self.0 as f64 / Self::ONE_USD as f64
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// All decimals that are not zero: `0.0416`, `12`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) = (self.0.abs() / Self::ONE_USD, self.0.abs() % Self::ONE_USD);
        let decimals = format!("{fraction:012}");
        let decimals = decimals.trim_end_matches('0');
        let point = if decimals.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{decimals}")
    }
}

/// A number of things: `1 network interface`, `2 network interfaces`. An
/// abbreviation such as `MiB` stays as it is.
pub fn counted(n: u64, noun: &str) -> String {
    match n == 1 || noun.ends_with('B') {
        true => format!("{n} {noun}"),
        false => format!("{n} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_are_read_exactly_or_not_at_all() {
        for (text, tenths) in [("0", 0), ("33.3", 333), ("5.0", 50), ("10.00", 100), ("007.5", 75)] {
            assert_eq!(Tenths::parse(text), Some(Tenths(tenths)), "{text}");
        }
        for text in
            ["", ".", "5.", ".5", "-1", "+1", "1e1", "33.33", "1.05", "99999999999999999999", "1.é", "nan"]
        {
            assert_eq!(Tenths::parse(text), None, "{text}");
        }
        assert_eq!([Tenths(333), Tenths(1000), Tenths(5)].map(|it| it.to_string()), ["33.3", "100", "0.5"]);
    }

    #[test]
    fn money_reads_and_shows_exactly() {
        for text in ["0.0416", "12", "0.000111", "0.01288871", "-3.5", "0"] {
            assert_eq!(Money::parse_usd(text).unwrap().to_string(), text);
        }
        for text in ["", ".5", "1e3", "NaN", "1,5", "0.0000000000001", "99999999999", "--1", "1.2.3"] {
            assert_eq!(Money::parse_usd(text), None, "{text}");
        }
    }

    #[test]
    fn an_hour_costs_the_price_and_a_minute_a_sixtieth() {
        let price = Money::parse_usd("0.096").unwrap();
        assert_eq!(price.per_hour_for(3600, 1), price);
        assert_eq!(price.per_hour_for(60, 1).to_string(), "0.0016");
        assert_eq!(price.per_hour_for(3600 * 256, 1024).to_string(), "0.024");
        // Half of the last decimal is rounded away from zero, less is dropped.
        let least = Money::from_pico_usd(1);
        for (unit_seconds, pico_usd) in [(1799, 0), (1800, 1), (5399, 1), (5400, 2)] {
            assert_eq!(least.per_hour_for(unit_seconds, 1).pico_usd(), pico_usd);
            assert_eq!(Money::from_pico_usd(-1).per_hour_for(unit_seconds, 1).pico_usd(), -pico_usd);
        }
    }
}
