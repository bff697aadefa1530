//! Instructions of small kernels, counted by Callgrind under Gungraun: the same
//! number every time, however busy the machine is. Each kernel has a budget in
//! `instructions.toml`; three percent above it the bench fails.
//!
//! What a kernel works on is made before the counting begins and dropped after
//! it ended. Each asserts a digest of what it computed. `benches/README.md` says
//! how to renew a budget.

#![allow(missing_docs, reason = "what the macros make has none")]

use std::fs;
use std::hint::black_box;

use berthlab::base::id::{InstanceId, TaskId};
use berthlab::base::{Seed, SimDuration, SimTime};
use berthlab::bounds::floor::Floor;
use berthlab::bounds::problem::{Class, Kind, Problem};
use berthlab::metrics::METRICS;
use berthlab::model::options::TieBreak;
use berthlab::model::task::Epoch;
use berthlab::placement::PlacementIndex;
use berthlab::record::{ClusterReading, Ledger, Recorder, RunRecord, ServiceReading};
use berthlab::sim::EventQueue;
use berthlab::sim::event::Event;
use berthlab::trace::{OneThread, Trace, formats};
use gungraun::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};

#[path = "support/bed.rs"]
mod bed;
#[path = "support/played.rs"]
mod played;
mod support;
use bed::{Bed, Chooser, Links};
use played::{Played, tasks_on_a_pool, trace};
use support::{Digest, Draws};

const BUDGETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.toml");

/// The C library chooses its copying loops by the processor and the size of its
/// caches: these settings make the choice the same on all of them.
const C_LIBRARY: &str = "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-AVX512VL,-ERMS,-FSRM:\
                         glibc.cpu.x86_non_temporal_threshold=0x1000000:\
                         glibc.cpu.x86_rep_movsb_threshold=0x1000000:\
                         glibc.cpu.x86_rep_stosb_threshold=0x1000000";

/// A kernel with its budget; one that has none yet is counted only.
fn budget(kernel: &str) -> LibraryBenchmarkConfig {
    let text = fs::read_to_string(BUDGETS).unwrap_or_else(|error| panic!("{BUDGETS}: {error}"));
    let file: toml::Table = text.parse().unwrap_or_else(|error| panic!("{BUDGETS}: {error}"));
    let number = |it: &toml::Value| u64::try_from(it.as_integer()?).ok();
    let percent = file.get("tolerance_percent").and_then(number).expect("a tolerance in percent");
    let budget = file.get("instructions").and_then(|it| it.get(kernel)).and_then(number);
    let mut callgrind = Callgrind::with_args(["--cache-sim=no"]);
    if let Some(budget) = budget {
        callgrind.hard_limits([(EventKind::Ir, budget + budget * percent / 100)]);
    }
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind).env("GLIBC_TUNABLES", C_LIBRARY);
    config
}

/// So many pending, drawn like tasks that live for an hour.
fn queue(n_pending: u32) -> (EventQueue, Draws) {
    let (mut queue, mut draws) = (EventQueue::new(), Draws::new(1));
    for number in 0..n_pending {
        schedule(&mut queue, &mut draws, SimTime::ZERO, number);
    }
    (queue, draws)
}

fn schedule(queue: &mut EventQueue, draws: &mut Draws, now: SimTime, number: u32) {
    let at = now + SimDuration::from_millis(draws.exponential(3_600_000));
    let (task, epoch) = (TaskId::new(number), Epoch(0));
    queue.schedule(
        at,
        match number % 3 {
            0 => Event::TaskFinished(task, epoch),
            1 => Event::TaskStopped(task, epoch),
            _ => Event::TaskStarted(task, epoch),
        },
    );
}

const fn number_of(event: Event) -> u64 {
    match event {
        Event::TaskFinished(task, _) | Event::TaskStopped(task, _) | Event::TaskStarted(task, _) => {
            task.number() as u64
        }
        _ => u64::MAX,
    }
}

/// The earliest is taken and one is scheduled, 20,000 times.
fn hold((mut queue, mut draws): (EventQueue, Draws), expected: u64) -> EventQueue {
    let mut digest = Digest::new();
    for number in 0..20_000 {
        let (now, event) = queue.pop().expect("as many are pending as before");
        digest.add(number_of(event));
        schedule(&mut queue, &mut draws, now, number);
    }
    check("hold", digest.value(), expected);
    queue
}

#[track_caller]
fn check(what: &str, digest: u64, expected: u64) {
    assert!(digest == expected, "{what} is computed as it was: {digest:#018x}, not {expected:#018x}");
}

#[library_benchmark(config = budget("queue_of_1_thousand"))]
#[bench::it(args = (1_000), setup = queue)]
fn queue_of_1_thousand(queue: (EventQueue, Draws)) -> EventQueue {
    hold(black_box(queue), 0x7d02_8aac_6c46_4786)
}

#[library_benchmark(config = budget("queue_of_100_thousand"))]
#[bench::it(args = (100_000), setup = queue)]
fn queue_of_100_thousand(queue: (EventQueue, Draws)) -> EventQueue {
    hold(black_box(queue), 0xf8ac_01d9_90be_ae75)
}

// A thousand events of each moment, of three kinds, scheduled while it lasts.
#[library_benchmark(config = budget("queue_at_one_moment"))]
#[bench::it(args = (1_000), setup = queue)]
fn queue_at_one_moment((mut queue, _): (EventQueue, Draws)) -> EventQueue {
    let mut digest = Digest::new();
    let (mut now, mut number) = (SimTime::ZERO, 0);
    for _ in 0..20 {
        now = now + SimDuration::from_secs(5);
        for _ in 0..1_000 {
            let (task, epoch) = (TaskId::new(number), Epoch(0));
            let event = match number % 3 {
                0 => Event::TaskStarted(task, epoch),
                1 => Event::TaskStopped(task, epoch),
                _ => Event::TaskFinished(task, epoch),
            };
            queue.schedule(now, event);
            number += 1;
        }
        while queue.peek().is_some_and(|it| it.0 <= now) {
            digest.add(number_of(queue.pop().expect("one was seen").1));
        }
    }
    check("events of a moment", digest.value(), 0x9ff4_fdf4_9e07_3b8f);
    queue
}

const BINPACK: Links = &[("binpack", Some("cpu"))];
const RANDOM: Links = &[("random", None)];
const SPREAD: Links = &[("spread", Some("attribute:ecs.availability-zone")), ("spread", Some("instanceId"))];

/// A hundred instances, filled by the index, and what decides from then on.
fn indexed(links: Links) -> Bed {
    Bed::filled(links, TieBreak::Random, 100, Chooser::Index(Box::new(PlacementIndex::new())))
}

fn scanned(links: Links) -> Bed {
    let mut bed = indexed(links);
    bed.chooser = Chooser::Scan;
    bed
}

/// One for which it is decided already what the next 2,000 placements are.
fn decided() -> Bed {
    let mut bed = indexed(BINPACK);
    let mut ahead = bed.clone();
    let mut chosen: Vec<InstanceId> = (0..2_000).map(|_| ahead.turn_over()).collect();
    chosen.reverse();
    bed.chooser = Chooser::Replay(chosen);
    bed
}

/// Digests of `placement.rs`, which decides the same.
const OF_BINPACK: u64 = 0x87c3_3424_3498_6306;
const OF_RANDOM: u64 = 0xe453_69ef_bd73_9058;
const OF_SPREAD: u64 = 0x5f89_a23c_2a27_b298;

/// A task is stopped and another placed, 2,000 times.
fn turned_over(bed: &mut Bed, expected: u64) {
    let mut digest = Digest::new();
    for _ in 0..2_000 {
        digest.add(bed.turn_over().number().into());
    }
    check("placement", digest.value(), expected);
}

#[library_benchmark(config = budget("binpack_by_scan"))]
#[bench::it(scanned(BINPACK))]
fn binpack_by_scan(mut bed: Bed) -> Bed {
    turned_over(black_box(&mut bed), OF_BINPACK);
    bed
}

#[library_benchmark(config = budget("random_by_scan"))]
#[bench::it(scanned(RANDOM))]
fn random_by_scan(mut bed: Bed) -> Bed {
    turned_over(black_box(&mut bed), OF_RANDOM);
    bed
}

#[library_benchmark(config = budget("spread_by_scan"))]
#[bench::it(scanned(SPREAD))]
fn spread_by_scan(mut bed: Bed) -> Bed {
    turned_over(black_box(&mut bed), OF_SPREAD);
    bed
}

#[library_benchmark(config = budget("binpack_by_index"))]
#[bench::it(indexed(BINPACK))]
fn binpack_by_index(mut bed: Bed) -> Bed {
    turned_over(black_box(&mut bed), OF_BINPACK);
    bed
}

#[library_benchmark(config = budget("random_by_index"))]
#[bench::it(indexed(RANDOM))]
fn random_by_index(mut bed: Bed) -> Bed {
    turned_over(black_box(&mut bed), OF_RANDOM);
    bed
}

#[library_benchmark(config = budget("spread_by_index"))]
#[bench::it(indexed(SPREAD))]
fn spread_by_index(mut bed: Bed) -> Bed {
    turned_over(black_box(&mut bed), OF_SPREAD);
    bed
}

// The tables alone: where tasks go is known.
#[library_benchmark(config = budget("cluster_stop_and_place"))]
#[bench::it(decided())]
fn cluster_stop_and_place(mut bed: Bed) -> Bed {
    turned_over(black_box(&mut bed), OF_BINPACK);
    bed
}

fn recorder() -> Recorder {
    let day = SimDuration::from_secs(86_400);
    Recorder::new(day, SimDuration::ZERO, ["web".to_owned()])
}

// A reading of the cluster and one of a service each two seconds, a placement
// with each.
#[library_benchmark(config = budget("recorder_readings"))]
#[bench::it(recorder())]
fn recorder_readings(mut recorder: Recorder) -> RunRecord {
    for number in 0..20_000_u32 {
        let now = SimTime::from_secs(2 * u64::from(number));
        let n = u64::from(number % 97);
        let cluster = ClusterReading {
            n_instances: 100 + n % 7,
            n_in_use: 90 + n % 7,
            lower_bound: 80 + n % 5,
            n_waiting: n % 3,
            n_placed: 1_000 + n,
            reserved_cpu: 1_024 * n,
            reserved_memory: 4_096 * n,
            registered_cpu: 16_384 * 100,
            registered_memory: 65_536 * 100,
        };
        recorder.tasks().submitted += 1;
        recorder.cluster(now, cluster);
        let healthy = 90 + number % 11;
        let service = ServiceReading { desired: 100, healthy, tasks: 100, minimum: 95, ..Default::default() };
        recorder.service(now, 0, service);
        recorder.task_placed(SimTime::from_secs(u64::from(number)), now);
    }
    let record = recorder.finish(0, 0, Ledger::default());
    check("readings", record.reserved_cpu_ms ^ record.services[0].available_ms, 0x0000_0284_a316_95b0);
    record
}

/// Sixteen classes of tasks on three kinds of instances.
fn floor() -> Floor {
    let class = |number: u64| Class {
        needs: [256 << (number % 4), 512 << (number % 5), u64::from(number.is_multiple_of(8)), 0, 0],
        ports: Vec::new(),
        apart: None,
    };
    let kind = |(cpu, memory, price)| Kind { capacity: [cpu, memory, 4, 94, 0], pico_usd_per_hour: price };
    let kinds = [
        (4_096, 15_600, 192_000_000_000),
        (8_192, 31_500, 384_000_000_000),
        (8_192, 63_000, 504_000_000_000),
    ];
    Floor::new(&Problem { classes: (0..16).map(class).collect(), kinds: kinds.map(kind).to_vec() })
}

// A task comes or goes, and both bounds are read.
#[library_benchmark(config = budget("floor_updates"))]
#[bench::it(floor())]
fn floor_updates(mut floor: Floor) -> Floor {
    let mut digest = Digest::new();
    for number in 0..20_000_usize {
        floor.add(number * 7 % 16, 1);
        if number >= 1_000 {
            floor.add((number - 1_000) * 7 % 16, -1);
        }
        digest.add(floor.instances().value);
        digest.add(floor.pico_usd_per_hour().value);
    }
    check("bounds", digest.value(), 0xf5d6_b878_fcb7_fb33);
    floor
}

/// Three services on managed scaling, released and scaled, with images.
const SERVICES: &str = r#"
name = "services"
horizon = "8h"
[cluster]
[[cluster.capacity_provider]]
name = "general"
instance_type = "m6i.4xlarge"
min_size = 3
max_size = 100
[[service]]
name = "web"
task_definition = { cpu = 1024, memory = 2048 }
desired_count = 60
release = [{ at = "1h", image = "web:2" }, { at = "3h", image = "web:3" }, { at = "5h", image = "web:4" }]
[[service]]
name = "api"
task_definition = { cpu = 512, memory = 1024 }
desired_count = 40
deployment_configuration = "50/100"
release = [{ at = "2h", image = "api:2" }, { at = "4h", image = "api:3" }, { at = "6h", image = "api:4" }]
[[service]]
name = "checkout"
task_definition = { cpu = 2048, memory = 4096 }
desired_count = 20
release = [{ at = "90m", image = "checkout:2" }, { at = "150m", image = "checkout:3" }]
"#;

fn services() -> Played {
    Played::read(SERVICES, &[])
}

fn run(played: &Played, expected: u64) -> RunRecord {
    let record = black_box(played).run();
    check("a run", record.digest ^ record.placement_digest ^ record.instance_ms, expected);
    record
}

#[library_benchmark(config = budget("run_of_tasks"))]
#[bench::it(args = (300, 5_000, "0s"), setup = tasks_on_a_pool)]
fn run_of_tasks(played: Played) -> (Played, RunRecord) {
    let record = run(&played, 0xf59d_e198_e721_07f5);
    (played, record)
}

#[library_benchmark(config = budget("run_of_services"))]
#[bench::it(services())]
fn run_of_services(played: Played) -> (Played, RunRecord) {
    let record = run(&played, 0x7022_b837_bc94_a4d0);
    (played, record)
}

fn rows() -> String {
    trace(1_000, 20_000).0
}

// Rows of a file to the arrivals of a seed.
#[library_benchmark(config = budget("rows_to_arrivals"))]
#[bench::it(rows())]
fn rows_to_arrivals(text: String) -> (String, Trace, usize) {
    let format = formats::find("berthlab").expect("a format of the list");
    let trace = (format.read)(&mut text.as_bytes(), "kernel.csv", &OneThread).expect("a sound file");
    let n = trace.arrivals(Seed(1), true, SimDuration::from_secs(86_400)).len();
    assert!(n == 20_000, "a task a row");
    (text, trace, n)
}

// Every metric of a record, a hundred times.
#[library_benchmark(config = budget("metrics_of_a_record"))]
#[bench::it(services().run())]
fn metrics_of_a_record(record: RunRecord) -> (RunRecord, u64) {
    let mut n_known = 0;
    for _ in 0..100 {
        let record = black_box(&record);
        n_known += METRICS.iter().filter(|it| black_box((it.of)(record)).is_some()).count() as u64;
    }
    assert!(n_known > 5_000, "most metrics of the run are known: {n_known}");
    (record, n_known)
}

library_benchmark_group!(
    name = kernels,
    benchmarks = [
        queue_of_1_thousand,
        queue_of_100_thousand,
        queue_at_one_moment,
        binpack_by_scan,
        random_by_scan,
        spread_by_scan,
        binpack_by_index,
        random_by_index,
        spread_by_index,
        cluster_stop_and_place,
        recorder_readings,
        floor_updates,
        run_of_tasks,
        run_of_services,
        rows_to_arrivals,
        metrics_of_a_record
    ]
);
main!(library_benchmark_groups = kernels);
