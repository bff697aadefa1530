//! Moments as answers write them: seconds since 1970 with a fraction, or a date
//! with its offset, whichever the client was told to print.

use std::fmt;

use crate::documents::faults::Faults;
use crate::documents::field_path::FieldPath;
use crate::documents::json::{Json, Value, shortened};
use crate::documents::shape::Item;

/// A moment, to the millisecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Timestamp {
    /// Since 1970-01-01T00:00:00Z.
    pub millis: i64,
}

impl Timestamp {
    /// Of `1428100239.123` or `2025-01-21T11:32:38.034000-06:00`.
    fn of(json: &Json) -> Option<Self> {
        let moment = match &json.value {
            Value::Number(number) => {
                let seconds: f64 = number.parse().ok()?;
                let millis = (seconds * 1000.0).round();
                // Beyond this a millisecond is no whole number any more.
                if millis.abs() > 9e15 {
                    return None;
                }
                jiff::Timestamp::from_millisecond(millis as i64).ok()?
            }
            Value::String(text) => text.parse::<jiff::Timestamp>().ok()?,
            _ => return None,
        };
        Some(Self { millis: moment.as_millisecond() })
    }
}

/// In UTC: `2016-06-24T20:56:48.595Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_millisecond(self.millis).expect("read within the years of jiff");
        moment.fmt(f)
    }
}

impl Item for Timestamp {
    fn read(json: &Json, at: &FieldPath, faults: &mut Faults<'_>) -> Option<Self> {
        let read = Self::of(json);
        if read.is_none() {
            let found = match &json.value {
                Value::String(text) => format!("\"{}\"", shortened(text)),
                Value::Number(number) => shortened(number),
                _ => json.kind().to_owned(),
            };
            let message = format!(
                "`{at}` is {found}: expected seconds since 1970, or a date such as 2026-11-01T00:00:00Z"
            );
            faults.malformed("B0374", at, message);
        }
        read
    }

    fn write(&self) -> serde_json::Value {
        self.to_string().into()
    }
}
