//! Rows per second of the readers, arrivals per second of a trace, tasks per
//! second of a profile. Every piece of work has a digest that is asserted, so the
//! bench neither rots nor measures nothing; `cargo bench --bench trace -- --test`
//! checks the digests only.

use std::fmt::Write as _;
use std::hint::black_box;

use berthlab::base::{Seed, SimDuration};
use berthlab::experiment::profile::Profile;
use berthlab::model::arrivals::Arrivals;
use berthlab::trace::formats::find;
use berthlab::trace::{OneThread, TaskProfile, Trace, native, native_parquet};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

mod support;

/// Enough that a reader is past its start; read in some milliseconds.
const N_ROWS: u64 = 100_000;
const WEEK: SimDuration = SimDuration::from_secs(7 * 86_400);

/// A file in the project's own form, made by arithmetic alone.
fn native_file() -> String {
    let mut text = "arrival_s,batch,count,cpu_units,memory_mib,lifetime_s\n".to_owned();
    for row in 0..N_ROWS {
        let (batch, count) = (row / 3, 1 + row % 5);
        let (cpu, memory) = (256 << (row % 4), 512 << (row % 3));
        let lifetime = 1 + row * 7919 % 90_000;
        let arrival = (row / 3 * 5, row / 3 % 1000);
        writeln!(text, "{}.{:03},{batch},{count},{cpu},{memory},{lifetime}", arrival.0, arrival.1)
            .expect("a string takes what is written");
    }
    text
}

/// A file in the form of the Azure trace.
fn azure_file() -> String {
    let mut text =
        "time_s,tenant_batch,count,vcpus,memory_gb,lifetime_min_s,lifetime_max_s,still_running\n".to_owned();
    for row in 0..N_ROWS {
        let time = 1_800_000 + row / 120 * 300;
        let (vcpus, memory) = [(1, "1.75"), (2, "3.5"), (4, "7"), (1, "0.75")][(row % 4) as usize];
        let (min, max) = [(300, 300), (3900, 7200), (0, 0)][(row % 3) as usize];
        let is_running = u64::from(row % 20 == 0);
        writeln!(text, "{time},{},{},{vcpus},{memory},{min},{max},{is_running}", row / 2, 1 + row % 3)
            .expect("a string takes what is written");
    }
    text
}

/// The file in the project's own form, as Parquet.
fn parquet_file() -> Vec<u8> {
    let mut bytes = Vec::new();
    native_parquet::write(&read("berthlab", native_file().as_bytes()), &mut bytes)
        .expect("a vector takes what is written");
    bytes
}

fn read(format: &str, mut bytes: &[u8]) -> Trace {
    let format = find(format).expect("a format of the list");
    (format.read)(&mut bytes, "bench.csv", &OneThread).expect("a sound file")
}

fn profile() -> Box<TaskProfile> {
    let text = include_str!("../workloads/profiles/azure-vm-2017.toml");
    match Profile::read(text, "azure-vm-2017.toml") {
        Ok(Profile::Tasks(profile)) => profile,
        other => panic!("a profile of tasks, not {other:?}"),
    }
}

fn digest_of_trace(trace: &Trace) -> u64 {
    let mut hasher = blake3::Hasher::new();
    native::write(trace, &mut hasher).expect("a hasher takes what is written");
    short(&hasher)
}

fn digest_of_arrivals(arrivals: &Arrivals) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for it in arrivals.iter() {
        hasher.update(&it.at.millis().to_le_bytes());
        hasher.update(&it.lifetime.millis().to_le_bytes());
        hasher.update(&it.definition.number().to_le_bytes());
        hasher.update(&it.batch.to_le_bytes());
    }
    short(&hasher)
}

fn short(hasher: &blake3::Hasher) -> u64 {
    let bytes = hasher.finalize();
    u64::from_be_bytes(bytes.as_bytes()[..8].try_into().expect("eight bytes"))
}

fn traces(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("trace");
    for (name, bytes, expected) in [
        ("berthlab", native_file().into_bytes(), 0x6fd4_5d15_69ee_c78e),
        ("berthlab-parquet", parquet_file(), 0x6fd4_5d15_69ee_c78e),
        ("azure-vm-2017", azure_file().into_bytes(), 0x6333_b6e7_39bc_242d),
    ] {
        support::check(name, digest_of_trace(&read(name, &bytes)), expected);
        group.throughput(Throughput::Elements(N_ROWS));
        group.bench_function(format!("read {name}, rows"), |bencher| {
            bencher.iter(|| read(name, black_box(&bytes)));
        });
    }

    let trace = read("azure-vm-2017", azure_file().as_bytes());
    let arrivals = trace.arrivals(Seed(1), true, WEEK);
    support::check("arrivals", digest_of_arrivals(&arrivals), 0xa30c_ec20_4dd0_8a57);
    group.throughput(Throughput::Elements(arrivals.len() as u64));
    group.bench_function("arrivals, tasks", |bencher| {
        bencher.iter_batched(|| Seed(1), |seed| trace.arrivals(seed, true, WEEK), BatchSize::LargeInput);
    });

    let profile = profile();
    let day = SimDuration::from_secs(86_400);
    let drawn = profile.generate(Seed(1), day, 0.1);
    support::check("drawn", digest_of_trace(&drawn), 0xcc85_9e3e_af02_019d);
    group.throughput(Throughput::Elements(drawn.n_tasks()));
    group.bench_function("generate, tasks", |bencher| {
        bencher.iter(|| profile.generate(black_box(Seed(1)), day, 0.1));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = support::in_seconds(1, 3);
    targets = traces
}
criterion_main!(benches);
