//! The project's own form of a trace: CSV with a header, columns in any order,
//! times in seconds with up to three decimals (`docs/trace-format.md`).
//!
//! | column | | what |
//! |---|---|---|
//! | `arrival_s` | required | when the tasks are asked for, ascending |
//! | `arrival_step_s` | default 0 | how coarse that is: they arrive within `arrival_s .. arrival_s + arrival_step_s` |
//! | `batch` | default: a row is a batch | a whole number; equal ones arrive together and form a task group |
//! | `count` | default 1 | how many equal tasks |
//! | `cpu_units` | required | 1024 are one vCPU |
//! | `memory_mib` | required | |
//! | `lifetime_s` | this one ... | how long each runs; empty: beyond the end of the trace |
//! | `lifetime_min_s`, `lifetime_max_s` | ... or these two | limits of that; an empty maximum: beyond the end of the trace |
//! | `lifetime_step_s` | default 0 | what the lifetimes were rounded to, to the nearest |
//!
//! There are no comments. A header without rows is a trace without tasks.

use std::io::{self, BufRead, Write};

use super::builder::{Reckoning, UnnumberedRow};
use super::csv_rows::{Column, Fault, Rows, optional, required};
use super::csv_trace::{self, Form};
use super::source::{Format, LifetimeRange, ReadError, Trace};
use super::threads::OneThread;
use crate::base::{CpuUnits, Diagnostic, MemoryMib, SimDuration, SimTime};
use crate::model::task::Needs;

/// The format.
pub const FORMAT: Format = Format {
    name: "berthlab",
    summary: "the lab's own CSV: arrival_s, cpu_units, memory_mib, lifetime_s (docs/trace-format.md)",
    recognises: |header| {
        let has = |name: &str| header.split(',').any(|it| it.trim().trim_matches('"') == name);
        has("arrival_s") && has("cpu_units")
    },
    read: csv_trace::read::<Native>,
};

pub(super) const COLUMNS: &[Column] = &[
    required("arrival_s"),
    optional("arrival_step_s"),
    optional("batch"),
    optional("count"),
    required("cpu_units"),
    required("memory_mib"),
    optional("lifetime_s"),
    optional("lifetime_min_s"),
    optional("lifetime_max_s"),
    optional("lifetime_step_s"),
];
pub(super) const ARRIVAL: usize = 0;
pub(super) const ARRIVAL_STEP: usize = 1;
pub(super) const BATCH: usize = 2;
pub(super) const COUNT: usize = 3;
pub(super) const CPU: usize = 4;
pub(super) const MEMORY: usize = 5;
pub(super) const LIFETIME: usize = 6;
pub(super) const LIFETIME_MIN: usize = 7;
pub(super) const LIFETIME_MAX: usize = 8;
pub(super) const LIFETIME_STEP: usize = 9;

/// Reads a trace in this form on this thread; `file` is only for messages.
///
/// # Errors
///
/// Every fault of the content up to a limit, or the reader's own failure.
pub fn read(input: &mut (dyn BufRead + Send), file: &str) -> Result<Trace, ReadError> {
    csv_trace::read_in_order::<Native>(input, file, &OneThread)
}

/// What is particular to this form.
pub(super) struct Native;

impl Form for Native {
    const COLUMNS: &'static [Column] = COLUMNS;
    const ARRIVAL: usize = ARRIVAL;
    const RECKONING: Reckoning = Reckoning { starts_with_first_row: false, names_last_a_moment: false };

    fn check(rows: &Rows<'_>) -> Result<(), ReadError> {
        check_lifetime_columns(rows)
    }

    #[inline(always)]
    fn row(rows: &mut Rows<'_>) -> Option<UnnumberedRow> {
        // All fields before the first `?`, so that a row tells all its faults.
        let arrival = rows.duration(ARRIVAL);
        let arrival_step = or_default(rows, ARRIVAL_STEP, SimDuration::ZERO, Rows::duration);
        let batch = or_default(rows, BATCH, None, |rows, column| rows.whole(column).map(Some));
        let count = or_default(rows, COUNT, 1, Rows::positive);
        let cpu = rows.positive(CPU);
        let memory = rows.positive(MEMORY);
        let step = or_default(rows, LIFETIME_STEP, SimDuration::ZERO, Rows::duration);
        let (min, max) = if rows.has(LIFETIME) {
            let lifetime = open_duration(rows, LIFETIME);
            let min = lifetime.map(|it| if it == SimDuration::FOREVER { SimDuration::ZERO } else { it });
            (min, lifetime)
        } else {
            (rows.duration(LIFETIME_MIN), open_duration(rows, LIFETIME_MAX))
        };
        let (min, max, step) = (min?, max?, step?);
        let lifetime = LifetimeRange { min, max, step };
        if min > max || (max == SimDuration::ZERO && step == SimDuration::ZERO) {
            refuse(rows, lifetime);
            return None;
        }
        Some(UnnumberedRow {
            arrival: SimTime::ZERO + arrival?,
            arrival_step: arrival_step?,
            batch: batch?,
            count: count?,
            needs: Needs::of(CpuUnits(cpu?), MemoryMib(memory?)),
            lifetime,
        })
    }
}

fn check_lifetime_columns(rows: &Rows<'_>) -> Result<(), ReadError> {
    let message = match (rows.has(LIFETIME), rows.has(LIFETIME_MIN), rows.has(LIFETIME_MAX)) {
        (true, false, false) | (false, true, true) => return Ok(()),
        (true, ..) => "both `lifetime_s` and limits of it, expected one or the other",
        (false, false, false) => "no column `lifetime_s`, nor `lifetime_min_s` and `lifetime_max_s`",
        (false, true, false) => "no column `lifetime_max_s` beside `lifetime_min_s`",
        (false, false, true) => "no column `lifetime_min_s` beside `lifetime_max_s`",
    };
    let code = if rows.has(LIFETIME) { "B0218" } else { "B0206" };
    Err(ReadError::Content(vec![Diagnostic::new(code, message).at(rows.place_of_line())]))
}

#[inline]
fn or_default<'a, T>(
    rows: &mut Rows<'a>,
    column: usize,
    default: T,
    read: impl Fn(&mut Rows<'a>, usize) -> Option<T>,
) -> Option<T> {
    if rows.has(column) { read(rows, column) } else { Some(default) }
}

/// A duration; for ever if there is nothing.
#[inline]
fn open_duration(rows: &mut Rows<'_>, column: usize) -> Option<SimDuration> {
    if rows.is_empty(column) { Some(SimDuration::FOREVER) } else { rows.duration(column) }
}

/// Keeps what is wrong with a lifetime.
#[cold]
fn refuse(rows: &mut Rows<'_>, LifetimeRange { min, max, .. }: LifetimeRange) {
    let column = if rows.has(LIFETIME) { LIFETIME } else { LIFETIME_MAX };
    let fault = if min > max {
        let message = format!("ends after {max} at most, expected not before its minimum of {min}");
        Fault::new("B0214", message)
    } else {
        Fault {
            help: Some("leave out tasks that never run"),
            ..Fault::new("B0213", "a lifetime of zero".into())
        }
    };
    rows.fault(column, fault);
}

/// Writes `trace` in this form, so that [`read`] gives the same trace back. Of a
/// definition only its needs are written: a trace knows no more.
///
/// # Errors
///
/// The writer's own failure.
pub fn write(trace: &Trace, output: &mut dyn Write) -> io::Result<()> {
    writeln!(
        output,
        "arrival_s,arrival_step_s,batch,count,cpu_units,memory_mib,lifetime_min_s,lifetime_max_s,lifetime_step_s"
    )?;
    for row in trace.rows.iter() {
        let needs = trace.definitions[row.definition].needs;
        writeln!(
            output,
            "{},{},{},{},{},{},{},{},{}",
            Seconds(row.arrival.millis()),
            Seconds(row.arrival_step.millis()),
            row.batch,
            row.count,
            needs.cpu.0,
            needs.memory.0,
            Seconds(row.lifetime.min.millis()),
            Seconds(row.lifetime.max.millis()),
            Seconds(row.lifetime.step.millis()),
        )?;
    }
    Ok(())
}

/// Milliseconds as decimal seconds; nothing for "for ever".
pub(super) struct Seconds(pub(super) u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0, self.0 % 1000) {
            (u64::MAX, _) => Ok(()),
            (millis, 0) => write!(f, "{}", millis / 1000),
            (millis, part) => {
                let digits = format!("{part:03}");
                write!(f, "{}.{}", millis / 1000, digits.trim_end_matches('0'))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Place;

    const HEADER: &str = "arrival_s,cpu_units,memory_mib,lifetime_s\n";

    fn read_text(bytes: &[u8]) -> Result<Trace, Vec<Diagnostic>> {
        read(&mut &bytes[..], "t.csv").map_err(|error| match error {
            ReadError::Content(faults) => faults,
            ReadError::Io(error) => panic!("{error}"),
        })
    }

    /// The faults of a file as `line:column code`.
    fn faults(bytes: &[u8]) -> Vec<String> {
        let place =
            |it: &Option<Place>| it.as_ref().map_or("-".into(), |it| format!("{}:{}", it.line, it.column));
        match read_text(bytes) {
            Ok(trace) => panic!("{:?} was read as {trace:?}", String::from_utf8_lossy(bytes)),
            Err(faults) => faults.iter().map(|it| format!("{} {}", place(&it.place), it.code)).collect(),
        }
    }

    #[test]
    fn every_bad_file_is_refused_at_its_place() {
        for (bytes, expected) in [
            (&b""[..], &["- B0201"][..]),
            (b"\xEF\xBB\xBF", &["- B0201"]),
            (b"\n\n", &["- B0201"]),
            (b"\xFF\xFEa\0r\0", &["1:1 B0202"]),
            (b"a\0r\0", &["1:1 B0203", "1:1 B0206", "1:1 B0206", "1:1 B0206"]),
            (b"arrival_s,memory_mib,lifetime_s\n", &["1:1 B0206"]),
            (b"arrival_s,cpu_units,memory_mib,lifetime_s,cpu_units\n", &["1:43 B0207"]),
            (b"arrival_s,cpu_units,memory_mib,lifetime_s,cpus\n", &["1:43 B0208"]),
            (b"arrival_s,cpu_units,memory_mib\n", &["1:1 B0206"]),
            (b"arrival_s,cpu_units,memory_mib,lifetime_min_s\n", &["1:1 B0206"]),
            (b"arrival_s,cpu_units,memory_mib,lifetime_s,lifetime_min_s\n", &["1:1 B0218"]),
            (b"arrival_s,\"cpu_units,memory_mib,lifetime_s\n", &["1:11 B0205"]),
        ] {
            assert_eq!(faults(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn every_bad_row_is_refused_at_its_place() {
        for (row, expected) in [
            (&b"0,1024,512"[..], &["2:8 B0209"][..]),
            (b"0,1024,512,60,7", &["2:15 B0209"]),
            (b"0,1024,51\xFF2,60", &["2:8 B0202"]),
            (b"0,1024,5\x002,60", &["2:8 B0203"]),
            (b"0,1024,\"512,60", &["2:8 B0205"]),
            (b"0,,512,60", &["2:3 B0210"]),
            (b"NaN,inf,1e400,0x10", &["2:1 B0210", "2:5 B0210", "2:9 B0210", "2:15 B0210"]),
            (b"1_000,1024,512,\"1,5\"", &["2:1 B0210", "2:17 B0210"]),
            (b"0,1024,512,-5", &["2:12 B0211"]),
            (b"-1,-1,-1,60", &["2:1 B0211", "2:4 B0211", "2:7 B0211"]),
            (b"0,0,0,60", &["2:3 B0213", "2:5 B0213"]),
            (b"0,1024,512,0", &["2:12 B0213"]),
            (b"99999999999999999999,4294967296,512,60", &["2:1 B0212", "2:22 B0212"]),
            (b"31622400001,1024,512,60", &["2:1 B0212"]),
            (b"0.0005,1024,512,60", &["2:1 B0217"]),
            (b"5,1,1,1\n4,1,1,1\n3,1,1,1", &["3:1 B0215"]),
            ("0,1024,٣,60".as_bytes(), &["2:8 B0210"]),
        ] {
            let file = [HEADER.as_bytes(), row, b"\n"].concat();
            assert_eq!(faults(&file), expected, "{}", String::from_utf8_lossy(row));
        }
    }

    #[test]
    fn the_longer_form_is_checked_too() {
        let header = "arrival_s,count,cpu_units,memory_mib,lifetime_min_s,lifetime_max_s\n";
        for (row, expected) in [
            ("0,0,1,1,5,6", "2:3 B0213"),
            ("0,1.5,1,1,5,6", "2:3 B0210"),
            ("0,1,1,1,5,4", "2:11 B0214"),
            ("0,1,1,1,,4", "2:9 B0210"),
            ("0,4294967295,1,1,5,6\n1,1,1,1,5,6", "3:1 B0212"),
        ] {
            assert_eq!(faults(format!("{header}{row}\n").as_bytes()), [expected], "{row}");
        }
    }

    #[test]
    fn a_file_with_many_faults_tells_the_first_and_that_there_are_more() {
        let file = [HEADER, &"x,1,1,1\n".repeat(1000)].concat();
        let faults = read_text(file.as_bytes()).unwrap_err();
        assert_eq!(faults.len(), 21);
        assert_eq!((faults[19].code, faults[20].code), ("B0210", "B0200"));
        let twenty = [HEADER, &"x,1,1,1\n".repeat(20)].concat();
        assert_eq!(read_text(twenty.as_bytes()).unwrap_err().len(), 20);
    }

    #[test]
    fn a_line_without_end_is_refused_before_it_fills_the_memory() {
        let endless = io::Read::chain(HEADER.as_bytes(), io::repeat(b'7'));
        let Err(ReadError::Content(faults)) = read(&mut io::BufReader::new(endless), "t.csv") else {
            panic!("an endless line was read");
        };
        assert_eq!(faults[0].code, "B0204");
        assert!(faults[0].place.as_ref().unwrap().text.len() < 1000);
        let header = read(&mut io::BufReader::new(io::repeat(b',')), "t.csv");
        assert!(matches!(header, Err(ReadError::Content(faults)) if faults[0].code == "B0204"));
    }

    #[test]
    fn a_fault_says_what_was_found_and_what_to_do() {
        let faults = read_text(b"arival_s,cpu_units,memory_mib,lifetime_s\n").unwrap_err();
        assert_eq!(faults[0].help.as_deref(), Some("did you mean `arrival_s`?"));
        let file = format!("{HEADER}0,1024,512,1h\n");
        let fault = read_text(file.as_bytes()).unwrap_err().remove(0);
        assert_eq!(
            fault.to_string(),
            "t.csv:2:12: [B0210] `1h`, expected a plain decimal number such as 12.5"
        );
        assert_eq!(fault.place.unwrap().text, "0,1024,512,1h");
    }

    #[test]
    fn columns_may_come_in_any_order_and_lines_end_in_either_way() {
        let plain =
            read_text(b"arrival_s,batch,cpu_units,memory_mib,lifetime_s\n0,7,256,512,1.5\n2,9,512,512,\n");
        let other = "\u{FEFF}lifetime_s,\"memory_mib\",cpu_units, batch ,arrival_s\r\n1.500,512, 256 ,7,-0\r\n\r\n\
                     ,512,\"512\",9,2.0";
        let trace = plain.unwrap();
        assert_eq!(trace, read_text(other.as_bytes()).unwrap());
        assert_eq!((trace.n_batches, trace.definitions.len(), trace.n_outliving()), (2, 2, 1));
        assert_eq!(trace.rows.get(0).lifetime, LifetimeRange::exactly(SimDuration::from_millis(1500)));
        assert_eq!(trace.rows.get(1).lifetime.min, SimDuration::ZERO);
    }

    #[test]
    fn a_header_alone_is_a_trace_without_tasks() {
        assert_eq!(read_text(HEADER.as_bytes()).unwrap(), Trace::default());
        assert_eq!(read_text(HEADER.trim_end().as_bytes()).unwrap(), Trace::default());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let file = "arrival_s,arrival_step_s,batch,count,cpu_units,memory_mib,lifetime_min_s,lifetime_max_s,lifetime_step_s\n\
                    0,300,0,2,1024,1792,0,300,300\n\
                    0.001,0,1,1,256,512,7.25,7.25,0\n\
                    300.5,300,0,4294967292,1024,1792,86700,,300\n";
        let trace = read_text(file.as_bytes()).unwrap();
        let mut written = Vec::new();
        write(&trace, &mut written).unwrap();
        assert_eq!(String::from_utf8(written.clone()).unwrap(), file);
        assert_eq!(read_text(&written).unwrap(), trace);
    }
}
