//! The project's own form of a trace as a Parquet file: the columns of the CSV form
//! (`native.rs`), by the same names and with the same meaning, in numbers instead of
//! text.
//!
//! Rows are read some thousand at a time, a column after the other. A batch that is
//! not plainly sound is written out as rows of the CSV form and read as those: so
//! both forms take the same and refuse the same, with the same words.

use std::io;
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::schema::types::Type;
use pulp::Arch;

use super::builder::{Batch, Part, TraceBuilder};
use super::csv_blocks::Block;
use super::csv_rows::{Fault, Rows};
use super::csv_trace::{Form, read_one_by_one};
use super::input::{Input, ReadAt};
use super::native::{self, Native};
use super::parquet_columns::{Cells, Column, Measure, wrong_type};
use super::parquet_file::{ParquetFile, begins_one, damaged, guarded, reason};
use super::source::{Format, ReadError, Trace};
use crate::base::{Diagnostic, Place, SimDuration};

pub use super::parquet_file::panic_is_caught;
pub use super::parquet_writer::write;

/// The format.
pub const FORMAT: Format = Format {
    name: "berthlab-parquet",
    summary: "the same columns as a Parquet file (docs/trace-format.md)",
    recognises: begins_one,
    read: |input, file, _| read(input, file),
};

/// As many rows are read at once: what is read is looked at while it is in the cache
/// of a core.
const N_ROWS_A_BATCH: usize = 4096;
/// Memory is made ready for as many, whatever the footer says.
const N_ROWS_AHEAD: usize = 1 << 22;

/// Reads a trace in this form on this thread, which takes a fraction of what CSV
/// does; `file` is only for messages.
fn read(input: &mut dyn Input, file: &str) -> Result<Trace, ReadError> {
    let bytes = match input.anywhere()? {
        Some(bytes) => bytes,
        None => {
            let mut bytes = Vec::new();
            input.read_to_end(&mut bytes)?;
            Arc::new(bytes) as Arc<dyn ReadAt>
        }
    };
    let parquet = ParquetFile::open(bytes, file)?;
    let fields = parquet.metadata.file_metadata().schema_descr().root_schema().get_fields();
    let names: Vec<String> = fields.iter().map(|it| in_header(it.name())).collect();
    let header = names.join(",");
    let mut header = header.as_bytes();
    let mut rows = Rows::open(native::COLUMNS, &mut header, file)?;
    Native::check(&rows)?;
    let columns = columns(&parquet, &mut rows);
    // The rows come from elsewhere.
    rows.take_blocks();
    let mut reader = Reader::new(columns, rows);
    match reader.read(&parquet) {
        Ok(()) => {
            reader.rows.finish().map_err(|error| as_rows(error, &names))?;
            Ok(reader.trace.finish())
        }
        Err(error) => Err(as_rows(reader.refuse(error, file), &names)),
    }
}

/// A column's name as a field of a header.
fn in_header(name: &str) -> String {
    let name = name.replace(|it: char| it == '"' || it.is_control(), "\u{FFFD}");
    if name.is_empty() || name.contains(',') { format!("\"{name}\"") } else { name }
}

/// The columns of the file that the form knows; faults are kept with the rows.
fn columns(parquet: &ParquetFile, rows: &mut Rows<'_>) -> [Option<Cells>; native::COLUMNS.len()] {
    let schema = parquet.metadata.file_metadata().schema_descr();
    std::array::from_fn(|number| {
        let field = rows.position(number)?;
        let known = column(parquet, field, measure(number), &schema.root_schema().get_fields()[field]);
        match known {
            Ok(column) => Some(Cells::new(column)),
            Err(fault) => {
                rows.fault(number, fault);
                None
            }
        }
    })
}

/// What the form's n-th column measures: the unit is in its name.
fn measure(number: usize) -> Measure {
    if native::COLUMNS[number].name.ends_with("_s") { Measure::Time } else { Measure::Whole }
}

/// The n-th of the file's columns as one of numbers.
fn column(parquet: &ParquetFile, field: usize, measure: Measure, found: &Type) -> Result<Column, Fault> {
    let schema = parquet.metadata.file_metadata().schema_descr();
    let leaf = (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == field);
    let leaf = leaf.filter(|_| found.is_primitive()).ok_or_else(|| wrong_type(measure, found))?;
    let descriptor = schema.column(leaf);
    if descriptor.max_rep_level() > 0 {
        return Err(wrong_type(measure, found));
    }
    let column = Column::new(measure, leaf, descriptor)?;
    parquet.check_column(leaf)?;
    Ok(column)
}

/// A file that is being read.
struct Reader<'a> {
    /// In the order of the form.
    columns: [Option<Cells>; native::COLUMNS.len()],
    /// The header, the number of rows so far and their faults.
    rows: Rows<'a>,
    trace: TraceBuilder,
    batch: Batch,
    part: Part,
    scratch: Vec<u64>,
}

impl<'a> Reader<'a> {
    fn new(columns: [Option<Cells>; native::COLUMNS.len()], rows: Rows<'a>) -> Self {
        Self {
            columns,
            rows,
            trace: TraceBuilder::new(Native::RECKONING),
            batch: Batch::default(),
            part: Part::default(),
            scratch: Vec::new(),
        }
    }

    /// Reads all rows, or as many as can be.
    fn read(&mut self, parquet: &ParquetFile) -> Result<(), ParquetError> {
        if self.rows.is_faulty() {
            return Ok(());
        }
        let n_rows: i64 = parquet.metadata.row_groups().iter().map(RowGroupMetaData::num_rows).sum();
        let n_ahead = usize::try_from(n_rows)?.min(N_ROWS_AHEAD);
        let mut is_first = true;
        for group in parquet.metadata.row_groups() {
            guarded(|| {
                for cells in self.columns.iter_mut().flatten() {
                    cells.open(parquet.pages(group, group.column(cells.leaf()))?);
                }
                Ok(())
            })?;
            let mut n_left = usize::try_from(group.num_rows())?;
            while n_left > 0 && !self.rows.is_over() {
                let n_rows = n_left.min(N_ROWS_A_BATCH);
                guarded(|| self.read_batch(n_rows))?;
                self.add_batch(n_rows);
                n_left -= n_rows;
                if std::mem::take(&mut is_first) {
                    // Now it is known how wide they are.
                    self.trace.reserve(n_ahead);
                }
            }
            if !self.rows.is_over() {
                guarded(|| self.check_end())?;
            }
        }
        Ok(())
    }

    /// Refuses pages with more rows than the footer says.
    fn check_end(&mut self) -> Result<(), ParquetError> {
        for cells in self.columns.iter_mut().flatten() {
            if cells.read(1)? > 0 {
                let message = "more values than the row group has rows".to_owned();
                return Err(ParquetError::General(message));
            }
        }
        Ok(())
    }

    /// Reads the next rows of each column.
    fn read_batch(&mut self, n_rows: usize) -> Result<(), ParquetError> {
        for (number, cells) in self.columns.iter_mut().enumerate() {
            let Some(cells) = cells else { continue };
            let name = native::COLUMNS[number].name;
            let n_found = cells.read(n_rows).map_err(|error| match error {
                ParquetError::External(_) => error,
                other => ParquetError::General(format!("`{name}`: {}", reason(&other))),
            })?;
            if n_found != n_rows {
                return Err(ParquetError::EOF(format!("`{name}` ends {} rows before", n_rows - n_found)));
            }
        }
        Ok(())
    }

    /// Adds the rows that were read last.
    fn add_batch(&mut self, n_rows: usize) {
        let is_sound = self.fill() && self.part.take(&mut self.batch);
        if is_sound && !self.rows.is_faulty() && self.trace.append(&self.part) {
            self.rows.pass_over(n_rows as u64);
        } else {
            let block = Block::of_text(self.text(n_rows));
            read_one_by_one::<Native>(&mut self.rows, &mut self.trace, block);
        }
    }

    /// Fills the batch with what was read; false if some row of it may be at fault.
    fn fill(&mut self) -> bool {
        let Self { columns, batch, scratch, .. } = self;
        let longest = SimDuration::LONGEST.millis();
        let of = |column: usize| columns[column].as_ref();
        let required = |column: usize| of(column).expect("the header has what is required");
        let optional =
            |column: usize, most: u64, out: &mut Vec<u64>| of(column).is_none_or(|it| it.numbers(most, out));
        let mut is_sound = required(native::ARRIVAL).numbers(longest, &mut batch.at)
            && required(native::CPU).numbers(u32::MAX.into(), &mut batch.cpu)
            && required(native::MEMORY).numbers(u32::MAX.into(), &mut batch.memory)
            && optional(native::ARRIVAL_STEP, longest, &mut batch.arrival_step)
            && optional(native::BATCH, u64::MAX, &mut batch.names)
            && optional(native::COUNT, u32::MAX.into(), &mut batch.count)
            && optional(native::LIFETIME_STEP, longest, &mut batch.lifetime_step)
            && optional(native::LIFETIME_MIN, longest, &mut batch.shortest);
        let lifetime = of(native::LIFETIME).or(of(native::LIFETIME_MAX)).expect("the header has one of them");
        is_sound = is_sound && lifetime.open_numbers(longest, scratch, &mut batch.lifetime);
        // A lifetime of zero is right where it is rounded.
        let are_lives = match batch.lifetime_step[..] {
            [] => are_positive(&batch.lifetime),
            ref steps => batch.lifetime.iter().zip(steps).all(|(longest, step)| longest | step != 0),
        };
        is_sound
            && are_lives
            && are_positive(&batch.cpu)
            && are_positive(&batch.memory)
            && are_positive(&batch.count)
            && batch.shortest.iter().zip(&batch.lifetime).all(|(least, most)| least <= most)
    }

    /// The rows that were read last as lines of the CSV form.
    fn text(&self, n_rows: usize) -> String {
        let mut fields: Vec<(usize, &Cells)> = Vec::new();
        for (number, cells) in self.columns.iter().enumerate() {
            fields.extend(self.rows.position(number).zip(cells.as_ref()));
        }
        fields.sort_unstable_by_key(|it| it.0);
        let mut texts: Vec<_> = fields.iter().map(|it| it.1.texts()).collect();
        let mut text = String::new();
        for _ in 0..n_rows {
            for (nth, cell) in texts.iter_mut().enumerate() {
                if nth > 0 {
                    text.push(',');
                }
                cell.write_next(&mut text);
            }
            text.push('\n');
        }
        text
    }

    /// What is wrong with the rows before, and that those behind cannot be read.
    fn refuse(self, error: ParquetError, file: &str) -> ReadError {
        if let ParquetError::External(inner) = &error
            && let Some(inner) = inner.downcast_ref::<io::Error>()
            // Decoders have such errors too, but none of the system.
            && let Some(code) = inner.raw_os_error()
        {
            return ReadError::Io(io::Error::from_raw_os_error(code));
        }
        let line = self.rows.n_lines() + 1;
        let place = Place { file: file.to_owned(), line, column: 1, width: 1, text: String::new() };
        let found = format!("rows from here on that cannot be read: {}", reason(&error));
        let fault = damaged(found, "sound pages").at(place);
        match self.rows.finish() {
            Err(ReadError::Content(mut found)) => {
                found.push(fault);
                ReadError::Content(found)
            }
            _ => ReadError::Content(vec![fault]),
        }
    }
}

/// Whether none is zero.
fn are_positive(numbers: &[u64]) -> bool {
    Arch::new().dispatch(|| numbers.iter().fold(0, |zeros, it| zeros | u64::from(*it == 0))) == 0
}

/// Places in lines of the CSV form as places in rows: counted from 1, and with the
/// name of the column, which the row as it is shown does not have.
fn as_rows(error: ReadError, names: &[String]) -> ReadError {
    let ReadError::Content(mut found) = error else { return error };
    let of_rows = |it: &&mut Diagnostic| it.place.as_ref().is_some_and(|place| place.line > 1);
    for fault in found.iter_mut().filter(of_rows) {
        let Some(place) = &mut fault.place else { continue };
        place.line -= 1;
        let before = place.text.chars().take(place.column as usize - 1);
        let name = names.get(before.filter(|it| *it == ',').count()).map_or("", String::as_str);
        let column = if place.text.is_empty() { String::new() } else { format!(", `{name}`") };
        fault.message = format!("row {}{column}: {}", place.line, fault.message);
    }
    ReadError::Content(found)
}

#[cfg(test)]
mod tests;
