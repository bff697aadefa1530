//! Events per second through whole runs, on workloads made in memory: a group
//! of instances under managed scaling with stand-alone tasks and three services
//! that are released again and again, and a fixed pool somewhat too small, so that
//! calls are retried. Reading, drawing and writing are not part of it.

use std::hint::black_box;
use std::sync::Arc;

use berthlab::base::id::{CapacityProviderId, Id as _, InstanceTypeId, ServiceId, TaskDefinitionId, ZoneId};
use berthlab::base::{CpuUnits, MemoryMib, Money, Seed, SimDuration, SimTime, Table};
use berthlab::disruption::instance_failure::Lifetime;
use berthlab::disruption::{Disruption, Kind, Scope};
use berthlab::model::capacity::{CapacityProvider, ManagedScaling, Scaling};
use berthlab::model::instance::InstanceType;
use berthlab::model::options::{ModelOptions, TieBreak};
use berthlab::model::price::DatedPrice;
use berthlab::model::service::DeploymentBounds;
use berthlab::model::task::{Needs, TaskDefinition};
use berthlab::model::workload::{ServiceChange, ServiceChangeKind, ServiceStart, TaskArrival, Workload};
use berthlab::placement::Chain;
use berthlab::placement::strategies::binpack::Binpack;
use berthlab::sim::setup::{Placement, ServicePolicy, StandalonePolicy, Unplaced};
use berthlab::sim::{self, Setup};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

mod support;
use support::{Digest, Draws};

const HOUR: SimDuration = SimDuration::from_secs(3600);
const PROVIDER: CapacityProviderId = CapacityProviderId::new(0);

/// How long the run of the digest is, and the one that is measured; tasks arrive
/// at the same rate in both.
const SHORT_H: u64 = 3;
const LONG_H: u64 = 24;
/// 20,000 in a day.
const TASKS_PER_HOUR: u64 = 833;

/// CPU units and MiB of stand-alone tasks.
const NEEDS: [(u32, u32); 4] = [(512, 1024), (1024, 4096), (2048, 4096), (4096, 16_384)];
/// Name, CPU units and MiB of a task, desired count, minutes between releases.
const SERVICES: [(&str, (u32, u32), u32, u64); 3] =
    [("web", (1024, 2048), 120, 60), ("api", (512, 1024), 60, 90), ("checkout", (2048, 4096), 30, 120)];

fn definition((cpu, memory): (u32, u32)) -> TaskDefinition {
    let needs = Needs::of(CpuUnits(cpu), MemoryMib(memory));
    TaskDefinition::plain(format!("cpu{cpu}-mem{memory}"), needs)
}

/// Batches of one to five equal tasks, an hour long on average.
fn arrivals(hours: u64) -> (Vec<TaskArrival>, u32) {
    let mut draws = Draws::new(1);
    let n_tasks = hours * TASKS_PER_HOUR;
    let mut arrivals = Vec::new();
    let (mut at, mut n_batches) = (SimTime::ZERO, 0);
    while (arrivals.len() as u64) < n_tasks {
        at = at + SimDuration::from_millis(draws.exponential(3 * HOUR.millis() / TASKS_PER_HOUR));
        let definition = TaskDefinitionId::new(draws.below(NEEDS.len() as u64) as u32);
        for _ in 0..1 + draws.below(5) {
            let lifetime = SimDuration::from_millis(1000 + draws.exponential(HOUR.millis()));
            arrivals.push(TaskArrival { at, lifetime, definition, batch: n_batches });
        }
        n_batches += 1;
    }
    (arrivals, n_batches)
}

fn tasks_only(hours: u64) -> Workload {
    let (arrivals, n_batches) = arrivals(hours);
    Workload {
        definitions: NEEDS.into_iter().map(definition).collect(),
        arrivals: arrivals.into(),
        n_batches,
        ..Workload::default()
    }
}

/// The same tasks with services beside them: each released regularly, and
/// scaled up and down in between.
fn tasks_and_services(hours: u64) -> Workload {
    let mut workload = tasks_only(hours);
    for (idx, (_, needs, desired_count, minutes)) in SERVICES.into_iter().enumerate() {
        let mut next_revision = || workload.definitions.push(definition(needs));
        let first = next_revision();
        workload.services.push(ServiceStart::new(first, desired_count));
        let service = ServiceId::from_idx(idx);
        let period = minutes * 60;
        for number in 1..hours * 3600 / period {
            let release = ServiceChangeKind::Release(next_revision());
            let scaled = ServiceChangeKind::DesiredCount(desired_count * [3, 2][(number % 2) as usize] / 2);
            let at = SimTime::from_secs(number * period);
            workload.service_changes.push(ServiceChange { at, service, kind: release });
            let at = SimTime::from_secs(number * period + period / 2);
            workload.service_changes.push(ServiceChange { at, service, kind: scaled });
        }
    }
    workload.service_changes.sort_by_key(|it| (it.at, it.service));
    workload
}

fn setup(hours: u64, scaling: Scaling, (min_size, max_size): (u32, u32)) -> Setup {
    let zones: Table<ZoneId, String> =
        ["us-east-1a", "us-east-1b", "us-east-1c"].map(str::to_owned).into_iter().collect();
    let provider = CapacityProvider {
        managed_termination_protection: true,
        min_size,
        max_size,
        scaling,
        ..CapacityProvider::of("general", InstanceTypeId::new(0), zones.ids().collect())
    };
    let instance_type = InstanceType {
        name: "m6i.4xlarge".to_owned(),
        capacity: Needs::of(CpuUnits(16_384), MemoryMib(63_569)),
        trunked_network_interfaces: None,
        network_bytes_per_second: None,
        is_arm: false,
        on_demand: DatedPrice::of(Money::parse_usd("0.768").expect("a price")),
        spot: None,
    };
    let chain = Chain::new(vec![Arc::new(Binpack::Cpu)], TieBreak::Random);
    let standalone = StandalonePolicy {
        placement: Placement::onto(PROVIDER, chain),
        unplaced: Unplaced::Retry { first: SimDuration::from_secs(15), longest: SimDuration::from_secs(300) },
    };
    let horizon = SimDuration::from_secs(hours * 3600);
    let (types, providers) = (vec![instance_type].into(), vec![provider].into());
    Setup::new(horizon, ModelOptions::default(), zones, types, providers, standalone)
}

fn managed(hours: u64) -> (Setup, Workload) {
    let mut setup = setup(hours, Scaling::Managed(ManagedScaling::default()), (3, 400));
    let chain = Chain::default_of_service(&mut setup.attributes, TieBreak::Random);
    let bounds = DeploymentBounds { minimum_healthy_percent: 75, maximum_percent: 150 };
    let policy = |name: &str| ServicePolicy::rolling(name, Placement::onto(PROVIDER, chain.clone()), bounds);
    setup.services = SERVICES.iter().map(|it| policy(it.0)).collect();
    // Some every day, and their tasks started again.
    let lifetime = Lifetime::Exponential { mean: SimDuration::from_secs(10 * 86_400) };
    let kind = Kind::InstanceFailure(lifetime);
    setup.disruptions = vec![Disruption { scope: Scope::default(), ordinal: 0, kind }];
    (setup, tasks_and_services(hours))
}

fn fixed(hours: u64) -> (Setup, Workload) {
    (setup(hours, Scaling::Fixed, (92, 92)), tasks_only(hours))
}

type Make = fn(hours: u64) -> (Setup, Workload);

/// Name, inputs, digest of the short run.
const RUNS: &[(&str, Make, u64)] = &[
    ("managed scaling, tasks and services", managed, 0x76b4_ac38_bd05_6701),
    ("fixed pool, tasks", fixed, 0xa38d_5663_53c0_e4d7),
];

fn replays(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("replay");
    group.sampling_mode(SamplingMode::Flat);
    for &(name, make, expected) in RUNS {
        let (setup, workload) = make(SHORT_H);
        let record = sim::run(&setup, &workload, Seed(1));
        let mut digest = Digest::new();
        for word in [record.digest, record.placement_digest, record.n_events, record.instance_ms] {
            digest.add(word);
        }
        assert!(record.tasks.finished > 0 && record.tasks.never_placeable == 0, "{:?}", record.tasks);
        support::check(name, digest.value(), expected);

        let hours = if support::is_test() { SHORT_H } else { LONG_H };
        let (setup, workload) = make(hours);
        let n_events = sim::run(&setup, &workload, Seed(1)).n_events;
        group.throughput(Throughput::Elements(n_events));
        group.bench_function(format!("{name}, events"), |bencher| {
            bencher.iter(|| sim::run(black_box(&setup), &workload, Seed(1)));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = support::in_seconds(1, 4).sample_size(20);
    targets = replays
}
criterion_main!(benches);
