//! Fractions in cases: exact up to twelve digits after the point, beyond that as
//! near as a float; compared and shown to six.

use super::reader::Faults;
use crate::base::Money;
use crate::documents::json::{Json, Value, shortened};

/// What one is counted in.
pub(super) const ONE: i128 = 1_000_000_000_000;

/// A decimal, as a number or as a text, in units of 1e-12.
pub(super) fn read(json: &Json, faults: &mut Faults<'_>) -> Option<i128> {
    let (Value::Number(text) | Value::String(text)) = &json.value else {
        faults.note("B0606", json, format!("expected a number, found {}", json.kind()));
        return None;
    };
    // Amounts of money are kept in these units, and read exactly.
    let exact = Money::parse_usd(text).map(Money::pico_usd);
    let read = exact.or_else(|| near(text));
    if read.is_none() {
        faults.note("B0607", json, format!("{} is no decimal", shortened(text)));
    }
    read
}

/// One with more digits, such as 66.66666666666667, or with an exponent.
fn near(text: &str) -> Option<i128> {
    const MOST: f64 = 1e15;
    let value = text.parse::<f64>().ok().filter(|it| it.abs() < MOST)?;
    Some((value * ONE as f64).round() as i128)
}

/// A fraction, rounded to 1e-12.
pub(super) fn of_fraction(numerator: u128, denominator: u128) -> i128 {
    let scaled = numerator * ONE.unsigned_abs() * 2 + denominator;
    i128::try_from(scaled / (denominator * 2)).unwrap_or(i128::MAX)
}

/// To six digits after the point.
pub(super) fn shown(value: i128) -> String {
    let millionths = (value.abs() + 500_000) / 1_000_000;
    let sign = if value < 0 && millionths > 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}
