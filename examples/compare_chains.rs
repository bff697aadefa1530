//! The lab as a library: an experiment from a string, played on all cores, two
//! placement chains compared replicate by replicate.
//!
//! `cargo run --release --example compare_chains`

#![expect(clippy::print_stdout, reason = "an example tells what it found")]

use std::path::Path;

use berthlab::base::stats::paired_difference;
use berthlab::experiment::matrix::{self, Run, SourceText};
use berthlab::experiment::play::{self, Audience, Brake, Means, Outcome};
use berthlab::experiment::results::Results;
use berthlab::metrics;
use berthlab::record::RunRecord;

const EXPERIMENT: &str = r#"
name = "compare-chains"
horizon = "12h"
warm_up = "1h"
replicates = 8

[workload.generate]
profile = "profiles/azure-vm-2017.toml"
scale = 0.05

[[cluster.capacity_provider]]
name = "general"
instance_type = "m6i.4xlarge"
max_size = 200

[axes]
placement = ["binpack:cpu", "spread:instanceId"]
"#;

/// Nobody watches.
struct Nobody;

impl Audience for Nobody {
    fn run_started(&self, _: Run) {}
    fn events(&self, _: u64) {}
    fn run_done(&self, _: Run) {}
}

fn main() {
    let source =
        SourceText { file: "example".to_owned(), text: EXPERIMENT.to_owned(), overrides: Vec::new() };
    let workloads = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
    let experiment = matrix::read(source, &workloads).unwrap_or_else(|faults| panic!("{faults:?}"));
    let runs: Vec<Run> = experiment.runs().collect();
    let keep = |_: Run, _: &RunRecord| Ok::<(), std::convert::Infallible>(());
    let pool = rayon::ThreadPoolBuilder::new().build().expect("threads can be started");
    let means = Means { pool: &pool, memory: None };
    let outcomes = play::play(&experiment, &runs, &means, &Brake::new(), &Nobody, |_| None, keep);
    let record = |outcome| match outcome {
        Outcome::Done(record) => *record,
        Outcome::NotPlayed | Outcome::NotKept(_) => unreachable!("nobody pulled the brake"),
    };
    let results = Results::of(&experiment, outcomes.into_iter().map(record).collect());

    let cost = metrics::position("cost_usd").expect("the list has it");
    let (binpack, spread) = (results.values(0, cost), results.values(1, cost));
    let difference = paired_difference(&binpack, &spread).expect("there are replicates");
    println!(
        "{} costs {:+.2} USD ({:+.2} to {:+.2}) against {}",
        results.settings[1].label,
        difference.mean,
        difference.lower(),
        difference.upper(),
        results.settings[0].label,
    );
}
