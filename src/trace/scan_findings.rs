//! Findings of scans that are known beforehand. Columns:
//!
//! * `repository`: its name;
//! * `tag` or `digest`: of the image;
//! * `severity`: as the API names it;
//! * `count`: how many;
//! * `found_at_s`: from when on a scan finds them, in seconds of the run; from
//!   the begin on where it is not there or empty.

use std::io::BufRead;

use super::csv_rows::{Column, Fault, Rows, optional, required};
use super::number;
use super::source::ReadError;
use super::spot_availability::name;
use crate::base::{SimDuration, SimTime};
use crate::model::scanning::{ObservedFinding, Severity};

/// The most findings of one row: beyond any image.
const COUNT_MAX: u64 = 1_000_000;

/// Reads a file of findings; `file` is only for messages. A file without rows
/// says that nothing is found.
///
/// # Errors
///
/// Every fault of the content up to a limit, or the reader's own failure.
pub fn read_scan_findings(
    input: &mut (dyn BufRead + Send),
    file: &str,
) -> Result<Vec<ObservedFinding>, ReadError> {
    const COLUMNS: &[Column] = &[
        required("repository"),
        optional("tag"),
        optional("digest"),
        required("severity"),
        required("count"),
        optional("found_at_s"),
    ];
    let mut rows = Rows::open(COLUMNS, input, file)?;
    let image_column = rows.one_of(&[1, 2]).map_err(|fault| ReadError::Content(vec![fault]))?;
    let mut found = Vec::new();
    while rows.advance()? {
        let (repository, image) = (rows.parse(0, name), rows.parse(image_column, name));
        let (severity, count) = (rows.parse(3, severity), rows.parse(4, count));
        let found_at = match rows.field(5).is_empty() {
            true => Some(SimDuration::ZERO),
            false => rows.parse(5, number::duration),
        };
        if let (Some(repository), Some(image), Some(severity), Some(count), Some(found_at)) =
            (repository, image, severity, count, found_at)
        {
            let found_at = SimTime::ZERO + found_at;
            found.push(ObservedFinding { repository, image, severity, count, found_at });
        }
    }
    rows.finish()?;
    Ok(found)
}

fn severity(field: &[u8]) -> Result<Severity, Fault> {
    let found = Severity::NAMES.iter().find(|it| it.0.as_bytes() == field);
    found.map(|it| it.1).ok_or_else(|| {
        let names: Vec<&str> = Severity::NAMES.iter().map(|it| it.0).collect();
        let text = super::csv_rows::shown(&String::from_utf8_lossy(field));
        Fault::new("B0184", format!("`{text}` is no severity: expected one of {}", names.join(", ")))
    })
}

fn count(field: &[u8]) -> Result<u64, Fault> {
    match number::whole(field)? {
        it if it <= COUNT_MAX => Ok(it),
        it => Err(Fault::new("B0212", format!("`{it}`, expected at most {COUNT_MAX}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<ObservedFinding>, Vec<&'static str>> {
        read_scan_findings(&mut text.as_bytes(), "findings.csv").map_err(|error| match error {
            ReadError::Content(faults) => faults.iter().map(|it| it.code).collect(),
            ReadError::Io(error) => panic!("{error}"),
        })
    }

    #[test]
    fn a_row_is_of_an_image_by_tag_or_digest() {
        let row = |image: &str, severity, count, ms| ObservedFinding {
            repository: "web".to_owned(),
            image: image.to_owned(),
            severity,
            count,
            found_at: SimTime::ZERO + SimDuration::from_millis(ms),
        };
        let by_tag = "repository,tag,severity,count,found_at_s\nweb,2,HIGH,3,\nweb,2,CRITICAL,1,1.5\n";
        let expected = vec![row("2", Severity::High, 3, 0), row("2", Severity::Critical, 1, 1500)];
        assert_eq!(read(by_tag), Ok(expected));
        let by_digest = "repository,digest,severity,count\nweb,sha256:ab,LOW,0\n";
        assert_eq!(read(by_digest), Ok(vec![row("sha256:ab", Severity::Low, 0, 0)]));
        assert_eq!(read("repository,tag,severity,count\n"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_with_a_row_is_told() {
        let with = |row: &str| read(&format!("repository,tag,severity,count,found_at_s\n{row}\n"));
        for (row, codes) in [
            (",2,HIGH,1,", ["B0222"]),
            ("web,,HIGH,1,", ["B0222"]),
            ("web,2,high,1,", ["B0184"]),
            ("web,2,HIGH,-1,", ["B0211"]),
            ("web,2,HIGH,x,", ["B0210"]),
            ("web,2,HIGH,1000001,", ["B0212"]),
            ("web,2,HIGH,1,soon", ["B0210"]),
        ] {
            assert_eq!(with(row), Err(codes.to_vec()), "{row}");
        }
        assert_eq!(read("repository,severity,count\nweb,HIGH,1\n"), Err(vec!["B0206"]));
        assert_eq!(read("repository,tag,digest,severity,count\nweb,2,x,HIGH,1\n"), Err(vec!["B0218"]));
    }
}
