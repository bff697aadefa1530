//! How much Spot capacity could be had over time, by zone and type. Read from
//! `zone,instance_type,offset_s,running`, where an empty `running` ends what is
//! known; `availability_zone`, `at_s` and `available` are other names of these
//! columns. Further columns of published collections:
//!
//! * `requested`: how many were asked for. Where as many ran, nobody knows how
//!   many more could have been had: no limit;
//! * `start_date`, `start_local`: when the collection began, and `kind`: series of
//!   one zone and type are told apart by these;
//! * `gap_s`: how often was looked; rows that say the same are left out by it.
//!
//! Each series begins at its own zero.

use std::io::BufRead;

use super::csv_rows::{Column, Fault, Rows, optional};
use super::number;
use super::source::ReadError;
use crate::base::{Diagnostic, SimTime};

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpotAvailability {
    /// Its series, in the order in which they begin; one at least.
    pub series: Vec<AvailabilitySeries>,
}

/// What could be had of a type in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvailabilitySeries {
    /// The zone, as the file names it.
    pub zone: String,
    /// The type.
    pub instance_type: String,
    /// When its collection began, or empty.
    pub start: String,
    /// What was collected, or empty.
    pub kind: String,
    /// Moments and machines, ascending; `None` is no limit. One at least.
    pub steps: Vec<(SimTime, Option<u32>)>,
    /// From when on nothing is known; `None` if the last number holds on.
    pub ends_at: Option<SimTime>,
}

const COLUMNS: &[Column] = &[
    optional("kind"),
    optional("zone"),
    optional("availability_zone"),
    optional("instance_type"),
    optional("requested"),
    optional("start_date"),
    optional("start_local"),
    optional("gap_s"),
    optional("offset_s"),
    optional("at_s"),
    optional("running"),
    optional("available"),
];
const KIND: usize = 0;
const ZONE: [usize; 2] = [1, 2];
const INSTANCE_TYPE: usize = 3;
const REQUESTED: usize = 4;
const START: [usize; 2] = [5, 6];
const TIME: [usize; 2] = [8, 9];
const NUMBER: [usize; 2] = [10, 11];

impl SpotAvailability {
    /// Reads a file; `file` is only for messages.
    ///
    /// # Errors
    ///
    /// Every fault of the content up to a limit, or the reader's own failure.
    pub fn read(input: &mut (dyn BufRead + Send), file: &str) -> Result<Self, ReadError> {
        let mut rows = Rows::open(COLUMNS, input, file)?;
        let columns = (rows.one_of(&ZONE), rows.one_of(&TIME), rows.one_of(&NUMBER));
        let (Ok(zone_column), Ok(time_column), Ok(number_column)) = columns else {
            let found = [columns.0.err(), columns.1.err(), columns.2.err()].into_iter().flatten();
            return Err(ReadError::Content(found.collect()));
        };
        let start_column = START.into_iter().find(|&it| rows.has(it));
        let mut series: Vec<AvailabilitySeries> = Vec::new();
        // Rows of one series mostly stand together.
        let mut current = 0;
        while rows.advance()? {
            let zone = rows.parse(zone_column, name);
            let Some(zone) = zone else { continue };
            let text = |column: Option<usize>| {
                column.map_or(String::new(), |it| String::from_utf8_lossy(rows.field(it)).into_owned())
            };
            let (instance_type, start, kind) =
                (text(Some(INSTANCE_TYPE)), text(start_column), text(Some(KIND)));
            let time = rows.parse(time_column, number::millis).map(SimTime::from_millis);
            let is_end = rows.field(number_column).is_empty();
            let running = if is_end { Some(0) } else { rows.parse(number_column, count) };
            let requested = match rows.has(REQUESTED) {
                true => rows.parse(REQUESTED, number::positive).map(Some),
                false => Some(None),
            };
            let (Some(time), Some(running), Some(requested)) = (time, running, requested) else { continue };
            let is_same = |it: &AvailabilitySeries| {
                (&it.zone, &it.instance_type, &it.start, &it.kind) == (&zone, &instance_type, &start, &kind)
            };
            if !series.get(current).is_some_and(is_same) {
                current = series.iter().position(is_same).unwrap_or_else(|| {
                    let steps = Vec::new();
                    series.push(AvailabilitySeries {
                        zone,
                        instance_type,
                        start,
                        kind,
                        steps,
                        ends_at: None,
                    });
                    series.len() - 1
                });
            }
            let row = &mut series[current];
            if let Some(ends_at) = row.ends_at {
                let message = format!("a gap: of this zone and type nothing was known since {ends_at}");
                let help = Some("make two files of it, one for each stretch without a gap");
                rows.fault(time_column, Fault { help, ..Fault::new("B0221", message) });
                break;
            }
            if row.steps.last().is_some_and(|last| time <= last.0) {
                let message = "a time that is not after the one before it of this zone and type";
                let help = Some("sort the rows by time and keep one row for each moment");
                rows.fault(time_column, Fault { help, ..Fault::new("B0215", message.to_owned()) });
                break;
            }
            if is_end {
                row.ends_at = Some(time);
            } else {
                let is_limit = requested.is_none_or(|it| running < it);
                row.steps.push((time, is_limit.then_some(running)));
            }
        }
        let end_of_file = rows.place_of_line();
        rows.finish()?;
        if series.iter().any(|it| it.steps.is_empty()) || series.is_empty() {
            let fault =
                Diagnostic::new("B0201", "a trace without rows, expected one at least of each series");
            return Err(ReadError::Content(vec![fault.at(end_of_file)]));
        }
        Ok(Self { series })
    }
}

/// A name that is there.
pub(super) fn name(field: &[u8]) -> Result<String, Fault> {
    match std::str::from_utf8(field) {
        Ok(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(Fault::new("B0222", "nothing, expected a name".to_owned())),
    }
}

fn count(field: &[u8]) -> Result<u32, Fault> {
    let number = number::whole(field)?;
    u32::try_from(number).map_err(|_| Fault::new("B0212", format!("`{number}`, expected at most 4294967295")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::testing::real_spot_file;

    fn read(text: &str) -> Result<SpotAvailability, Vec<&'static str>> {
        SpotAvailability::read(&mut text.as_bytes(), "spot.csv").map_err(|error| match error {
            ReadError::Content(faults) => faults.iter().map(|it| it.code).collect(),
            ReadError::Io(error) => panic!("{error}"),
        })
    }

    fn steps(series: &AvailabilitySeries) -> Vec<(u64, Option<u32>)> {
        series.steps.iter().map(|it| (it.0.millis() / 1000, it.1)).collect()
    }

    #[test]
    fn where_all_ran_that_was_asked_for_there_is_no_limit() {
        let text = "kind,zone,instance_type,requested,start_date,gap_s,offset_s,running\n\
                    preemption,a,m5.large,4,2023-08-03,300,0,4\n\
                    preemption,a,m5.large,4,2023-08-03,300,600,2\n\
                    preemption,a,m5.large,4,2023-08-03,300,900,\n";
        let found = read(text).expect("without fault");
        assert_eq!(steps(&found.series[0]), [(0, None), (600, Some(2))]);
        assert_eq!(found.series[0].ends_at, Some(SimTime::from_secs(900)));
    }

    #[test]
    fn rows_of_several_series_may_stand_among_each_other() {
        let text = "at_s,availability_zone,instance_type,available\n0,a,x,3\n0,b,x,5\n60,a,x,1\n60,b,x,0\n";
        let found = read(text).expect("without fault");
        assert_eq!(found.series.iter().map(|it| it.zone.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(steps(&found.series[0]), [(0, Some(3)), (60, Some(1))]);
        assert_eq!(found.series[0].ends_at, None);
    }

    #[test]
    fn what_is_no_trace_is_refused() {
        let header = "zone,instance_type,offset_s,running\n";
        for (rows, codes) in [
            ("", vec!["B0201"]),
            ("a,x,0,1\na,x,0,2\n", vec!["B0215"]),
            ("a,x,10,1\na,x,5,2\n", vec!["B0215"]),
            ("a,x,0,1\na,x,5,\na,x,9,1\n", vec!["B0221"]),
            ("a,x,0,\n", vec!["B0201"]),
            (",x,0,1\n", vec!["B0222"]),
            ("a,x,0,-1\n", vec!["B0211"]),
            ("a,x,0,1.5\n", vec!["B0210"]),
            ("a,x,0,NaN\n", vec!["B0210"]),
            ("a,x,-3,1\n", vec!["B0211"]),
            ("a,x,0,5000000000\n", vec!["B0212"]),
            ("a,x,0\n", vec!["B0209"]),
        ] {
            assert_eq!(read(&format!("{header}{rows}")).unwrap_err(), codes, "{rows}");
        }
        for (text, codes) in [
            ("", vec!["B0201"]),
            ("instance_type\nx\n", vec!["B0206", "B0206", "B0206"]),
            ("zone,availability_zone,at_s,running\n", vec!["B0218"]),
            ("zone,at_s,running,colour\n", vec!["B0208"]),
        ] {
            assert_eq!(read(text).unwrap_err(), codes, "{text}");
        }
    }

    #[test]
    fn the_published_collections_are_read_whole() {
        let Some(text) = real_spot_file("spot-availability.csv") else { return };
        let found = read(&text).expect("without fault");
        assert_eq!(found.series.len(), 15);
        assert_eq!(found.series.iter().map(|it| it.steps.len() + 1).sum::<usize>(), 5177);
        assert!(found.series.iter().all(|it| it.ends_at.is_some() && it.steps[0].0 == SimTime::ZERO));
        let Some(text) = real_spot_file("ec2-spot-cluster-size-2020.csv") else { return };
        let found = read(&text).expect("without fault");
        assert_eq!(found.series.iter().map(|it| it.steps.len()).sum::<usize>(), 100);
        assert_eq!(steps(&found.series[0])[1], (21_529, Some(4)));
    }
}
