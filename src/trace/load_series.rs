//! A load over time: requests, users, whatever a service's size follows. Read
//! from `at_s,value`, or from `timestamp,value` with times such as
//! `2014-04-10 00:04:00` (the form of the Numenta Anomaly Benchmark).
//!
//! Values are kept in thousandths, rounded to the nearest, so that the desired
//! count that follows from one is exact.

use std::io::BufRead;
use std::num::NonZeroU64;

use jiff::civil::DateTime;

use super::csv_rows::{Column, Fault, Rows, required, shown};
use super::number;
use super::source::ReadError;
use crate::base::{Diagnostic, SimDuration, SimTime};

/// A load that holds each value until the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadSeries {
    /// Moments and thousandths. At least one; the first at zero; ascending.
    points: Vec<(SimTime, u64)>,
}

impl LoadSeries {
    /// A series of moments and values in thousandths.
    ///
    /// # Panics
    ///
    /// If there is no point, the first is not at zero, or one is not later than
    /// the one before it.
    pub fn new(points: Vec<(SimTime, u64)>) -> Self {
        assert!(points.first().is_some_and(|it| it.0 == SimTime::ZERO), "a series starts at zero");
        assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0), "the points of a series ascend");
        Self { points }
    }

    /// Moments and values in thousandths, ascending; the first at zero.
    pub fn points(&self) -> &[(SimTime, u64)] {
        &self.points
    }

    /// Moments and values in thousandths where a run's zero is the moment `from`
    /// of the series: the first at zero, the last value holds on.
    pub fn from(&self, from: SimDuration) -> impl Iterator<Item = (SimTime, u64)> {
        let from = SimTime::ZERO + from;
        let first = self.points.partition_point(|(at, _)| *at <= from) - 1;
        self.points[first..].iter().map(move |(at, value)| (SimTime::ZERO + at.since(from), *value))
    }

    /// How many tasks the load wants, if each bears `per_task` thousandths:
    /// the quotient rounded up, but `min` at least. Told at the start and then
    /// whenever it changes; the last count holds on. The run's zero is the
    /// moment `from` of the series.
    pub fn desired_count(&self, per_task: NonZeroU64, min: u32, from: SimDuration) -> Vec<(SimTime, u32)> {
        let mut counts: Vec<(SimTime, u32)> = Vec::new();
        for (at, value) in self.from(from) {
            let wanted = value.div_ceil(per_task.get());
            let count = u32::try_from(wanted).unwrap_or(u32::MAX).max(min);
            if counts.last().is_none_or(|last| last.1 != count) {
                counts.push((at, count));
            }
        }
        counts
    }

    /// Reads a series in either form, told apart by the header; `file` is only
    /// for messages. The first row is at zero.
    ///
    /// # Errors
    ///
    /// Every fault of the content up to a limit, or the reader's own failure.
    pub fn read(input: &mut (dyn BufRead + Send), file: &str) -> Result<Self, ReadError> {
        const COLUMNS: &[Column] = &[optional_time("at_s"), optional_time("timestamp"), required("value")];
        const AT: usize = 0;
        const TIMESTAMP: usize = 1;
        const VALUE: usize = 2;

        let mut rows = Rows::open(COLUMNS, input, file)?;
        if rows.has(AT) == rows.has(TIMESTAMP) {
            let (code, message) = if rows.has(AT) {
                ("B0218", "both `at_s` and `timestamp` in the header, expected one of them")
            } else {
                ("B0206", "neither column `at_s` nor `timestamp` in the header")
            };
            return Err(ReadError::Content(vec![Diagnostic::new(code, message).at(rows.place_of_line())]));
        }
        let column = if rows.has(AT) { AT } else { TIMESTAMP };
        let parse = if column == AT { number::millis } else { millis_of_timestamp };

        let mut points: Vec<(SimTime, u64)> = Vec::new();
        let mut first = None;
        let mut previous = None;
        while rows.advance()? {
            let (time, value) = (rows.parse(column, parse), rows.parse(VALUE, number::thousandths));
            let (Some(time), Some(value)) = (time, value) else { continue };
            if previous.is_some_and(|previous| time <= previous) {
                let message = "a time that is not after the one before it, expected ascending times";
                let help = Some("sort the rows by time and keep one row for each moment");
                rows.fault(column, Fault { help, ..Fault::new("B0215", message.to_owned()) });
                break;
            }
            previous = Some(time);
            let at = time - *first.get_or_insert(time);
            points.push((SimTime::from_millis(at), value));
        }
        let end_of_file = rows.place_of_line();
        rows.finish()?;
        if points.is_empty() {
            let fault = Diagnostic::new("B0201", "a series without rows, expected one at least");
            return Err(ReadError::Content(vec![fault.at(end_of_file)]));
        }
        Ok(Self::new(points))
    }
}

const fn optional_time(name: &'static str) -> Column {
    Column { name, is_required: false }
}

/// `2014-04-10 00:04:00` in milliseconds since the year 0. No zone is known, so
/// each day has 24 hours.
fn millis_of_timestamp(field: &[u8]) -> Result<u64, Fault> {
    let text = String::from_utf8_lossy(field);
    let fault = |what: &str| {
        let message = format!("`{}`, expected a time such as 2014-04-10 00:04:00{what}", shown(&text));
        Fault::new("B0220", message)
    };
    let bytes = text.as_bytes();
    let is_plain = bytes.len() == 19 && matches!(bytes[10], b' ' | b'T') && !text.starts_with('-');
    if !is_plain {
        return Err(fault(""));
    }
    if text.ends_with(":60") {
        return Err(fault(", without a leap second"));
    }
    let moment: DateTime = text.parse().map_err(|_| fault(""))?;
    let since = moment.duration_since(DateTime::constant(0, 1, 1, 0, 0, 0, 0));
    u64::try_from(since.as_millis()).map_err(|_| fault(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::testing::real_file;

    fn read(text: &str) -> Result<LoadSeries, Vec<&'static str>> {
        LoadSeries::read(&mut text.as_bytes(), "load.csv").map_err(|error| match error {
            ReadError::Content(faults) => faults.iter().map(|it| it.code).collect(),
            ReadError::Io(error) => panic!("{error}"),
        })
    }

    fn counts(series: &LoadSeries, per_task: u64, min: u32, from: u64) -> Vec<(u64, u32)> {
        let per_task = NonZeroU64::new(per_task).unwrap();
        series
            .desired_count(per_task, min, SimDuration::from_secs(from))
            .into_iter()
            .map(|(at, count)| (at.millis() / 1000, count))
            .collect()
    }

    #[test]
    fn both_forms_give_the_same_series() {
        let plain = read("at_s,value\n240,94.0\n540,56\n840,187.0005\n").unwrap();
        let stamped = read(
            "timestamp,value\n2014-04-10 00:04:00,94\n2014-04-10 00:09:00,56.0\n2014-04-10T00:14:00,187.001\n",
        );
        assert_eq!(Ok(&plain), stamped.as_ref());
        let points: Vec<(u64, u64)> = plain.points().iter().map(|it| (it.0.millis(), it.1)).collect();
        assert_eq!(points, [(0, 94_000), (300_000, 56_000), (600_000, 187_001)]);
    }

    #[test]
    fn the_desired_count_is_rounded_up_and_told_when_it_changes() {
        let series = read("at_s,value\n0,10\n60,10.001\n120,19.9\n180,0\n240,20\n").unwrap();
        assert_eq!(counts(&series, 10_000, 1, 0), [(0, 1), (60, 2), (180, 1), (240, 2)]);
        assert_eq!(counts(&series, 10_000, 2, 0), [(0, 2)]);
        assert_eq!(counts(&series, 10_000, 0, 130), [(0, 2), (50, 0), (110, 2)]);
        assert_eq!(counts(&series, 10_000, 1, 9999), [(0, 2)]);
        assert_eq!(counts(&series, 1, 1, 240), [(0, 20_000)]);
    }

    #[test]
    fn each_fault_has_its_code() {
        for (text, code) in [
            ("", "B0201"),
            ("at_s,value\n", "B0201"),
            ("value\n1\n", "B0206"),
            ("at_s,timestamp,value\n", "B0218"),
            ("at_s,value\n0,-1\n", "B0211"),
            ("at_s,value\n0,NaN\n", "B0210"),
            ("at_s,value\n0,1\n0,2\n", "B0215"),
            ("timestamp,value\n2014-02-30 00:00:00,1\n", "B0220"),
            ("timestamp,value\n2014-02-03 23:59:60,1\n", "B0220"),
            ("timestamp,value\n2014-02-03 00:00:00+01:00,1\n", "B0220"),
            ("timestamp,value\n10000-01-01 00:00:00,1\n", "B0220"),
        ] {
            assert_eq!(read(text), Err(vec![code]), "{text}");
        }
    }

    #[test]
    fn the_real_file_has_the_known_figures() {
        let Some(text) = real_file("nab/elb_request_count_8c0756.csv") else { return };
        let series = read(&text).unwrap();
        let values = series.points().iter().map(|it| it.1);
        assert_eq!(
            (values.clone().count(), values.clone().min(), values.max()),
            (4032, Some(1000), Some(656_000))
        );
    }
}
