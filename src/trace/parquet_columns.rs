//! The numbers in a column of a Parquet file, some thousand rows at a time: all at
//! once as times or whole numbers where they plainly are, and as the text that the
//! CSV form has of them, for whoever looks closely.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as PhysicalType};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, Type};
use pulp::Arch;

use super::csv_rows::Fault;
use super::native::Seconds;
use super::parquet_pages::{Pages, Presence};
use crate::base::SimDuration;

/// What a column measures.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// Seconds; milliseconds once they are read.
    Time,
    /// Whole numbers of whatever.
    Whole,
}

/// How the numbers of a column are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stored {
    /// Of a decimal the digits without their point, of which `scale` are behind it.
    Integer { is_signed: bool, scale: u32 },
    /// Seconds, as near to a millisecond as they can be.
    Double,
}

/// A column as the file describes it.
#[derive(Clone)]
pub(super) struct Column {
    pub(super) leaf: usize,
    descriptor: ColumnDescPtr,
    stored: Stored,
    /// What one of the numbers stored comes to, in milliseconds or as it is.
    per_one: u64,
}

impl Column {
    /// The column at `leaf`, unless its type is none that such a measure can have.
    pub(super) fn new(measure: Measure, leaf: usize, descriptor: ColumnDescPtr) -> Result<Self, Fault> {
        let Some((stored, per_one)) = stored(measure, &descriptor) else {
            return Err(wrong_type(measure, descriptor.self_type()));
        };
        Ok(Self { leaf, descriptor, stored, per_one })
    }

    /// The same column where every row has a value.
    fn of_values(&self) -> ColumnDescPtr {
        let (of_values, path) = (self.descriptor.self_type_ptr(), self.descriptor.path().clone());
        Arc::new(ColumnDescriptor::new(of_values, 0, 0, path))
    }
}

/// How a column is stored, and what one of its numbers comes to.
fn stored(measure: Measure, column: &ColumnDescPtr) -> Option<(Stored, u64)> {
    let (is_signed, scale) = match (column.logical_type_ref(), column.converted_type()) {
        (None, ConvertedType::NONE) => (true, 0),
        (Some(LogicalType::Integer(it)), _) => (it.is_signed, 0),
        (Some(LogicalType::Decimal(it)), _) => (true, u32::try_from(it.scale).ok()?),
        (Some(_), _) => return None,
        (None, ConvertedType::DECIMAL) => (true, u32::try_from(column.type_scale()).ok()?),
        (None, ConvertedType::UINT_8 | ConvertedType::UINT_16) => (false, 0),
        (None, ConvertedType::UINT_32 | ConvertedType::UINT_64) => (false, 0),
        (None, ConvertedType::INT_8 | ConvertedType::INT_16) => (true, 0),
        (None, ConvertedType::INT_32 | ConvertedType::INT_64) => (true, 0),
        (None, _) => return None,
    };
    match (measure, column.physical_type(), scale) {
        (Measure::Time, PhysicalType::INT32 | PhysicalType::INT64, 0..=3) => {
            Some((Stored::Integer { is_signed, scale }, 10_u64.pow(3 - scale)))
        }
        (Measure::Time, PhysicalType::DOUBLE, _) => Some((Stored::Double, 1)),
        (Measure::Whole, PhysicalType::INT32 | PhysicalType::INT64, 0) => {
            Some((Stored::Integer { is_signed, scale }, 1))
        }
        _ => None,
    }
}

/// What is wrong with a column of this type.
pub(super) fn wrong_type(measure: Measure, found: &Type) -> Fault {
    let (expected, help) = match measure {
        Measure::Time => (
            "DOUBLE, INT32, INT64, or DECIMAL of these with at most three decimals",
            "cast it to DOUBLE, in seconds",
        ),
        Measure::Whole => ("INT32 or INT64, signed or not", "cast it to a whole number"),
    };
    let message = format!("`{}` is {}, expected {expected}", found.name(), shown(found));
    Fault { help: Some(help), ..Fault::new("B0226", message) }
}

/// A type as a message names it.
fn shown(found: &Type) -> String {
    if found.is_group() {
        return "a group of columns".to_owned();
    }
    let info = found.get_basic_info();
    let mut text = found.get_physical_type().to_string();
    match (info.logical_type_ref(), info.converted_type()) {
        (Some(LogicalType::Decimal(it)), _) => {
            let _ = write!(text, " (DECIMAL({}, {}))", it.precision, it.scale);
        }
        (Some(it), _) => {
            let name = format!("{it:?}");
            let name = name.split(['(', ' ']).next().unwrap_or_default().to_uppercase();
            let _ = write!(text, " ({name})");
        }
        (None, ConvertedType::NONE) => (),
        (None, it) => {
            let _ = write!(text, " ({it})");
        }
    }
    let is_list = info.has_repetition() && info.repetition() == Repetition::REPEATED;
    if is_list { format!("a list of {text}") } else { text }
}

/// Some rows of a column, in memory that serves one batch after the other.
pub(super) struct Cells {
    column: Column,
    values: Values,
    /// Whether each row has a value; nothing if all have.
    are_there: Vec<bool>,
    n_rows: usize,
    pages: Option<Pages>,
    /// What is left of the page that was begun.
    page: Presence,
}

enum Values {
    Int32(Vec<i32>, Option<ColumnReaderImpl<Int32Type>>),
    Int64(Vec<i64>, Option<ColumnReaderImpl<Int64Type>>),
    Double(Vec<f64>, Option<ColumnReaderImpl<DoubleType>>),
}

/// The same for each type of values.
macro_rules! with_values {
    ($values:expr, $numbers:ident, $reader:ident => $work:expr) => {
        match $values {
            Values::Int32($numbers, $reader) => $work,
            Values::Int64($numbers, $reader) => $work,
            Values::Double($numbers, $reader) => $work,
        }
    };
}

impl Cells {
    pub(super) fn new(column: Column) -> Self {
        let values = match column.descriptor.physical_type() {
            PhysicalType::INT32 => Values::Int32(Vec::new(), None),
            PhysicalType::INT64 => Values::Int64(Vec::new(), None),
            _ => Values::Double(Vec::new(), None),
        };
        Self { column, values, are_there: Vec::new(), n_rows: 0, pages: None, page: Presence::default() }
    }

    /// Which column of the file this is.
    pub(super) fn leaf(&self) -> usize {
        self.column.leaf
    }

    /// Goes to the first row of these pages.
    pub(super) fn open(&mut self, pages: Pages) {
        let descriptor = self.column.of_values();
        with_values!(&mut self.values, _numbers, reader => {
            *reader = Some(ColumnReaderImpl::new(descriptor, pages.values()));
        });
        self.pages = Some(pages);
        self.page = Presence::default();
    }

    /// Reads the next rows, in place of those before; fewer at the end of the pages.
    pub(super) fn read(&mut self, n_rows: usize) -> Result<usize, ParquetError> {
        let Self { are_there, values, pages, page, .. } = self;
        let opened = "pages were opened before they are read";
        let pages = pages.as_mut().expect(opened);
        are_there.clear();
        let mut n_read = 0;
        self.n_rows = with_values!(values, numbers, reader => {
            numbers.clear();
            let reader = reader.as_mut().expect(opened);
            while n_read < n_rows {
                if page.n_rows() == 0 {
                    let Some(next) = pages.next()? else { break };
                    *page = next;
                    continue;
                }
                let n = page.n_rows().min(n_rows - n_read);
                let n_values = page.take(n, n_read, are_there)?;
                let (n_found, ..) = reader.read_records(n_values, None, None, numbers)?;
                if n_found != n_values {
                    let message = format!("a page with {} values less than it says", n_values - n_found);
                    return Err(ParquetError::General(message));
                }
                n_read += n;
            }
            n_read
        });
        Ok(n_read)
    }

    /// How many rows have a value.
    fn n_values(&self) -> usize {
        with_values!(&self.values, numbers, _reader => numbers.len())
    }

    /// Puts all numbers into `out`; false if some row has none, or one that may be
    /// less than zero or more than `most`.
    pub(super) fn numbers(&self, most: u64, out: &mut Vec<u64>) -> bool {
        self.n_values() == self.n_rows && self.convert(most, out)
    }

    /// The same, where a row without a number stands for for ever; `scratch` serves
    /// in between.
    pub(super) fn open_numbers(&self, most: u64, scratch: &mut Vec<u64>, out: &mut Vec<u64>) -> bool {
        if self.n_values() == self.n_rows {
            return self.numbers(most, out);
        }
        let are_sound = self.convert(most, scratch);
        out.resize(self.are_there.len(), 0);
        let mut nth = 0;
        for (it, is_there) in out.iter_mut().zip(&self.are_there) {
            let next = scratch.get(nth).copied().unwrap_or(0);
            *it = if *is_there { next } else { SimDuration::FOREVER.millis() };
            nth += usize::from(*is_there);
        }
        are_sound
    }

    /// Puts the numbers of those rows that have one into `out`; false if some of them
    /// may be less than zero or more than `most`.
    fn convert(&self, most: u64, out: &mut Vec<u64>) -> bool {
        let Column { per_one, stored, .. } = self.column;
        let is_signed = matches!(stored, Stored::Integer { is_signed: true, .. });
        // What is negative has the highest bit.
        let most = if is_signed { most.min(i64::MAX as u64) } else { most } / per_one;
        match &self.values {
            Values::Int32(numbers, _) if is_signed => scaled(numbers, |it| it as u64, per_one, out) <= most,
            Values::Int32(numbers, _) => scaled(numbers, |it| u64::from(it as u32), per_one, out) <= most,
            Values::Int64(numbers, _) => scaled(numbers, |it| it as u64, per_one, out) <= most,
            Values::Double(seconds, _) => milliseconds(seconds, most as f64, out),
        }
    }

    /// The cells from the first on, each as it would stand in a CSV file.
    pub(super) fn texts(&self) -> Texts<'_> {
        Texts { cells: self, row: 0, value: 0 }
    }
}

/// Puts the numbers times `per_one` into `out`, and returns one that none of them is
/// above: all their bits.
// Branches and early ends are left out here and below, so that several numbers are
// worked on at once.
fn scaled<T: Copy>(numbers: &[T], whole: impl Fn(T) -> u64, per_one: u64, out: &mut Vec<u64>) -> u64 {
    out.resize(numbers.len(), 0);
    let out = out.as_mut_slice();
    Arch::new().dispatch(|| {
        let mut bits = 0;
        for (it, number) in out.iter_mut().zip(numbers) {
            let number = whole(*number);
            bits |= number;
            *it = number.wrapping_mul(per_one);
        }
        bits
    })
}

/// A second as it is stored may be that far from a millisecond, in milliseconds:
/// what adding up tenths of seconds comes to, and far from what anybody means.
const TOLERANCE_MS: f64 = 1e-3;

/// The nearest milliseconds of these seconds; false if some are less than zero, more
/// than `most`, or between two milliseconds.
fn milliseconds(seconds: &[f64], most: f64, out: &mut Vec<u64>) -> bool {
    /// Doubles from here to its double are whole, their last bits that number.
    const WHOLE: f64 = (1_u64 << 52) as f64;
    out.resize(seconds.len(), 0);
    let out = out.as_mut_slice();
    Arch::new().dispatch(|| {
        let mut are_wrong = 0;
        for (it, seconds) in out.iter_mut().zip(seconds) {
            let exact = seconds * 1000.0;
            let shifted = exact + WHOLE;
            let is_near = (shifted - WHOLE - exact).abs() <= TOLERANCE_MS;
            are_wrong |= u64::from(!(is_near & (exact >= 0.0) & (exact <= most)));
            *it = shifted.to_bits().wrapping_sub(WHOLE.to_bits());
        }
        are_wrong == 0
    })
}

/// The cells of a column, one after the other.
pub(super) struct Texts<'a> {
    cells: &'a Cells,
    row: usize,
    value: usize,
}

impl Texts<'_> {
    /// Writes the next cell; nothing where there is nothing.
    pub(super) fn write_next(&mut self, text: &mut String) {
        let is_there = self.cells.are_there.get(self.row).is_none_or(|it| *it);
        self.row += 1;
        if is_there {
            let _ = self.cells.write(self.value, text);
            self.value += 1;
        }
    }
}

impl Cells {
    fn write(&self, value: usize, text: &mut String) -> fmt::Result {
        match (&self.values, self.column.stored) {
            (Values::Int32(numbers, _), Stored::Integer { is_signed: false, .. }) => {
                write!(text, "{}", numbers[value] as u32)
            }
            (Values::Int64(numbers, _), Stored::Integer { is_signed: false, .. }) => {
                write!(text, "{}", numbers[value] as u64)
            }
            (Values::Int32(numbers, _), stored) => write_decimal(numbers[value].into(), stored, text),
            (Values::Int64(numbers, _), stored) => write_decimal(numbers[value], stored, text),
            (Values::Double(seconds, _), _) => {
                let seconds = seconds[value];
                let whole = (seconds * 1000.0).round();
                let is_near = (seconds * 1000.0 - whole).abs() <= TOLERANCE_MS;
                let is_time = (0.0..=SimDuration::LONGEST.millis() as f64).contains(&whole);
                if is_near && is_time {
                    write!(text, "{}", Seconds(whole as u64))
                } else {
                    write!(text, "{seconds}")
                }
            }
        }
    }
}

fn write_decimal(number: i64, stored: Stored, text: &mut String) -> fmt::Result {
    let sign = if number < 0 { "-" } else { "" };
    let number = number.unsigned_abs();
    match stored {
        Stored::Integer { scale: scale @ 1.., .. } => {
            let (one, digits) = (10_u64.pow(scale), scale as usize);
            write!(text, "{sign}{}.{:0digits$}", number / one, number % one)
        }
        _ => write!(text, "{sign}{number}"),
    }
}
