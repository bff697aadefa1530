//! Traces as Parquet files: on the command line, in experiments, and when somebody
//! has damaged them.

use std::fs;
use std::sync::{Arc, Mutex};

use berthlab::base::{Domain, Seed};
use berthlab::trace::{Input, OneThread, ReadAt, ReadError, Trace, native, native_parquet, read_recognised};

use parquet::basic::{Repetition, Type as PhysicalType};
use parquet::data_type::Int64Type;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use crate::support::{Bench, SMALL, TRACE};

/// The file of the small experiment in the other form.
fn as_parquet(text: &str) -> Vec<u8> {
    let trace = native::read(&mut text.as_bytes(), "t.csv").expect("a sound trace");
    let mut bytes = Vec::new();
    native_parquet::write(&trace, &mut bytes).expect("a vector takes what is written");
    bytes
}

fn read(mut bytes: &[u8]) -> Result<Trace, ReadError> {
    read_recognised(&mut bytes, "t.parquet", &OneThread).map(|it| it.1)
}

#[test]
fn every_command_takes_either_form() {
    let bench = Bench::new();
    let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/profiles/azure-vm-2017.toml");
    let arguments = ["trace", "generate", profile, "--horizon", "12h", "--scale", "0.05", "-o"];
    bench.run_well(&[&arguments[..], &["one.csv"]].concat());
    bench.run_well(&[&arguments[..], &["one.parquet"]].concat());
    assert!(fs::read(bench.path("one.parquet")).unwrap().starts_with(b"PAR1"));
    bench.run_well(&["trace", "import", "berthlab", "one.csv", "-o", "two.PARQUET"]);
    assert_eq!(fs::read(bench.path("one.parquet")).unwrap(), fs::read(bench.path("two.PARQUET")).unwrap());
    bench.run_well(&["trace", "import", "berthlab-parquet", "two.PARQUET", "-o", "two.csv"]);
    assert_eq!(bench.read("one.csv"), bench.read("two.csv"));

    // The name does not say what a file is.
    fs::copy(bench.path("one.parquet"), bench.path("three.csv")).unwrap();
    let described =
        ["one.csv", "one.parquet", "three.csv"].map(|file| bench.run_well(&["trace", "describe", file]).out);
    assert!(described[0].contains("tasks") && described.iter().all(|it| *it == described[0]));
    for file in ["one.csv", "one.parquet"] {
        bench.run_well(&["trace", "fit", file, "-o", &format!("{file}.toml")]);
    }
    let fitted = ["one.csv.toml", "one.parquet.toml"].map(|it| bench.read(it).replace("parquet", "csv"));
    assert_eq!(fitted[0], fitted[1]);
    assert_eq!(bench.run_well(&["check", "one.parquet", "three.csv"]).out, "2 files without fault\n");
    assert!(bench.run_well(&["list", "formats"]).out.contains("berthlab-parquet"));
}

/// Two rows that are not in the order of time.
fn unsorted() -> Vec<u8> {
    let names = ["arrival_s", "cpu_units", "memory_mib", "lifetime_s"];
    let field = |name: &&str| {
        let builder = Type::primitive_type_builder(name, PhysicalType::INT64);
        Arc::new(builder.with_repetition(Repetition::REQUIRED).build().unwrap())
    };
    let schema = Type::group_type_builder("trace").with_fields(names.iter().map(field).collect());
    let schema = Arc::new(schema.build().unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for numbers in [[5, 1], [1, 1], [1, 1], [1, 1]] {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&numbers, None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn a_fault_is_told_with_its_row() {
    let bench = Bench::new();
    let bytes = as_parquet(TRACE);
    fs::write(bench.path("cut.parquet"), &bytes[..bytes.len() - 9]).unwrap();
    let outcome = bench.run(&["trace", "describe", "cut.parquet"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.err);
    for part in ["error[B0224]", "cut.parquet:1:1", "was it cut off?"] {
        assert!(outcome.err.contains(part), "{}", outcome.err);
    }
    // It is no file of another format either, and nothing is left behind.
    fs::write(bench.path("t.csv"), &bytes).unwrap();
    let outcome = bench.run(&["trace", "import", "vm-requests", "t.csv", "-o", "u.csv"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.err);
    assert!(!bench.has("u.csv"));
    fs::write(bench.path("unsorted.parquet"), unsorted()).unwrap();
    let outcome = bench.run(&["check", "unsorted.parquet"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.err);
    for part in [
        "error[B0215]: row 2, `arrival_s`: arrives at 1s after a row of 5s",
        "unsorted.parquet:2:1",
        "1,1,1,1",
    ] {
        assert!(outcome.err.contains(part), "{}", outcome.err);
    }
}

#[test]
fn results_are_the_same_bytes_from_either_form_on_any_number_of_threads() {
    let bench = Bench::with_small();
    fs::write(bench.path("trace.parquet"), as_parquet(TRACE)).unwrap();
    let named = SMALL.replace("trace.csv", "trace.parquet");
    bench.write("parquet.toml", &named);
    bench.write("named.toml", named.replace("[cluster]\n", "format = \"berthlab-parquet\"\n[cluster]\n"));
    let results =
        [("small", "1"), ("parquet", "1"), ("parquet", "4"), ("named", "2")].map(|(name, threads)| {
            let out = format!("{name}-{threads}");
            let file = format!("{name}.toml");
            bench.run_well(&["run", &file, "--out", &out, "-j", threads, "--format", "csv"]);
            ["results.csv", "results.parquet", "series.parquet"]
                .map(|it| fs::read(bench.path(&format!("{out}/{it}"))).unwrap())
        });
    assert!(results[0][0].len() > 1000);
    assert!(results.iter().all(|it| *it == results[0]));
}

/// A trace with all kinds of columns, in a file of a few hundred bytes.
fn small_files() -> [Vec<u8>; 2] {
    let whole = "arrival_s,arrival_step_s,batch,count,cpu_units,memory_mib,lifetime_min_s,lifetime_max_s,lifetime_step_s
0,300,7,2,1024,1792,0,300,300
0.5,0,7,1,256,512,7.25,,0
9,0,3,1,256,512,7.25,8,0
";
    [as_parquet(TRACE), as_parquet(whole)]
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused() {
    for sound in small_files() {
        for n_bytes in 1..sound.len() {
            match read(&sound[..n_bytes]) {
                Err(ReadError::Content(found)) => {
                    assert!(!found.is_empty() && found.iter().all(|it| it.place.is_some()), "{n_bytes}");
                    // Less than the first bytes are those of no format.
                    assert!(n_bytes < 4 || found[0].code == "B0224", "{n_bytes}: {}", found[0]);
                }
                other => panic!("{n_bytes} bytes were read as {other:?}"),
            }
        }
    }
}

#[test]
fn a_damaged_file_is_read_or_refused_in_bounded_memory() {
    let sound = small_files();
    let mut stream = Seed(12).stream(Domain::TieBreak, 0);
    let (mut n_refused, mut n_read) = (0, 0);
    for round in 0..40_000 {
        let mut bytes = sound[round % 2].clone();
        for _ in 0..=stream.below(3) {
            let at = stream.below(bytes.len() as u64) as usize;
            bytes[at] = match stream.below(3) {
                0 => stream.below(256) as u8,
                1 => bytes[at] ^ (1 << stream.below(8)),
                _ => [0, 1, 0x7F, 0x80, 0xFF][stream.below(5) as usize],
            };
        }
        let mut outcome = None;
        let taken = allocation_counter::measure(|| outcome = Some(read(&bytes)));
        assert!(taken.bytes_max < 256 << 20, "round {round}: {} bytes", taken.bytes_max);
        match outcome.expect("it was read") {
            Ok(_) => n_read += 1,
            Err(ReadError::Content(found)) => {
                n_refused += 1;
                let has_place = |it: &berthlab::base::Diagnostic| it.place.is_some() || it.code == "B0200";
                assert!(!found.is_empty() && found.iter().all(has_place), "round {round}: {found:?}");
            }
            Err(ReadError::Io(error)) => panic!("round {round}: {error}"),
        }
    }
    assert!(n_refused > 10_000 && n_read > 1000, "{n_refused} {n_read}");
}

/// A file that can be read from anywhere, and tells how much of it was.
struct Watched<'a> {
    start: &'a [u8],
    bytes: Arc<WatchedBytes>,
}

struct WatchedBytes {
    bytes: Vec<u8>,
    longest: Mutex<usize>,
}

impl ReadAt for WatchedBytes {
    fn n_bytes(&self) -> u64 {
        self.bytes.n_bytes()
    }

    fn read_at(&self, start: u64, room: &mut [u8]) -> std::io::Result<()> {
        let mut longest = self.longest.lock().unwrap();
        *longest = room.len().max(*longest);
        self.bytes.read_at(start, room)
    }
}

impl std::io::Read for Watched<'_> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        self.start.read(room)
    }
}

impl std::io::BufRead for Watched<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.start.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.start.consume(n);
    }
}

impl Input for Watched<'_> {
    fn anywhere(&mut self) -> std::io::Result<Option<Arc<dyn ReadAt>>> {
        Ok(Some(self.bytes.clone()))
    }
}

#[test]
fn no_more_of_a_file_is_held_than_a_page_of_each_column() {
    let mut text = "arrival_s,cpu_units,memory_mib,lifetime_s\n".to_owned();
    let mut stream = Seed(1).stream(Domain::TieBreak, 1);
    for row in 0..300_000 {
        text.push_str(&format!("{row},{},512,{}\n", 1 + stream.below(60_000), 1 + stream.below(1 << 30)));
    }
    let trace = native::read(&mut text.as_bytes(), "t.csv").unwrap();
    let bytes = as_parquet(&text);
    assert!(bytes.len() > 1 << 20);
    let watched = Arc::new(WatchedBytes { bytes, longest: Mutex::new(0) });
    let mut input = Watched { start: &watched.bytes[..100], bytes: watched.clone() };
    let read = read_recognised(&mut input, "t.parquet", &OneThread).unwrap().1;
    assert_eq!(read, trace);
    let longest = *watched.longest.lock().unwrap();
    assert!(longest < watched.bytes.len() / 2, "{longest} bytes at once of {}", watched.bytes.len());
}
