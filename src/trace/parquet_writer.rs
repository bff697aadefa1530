//! A trace as a Parquet file of the project's own form: times as decimals with three
//! digits behind the point, all else as whole numbers.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, LogicalType, Repetition, Type as PhysicalType, ZstdLevel};
use parquet::data_type::{Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type};

use super::rows::TraceRow;
use super::source::Trace;
use crate::base::SimDuration;

/// As many rows a row group has: readers have some groups to share out, and none is
/// large.
const N_ROWS_A_GROUP: usize = 1 << 20;

/// Writes `trace` so that what is read is the same trace. Columns that say what is
/// the default in every row are left out. Of a definition only its needs are written:
/// a trace knows no more.
///
/// # Errors
///
/// The writer's own failure.
pub fn write(trace: &Trace, output: &mut (dyn Write + Send)) -> io::Result<()> {
    write_columns(trace, &columns(trace), output).map_err(|error| match error {
        ParquetError::External(inner) => io::Error::other(inner),
        other => io::Error::other(other),
    })
}

/// A column that is written.
struct Column {
    name: &'static str,
    /// What stands in it; nothing only if that is for ever.
    number: Number,
}

enum Number {
    /// In milliseconds.
    Time(fn(&TraceRow) -> SimDuration),
    /// The same, or for ever.
    Open(fn(&TraceRow) -> SimDuration),
    Whole(fn(&TraceRow, &Trace) -> u32),
}

/// The columns that the rows of `trace` need.
fn columns(trace: &Trace) -> Vec<Column> {
    let all = |is_so: fn(&TraceRow) -> bool| trace.rows.iter().all(|row| is_so(&row));
    let is_by_row = (0..).zip(trace.rows.iter()).all(|(number, row)| row.batch == number);
    // What a file says with one column of lifetimes alone.
    let is_exact = all(|row| {
        let shortest = if row.lifetime.outlives() { SimDuration::ZERO } else { row.lifetime.max };
        row.lifetime.min == shortest
    });
    let mut columns = Vec::new();
    let mut add = |name: &'static str, number: Number| columns.push(Column { name, number });
    add("arrival_s", Number::Time(|row| SimDuration::from_millis(row.arrival.millis())));
    if !all(|row| row.arrival_step == SimDuration::ZERO) {
        add("arrival_step_s", Number::Time(|row| row.arrival_step));
    }
    if !is_by_row {
        add("batch", Number::Whole(|row, _| row.batch));
    }
    if !all(|row| row.count == 1) {
        add("count", Number::Whole(|row, _| row.count));
    }
    add("cpu_units", Number::Whole(|row, trace| trace.definitions[row.definition].needs.cpu.0));
    add("memory_mib", Number::Whole(|row, trace| trace.definitions[row.definition].needs.memory.0));
    if is_exact {
        add("lifetime_s", Number::Open(|row| row.lifetime.max));
    } else {
        add("lifetime_min_s", Number::Time(|row| row.lifetime.min));
        add("lifetime_max_s", Number::Open(|row| row.lifetime.max));
    }
    if !all(|row| row.lifetime.step == SimDuration::ZERO) {
        add("lifetime_step_s", Number::Time(|row| row.lifetime.step));
    }
    columns
}

impl Column {
    fn field(&self) -> Result<Type, ParquetError> {
        let (physical, logical, digits, repetition) = match self.number {
            Number::Time(_) => (PhysicalType::INT64, LogicalType::decimal(3, 18), 18, Repetition::REQUIRED),
            Number::Open(_) => (PhysicalType::INT64, LogicalType::decimal(3, 18), 18, Repetition::OPTIONAL),
            Number::Whole(_) => {
                (PhysicalType::INT32, LogicalType::integer(32, false), -1, Repetition::REQUIRED)
            }
        };
        let builder = Type::primitive_type_builder(self.name, physical).with_repetition(repetition);
        let builder = builder.with_logical_type(Some(logical));
        let is_decimal = digits > 0;
        if is_decimal { builder.with_precision(digits).with_scale(3).build() } else { builder.build() }
    }
}

fn write_columns(
    trace: &Trace,
    columns: &[Column],
    output: &mut (dyn Write + Send),
) -> Result<(), ParquetError> {
    let fields = columns.iter().map(|it| it.field().map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
    let schema = Type::group_type_builder("trace").with_fields(fields).build()?;
    // No two arrivals need be alike, but each is near the one before.
    let arrival = ColumnPath::from("arrival_s");
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("berthlab ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_column_dictionary_enabled(arrival.clone(), false)
        .set_column_encoding(arrival, Encoding::DELTA_BINARY_PACKED)
        .build();
    let mut writer = SerializedFileWriter::new(output, Arc::new(schema), Arc::new(properties))?;
    let mut first = 0;
    while first < trace.rows.len() {
        let rows = first..trace.rows.len().min(first + N_ROWS_A_GROUP);
        first = rows.end;
        let rows = || rows.clone().map(|idx| trace.rows.get(idx));
        let mut group = writer.next_row_group()?;
        for column in columns {
            let mut target = group.next_column()?.expect("the schema has this column");
            match column.number {
                Number::Time(of) => {
                    let values: Vec<i64> = rows().map(|row| of(&row).millis() as i64).collect();
                    target.typed::<Int64Type>().write_batch(&values, None, None)?;
                }
                Number::Open(of) => {
                    let values = rows().map(|row| of(&row)).filter(|it| *it != SimDuration::FOREVER);
                    let values: Vec<i64> = values.map(|it| it.millis() as i64).collect();
                    let levels: Vec<i16> =
                        rows().map(|row| i16::from(of(&row) != SimDuration::FOREVER)).collect();
                    target.typed::<Int64Type>().write_batch(&values, Some(&levels), None)?;
                }
                Number::Whole(of) => {
                    let values: Vec<i32> = rows().map(|row| of(&row, trace) as i32).collect();
                    target.typed::<Int32Type>().write_batch(&values, None, None)?;
                }
            }
            target.close()?;
        }
        group.close()?;
    }
    writer.close()?;
    Ok(())
}
