//! Rows of a CSV file of plain numbers, read in blocks of lines, with the place
//! of every fault. A row is one line: no field of a trace has a line break in it,
//! so a quote that is not closed spoils its line and not the rest of the file,
//! and memory is bounded by the longest line allowed, whatever the file.
//!
//! A line is first read at a glance, which does for plain numbers between
//! commas; any other is looked at closely.

use std::io::{self, BufRead};
use std::ops::Range;

use super::csv_blocks::{Block, Blocks, LINE_LENGTH_MAX};
use super::number;
use super::plain::{self, Plain, Span};
use super::source::ReadError;
use crate::base::{Diagnostic, Place, SimDuration};

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

    /// The fault at its place.
    pub(super) fn at(self, place: Place) -> Diagnostic {
        let help = self.help.map(str::to_owned);
        Diagnostic { help, ..Diagnostic::new(self.code, self.message).at(place) }
    }
}

/// What the header of a file says.
#[derive(Clone)]
pub(super) struct Header<'a> {
    file: &'a str,
    columns: &'static [Column],
    /// Field of each known column, in the format's order; `None` if the file
    /// does not have it.
    positions: Vec<Option<usize>>,
    n_columns: usize,
}

/// A CSV file whose header has been read, and the row it stands on.
pub(super) struct Rows<'a> {
    header: Header<'a>,
    /// Where further blocks come from; `None` if there is this one alone.
    blocks: Option<Blocks<'a>>,
    /// Its start is where the next line begins.
    block: Block,
    line: Range<usize>,
    line_number: u64,
    /// The fields of the row.
    fields: Vec<Span>,
    faults: Vec<Diagnostic>,
    /// Whether some fault was such that nothing can be read behind it.
    is_over: bool,
}

impl<'a> Rows<'a> {
    /// Reads the header and finds the `columns` in it, in any order.
    pub(super) fn open(
        columns: &'static [Column],
        input: &'a mut (dyn BufRead + Send),
        file: &'a str,
    ) -> Result<Self, ReadError> {
        let header = Header { file, columns, positions: vec![None; columns.len()], n_columns: 0 };
        let mut rows = Self { blocks: Some(Blocks::new(input)), ..Self::of_block(header, Block::default()) };
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

    /// The rows of one block behind this header, the first of which is line 1.
    pub(super) fn of_block(header: Header<'a>, block: Block) -> Self {
        let (fields, faults) = (Vec::new(), Vec::new());
        Self { header, blocks: None, block, line: 0..0, line_number: 0, fields, faults, is_over: false }
    }

    /// The blocks that were not read yet; from here on the rows are those of the
    /// current block, and of what is put in its place.
    pub(super) fn take_blocks(&mut self) -> Option<Blocks<'a>> {
        self.blocks.take()
    }

    /// Puts another block in the place of the current one, which is given back.
    pub(super) fn replace_block(&mut self, block: Block) -> Block {
        std::mem::replace(&mut self.block, block)
    }

    /// Passes over so many lines that somebody else has read.
    pub(super) fn pass_over(&mut self, n_lines: u64) {
        self.line_number += n_lines;
    }

    /// What the header said.
    pub(super) fn header(&self) -> &Header<'a> {
        &self.header
    }

    /// How many lines were read.
    pub(super) fn n_lines(&self) -> u64 {
        self.line_number
    }

    /// Whether nothing more is to be read: there were too many faults, or one
    /// behind which nothing can be.
    pub(super) fn is_over(&self) -> bool {
        self.is_over || self.faults.len() > N_FAULTS_MAX
    }

    fn read_header(&mut self, columns: &'static [Column]) {
        self.header.n_columns = self.fields.len();
        for idx in 0..self.fields.len() {
            let found = String::from_utf8_lossy(self.text(self.fields[idx])).trim().to_owned();
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
            if self.header.positions[column].replace(idx).is_some() {
                self.fault_at(idx, Fault::new("B0207", format!("a second column `{found}`, expected one")));
            }
        }
        for (column, position) in columns.iter().zip(self.header.positions.clone()) {
            if column.is_required && position.is_none() {
                let message = format!("no column `{}` in the header", column.name);
                let place = self.place_of_line();
                self.faults.push(Diagnostic::new("B0206", message).at(place));
            }
        }
    }

    /// Whether the file has the format's n-th column.
    #[inline]
    pub(super) fn has(&self, column: usize) -> bool {
        self.header.positions[column].is_some()
    }

    /// Which field of a row is the format's n-th column.
    pub(super) fn position(&self, column: usize) -> Option<usize> {
        self.header.positions[column]
    }

    /// Which of several names of one column the file has.
    ///
    /// # Errors
    ///
    /// If it has none of them, or several.
    pub(super) fn one_of(&self, columns: &[usize]) -> Result<usize, Diagnostic> {
        let names = |columns: &[usize]| {
            columns
                .iter()
                .map(|&it| format!("`{}`", self.header.columns[it].name))
                .collect::<Vec<_>>()
                .join(", ")
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
    #[inline]
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        if !self.is_over() && self.read_line_at_a_glance().is_some() {
            return Ok(true);
        }
        self.advance_slowly()
    }

    fn advance_slowly(&mut self) -> io::Result<bool> {
        while !self.is_over() && self.read_line()? {
            let n_columns = self.header.n_columns;
            if self.fields.len() == n_columns {
                return Ok(true);
            }
            let message = format!("{} fields, expected {n_columns} as in the header", self.fields.len());
            let last = self.fields.len().min(n_columns + 1) - 1;
            self.fault_at(last, Fault::new("B0209", message));
        }
        Ok(false)
    }

    /// The n-th column's field in this row; empty if the file has no such
    /// column.
    pub(super) fn field(&self, column: usize) -> &[u8] {
        self.header.positions[column].map_or(&[], |idx| self.text(self.fields[idx]).trim_ascii())
    }

    /// Whether there is nothing in it.
    #[inline]
    pub(super) fn is_empty(&self, column: usize) -> bool {
        let is_plain = |idx: usize| self.fields[idx].plain().is_some();
        !self.header.positions[column].is_some_and(is_plain) && self.field(column).is_empty()
    }

    /// The text of a field of this row.
    fn text(&self, field: Span) -> &[u8] {
        &self.block.padded()[field.start..field.end]
    }

    /// A time in the n-th column, as [`number::millis`] reads it, in
    /// milliseconds. `None` after a fault, which is kept: so here and below.
    #[inline]
    pub(super) fn millis(&mut self, column: usize) -> Option<u64> {
        let plain = |it: Plain| Some(it.thousandths()).filter(|it| *it <= SimDuration::LONGEST.millis());
        self.number(column, plain, number::millis)
    }

    /// The same as a duration.
    #[inline]
    pub(super) fn duration(&mut self, column: usize) -> Option<SimDuration> {
        self.millis(column).map(SimDuration::from_millis)
    }

    /// A number from 1, as [`number::positive`] reads it.
    #[inline]
    pub(super) fn positive(&mut self, column: usize) -> Option<u32> {
        let plain = |it: Plain| u32::try_from(it.whole()?).ok().filter(|it| *it > 0);
        self.number(column, plain, number::positive)
    }

    /// A whole number, as [`number::whole`] reads it.
    #[inline]
    pub(super) fn whole(&mut self, column: usize) -> Option<u64> {
        self.number(column, Plain::whole, number::whole)
    }

    /// A number of units, each 1024 of what is returned, as
    /// [`number::of_1024`] reads it.
    #[inline]
    pub(super) fn of_1024(&mut self, column: usize) -> Option<u32> {
        let plain = |it: Plain| u32::try_from(it.whole()?.checked_mul(1024)?).ok().filter(|it| *it > 0);
        self.number(column, plain, number::of_1024)
    }

    /// A plain number by the short way, and anything else by the reader of its
    /// text, which says what is wrong with it.
    #[inline(always)]
    fn number<T>(
        &mut self,
        column: usize,
        plain: impl Fn(Plain) -> Option<T>,
        text: fn(&[u8]) -> Result<T, Fault>,
    ) -> Option<T> {
        let field = self.header.positions[column].map(|idx| self.fields[idx]);
        match field.and_then(Span::plain).and_then(plain) {
            Some(number) => Some(number),
            None => self.parse_closely(column, text),
        }
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

    /// The same, out of the way of those that are read at a glance.
    #[cold]
    fn parse_closely<T>(&mut self, column: usize, text: fn(&[u8]) -> Result<T, Fault>) -> Option<T> {
        self.parse(column, text)
    }

    /// Keeps a fault of the n-th column's field in this row.
    pub(super) fn fault(&mut self, column: usize, fault: Fault) {
        let idx = self.header.positions[column].expect("a field was read, so its column is there");
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
        self.faults.push(fault.at(self.place_of(idx)));
    }

    /// What makes a field no text, if anything does.
    fn text_fault(&self, idx: usize) -> Option<Fault> {
        let field = self.text(self.fields[idx]);
        if field.contains(&0) {
            let help = Some("was the file saved as UTF-16? Save it as UTF-8");
            let message = "a NUL byte, expected UTF-8 text".to_owned();
            Some(Fault { code: "B0203", message, help })
        } else if std::str::from_utf8(field).is_err() {
            Some(Fault::new("B0202", "bytes that are not UTF-8, expected UTF-8 text".to_owned()))
        } else {
            None
        }
    }

    /// The next line, if it is a row of the header's length, without quotes, and
    /// certainly not blank; otherwise nothing has changed.
    #[inline]
    fn read_line_at_a_glance(&mut self) -> Option<()> {
        let start = self.block.start;
        let block = self.block.padded();
        self.fields.resize(self.header.n_columns, Span::of_text(0, 0));
        let (last, others) = self.fields.split_last_mut()?;
        let mut at = start;
        for field in &mut *others {
            at = plain::find(block, at, field)?;
            if block[at] != b',' {
                return None;
            }
            at += 1;
        }
        let end = plain::find(block, at, last)?;
        at = end + 1 + usize::from(block[end] == b'\r');
        let may_be_blank = others.is_empty() && last.plain().is_none();
        if block[at - 1] != b'\n' || may_be_blank || at - start > LINE_LENGTH_MAX {
            return None;
        }
        self.line = start..end;
        self.line_number += 1;
        self.block.start = at;
        Some(())
    }

    /// The next line that has text in it, split into fields. False at the end,
    /// or after a fault that ends the reading.
    fn read_line(&mut self) -> io::Result<bool> {
        loop {
            self.fields.clear();
            self.line_number += 1;
            if !self.find_line()? {
                // The end of one block of many is no line.
                self.line_number -= u64::from(self.blocks.is_none() && !self.is_over);
                return Ok(false);
            }
            let text = &self.block.padded()[self.line.clone()];
            let (mut n_before, mut n_behind) = (0, 0);
            // Blocks of a file whose header somebody read begin at line 1 too.
            if self.line_number == 1 && self.header.n_columns == 0 {
                if text.starts_with(b"\xFF\xFE") || text.starts_with(b"\xFE\xFF") {
                    let place = self.place_of_line();
                    let fault = Diagnostic::new("B0202", "UTF-16 text, expected UTF-8").at(place);
                    self.faults.push(fault.help("save the file as UTF-8"));
                    return Ok(false);
                }
                n_before = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
            }
            if text[n_before..].last() == Some(&b'\r') {
                n_behind = 1;
            }
            self.line = self.line.start + n_before..self.line.end - n_behind;
            if self.block.padded()[self.line.clone()].trim_ascii().is_empty() {
                continue;
            }
            if self.split() {
                return Ok(true);
            }
            if self.is_over() || self.header.n_columns == 0 {
                return Ok(false);
            }
        }
    }

    /// Goes to the next line, whatever it holds. False at the end of the file, or
    /// at a line that is too long.
    fn find_line(&mut self) -> io::Result<bool> {
        if self.block.start == self.block.end
            && let Some(blocks) = &mut self.blocks
        {
            let spare = std::mem::take(&mut self.block);
            self.block = blocks.next(spare)?.unwrap_or_default();
        }
        let Block { start, end, .. } = self.block;
        self.line = start..start;
        if start == end {
            return Ok(false);
        }
        let seen = &self.block.padded()[start..end.min(start + LINE_LENGTH_MAX + 1)];
        let n_seen = seen.len();
        if let Some(n) = memchr::memchr(b'\n', seen) {
            self.line = start..start + n;
            self.block.start = start + n + 1;
            return Ok(true);
        }
        self.line = start..start + n_seen;
        self.block.start = end;
        if n_seen > LINE_LENGTH_MAX {
            let message = format!("a line of more than {LINE_LENGTH_MAX} bytes, expected a row of numbers");
            let place = self.place_of_line();
            self.faults.push(Diagnostic::new("B0204", message).at(place));
            self.is_over = true;
            return Ok(false);
        }
        Ok(true)
    }

    /// Finds the fields of the line; false, with a fault, if a quote is not
    /// closed. A quoted field is taken without its quotes.
    fn split(&mut self) -> bool {
        let Range { start: mut field, end } = self.line;
        let block = self.block.padded();
        let mut quote = None;
        let unquoted = |start: usize, end: usize| match block[start..end] {
            [b'"', .., b'"'] => Span::of_text(start + 1, end - 1),
            _ => Span::of_text(start, end),
        };
        for at in self.line.clone() {
            match block[at] {
                b'"' if quote.is_some() => quote = None,
                b'"' => quote = Some(at),
                b',' if quote.is_none() => {
                    self.fields.push(unquoted(field, at));
                    field = at + 1;
                }
                _ => (),
            }
        }
        self.fields.push(unquoted(field, end));
        if let Some(at) = quote {
            let before = &block[self.line.start..at];
            let column = 1 + String::from_utf8_lossy(before).chars().count() as u64;
            let place = Place { column, ..self.place_of_line() };
            let message = "a quote that is not closed in its line, expected plain numbers";
            self.faults.push(Diagnostic::new("B0205", message).at(place));
        }
        quote.is_none()
    }

    fn place_of(&self, idx: usize) -> Place {
        let field = self.fields[idx];
        let n_chars = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().count() as u64;
        let text = self.text(field);
        // What is cut from the line as shown cannot be pointed at.
        let blank = text.len() - text.trim_ascii_start().len();
        let start = (field.start + blank).min(self.line.start + SHOWN_MAX);
        let column = 1 + n_chars(&self.block.padded()[self.line.start..start]);
        let width = n_chars(&text.trim_ascii()[..text.trim_ascii().len().min(SHOWN_MAX)]).max(1);
        Place { column, width, ..self.place_of_line() }
    }

    /// The row as a whole.
    pub(super) fn place_of_line(&self) -> Place {
        let Range { start, end } = self.line;
        let shown = &self.block.padded()[start..end.min(start + SHOWN_MAX)];
        let text = String::from_utf8_lossy(shown).into_owned();
        Place { file: self.header.file.to_owned(), line: self.line_number, column: 1, width: 1, text }
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
