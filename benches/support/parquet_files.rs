//! Drawn requests as traces in Parquet files, by our writer and as pandas writes
//! them; and the yardstick of a reader: all numbers of all columns, by the readers
//! of columns of the `parquet` crate, into memory that is used again, and nothing done
//! with them.

#![allow(dead_code, reason = "each bench uses its part")]

use std::fs::File;
use std::hint::black_box;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use berthlab::trace::{OneThread, Trace, formats, native_parquet, read_recognised};
use parquet::basic::{Compression, Repetition, Type as PhysicalType, ZstdLevel};
use parquet::column::reader::ColumnReader;
use parquet::data_type::{DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::requests::{self, Ask};

/// As many rows the yardstick reads at once. It hardly depends on it: from 1,024 to
/// 65,536 within a tenth.
const N_ROWS_A_BATCH: usize = 4096;

/// The requests as a trace, and the files that say the same, by what differs.
pub(crate) fn traces(ask: Ask) -> (Trace, Vec<(&'static str, PathBuf)>) {
    let mut bytes = Vec::new();
    requests::write(&requests::draw(ask), 0, &mut bytes).expect("a vector takes what is written");
    let format = formats::find("vm-requests").expect("a format of the list");
    let trace = (format.read)(&mut &bytes[..], "requests.csv", &OneThread).expect("a sound file");
    let path = |name: &str| {
        let name = format!("{}-{}.parquet", ask.n_requests, name.replace(' ', "-"));
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
    };
    let ours = "as this program writes it";
    let zstd = Compression::ZSTD(ZstdLevel::default());
    write_ours(&trace, &path(ours));
    let mut files = vec![(ours, path(ours))];
    for (name, codec) in [
        ("as pandas writes it", Compression::SNAPPY),
        ("the same by zstd", zstd),
        ("the same uncompressed", Compression::UNCOMPRESSED),
    ] {
        write_theirs(&trace, codec, &path(name));
        files.push((name, path(name)));
    }
    (trace, files)
}

/// The trace as our writer writes it.
fn write_ours(trace: &Trace, path: &Path) {
    let mut file = File::create(path).expect("a file in target/tmp");
    native_parquet::write(trace, &mut file).expect("room for a file in target/tmp");
}

/// The exact rows of the trace as pandas has them: times in doubles, 64 bits for
/// all else, and each column may have nulls; pages and dictionaries as they come.
fn write_theirs(trace: &Trace, codec: Compression, path: &Path) {
    let field = |name: &str, of: PhysicalType| {
        let builder = Type::primitive_type_builder(name, of).with_repetition(Repetition::OPTIONAL);
        Arc::new(builder.build().expect("a type"))
    };
    let fields = vec![
        field("arrival_s", PhysicalType::DOUBLE),
        field("cpu_units", PhysicalType::INT64),
        field("memory_mib", PhysicalType::INT64),
        field("lifetime_s", PhysicalType::DOUBLE),
    ];
    let schema = Type::group_type_builder("schema").with_fields(fields).build().expect("a type");
    let properties = WriterProperties::builder().set_compression(codec).build();
    let file = File::create(path).expect("a file in target/tmp");
    let room = "room for a file in target/tmp";
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).expect(room);
    let mut group = writer.next_row_group().expect(room);
    let needs = |row: usize| trace.definitions[trace.rows.get(row).definition].needs;
    let seconds = |ms: u64| (ms != u64::MAX).then_some(ms as f64 / 1000.0);
    for column in 0..4 {
        let mut target = group.next_column().expect(room).expect("there are four");
        let rows = 0..trace.rows.len();
        match column {
            0 | 3 => {
                let numbers: Vec<Option<f64>> = match column {
                    0 => rows.map(|row| seconds(trace.rows.get(row).arrival.millis())).collect(),
                    _ => rows.map(|row| seconds(trace.rows.get(row).lifetime.max.millis())).collect(),
                };
                let levels: Vec<i16> = numbers.iter().map(|it| i16::from(it.is_some())).collect();
                let numbers: Vec<f64> = numbers.into_iter().flatten().collect();
                target.typed::<DoubleType>().write_batch(&numbers, Some(&levels), None).expect(room);
            }
            _ => {
                let number = |row| if column == 1 { needs(row).cpu.0 } else { needs(row).memory.0 };
                let numbers: Vec<i64> = rows.map(|row| number(row).into()).collect();
                let levels = vec![1; numbers.len()];
                target.typed::<Int64Type>().write_batch(&numbers, Some(&levels), None).expect(room);
            }
        }
        target.close().expect(room);
    }
    group.close().expect(room);
    writer.close().expect(room);
}

/// The trace in a file, as every command reads it.
pub(crate) fn read(path: &Path) -> Trace {
    let file = File::open(path).expect("the file was written");
    let mut input = BufReader::with_capacity(1 << 16, file);
    let read = read_recognised(&mut input, "bench.parquet", &OneThread);
    read.expect("a sound file").1
}

/// Reads all columns of the file; how many values there are, nulls among them.
pub(crate) fn read_bare(path: &Path) -> usize {
    let file = File::open(path).expect("the file was written");
    let reader = SerializedFileReader::new(file).expect("a sound file");
    let (mut levels, mut int32, mut int64, mut double) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut n_values = 0;
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).expect("a sound file");
        for column in 0..group.num_columns() {
            let mut column = group.get_column_reader(column).expect("a sound file");
            loop {
                levels.clear();
                let n = N_ROWS_A_BATCH;
                let levels = Some(&mut levels);
                let (n_read, ..) = match &mut column {
                    ColumnReader::Int32ColumnReader(it) => {
                        int32.clear();
                        it.read_records(n, levels, None, &mut int32)
                    }
                    ColumnReader::Int64ColumnReader(it) => {
                        int64.clear();
                        it.read_records(n, levels, None, &mut int64)
                    }
                    ColumnReader::DoubleColumnReader(it) => {
                        double.clear();
                        it.read_records(n, levels, None, &mut double)
                    }
                    _ => panic!("no column of the form is of another type"),
                }
                .expect("a sound file");
                black_box((&int32, &int64, &double));
                n_values += n_read;
                if n_read == 0 {
                    break;
                }
            }
        }
    }
    n_values
}
