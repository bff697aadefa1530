//! Files that are small enough to hold as text: experiments, profiles, task
//! definitions, prices. What is no text is refused with its place.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::base::{Diagnostic, Place};

/// Ten thousand settings written out are smaller; what is larger was not meant.
const LENGTH_MAX: u64 = 4 << 20;

/// Why there is no text.
#[derive(Debug)]
pub enum TextError {
    /// The world is at fault.
    World(io::Error),
    /// The file is.
    Content(Box<Diagnostic>),
}

impl From<io::Error> for TextError {
    fn from(error: io::Error) -> Self {
        Self::World(error)
    }
}

/// Opens a file that has an end: a device or a pipe would be read for ever.
///
/// # Errors
///
/// If it cannot be opened, or is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    // Asked before it is opened: opening a pipe waits for its other end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a file"));
    }
    File::open(path)
}

/// Reads all of `input`; `file` is only for messages.
///
/// # Errors
///
/// If it cannot be read, is too long, or is no UTF-8.
pub fn read(input: &mut impl Read, file: &str) -> Result<String, TextError> {
    let fault = |message: String, text: &str, at: usize| {
        let place = Place::in_source(file, text, at, at);
        TextError::Content(Box::new(Diagnostic::new("B0141", message).at(place)))
    };
    let mut bytes = Vec::new();
    input.take(LENGTH_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LENGTH_MAX {
        return Err(fault(format!("the file is larger than {} MiB", LENGTH_MAX >> 20), "", 0));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let message = match bytes {
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "the file is UTF-16, expected UTF-8".to_owned(),
            _ => format!("the file is not UTF-8: byte {at} is no character"),
        };
        // Only what comes before the fault is text for sure; of its own line
        // the rest is shown as well as it can be.
        let end = bytes[at..].iter().position(|it| *it == b'\n').map_or(bytes.len(), |it| at + it);
        fault(message, &String::from_utf8_lossy(&bytes[..end]), at)
    })
}

/// The system's words without the number that the platform adds.
pub fn reason(error: &io::Error) -> String {
    error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_refused_at_its_place() {
        for (bytes, line, column, part) in
            [(&b"a = 1\nb = \"\xff\"\n"[..], 2, 6, "byte 11"), (b"\xff\xfea\0", 1, 1, "UTF-16")]
        {
            let Err(TextError::Content(fault)) = read(&mut &bytes[..], "x") else { panic!("no fault") };
            let place = fault.place.unwrap();
            assert_eq!((place.line, place.column), (line, column));
            assert!(fault.message.contains(part), "{}", fault.message);
        }
    }
}
