//! Lifetimes that were observed: a column `lifetime_s`, one row each.

use std::io::BufRead;

use super::csv_rows::{Column, Fault, Rows, required};
use super::number;
use super::source::ReadError;
use crate::base::{Diagnostic, SimDuration};

/// Reads the lifetimes of a file, one at least, each longer than no time; `file`
/// is only for messages.
///
/// # Errors
///
/// Every fault of the content up to a limit, or the reader's own failure.
pub fn read_lifetimes(input: &mut (dyn BufRead + Send), file: &str) -> Result<Vec<SimDuration>, ReadError> {
    const COLUMNS: &[Column] = &[required("lifetime_s")];
    let mut rows = Rows::open(COLUMNS, input, file)?;
    let mut lifetimes = Vec::new();
    while rows.advance()? {
        match rows.parse(0, number::duration) {
            Some(SimDuration::ZERO) => {
                rows.fault(0, Fault::new("B0213", "zero, expected a lifetime".to_owned()));
            }
            Some(lifetime) => lifetimes.push(lifetime),
            None => (),
        }
    }
    let end_of_file = rows.place_of_line();
    rows.finish()?;
    if lifetimes.is_empty() {
        let fault = Diagnostic::new("B0201", "no lifetimes, expected one at least");
        return Err(ReadError::Content(vec![fault.at(end_of_file)]));
    }
    Ok(lifetimes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_longer_than_no_time() {
        let read = |text: &str| {
            read_lifetimes(&mut text.as_bytes(), "lifetimes.csv").map_err(|error| match error {
                ReadError::Content(faults) => faults.iter().map(|it| it.code).collect::<Vec<_>>(),
                ReadError::Io(error) => panic!("{error}"),
            })
        };
        let found = read("lifetime_s\n5\n0.25\n").expect("without fault");
        assert_eq!(found, [SimDuration::from_secs(5), SimDuration::from_millis(250)]);
        assert_eq!(read("lifetime_s\n0\n-1\nx\n").unwrap_err(), ["B0213", "B0211", "B0210"]);
        assert_eq!(read("lifetime_s\n").unwrap_err(), ["B0201"]);
        assert_eq!(read("seconds\n1\n").unwrap_err(), ["B0208", "B0206"]);
    }
}
