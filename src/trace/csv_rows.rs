//! Rows of a CSV file of plain numbers, read into one reused line, with the
//! place of every fault. A row is one line: no field of a trace has a line break
//! in it, so a quote that is not closed spoils its line and not the rest of the
//! file, and memory is bounded by the longest line allowed, whatever the file.

use std::io::{self, BufRead, Read as _};
use std::ops::Range;

use super::source::ReadError;
use crate::base::{Diagnostic, Place};

/// No row of numbers is as long; what is longer is no trace.
const LINE_LENGTH_MAX: usize = 1 << 20;
/// As many faults are told; the rest is most likely the same again.
const N_FAULTS_MAX: usize = 20;
/// As much of a line is shown with a fault.
const SHOWN_MAX: usize = 300;

/// A column that a format knows.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) is_required: bool,
}

/// A column without which a file cannot be read.
pub(super) const fn required(name: &'static str) -> Column {
    Column { name, is_required: true }
}

/// A column that may be left out.
pub(super) const fn optional(name: &'static str) -> Column {
    Column { name, is_required: false }
}

/// What is wrong with a field, before it has a place.
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
}

impl Fault {
    pub(super) fn new(code: &'static str, message: String) -> Self {
        Self { code, message, help: None }
    }
}

/// A CSV file whose header has been read, and the row it stands on.
pub(super) struct Rows<'a> {
    input: &'a mut dyn BufRead,
    file: &'a str,
    line: Vec<u8>,
    line_number: u64,
    /// Where the fields of the row are in `line`.
    fields: Vec<Range<usize>>,
    columns: &'static [Column],
    /// Field of each known column, in the format's order; `None` if the file
    /// does not have it.
    positions: Vec<Option<usize>>,
    n_columns: usize,
    faults: Vec<Diagnostic>,
}

impl<'a> Rows<'a> {
    /// Reads the header and finds the `columns` in it, in any order.
    pub(super) fn open(
        columns: &'static [Column],
        input: &'a mut dyn BufRead,
        file: &'a str,
    ) -> Result<Self, ReadError> {
        let mut rows = Self {
            input,
            file,
            line: Vec::new(),
            line_number: 0,
            fields: Vec::new(),
            columns,
            positions: vec![None; columns.len()],
            n_columns: 0,
            faults: Vec::new(),
        };
        if rows.read_line()? {
            rows.read_header(columns);
        } else if rows.faults.is_empty() {
            let names: Vec<&str> =
                columns.iter().filter(|it| it.is_required).map(|column| column.name).collect();
            let message = format!("an empty file, expected a header with {}", names.join(", "));
            rows.faults
                .push(Diagnostic::new("B0201", message).help("a header alone is a trace without tasks"));
        }
        if rows.faults.is_empty() { Ok(rows) } else { Err(ReadError::Content(rows.faults)) }
    }

    fn read_header(&mut self, columns: &'static [Column]) {
        self.n_columns = self.fields.len();
        for idx in 0..self.fields.len() {
            let found = String::from_utf8_lossy(&self.line[self.fields[idx].clone()]).trim().to_owned();
            let Some(column) = columns.iter().position(|column| column.name == found) else {
                let fault = self.text_fault(idx).unwrap_or_else(|| {
                    Fault::new("B0208", format!("`{}` is not a column of this format", shown(&found)))
                });
                let place = self.place_of(idx);
                let names = columns.iter().map(|column| column.name);
                self.faults
                    .push(Diagnostic::new(fault.code, fault.message).help_nearest(&found, names).at(place));
                continue;
            };
            if self.positions[column].replace(idx).is_some() {
                self.fault_at(idx, Fault::new("B0207", format!("a second column `{found}`, expected one")));
            }
        }
        for (column, position) in columns.iter().zip(&self.positions) {
            if column.is_required && position.is_none() {
                let message = format!("no column `{}` in the header", column.name);
                let place = self.place_of_line();
                self.faults.push(Diagnostic::new("B0206", message).at(place));
            }
        }
    }

    /// Whether the file has the format's n-th column.
    pub(super) fn has(&self, column: usize) -> bool {
        self.positions[column].is_some()
    }

    /// Which of several names of one column the file has.
    ///
    /// # Errors
    ///
    /// If it has none of them, or several.
    pub(super) fn one_of(&self, columns: &[usize]) -> Result<usize, Diagnostic> {
        let names = |columns: &[usize]| {
            columns.iter().map(|&it| format!("`{}`", self.columns[it].name)).collect::<Vec<_>>().join(", ")
        };
        let present: Vec<usize> = columns.iter().copied().filter(|&it| self.has(it)).collect();
        let (code, message) = match present[..] {
            [one] => return Ok(one),
            [] => ("B0206", format!("none of the columns {} in the header", names(columns))),
            _ => ("B0218", format!("{} in the header, expected one of them", names(&present))),
        };
        Err(Diagnostic::new(code, message).at(self.place_of_line()))
    }

    /// Goes to the next row with as many fields as the header; lines without
    /// any text are passed over. False at the end of the file, or when there
    /// were too many faults to go on.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        while self.faults.len() <= N_FAULTS_MAX && self.read_line()? {
            if self.fields.len() == self.n_columns {
                return Ok(true);
            }
            let message =
                format!("{} fields, expected {} as in the header", self.fields.len(), self.n_columns);
            let last = self.fields.len().min(self.n_columns + 1) - 1;
            self.fault_at(last, Fault::new("B0209", message));
        }
        Ok(false)
    }

    /// The n-th column's field in this row; empty if the file has no such
    /// column.
    pub(super) fn field(&self, column: usize) -> &[u8] {
        self.positions[column].map_or(&[], |idx| self.line[self.fields[idx].clone()].trim_ascii())
    }

    /// The n-th column's field as `parse` understands it. `None` after a fault,
    /// which is kept.
    pub(super) fn parse<T>(&mut self, column: usize, parse: fn(&[u8]) -> Result<T, Fault>) -> Option<T> {
        match parse(self.field(column)) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault(column, fault);
                None
            }
        }
    }

    /// Keeps a fault of the n-th column's field in this row.
    pub(super) fn fault(&mut self, column: usize, fault: Fault) {
        let idx = self.positions[column].expect("a field was read, so its column is there");
        // Bytes that are no text at all are the cause, whatever else is missed.
        let fault = self.text_fault(idx).unwrap_or(fault);
        self.fault_at(idx, fault);
    }

    /// Whether some row so far was at fault.
    pub(super) fn is_faulty(&self) -> bool {
        !self.faults.is_empty()
    }

    /// `Ok` if there was no fault.
    pub(super) fn finish(mut self) -> Result<(), ReadError> {
        if self.faults.len() > N_FAULTS_MAX {
            self.faults.truncate(N_FAULTS_MAX);
            let message = format!("and more: only the first {N_FAULTS_MAX} faults are shown");
            self.faults.push(Diagnostic::new("B0200", message));
        }
        if self.faults.is_empty() { Ok(()) } else { Err(ReadError::Content(self.faults)) }
    }

    fn fault_at(&mut self, idx: usize, fault: Fault) {
        let mut diagnostic = Diagnostic::new(fault.code, fault.message).at(self.place_of(idx));
        diagnostic.help = fault.help.map(str::to_owned);
        self.faults.push(diagnostic);
    }

    /// What makes a field no text, if anything does.
    fn text_fault(&self, idx: usize) -> Option<Fault> {
        let field = &self.line[self.fields[idx].clone()];
        if self.line.contains(&0) && field.contains(&0) {
            let help = Some("was the file saved as UTF-16? Save it as UTF-8");
            let message = "a NUL byte, expected UTF-8 text".to_owned();
            Some(Fault { code: "B0203", message, help })
        } else if std::str::from_utf8(field).is_err() {
            Some(Fault::new("B0202", "bytes that are not UTF-8, expected UTF-8 text".to_owned()))
        } else {
            None
        }
    }

    /// The next line that has text in it, split into fields. False at the end,
    /// or after a fault that ends the reading.
    fn read_line(&mut self) -> io::Result<bool> {
        loop {
            self.line.clear();
            self.fields.clear();
            self.line_number += 1;
            if !self.read_bytes()? {
                return Ok(false);
            }
            if self.line_number == 1 {
                if self.line.starts_with(b"\xFF\xFE") || self.line.starts_with(b"\xFE\xFF") {
                    let place = self.place_of_line();
                    let fault = Diagnostic::new("B0202", "UTF-16 text, expected UTF-8").at(place);
                    self.faults.push(fault.help("save the file as UTF-8"));
                    return Ok(false);
                }
                if self.line.starts_with(b"\xEF\xBB\xBF") {
                    self.line.drain(..3);
                }
            }
            if self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
            if self.line.trim_ascii().is_empty() {
                continue;
            }
            if self.split() {
                return Ok(true);
            }
            if self.faults.len() > N_FAULTS_MAX || self.n_columns == 0 {
                return Ok(false);
            }
        }
    }

    /// Reads up to the next line feed, which is taken away. False at the end of
    /// the file, or at a line that is too long.
    fn read_bytes(&mut self) -> io::Result<bool> {
        let limit = LINE_LENGTH_MAX as u64 + 1;
        let n_read = (&mut *self.input).take(limit).read_until(b'\n', &mut self.line)?;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        } else if self.line.len() > LINE_LENGTH_MAX {
            let message = format!("a line of more than {LINE_LENGTH_MAX} bytes, expected a row of numbers");
            let place = self.place_of_line();
            self.faults.push(Diagnostic::new("B0204", message).at(place));
            return Ok(false);
        }
        Ok(n_read > 0)
    }

    /// Finds the fields of the line; false, with a fault, if a quote is not
    /// closed.
    fn split(&mut self) -> bool {
        let mut start = 0;
        for (at, byte) in self.line.iter().enumerate() {
            match byte {
                b',' => {
                    self.fields.push(start..at);
                    start = at + 1;
                }
                b'"' => return self.split_quoted(),
                _ => (),
            }
        }
        self.fields.push(start..self.line.len());
        true
    }

    /// The same where some field may be quoted; such a field is taken without
    /// its quotes.
    fn split_quoted(&mut self) -> bool {
        self.fields.clear();
        let mut start = 0;
        let mut quote = None;
        for (at, byte) in self.line.iter().enumerate() {
            match byte {
                b'"' if quote.is_some() => quote = None,
                b'"' => quote = Some(at),
                b',' if quote.is_none() => {
                    self.fields.push(start..at);
                    start = at + 1;
                }
                _ => (),
            }
        }
        self.fields.push(start..self.line.len());
        for field in &mut self.fields {
            if let [b'"', .., b'"'] = self.line[field.clone()] {
                *field = field.start + 1..field.end - 1;
            }
        }
        if let Some(at) = quote {
            let column = 1 + String::from_utf8_lossy(&self.line[..at]).chars().count() as u64;
            let place = Place { column, ..self.place_of_line() };
            let message = "a quote that is not closed in its line, expected plain numbers";
            self.faults.push(Diagnostic::new("B0205", message).at(place));
        }
        quote.is_none()
    }

    fn place_of(&self, idx: usize) -> Place {
        let field = &self.fields[idx];
        let n_chars = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().count() as u64;
        let text = &self.line[field.clone()];
        // What is cut from the line as shown cannot be pointed at.
        let blank = text.len() - text.trim_ascii_start().len();
        let column = 1 + n_chars(&self.line[..(field.start + blank).min(SHOWN_MAX)]);
        let width = n_chars(&text.trim_ascii()[..text.trim_ascii().len().min(SHOWN_MAX)]).max(1);
        Place { column, width, ..self.place_of_line() }
    }

    /// The row as a whole.
    pub(super) fn place_of_line(&self) -> Place {
        let text = String::from_utf8_lossy(&self.line[..self.line.len().min(SHOWN_MAX)]).into_owned();
        Place { file: self.file.to_owned(), line: self.line_number, column: 1, width: 1, text }
    }
}

/// A text as a message can hold it: not longer than is helpful, nothing that
/// moves the cursor.
pub(super) fn shown(text: &str) -> String {
    const N_CHARS: usize = 40;
    let mut shown: String = text.chars().take(N_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().nth(N_CHARS).is_some() {
        shown.push('…');
    }
    shown
}
