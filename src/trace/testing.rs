//! What the tests of this wing share.

use std::sync::Arc;

use parquet::data_type::{DataType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

/// A file of the reference data beside the repository; tests that need it say
/// that they are skipped where it is absent.
pub(crate) fn real_file(name: &str) -> Option<String> {
    of_folder("traces", name)
}

/// The same of a file of Spot capacity.
pub(crate) fn real_spot_file(name: &str) -> Option<String> {
    of_folder("spot", name)
}

fn of_folder(folder: &str, name: &str) -> Option<String> {
    let path = format!("{}/../shared/data/{folder}/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: {name} is not there");
        }
    }
    text
}

/// The numbers of a column of a Parquet file; `None` is a null.
#[derive(Clone, Debug)]
pub(crate) enum Numbers {
    Int32(Vec<Option<i32>>),
    Int64(Vec<Option<i64>>),
    Double(Vec<Option<f64>>),
}

/// A Parquet file with this schema, its rows in groups of so many.
pub(crate) fn parquet_file(
    fields: &str,
    columns: &[Numbers],
    n_rows_a_group: usize,
    properties: WriterProperties,
) -> Vec<u8> {
    let schema = parse_message_type(&format!("message trace {{ {fields} }}")).unwrap();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties)).unwrap();
    let n_rows = columns.first().map_or(0, Numbers::len);
    for first in (0..n_rows).step_by(n_rows_a_group) {
        let rows = first..n_rows.min(first + n_rows_a_group);
        let mut group = writer.next_row_group().unwrap();
        for column in columns {
            let mut target = group.next_column().unwrap().unwrap();
            match column {
                Numbers::Int32(all) => write::<Int32Type>(&mut target, &all[rows.clone()]),
                Numbers::Int64(all) => write::<Int64Type>(&mut target, &all[rows.clone()]),
                Numbers::Double(all) => write::<DoubleType>(&mut target, &all[rows.clone()]),
            }
            target.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
    bytes
}

fn write<T: DataType>(target: &mut SerializedColumnWriter<'_>, numbers: &[Option<T::T>]) {
    let present: Vec<T::T> = numbers.iter().flatten().cloned().collect();
    let levels: Vec<i16> = numbers.iter().map(|it| i16::from(it.is_some())).collect();
    target.typed::<T>().write_batch(&present, Some(&levels), None).unwrap();
}

impl Numbers {
    fn len(&self) -> usize {
        match self {
            Self::Int32(all) => all.len(),
            Self::Int64(all) => all.len(),
            Self::Double(all) => all.len(),
        }
    }
}
