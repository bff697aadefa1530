//! Runs per second of a whole experiment: what was read and checked is played on
//! one thread and on two, the making of workloads included, files left out. The
//! records are the same whatever the number of threads.

use std::convert::Infallible;
use std::path::Path;

use berthlab::experiment::matrix::{self, Experiment, Run, SourceText};
use berthlab::experiment::play::{Audience, Brake, Means, Outcome, play};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use rayon::{ThreadPool, ThreadPoolBuilder};

mod support;
use support::Digest;

/// Eight settings, two replicates.
const EXPERIMENT: &str = r#"
name = "sweep"
horizon = "12h"
seed = 7
replicates = 2
region = "us-east-1"

[workload.generate]
profile = "profiles/azure-vm-2017.toml"
scale = 0.2

[cluster]
availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]

[[cluster.capacity_provider]]
name = "general"
instance_type = "m6i.4xlarge"
min_size = 3
max_size = 400
target_capacity = 100

[[service]]
name = "web"
task_definition = { cpu = 1024, memory = 2048 }
desired_count = { generate = "profiles/elb-requests.toml", per_task = 20, min = 10 }
release = [{ at = "2h", image = "web:2" }, { at = "6h", image = "web:3" }]

[axes]
placement = [
    "binpack:cpu",
    "spread:attribute:ecs.availability-zone,binpack:memory",
    "spread:attribute:ecs.availability-zone,spread:instanceId",
    "random",
]
deployment = [
    { minimum_healthy_percent = 50, maximum_percent = 100 },
    { minimum_healthy_percent = 100, maximum_percent = 200 },
]
"#;

/// What makes it small enough for a test.
const SMALL: [&str; 2] = ["horizon=8h", "workload.generate.scale=0.05"];

/// Nobody looks on.
struct Nobody;

impl Audience for Nobody {
    fn run_started(&self, _: Run) {}
    fn events(&self, _: u64) {}
    fn run_done(&self, _: Run) {}
}

fn experiment(overrides: &[&str]) -> Experiment {
    let source = SourceText {
        file: "sweep.toml".to_owned(),
        text: EXPERIMENT.to_owned(),
        overrides: overrides.iter().map(|&it| it.to_owned()).collect(),
    };
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/workloads"));
    match matrix::read(source, folder) {
        Ok(experiment) => experiment,
        Err(found) => panic!("a sound experiment, not {found:?}"),
    }
}

fn played(experiment: &Experiment, pool: &ThreadPool) -> Vec<Outcome<Infallible>> {
    let runs: Vec<Run> = experiment.runs().collect();
    let means = Means { pool, memory: None };
    play(experiment, &runs, &means, &Brake::new(), &Nobody, |_| None, |_, _| Ok(()))
}

fn digest_of(outcomes: &[Outcome<Infallible>]) -> u64 {
    let mut digest = Digest::new();
    for outcome in outcomes {
        let Outcome::Done(record) = outcome else { panic!("nobody pulled the brake") };
        for word in [record.digest, record.placement_digest, record.n_events] {
            digest.add(word);
        }
    }
    digest.value()
}

fn sweeps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sweep");
    group.sampling_mode(SamplingMode::Flat);
    let small = experiment(&SMALL);
    let measured = if support::is_test() { experiment(&SMALL) } else { experiment(&[]) };
    group.throughput(Throughput::Elements(measured.runs().len() as u64));
    for (name, n_threads) in [("1 thread", 1), ("2 threads", 2)] {
        let pool = ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads can be started");
        // One constant, whatever the number of threads.
        support::check(name, digest_of(&played(&small, &pool)), 0x48b9_4948_cf57_1b7d);
        group.bench_function(format!("{name}, runs"), |bencher| {
            bencher.iter(|| played(&measured, &pool));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = support::in_seconds(1, 5).sample_size(10);
    targets = sweeps
}
criterion_main!(benches);
