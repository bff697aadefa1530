//! What Spot capacity cost over time, by place and type. Each price holds until
//! the next. Columns, with their other names:
//!
//! * the place: `availability_zone`, or `region` where the zones are mixed;
//! * `instance_type`, which may be left out;
//! * the time: `at_s`, `time` (`2025-11-30T10:01:12Z`), or `hour_utc`
//!   (`2015-03-12T00`), of which no hour may be missing within a series;
//! * the price of an hour: `usd_per_hour`, or `usd_last` and `usd_max`, the last
//!   and the highest of the row's stretch. The highest is what interrupts, and
//!   what is billed here too: no more is known of when it held.
//!
//! Zero is the earliest time of the file.

use std::io::BufRead;

use jiff::civil::DateTime;

use super::csv_rows::{Column, Fault, Rows, optional, shown};
use super::number;
use super::source::ReadError;
use super::spot_availability::name;
use crate::base::{Diagnostic, Money, SimTime};

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpotPrices {
    /// Its series, in the order in which they begin; one at least.
    pub series: Vec<PriceSeries>,
}

/// What a type cost in a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceSeries {
    /// The zone or region, as the file names it.
    pub zone: String,
    /// The type, or empty.
    pub instance_type: String,
    /// Moments and the price of an hour from then on, ascending. One at least.
    pub steps: Vec<(SimTime, Money)>,
}

const COLUMNS: &[Column] = &[
    optional("availability_zone"),
    optional("region"),
    optional("instance_type"),
    optional("at_s"),
    optional("time"),
    optional("hour_utc"),
    optional("usd_per_hour"),
    optional("usd_last"),
    optional("usd_max"),
];
const PLACE: [usize; 2] = [0, 1];
const REGION: usize = 1;
const INSTANCE_TYPE: usize = 2;
const TIME: [usize; 3] = [3, 4, 5];
const HOUR: usize = 5;
const PRICE: [usize; 2] = [6, 8];
const HOUR_MS: u64 = 3_600_000;

/// No machine costs as much: what is above was not meant.
const USD_MAX: &str = "10000";

impl SpotPrices {
    /// Reads a file; `file` is only for messages.
    ///
    /// # Errors
    ///
    /// Every fault of the content up to a limit, or the reader's own failure.
    pub fn read(input: &mut (dyn BufRead + Send), file: &str) -> Result<Self, ReadError> {
        let mut rows = Rows::open(COLUMNS, input, file)?;
        let columns = (rows.one_of(&PLACE), rows.one_of(&TIME), rows.one_of(&PRICE));
        let (Ok(place_column), Ok(time_column), Ok(price_column)) = columns else {
            let found = [columns.0.err(), columns.1.err(), columns.2.err()].into_iter().flatten();
            return Err(ReadError::Content(found.collect()));
        };
        let parse = match time_column {
            HOUR => millis_of_hour,
            it if it == TIME[0] => number::millis,
            _ => millis_of_time,
        };
        let mut found: Vec<(PriceSeries, Vec<(u64, Money)>)> = Vec::new();
        let mut current = 0;
        while rows.advance()? {
            let zone = rows.parse(place_column, name);
            let (time, price) = (rows.parse(time_column, parse), rows.parse(price_column, price));
            let (Some(zone), Some(time), Some(price)) = (zone, time, price) else { continue };
            let instance_type = String::from_utf8_lossy(rows.field(INSTANCE_TYPE)).into_owned();
            let is_same =
                |it: &(PriceSeries, Vec<_>)| (&it.0.zone, &it.0.instance_type) == (&zone, &instance_type);
            if !found.get(current).is_some_and(is_same) {
                current = found.iter().position(is_same).unwrap_or_else(|| {
                    found.push((PriceSeries { zone, instance_type, steps: Vec::new() }, Vec::new()));
                    found.len() - 1
                });
            }
            let points = &mut found[current].1;
            match points.last_mut() {
                // Of several zones the dearest counts.
                Some(last) if last.0 == time && place_column == REGION => last.1 = last.1.max(price),
                Some(last) if time <= last.0 => {
                    let message = "a time that is not after the one before it of this place and type";
                    let help = Some("sort the rows by time and keep one row for each moment");
                    rows.fault(time_column, Fault { help, ..Fault::new("B0215", message.to_owned()) });
                    break;
                }
                Some(last) if time_column == HOUR && time > last.0 + HOUR_MS => {
                    let n_missing = (time - last.0) / HOUR_MS - 1;
                    let message = format!("a gap: {n_missing} of the hours before it are missing");
                    let help = Some("write each hour, or the times of changes in a column `time`");
                    rows.fault(time_column, Fault { help, ..Fault::new("B0221", message) });
                    break;
                }
                _ => points.push((time, price)),
            }
        }
        let end_of_file = rows.place_of_line();
        rows.finish()?;
        let Some(zero) = found.iter().filter_map(|it| it.1.first()).map(|it| it.0).min() else {
            let fault = Diagnostic::new("B0201", "prices without rows, expected one at least");
            return Err(ReadError::Content(vec![fault.at(end_of_file)]));
        };
        let series = found.into_iter().map(|(series, points)| {
            let steps = points.into_iter().map(|(time, price)| (SimTime::from_millis(time - zero), price));
            PriceSeries { steps: steps.collect(), ..series }
        });
        Ok(Self { series: series.collect() })
    }
}

fn price(field: &[u8]) -> Result<Money, Fault> {
    let text = String::from_utf8_lossy(field);
    let most = Money::parse_usd(USD_MAX).expect("a price");
    match Money::parse_usd(&text) {
        Some(price) if price < Money::ZERO => {
            Err(Fault::new("B0211", format!("`{}`, expected a price that is not negative", shown(&text))))
        }
        Some(price) if price > most => {
            Err(Fault::new("B0212", format!("`{}`, expected at most {USD_MAX} USD an hour", shown(&text))))
        }
        Some(price) => Ok(price),
        None => Err(Fault::new("B0210", format!("`{}`, expected a price such as 0.0416", shown(&text)))),
    }
}

/// `2015-03-12T00` in milliseconds since the year 0.
fn millis_of_hour(field: &[u8]) -> Result<u64, Fault> {
    millis_of(field, |text| (text.len() == 13).then(|| format!("{text}:00:00")), "2015-03-12T00")
}

/// `2025-11-30T10:01:12Z` in milliseconds since the year 0.
fn millis_of_time(field: &[u8]) -> Result<u64, Fault> {
    millis_of(field, |text| text.strip_suffix('Z').map(str::to_owned), "2025-11-30T10:01:12Z")
}

fn millis_of(field: &[u8], plain: fn(&str) -> Option<String>, example: &str) -> Result<u64, Fault> {
    let text = String::from_utf8_lossy(field);
    let fault = || Fault::new("B0220", format!("`{}`, expected a time such as {example}", shown(&text)));
    let plain = plain(&text).filter(|it| it.len() == 19 && !it.starts_with('-') && !it.ends_with(":60"));
    let moment: DateTime = plain.ok_or_else(fault)?.parse().map_err(|_| fault())?;
    let since = moment.duration_since(DateTime::constant(0, 1, 1, 0, 0, 0, 0));
    u64::try_from(since.as_millis()).map_err(|_| fault())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::testing::real_spot_file;

    fn read(text: &str) -> Result<SpotPrices, Vec<&'static str>> {
        SpotPrices::read(&mut text.as_bytes(), "prices.csv").map_err(|error| match error {
            ReadError::Content(faults) => faults.iter().map(|it| it.code).collect(),
            ReadError::Io(error) => panic!("{error}"),
        })
    }

    #[test]
    fn the_earliest_time_is_zero_and_the_highest_price_counts() {
        let text = "availability_zone,instance_type,hour_utc,usd_last,usd_max\n\
                    b,m3.medium,2015-03-12T02,0.01,0.02\nb,m3.medium,2015-03-12T03,0.01,0.5\n\
                    a,m3.medium,2015-03-12T01,0.01,0.01\n";
        let found = read(text).expect("without fault");
        let usd = |text| Money::parse_usd(text).expect("a price");
        assert_eq!(
            found.series[0].steps,
            [(SimTime::from_secs(3600), usd("0.02")), (SimTime::from_secs(7200), usd("0.5"))]
        );
        assert_eq!(found.series[1].steps, [(SimTime::ZERO, usd("0.01"))]);
    }

    #[test]
    fn of_mixed_zones_the_dearest_counts() {
        let text = "region,time,usd_per_hour\nr,2025-11-30T10:01:12Z,0.3\nr,2025-11-30T10:01:12Z,0.5\n\
                    r,2025-11-30T10:01:12Z,0.4\n";
        let found = read(text).expect("without fault");
        assert_eq!(found.series[0].steps, [(SimTime::ZERO, Money::parse_usd("0.5").expect("a price"))]);
    }

    #[test]
    fn what_is_no_history_is_refused() {
        let header = "availability_zone,instance_type,hour_utc,usd_max\n";
        for (rows, codes) in [
            ("", vec!["B0201"]),
            ("a,x,2015-03-12T00,0.1\na,x,2015-03-12T02,0.1\n", vec!["B0221"]),
            ("a,x,2015-03-12T01,0.1\na,x,2015-03-12T00,0.1\n", vec!["B0215"]),
            ("a,x,2015-03-12T00,0.1\na,x,2015-03-12T00,0.1\n", vec!["B0215"]),
            ("a,x,2015-03-12,0.1\n", vec!["B0220"]),
            ("a,x,2015-13-12T00,0.1\n", vec!["B0220"]),
            ("a,x,2015-03-12T00,-0.1\n", vec!["B0211"]),
            ("a,x,2015-03-12T00,1e3\n", vec!["B0210"]),
            ("a,x,2015-03-12T00,NaN\n", vec!["B0210"]),
            ("a,x,2015-03-12T00,10001\n", vec!["B0212"]),
            (",x,2015-03-12T00,1\n", vec!["B0222"]),
        ] {
            assert_eq!(read(&format!("{header}{rows}")).unwrap_err(), codes, "{rows}");
        }
        for (text, codes) in [
            ("instance_type\n", vec!["B0206", "B0206", "B0206"]),
            ("region,at_s,time,usd_per_hour\n", vec!["B0218"]),
            ("region,at_s,usd_per_hour,usd_max\n", vec!["B0218"]),
        ] {
            assert_eq!(read(text).unwrap_err(), codes, "{text}");
        }
    }

    #[test]
    fn the_published_histories_are_read_whole() {
        let Some(text) = real_spot_file("ec2-spot-price-hourly-2015.csv") else { return };
        let found = read(&text).expect("without fault");
        assert_eq!(found.series.len(), 12);
        assert_eq!(found.series.iter().map(|it| it.steps.len()).sum::<usize>(), 31_953);
        let Some(text) = real_spot_file("ec2-spot-price-t3-micro-2026.csv") else { return };
        let found = read(&text).expect("without fault");
        assert_eq!(found.series.len(), 3);
        assert_eq!(found.series.iter().map(|it| it.steps.len()).sum::<usize>(), 1375 - 55);
    }
}
