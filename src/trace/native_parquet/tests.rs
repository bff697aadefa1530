use std::io::BufReader;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};

use super::*;
use crate::base::{Domain, Seed};
use crate::trace::testing::{Numbers, parquet_file};
use crate::trace::{OneThread, read_recognised};

const PLAIN: &str = "REQUIRED INT64 arrival_s; REQUIRED INT32 cpu_units; REQUIRED INT32 memory_mib; \
                     OPTIONAL DOUBLE lifetime_s;";

fn plain_columns() -> Vec<Numbers> {
    vec![
        Numbers::Int64(vec![Some(0), Some(7)]),
        Numbers::Int32(vec![Some(256), Some(512)]),
        Numbers::Int32(vec![Some(512), Some(1024)]),
        Numbers::Double(vec![Some(1.5), None]),
    ]
}

fn read_bytes(mut bytes: &[u8]) -> Result<Trace, Vec<Diagnostic>> {
    read_recognised(&mut bytes, "t.parquet", &OneThread).map(|it| it.1).map_err(content)
}

fn read_csv(text: &str) -> Result<Trace, Vec<Diagnostic>> {
    native::read(&mut BufReader::new(text.as_bytes()), "t.csv").map_err(content)
}

fn content(error: ReadError) -> Vec<Diagnostic> {
    match error {
        ReadError::Content(found) => found,
        ReadError::Io(error) => panic!("{error}"),
    }
}

fn file(fields: &str, columns: &[Numbers]) -> Vec<u8> {
    parquet_file(fields, columns, 1 << 20, WriterProperties::default())
}

/// The code and the message of the one fault of a file.
fn fault(bytes: &[u8]) -> (&'static str, String) {
    let found = read_bytes(bytes).unwrap_err();
    assert_eq!(found.len(), 1, "{found:?}");
    let place = found[0].place.as_ref().expect("a fault has a place");
    assert_eq!(place.file, "t.parquet");
    (found[0].code, found[0].message.clone())
}

#[test]
fn a_file_says_what_its_columns_say() {
    let trace = read_bytes(&file(PLAIN, &plain_columns())).unwrap();
    let text = "arrival_s,cpu_units,memory_mib,lifetime_s\n0,256,512,1.5\n7,512,1024,\n";
    assert_eq!(trace, read_csv(text).unwrap());
    assert_eq!(read_bytes(&file(PLAIN, &vec![Numbers::Int64(Vec::new()); 4])).unwrap(), Trace::default());
}

#[test]
fn a_file_without_rows_is_a_trace_without_tasks() {
    for bytes in [file(PLAIN, &[]), {
        let mut written = Vec::new();
        write(&Trace::default(), &mut written).unwrap();
        written
    }] {
        assert_eq!(read_bytes(&bytes).unwrap(), Trace::default());
    }
}

#[test]
fn columns_that_are_not_those_of_the_form_are_refused() {
    let needs = "REQUIRED INT32 cpu_units; REQUIRED INT32 memory_mib;";
    for (fields, code, part) in [
        ("REQUIRED INT64 arrival_s; REQUIRED INT64 lifetime_s;", "B0206", "no column `cpu_units`"),
        (&format!("REQUIRED INT64 arrival_s; {needs}"), "B0206", "no column `lifetime_s`"),
        (&format!("{PLAIN} REQUIRED INT64 lifetime_min_s;"), "B0218", "both `lifetime_s`"),
        (&format!("{PLAIN} REQUIRED INT64 __index_level_0__;"), "B0208", "`__index_level_0__`"),
        (&format!("{PLAIN} REQUIRED INT64 arrival_s;"), "B0207", "a second column `arrival_s`"),
    ] {
        let found = read_bytes(&file(fields, &[])).unwrap_err();
        assert_eq!(found[0].code, code, "{fields}: {found:?}");
        assert!(found[0].message.contains(part), "{found:?}");
        assert_eq!(found[0].place.as_ref().unwrap().line, 1);
    }
}

#[test]
fn types_that_hold_no_such_numbers_are_refused() {
    for (arrival, found) in [
        ("REQUIRED BYTE_ARRAY arrival_s (UTF8);", "BYTE_ARRAY (UTF8)"),
        ("REQUIRED BYTE_ARRAY arrival_s;", "BYTE_ARRAY"),
        ("REQUIRED INT96 arrival_s;", "INT96"),
        ("REQUIRED FLOAT arrival_s;", "FLOAT"),
        ("REQUIRED BOOLEAN arrival_s;", "BOOLEAN"),
        ("REQUIRED INT64 arrival_s (TIMESTAMP(MILLIS,true));", "INT64 (TIMESTAMP)"),
        ("REQUIRED INT64 arrival_s (DECIMAL(18,4));", "INT64 (DECIMAL(18, 4))"),
        (
            "REQUIRED FIXED_LEN_BYTE_ARRAY (16) arrival_s (DECIMAL(38,3));",
            "FIXED_LEN_BYTE_ARRAY (DECIMAL(38, 3))",
        ),
        ("REPEATED INT64 arrival_s;", "a list of INT64"),
        ("REQUIRED GROUP arrival_s { REQUIRED INT64 x; }", "a group of columns"),
    ] {
        let fields = PLAIN.replace("REQUIRED INT64 arrival_s;", arrival);
        let (code, message) = fault(&file(&fields, &[]));
        assert_eq!(code, "B0226", "{message}");
        assert!(message.starts_with(&format!("`arrival_s` is {found}, expected DOUBLE, ")), "{message}");
    }
    let fields = PLAIN.replace("INT32 cpu_units", "DOUBLE cpu_units");
    let (code, message) = fault(&file(&fields, &[]));
    assert_eq!(
        (code, &message[..]),
        ("B0226", "`cpu_units` is DOUBLE, expected INT32 or INT64, signed or not")
    );
}

#[test]
fn a_number_that_is_none_of_its_column_is_refused_at_its_row() {
    let row = |at: Option<i64>, cpu: Option<i32>, memory: Option<i32>, life: Option<f64>| {
        let fields = PLAIN.replace("REQUIRED", "OPTIONAL");
        let columns = [
            Numbers::Int64(vec![Some(3), Some(3), at]),
            Numbers::Int32(vec![Some(1), Some(1), cpu]),
            Numbers::Int32(vec![Some(1), Some(1), memory]),
            Numbers::Double(vec![Some(1.0), None, life]),
        ];
        let found = read_bytes(&file(&fields, &columns)).unwrap_err();
        assert!(found.iter().all(|it| it.place.as_ref().unwrap().line == 3));
        found.iter().map(|it| format!("{} {}", it.code, it.message)).collect::<Vec<_>>().join("\n")
    };
    let one = Some(1.0);
    for (found, expected) in [
        (row(None, Some(1), Some(1), one), "B0210 row 3, `arrival_s`: nothing, expected a plain decimal"),
        (row(Some(3), None, Some(1), one), "B0210 row 3, `cpu_units`: nothing, expected a whole number"),
        (
            row(Some(-4), Some(1), Some(1), one),
            "B0211 row 3, `arrival_s`: `-4`, expected a number that is not",
        ),
        (row(Some(2), Some(1), Some(1), one), "B0215 row 3, `arrival_s`: arrives at 2s after a row of 3s"),
        (row(Some(31_622_400_001), Some(1), Some(1), one), "B0212 row 3, `arrival_s`: "),
        (row(Some(3), Some(0), Some(1), one), "B0213 row 3, `cpu_units`: "),
        (row(Some(3), Some(1), Some(-1), one), "B0211 row 3, `memory_mib`: `-1`"),
        (row(Some(3), Some(1), Some(1), Some(0.0)), "B0213 row 3, `lifetime_s`: a lifetime of zero"),
        (
            row(Some(3), Some(1), Some(1), Some(1.0005)),
            "B0217 row 3, `lifetime_s`: `1.0005`, expected at most",
        ),
        (row(Some(3), Some(1), Some(1), Some(f64::NAN)), "B0210 row 3, `lifetime_s`: `NaN`"),
        (row(Some(3), Some(1), Some(1), Some(f64::INFINITY)), "B0210 row 3, `lifetime_s`: `inf`"),
        (row(Some(3), Some(1), Some(1), Some(-0.5)), "B0211 row 3, `lifetime_s`: `-0.5`"),
        (row(Some(3), Some(1), Some(1), Some(1e300)), "B0212 row 3, `lifetime_s`: `1000"),
    ] {
        assert!(found.starts_with(expected), "{found}, not {expected}");
    }
}

#[test]
fn a_second_is_taken_for_the_millisecond_that_it_is_near() {
    let seconds = [0.1 + 0.2, 1e-9, 2.000_000_9, 1_700_000_000.123];
    let columns = [
        Numbers::Int64(vec![Some(0); 4]),
        Numbers::Int32(vec![Some(1); 4]),
        Numbers::Int32(vec![Some(1); 4]),
        Numbers::Double(seconds.iter().map(|it| Some(it + 1.0)).collect()),
    ];
    let trace = read_bytes(&file(PLAIN, &columns)).unwrap();
    let found: Vec<u64> = trace.rows.iter().map(|row| row.lifetime.max.millis()).collect();
    assert_eq!(found, [1300, 1000, 3000, 1_700_000_001_123]);
}

#[test]
fn codecs_and_encryption_that_are_not_read_are_named() {
    for codec in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(ZstdLevel::default())] {
        let properties = WriterProperties::builder().set_compression(codec).build();
        assert!(read_bytes(&parquet_file(PLAIN, &plain_columns(), 1, properties)).is_ok(), "{codec:?}");
    }
    // In the footer the codec of a column stands behind its name: 1 is Snappy, 2 gzip,
    // and numbers are doubled.
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .build();
    let sound = parquet_file(PLAIN, &plain_columns(), 2, properties);
    let codec_after_path = |bytes: &[u8]| {
        let path = b"cpu_units\x15\x02";
        bytes.windows(path.len()).rposition(|it| it == path).unwrap() + path.len() - 1
    };
    let mut other = sound.clone();
    other[codec_after_path(&sound)] = 4;
    let (code, message) = fault(&other);
    assert_eq!((code, &message[..]), ("B0225", "values compressed by GZIP, expected ZSTD, SNAPPY or none"));

    let mut encrypted = sound.clone();
    let n_bytes = encrypted.len();
    encrypted[n_bytes - 4..].copy_from_slice(b"PARE");
    encrypted[..4].copy_from_slice(b"PARE");
    assert_eq!(fault(&encrypted).0, "B0225");
}

#[test]
fn what_is_no_whole_file_is_refused() {
    let sound = file(PLAIN, &plain_columns());
    let n_bytes = sound.len();
    let changed = |at: usize, bytes: &[u8]| {
        let mut changed = sound.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    for (bytes, part) in [
        (b"PAR1".to_vec(), "a Parquet file of 4 bytes"),
        (sound[..n_bytes - 1].to_vec(), "was it cut off?"),
        (changed(n_bytes - 4, b"PAR2"), "to `PAR2`"),
        (changed(n_bytes - 8, &u32::MAX.to_le_bytes()), "a footer of 4294967295 bytes"),
        (changed(n_bytes - 8, &0_u32.to_le_bytes()), "a footer that cannot be read"),
    ] {
        let (code, message) = fault(&bytes);
        assert_eq!(code, "B0224", "{message}");
        assert!(message.contains(part), "{message}");
    }
}

/// Numbers of rows are in the footer as 2: zigzag 4, behind the schema.
#[test]
fn a_footer_that_lies_about_its_rows_is_refused() {
    let sound = file(PLAIN, &plain_columns());
    let footer =
        sound.len() - 8 - u32::from_le_bytes(sound[sound.len() - 8..][..4].try_into().unwrap()) as usize;
    let mut n_refused = 0;
    for at in footer..sound.len() - 8 {
        if sound[at - 1] == 0x16 && sound[at] == 4 {
            // A list or a structure follows: longer numbers move it.
            let lie =
                [&sound[..at], &[0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F][..], &sound[at + 1..]].concat();
            let n_bytes = lie.len();
            let mut lie = lie;
            let length = (n_bytes - 8 - footer) as u32;
            lie[n_bytes - 8..n_bytes - 4].copy_from_slice(&length.to_le_bytes());
            let (code, message) = fault(&lie);
            assert!(code == "B0224" || code == "B0212", "{message}");
            n_refused += 1;
        }
    }
    assert!(n_refused >= 6, "{n_refused} numbers of rows");
}

#[test]
fn faults_are_found_in_all_batches_and_told_up_to_a_limit() {
    let n_rows = 3 * N_ROWS_A_BATCH + 5;
    let mut columns = [
        Numbers::Int64((0..n_rows as i64).map(Some).collect()),
        Numbers::Int32(vec![Some(1); n_rows]),
        Numbers::Int32(vec![Some(1); n_rows]),
        Numbers::Double(vec![Some(1.0); n_rows]),
    ];
    let read = |columns: &[Numbers]| {
        read_bytes(&parquet_file(PLAIN, columns, N_ROWS_A_BATCH + 100, WriterProperties::default()))
    };
    assert_eq!(read(&columns).unwrap().rows.len(), n_rows);
    let Numbers::Int32(cpu) = &mut columns[1] else { panic!("it is") };
    (cpu[7], cpu[2 * N_ROWS_A_BATCH]) = (Some(0), Some(-1));
    let Numbers::Int64(at) = &mut columns[0] else { panic!("it is") };
    at[N_ROWS_A_BATCH + 100] = Some(0);
    let found = read(&columns).unwrap_err();
    let found: Vec<_> = found.iter().map(|it| (it.place.as_ref().unwrap().line, it.code)).collect();
    let expected = [(8, "B0213"), (N_ROWS_A_BATCH + 101, "B0215"), (2 * N_ROWS_A_BATCH + 1, "B0211")];
    assert_eq!(found, expected.map(|(row, code)| (row as u64, code)));
    columns[1] = Numbers::Int32(vec![Some(0); n_rows]);
    let found = read(&columns).unwrap_err();
    assert_eq!((found.len(), found[20].code), (21, "B0200"));
}

/// A row as a test draws it, times in milliseconds.
const N_COLUMNS: usize = native::COLUMNS.len();
type Row = [Option<i64>; N_COLUMNS];

/// Some rows; in one file of three something in them is wrong.
fn draw(number: u64) -> (Vec<usize>, Vec<Row>) {
    let mut stream = Seed(5).stream(Domain::TieBreak, number);
    let is_range = stream.below(2) == 0;
    let mut present = vec![native::CPU, native::ARRIVAL, native::MEMORY];
    if is_range {
        present.extend([native::LIFETIME_MAX, native::LIFETIME_MIN]);
    } else {
        present.insert(1, native::LIFETIME);
    }
    for optional in [native::ARRIVAL_STEP, native::BATCH, native::COUNT, native::LIFETIME_STEP] {
        if stream.below(3) == 0 {
            present.insert(stream.below(present.len() as u64) as usize, optional);
        }
    }
    let n_rows = [0, 1, 3, 50, 5000][stream.below(5) as usize];
    let mut time = 0;
    let rows = (0..n_rows).map(|row| {
        time += stream.below(3) as i64 * stream.below(70_000) as i64;
        let longest = 1 + stream.below(90_000) as i64;
        let mut cells = [None; N_COLUMNS];
        cells[native::ARRIVAL] = Some(time);
        cells[native::ARRIVAL_STEP] = Some(300_000 * (stream.below(5) / 4) as i64);
        cells[native::BATCH] = Some(row / 3 + stream.below(2) as i64 * stream.below(1 << 40) as i64);
        cells[native::COUNT] = Some(1 + (stream.below(9) / 8) as i64);
        cells[native::CPU] = Some(1 + stream.below(4) as i64);
        cells[native::MEMORY] = Some(1 + stream.below(3) as i64);
        let is_open = stream.below(20) == 0;
        cells[native::LIFETIME] = (!is_open).then_some(longest);
        cells[native::LIFETIME_MAX] = (!is_open).then_some(longest);
        cells[native::LIFETIME_MIN] = Some(stream.below(longest as u64 + 1) as i64);
        cells[native::LIFETIME_STEP] = Some(1000 * (stream.below(4) / 3) as i64);
        cells
    });
    let mut rows: Vec<Row> = rows.collect();
    if stream.below(3) == 0 && !rows.is_empty() {
        for _ in 0..=stream.below(3) {
            let row = stream.below(rows.len() as u64) as usize;
            let column = stream.below(N_COLUMNS as u64) as usize;
            rows[row][column] = [None, Some(-1000), Some(0), Some(1 << 45)][stream.below(4) as usize];
        }
    }
    (present, rows)
}

fn csv_of(present: &[usize], rows: &[Row]) -> String {
    let names: Vec<&str> = present.iter().map(|it| native::COLUMNS[*it].name).collect();
    let mut text = names.join(",") + "\n";
    for row in rows {
        let cell = |column: &usize| match (row[*column], measure(*column)) {
            (None, _) => String::new(),
            (Some(it), Measure::Whole) => it.to_string(),
            (Some(it), Measure::Time) => {
                let sign = if it < 0 { "-" } else { "" };
                format!("{sign}{}.{:03}", it.abs() / 1000, it.abs() % 1000)
            }
        };
        text.push_str(&present.iter().map(cell).collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    text
}

fn parquet_of(number: u64, present: &[usize], rows: &[Row]) -> Vec<u8> {
    let mut stream = Seed(6).stream(Domain::TieBreak, number);
    let mut fields = String::new();
    let columns: Vec<Numbers> = present
        .iter()
        .map(|&column| {
            let numbers = || rows.iter().map(move |row| row[column]);
            let repetition = if numbers().all(|it| it.is_some()) && stream.below(2) == 0 {
                "REQUIRED"
            } else {
                "OPTIONAL"
            };
            let name = native::COLUMNS[column].name;
            let fits = numbers().flatten().all(|it| i32::try_from(it).is_ok());
            let (kind, numbers) = match (measure(column), stream.below(4)) {
                (Measure::Time, 0) => {
                    let seconds = numbers().map(|it| it.map(|it| it as f64 / 1000.0)).collect();
                    (format!("DOUBLE {name}"), Numbers::Double(seconds))
                }
                (Measure::Time, 1) if fits => {
                    let numbers = numbers().map(|it| it.map(|it| it as i32)).collect();
                    (format!("INT32 {name} (DECIMAL(9,3))"), Numbers::Int32(numbers))
                }
                (Measure::Time, _) => {
                    (format!("INT64 {name} (DECIMAL(18,3))"), Numbers::Int64(numbers().collect()))
                }
                (Measure::Whole, it @ 0..2) if fits => {
                    let of = if it == 0 { "" } else { " (INTEGER(32,true))" };
                    let numbers = numbers().map(|it| it.map(|it| it as i32)).collect();
                    (format!("INT32 {name}{of}"), Numbers::Int32(numbers))
                }
                (Measure::Whole, _) => (format!("INT64 {name}"), Numbers::Int64(numbers().collect())),
            };
            fields.push_str(&format!("{repetition} {kind}; "));
            numbers
        })
        .collect();
    let codec = [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(ZstdLevel::default())];
    let version = [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0];
    let builder = WriterProperties::builder()
        .set_compression(codec[stream.below(3) as usize])
        .set_writer_version(version[stream.below(2) as usize])
        .set_data_page_row_count_limit([100, 20_000][stream.below(2) as usize])
        .set_dictionary_enabled(stream.below(2) == 0);
    let n_rows_a_group = [1, 70, 4100, 1 << 20][stream.below(4) as usize];
    let n_rows_a_group = if rows.len() > 1000 { n_rows_a_group.max(700) } else { n_rows_a_group };
    parquet_file(&fields, &columns, n_rows_a_group, builder.build())
}

/// The faults as row, column and code.
fn told(found: &[Diagnostic], first_line: u64) -> Vec<(u64, usize, &'static str)> {
    let told = |it: &Diagnostic| {
        let place = it.place.as_ref()?;
        let before = place.text.chars().take(place.column as usize - 1);
        Some((place.line - first_line, before.filter(|it| *it == ',').count(), it.code))
    };
    found.iter().filter_map(told).collect()
}

#[test]
fn both_forms_mean_the_same() {
    let (mut n_sound, mut n_faulty) = (0, 0);
    for number in 0..250 {
        let (present, rows) = draw(number);
        let text = csv_of(&present, &rows);
        let bytes = parquet_of(number, &present, &rows);
        match (read_csv(&text), read_bytes(&bytes)) {
            (Ok(one), Ok(other)) => {
                assert_eq!(one, other, "file {number}");
                let mut written = Vec::new();
                write(&one, &mut written).unwrap();
                assert_eq!(read_bytes(&written).unwrap(), one, "file {number}, written again");
                n_sound += 1;
            }
            (Err(one), Err(other)) => {
                assert_eq!(told(&one, 1), told(&other, 0), "file {number}: {one:?} {other:?}");
                n_faulty += 1;
            }
            (one, other) => panic!("file {number}: {one:?}, but {other:?}\n{text}"),
        }
    }
    assert!(n_sound > 100 && n_faulty > 30, "{n_sound} {n_faulty}");
}

#[test]
fn all_encodings_that_writers_use_are_read() {
    for encoding in [Encoding::PLAIN, Encoding::DELTA_BINARY_PACKED, Encoding::BYTE_STREAM_SPLIT] {
        let fields = PLAIN.replace("DOUBLE lifetime_s", "INT64 lifetime_s (DECIMAL(18,3))");
        let mut columns = plain_columns();
        columns[3] = Numbers::Int64(vec![Some(1500), None]);
        let builder = WriterProperties::builder().set_dictionary_enabled(false).set_encoding(encoding);
        let trace = read_bytes(&parquet_file(&fields, &columns, 2, builder.build())).unwrap();
        assert_eq!(trace, read_bytes(&file(PLAIN, &plain_columns())).unwrap(), "{encoding}");
    }
}
