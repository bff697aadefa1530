//! Numbers as trace files write them, read exactly: plain decimals become
//! integers of the unit's fraction, and nothing is guessed. No exponents, no
//! digit separators, no decimal comma, no words.

use super::csv_rows::{Fault, shown};
use crate::base::SimDuration;

/// A time or duration in seconds with up to three decimals, as milliseconds;
/// at most a thousand years. `-0` is zero.
pub(super) fn millis(field: &[u8]) -> Result<u64, Fault> {
    let millis = decimal(field, Finer::Refused)?;
    if millis > SimDuration::LONGEST.millis() {
        return Err(out_of_range(field, "at most 1000 years in seconds"));
    }
    Ok(millis)
}

/// The same as a duration.
pub(super) fn duration(field: &[u8]) -> Result<SimDuration, Fault> {
    millis(field).map(SimDuration::from_millis)
}

/// A number in thousandths, rounded to the nearest; half of one up.
pub(super) fn thousandths(field: &[u8]) -> Result<u64, Fault> {
    decimal(field, Finer::Rounded)
}

/// A whole number from 1.
pub(super) fn positive(field: &[u8]) -> Result<u32, Fault> {
    let number = whole(field)?;
    if number == 0 {
        return Err(zero());
    }
    u32::try_from(number).map_err(|_| out_of_range(field, "at most 4294967295"))
}

/// A whole number.
pub(super) fn whole(field: &[u8]) -> Result<u64, Fault> {
    if let Some(number) = short_number(field) {
        return Ok(number);
    }
    if field.iter().all(u8::is_ascii_digit) {
        return number(field, "a whole number");
    }
    let thousandths = decimal(field, Finer::Refused)?;
    if thousandths % 1000 == 0 { Ok(thousandths / 1000) } else { Err(not_a_number(field, "a whole number")) }
}

/// A decimal number of units, each 1024 of what is returned; refused if that is
/// not a whole number, and if it is zero.
pub(super) fn of_1024(field: &[u8]) -> Result<u32, Fault> {
    let thousandths = u128::from(decimal(field, Finer::Refused)?) * 1024;
    if thousandths % 1000 != 0 {
        let message = format!("`{}`, expected a number that is whole in steps of 1/1024", text(field));
        return Err(Fault::new("B0217", message));
    }
    match u32::try_from(thousandths / 1000) {
        Ok(0) => Err(zero()),
        Ok(number) => Ok(number),
        Err(_) => Err(out_of_range(field, "at most 4194303")),
    }
}

/// `0` or `1`.
pub(super) fn flag(field: &[u8]) -> Result<bool, Fault> {
    match field {
        b"0" => Ok(false),
        b"1" => Ok(true),
        _ => Err(not_a_number(field, "0 or 1")),
    }
}

/// What is done with digits beyond the third decimal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Finer {
    Refused,
    Rounded,
}

/// A plain decimal in thousandths.
fn decimal(field: &[u8], finer: Finer) -> Result<u64, Fault> {
    if let Some(number) = short_number(field) {
        return Ok(number * 1000);
    }
    let expected = "a plain decimal number such as 12.5";
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
    let (integer, fraction) = (&digits[..point], digits.get(point + 1..).unwrap_or(&[]));
    let is_decimal = !(integer.is_empty() && fraction.is_empty())
        && integer.iter().chain(fraction).all(u8::is_ascii_digit);
    if !is_decimal {
        return Err(not_a_number(field, expected));
    }
    if field.len() > digits.len() {
        // What exporters make of a tiny negative rounding error is zero.
        return if digits.iter().all(|byte| matches!(byte, b'0' | b'.')) {
            Ok(0)
        } else {
            Err(Fault::new("B0211", format!("`{}`, expected a number that is not negative", text(field))))
        };
    }
    let (kept, cut) = fraction.split_at(fraction.len().min(3));
    let rounds_up = match finer {
        Finer::Refused if cut.iter().any(|digit| *digit != b'0') => {
            let message = format!("`{}`, expected at most three decimals", text(field));
            return Err(Fault::new("B0217", message));
        }
        Finer::Refused => false,
        Finer::Rounded => cut.first().is_some_and(|digit| *digit >= b'5'),
    };
    let integer = if integer.is_empty() { 0 } else { number(integer, expected)? };
    let part = kept.iter().chain(b"000").take(3).fold(0, |part, digit| part * 10 + u64::from(digit - b'0'));
    integer
        .checked_mul(1000)
        .and_then(|it| it.checked_add(part + u64::from(rounds_up)))
        .ok_or_else(|| out_of_range(field, "at most 18446744073709551"))
}

/// Digits alone, and so few that nothing can overflow: nearly every field.
fn short_number(field: &[u8]) -> Option<u64> {
    const N_DIGITS_MAX: usize = 15;
    if field.is_empty() || field.len() > N_DIGITS_MAX {
        return None;
    }
    let mut number: u64 = 0;
    for byte in field {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number)
}

/// Digits as a number.
fn number(field: &[u8], expected: &str) -> Result<u64, Fault> {
    if field.is_empty() {
        return Err(not_a_number(field, expected));
    }
    field
        .iter()
        .try_fold(0_u64, |number, digit| number.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
        .ok_or_else(|| out_of_range(field, "a number below 2^64"))
}

fn not_a_number(field: &[u8], expected: &str) -> Fault {
    if field.is_empty() {
        return Fault::new("B0210", format!("nothing, expected {expected}"));
    }
    Fault::new("B0210", format!("`{}`, expected {expected}", text(field)))
}

fn out_of_range(field: &[u8], expected: &str) -> Fault {
    Fault::new("B0212", format!("`{}`, expected {expected}", text(field)))
}

fn zero() -> Fault {
    Fault::new("B0213", "zero, expected more than zero".to_owned())
}

fn text(field: &[u8]) -> String {
    shown(&String::from_utf8_lossy(&field[..field.len().min(200)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_exact_to_the_millisecond() {
        for (text, expected) in [
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("-0.000", Ok(0)),
            ("1.5", Ok(1500)),
            (".25", Ok(250)),
            ("7.", Ok(7000)),
            ("0.001000", Ok(1)),
            ("31622400000", Ok(31_622_400_000_000)),
            ("31622400000.001", Err("B0212")),
            ("1.0005", Err("B0217")),
            ("-1", Err("B0211")),
            ("-0.001", Err("B0211")),
            ("99999999999999999999", Err("B0212")),
            ("18446744073709552", Err("B0212")),
        ] {
            assert_eq!(millis(text.as_bytes()).map_err(|it| it.code), expected, "{text}");
        }
        let words =
            ["", "-", ".", "NaN", "inf", "-inf", "1e400", "1e-320", "0x10", "1_000", "1,5", "+1", "--1"];
        for text in words.into_iter().chain(["1.2.3", "1 000", "½", "٣", "one"]) {
            assert_eq!(millis(text.as_bytes()).map_err(|it| it.code), Err("B0210"), "{text}");
        }
    }

    #[test]
    fn whole_numbers_and_multiples_of_1024_are_exact() {
        for (text, expected) in [
            ("1", Ok(1)),
            ("2.0", Ok(2)),
            ("0", Err("B0213")),
            ("-0", Err("B0213")),
            ("-3", Err("B0211")),
            ("1.5", Err("B0210")),
            ("4294967295", Ok(u32::MAX)),
            ("4294967296", Err("B0212")),
        ] {
            assert_eq!(positive(text.as_bytes()).map_err(|it| it.code), expected, "{text}");
        }
        for (text, expected) in [
            ("0.75", Ok(768)),
            ("1.75", Ok(1792)),
            ("112", Ok(114_688)),
            ("0.1", Err("B0217")),
            ("0", Err("B0213")),
            ("4194304", Err("B0212")),
        ] {
            assert_eq!(of_1024(text.as_bytes()).map_err(|it| it.code), expected, "{text}");
        }
    }

    #[test]
    fn a_measured_value_is_rounded_to_thousandths() {
        for (text, expected) in
            [("51.846000000000004", 51_846), ("0.0005", 1), ("0.00049", 0), ("94.0", 94_000)]
        {
            assert_eq!(thousandths(text.as_bytes()).ok(), Some(expected), "{text}");
        }
    }
}
