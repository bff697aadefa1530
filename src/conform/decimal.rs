//! Fractions in cases, of either sign: rounded to twelve digits after the point,
//! compared and shown to six.

use super::reader::{Faults, pico};
use crate::documents::json::{Json, Value, shortened};

/// What one is counted in.
pub(super) const ONE: i128 = 1_000_000_000_000;

/// A decimal, as a number or as a text, in units of 1e-12.
pub(super) fn read(json: &Json, faults: &mut Faults<'_>) -> Option<i128> {
    let (Value::Number(text) | Value::String(text)) = &json.value else {
        faults.note("B0606", json, format!("expected a number, found {}", json.kind()));
        return None;
    };
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |it| (-1, it));
    let read = pico(digits).and_then(|it| i128::try_from(it).ok()).map(|it| sign * it);
    if read.is_none() {
        faults.note("B0607", json, format!("{} is no decimal", shortened(text)));
    }
    read
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
