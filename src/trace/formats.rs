//! Which of the [`FORMATS`] a name or a header means.

use std::io::{BufRead as _, Cursor, Read as _};

use super::FORMATS;
use super::input::Input;
use super::source::{Format, ReadError, Trace};
use super::threads::Threads;
use crate::base::{Diagnostic, Place};

/// No header is longer; a format is not looked for beyond.
const HEADER_LENGTH_MAX: u64 = 4096;

/// The format with this name.
///
/// # Errors
///
/// A fault that names the nearest format, still without a place.
pub fn find(name: &str) -> Result<&'static Format, Box<Diagnostic>> {
    FORMATS.iter().find(|format| format.name == name).ok_or_else(|| {
        let fault = Diagnostic::new("B0216", format!("`{name}` is not a trace format"));
        Box::new(fault.help_nearest(name, FORMATS.iter().map(|format| format.name)))
    })
}

/// The format of a file with this header line.
pub fn recognise(header: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| (format.recognises)(header))
}

/// Reads a trace in the format that its header tells; `file` is only for
/// messages.
///
/// # Errors
///
/// Every fault of the content up to a limit, or the reader's own failure.
pub fn read_recognised(
    input: &mut dyn Input,
    file: &str,
    threads: &dyn Threads,
) -> Result<(&'static Format, Trace), ReadError> {
    let mut start = Vec::new();
    (&mut *input).take(HEADER_LENGTH_MAX).read_until(b'\n', &mut start)?;
    let header = String::from_utf8_lossy(&start).trim_start_matches('\u{FEFF}').trim_end().to_owned();
    let format = recognise(&header);
    // What is no text is better told by a reader than by "no known format".
    let is_text = std::str::from_utf8(&start).is_ok() && !start.contains(&0) && !header.is_empty();
    if format.is_none() && is_text {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        let text: String = header.chars().take(200).collect();
        let width = (text.chars().count() as u64).max(1);
        let place = Place { file: file.to_owned(), line: 1, column: 1, width, text };
        let fault = Diagnostic::new("B0216", "a header of no known trace format").at(place);
        return Err(ReadError::Content(vec![fault.help(format!("known: {}", names.join(", ")))]));
    }
    let format = format.unwrap_or(&FORMATS[0]);
    let mut whole = Cursor::new(start).chain(input);
    Ok((format, (format.read)(&mut whole, file, threads)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Domain, Seed};
    use crate::trace::{LoadSeries, OneThread};

    #[test]
    fn the_list_has_distinct_lower_case_names_and_summaries() {
        for (idx, format) in FORMATS.iter().enumerate() {
            assert!(FORMATS[..idx].iter().all(|other| other.name != format.name));
            assert_eq!(format.name, format.name.to_lowercase());
            assert!(!format.summary.is_empty());
            assert!(find(format.name).is_ok());
        }
        assert_eq!(find("azure-vm-2071").err().unwrap().help.unwrap(), "did you mean `azure-vm-2017`?");
    }

    #[test]
    fn a_file_is_read_in_the_format_of_its_header() {
        let native = "\u{FEFF}cpu_units,memory_mib,arrival_s,lifetime_s\r\n256,512,0,60\r\n";
        let azure = "time_s,tenant_batch,count,vcpus,memory_gb,lifetime_min_s,lifetime_max_s,still_running\n";
        for (text, name, n_tasks) in [(native, "berthlab", 1), (azure, "azure-vm-2017", 0)] {
            let (format, trace) = read_recognised(&mut text.as_bytes(), "t.csv", &OneThread).unwrap();
            assert_eq!((format.name, trace.n_tasks()), (name, n_tasks));
        }
        for (bytes, code) in [
            (&b"a,b\n1,2\n"[..], "B0216"),
            (b"", "B0201"),
            (b"\xFF\xFEa\0,\0", "B0202"),
            (b"a\0r\0", "B0203"),
        ] {
            match read_recognised(&mut &bytes[..], "t.csv", &OneThread) {
                Err(ReadError::Content(faults)) => assert_eq!(faults[0].code, code, "{bytes:?}"),
                _ => panic!("{bytes:?} was read"),
            }
        }
    }

    /// Whatever is done to a file, it is read or refused with a place.
    #[test]
    fn a_spoilt_file_is_read_or_refused() {
        let native = "arrival_s,batch,count,cpu_units,memory_mib,lifetime_min_s,lifetime_max_s,lifetime_step_s\n\
                      0,0,2,1024,1792,0,300,300\n0.5,1,1,256,512,7.25,,0\n";
        let azure = "time_s,tenant_batch,count,vcpus,memory_gb,lifetime_min_s,lifetime_max_s,still_running\n\
                     300,0,1,1,1.75,300,300,0\n600,1,3,2,3.5,3900,7200,1\n";
        let load = "timestamp,value\n2014-04-10 00:04:00,94.0\n2014-04-10 00:09:00,56.0\n";
        let bytes_to_put = b"\0\xFF\",\n\r-.0 95eN:";
        let mut stream = Seed(11).stream(Domain::TieBreak, 0);
        for round in 0..30_000 {
            let mut file = [native, azure, load][round % 3].as_bytes().to_vec();
            for _ in 0..=stream.below(3) {
                let at = stream.below(file.len().max(1) as u64) as usize;
                let byte = bytes_to_put[stream.below(bytes_to_put.len() as u64) as usize];
                match stream.below(4) {
                    _ if file.is_empty() => file.push(byte),
                    0 => file.insert(at, byte),
                    1 => file[at] = byte,
                    2 => drop(file.remove(at)),
                    _ => file.truncate(at),
                }
            }
            let faults = if round % 3 == 2 {
                LoadSeries::read(&mut file.as_slice(), "t.csv").err()
            } else {
                read_recognised(&mut file.as_slice(), "t.csv", &OneThread).err()
            };
            if let Some(ReadError::Content(faults)) = faults {
                assert!(!faults.is_empty());
                let has_place = |it: &Diagnostic| it.place.is_some() || it.code == "B0201";
                assert!(faults.iter().all(has_place), "round {round}: {faults:?}");
            }
        }
    }
}
