//! What runs are said to take of memory against what they take, counted by the
//! allocator on this thread; and what is said when there is too little of it.

use std::path::Path;

use berthlab::experiment::matrix::{self, Experiment, Run, SourceText};
use berthlab::experiment::memory::Footprint;
use berthlab::experiment::play::{Audience, Brake, Means, Outcome, play};
use berthlab::record::RunRecord;
use berthlab::sim;

use crate::support::{Bench, LEAST, SMALL};

fn experiment(text: &str, folder: &Path) -> Experiment {
    let source = SourceText { file: "memory.toml".to_owned(), text: text.to_owned(), overrides: Vec::new() };
    matrix::read(source, folder).unwrap_or_else(|found| panic!("a sound experiment, not {found:?}"))
}

/// The most that was held at once of each part, for the first run.
fn measured(experiment: &Experiment) -> Footprint {
    let run = experiment.runs().next().unwrap();
    let setting = &experiment.settings[run.setting];
    let seed = experiment.seed_of(run);
    let spec = &experiment.workloads[setting.workload];
    let (mut workload, mut record) = (None, None);
    let made = allocation_counter::measure(|| workload = Some(experiment.inputs.workload(spec, seed)));
    let workload = workload.unwrap();
    let played = allocation_counter::measure(|| record = Some(sim::run(&setting.setup, &workload, seed)));
    let record = record.unwrap();
    let kept = allocation_counter::measure(|| drop(std::hint::black_box(record.clone())));
    Footprint {
        workload: made.bytes_max,
        state: played.bytes_max.saturating_sub(kept.bytes_max),
        record: kept.bytes_max,
    }
}

/// A trace of `n` tasks over `hours`, each for `lifetime_s`.
fn trace(n: u64, hours: u64, lifetime_s: u64) -> String {
    let mut text = String::from("arrival_s,cpu_units,memory_mib,lifetime_s\n");
    for idx in 0..n {
        let size = 256 << (idx % 3);
        text.push_str(&format!("{},{size},{},{}\n", idx * hours * 3600 / n, 2 * size, lifetime_s + idx % 97));
    }
    text
}

#[test]
fn no_run_takes_more_than_was_said_and_large_ones_not_many_times_less() {
    const POOL: &str = "[cluster]\ninstance_type = \"m6i.4xlarge\"\ninstances = ";
    const SCALED: &str = "[cluster]\n[[cluster.capacity_provider]]\nname = \"general\"\ninstance_type = \"m6i.4xlarge\"\nmax_size = 400\n";
    const SERVICES: &str = "[[service]]\nname = \"web\"\ntask_definition = { cpu = 512, memory = 1024 }\n\
        desired_count = 60\nrelease = [{ at = \"1h\", image = \"web:2\" }, { at = \"3h\", image = \"web:3\" }]\n";
    let head = |hours| format!("name = \"m\"\nhorizon = \"{hours}h\"\n");
    let traced = "[workload]\ntrace = \"trace.csv\"\n";
    let folder = tempfile::tempdir().unwrap();
    let repository_workloads = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
    let of_trace = |n, lifetime_s, rest: &str| {
        std::fs::write(folder.path().join("trace.csv"), trace(n, 24, lifetime_s)).unwrap();
        experiment(&format!("{}{traced}{rest}", head(24)), folder.path())
    };
    let drawn = "[workload.generate]\nprofile = \"profiles/azure-vm-2017.toml\"\nscale = 0.2\n";
    let cases = [
        ("nothing", experiment(&format!("{}{POOL}1\n", head(1)), folder.path()), 60),
        ("short tasks", of_trace(20_000, 600, &format!("{POOL}100\n")), 12),
        ("tasks that stay", of_trace(20_000, 200_000, &format!("{POOL}2000\n")), 12),
        (
            "a pool that is full",
            of_trace(20_000, 200_000, &format!("{POOL}50\n[model]\nquotas = \"off\"\n")),
            12,
        ),
        ("a group that is scaled", of_trace(20_000, 3000, SCALED), 16),
        ("services", experiment(&format!("{}{SCALED}{SERVICES}", head(12)), folder.path()), 40),
        (
            "a day that is drawn",
            experiment(&format!("{}{drawn}{SCALED}", head(24)), &repository_workloads),
            12,
        ),
    ];
    let mut faults = Vec::new();
    for (what, experiment, at_most_times) in &cases {
        let (said, took) = (experiment.footprints()[0], measured(experiment));
        println!("{what}: said {said:?}, took {took:?}");
        let parts = [(said.workload, took.workload), (said.state, took.state), (said.record, took.record)];
        let all = (said.total(), took.total());
        if parts.iter().any(|(said, took)| said < took) || all.0 > at_most_times * all.1 {
            faults.push(format!("{what}: said {all:?} {said:?}, took {took:?}"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Nobody watches.
struct Nobody;

impl Audience for Nobody {
    fn run_started(&self, _: Run) {}
    fn events(&self, _: u64) {}
    fn run_done(&self, _: Run) {}
}

#[test]
fn runs_come_to_the_same_with_any_memory_and_threads() {
    let bench = Bench::with_small();
    let experiment = experiment(SMALL, bench.path("small.toml").parent().unwrap());
    let runs: Vec<Run> = experiment.runs().collect();
    let played = |n_threads: usize, memory: Option<u64>| -> Vec<RunRecord> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let means = Means { pool: &pool, memory };
        let keep = |_: Run, _: &RunRecord| Ok::<(), std::convert::Infallible>(());
        let outcomes = play(&experiment, &runs, &means, &Brake::new(), &Nobody, |_| None, keep);
        let record = |outcome| match outcome {
            Outcome::Done(record) => *record,
            Outcome::NotPlayed | Outcome::NotKept(_) => panic!("nobody pulled the brake"),
        };
        outcomes.into_iter().map(record).collect()
    };
    let expected = played(1, None);
    assert_eq!(expected.len(), 8);
    for (n_threads, memory) in [(2, None), (3, Some(0)), (8, Some(16 << 20)), (8, None)] {
        assert!(played(n_threads, memory) == expected, "{n_threads} threads, {memory:?}");
    }
}

#[test]
fn it_is_said_when_memory_is_the_limit() {
    let bench = Bench::new();
    bench.write("least.toml", LEAST);
    let few = ["run", "least.toml", "--replicates", "2", "-j", "3"];
    let tight = bench.run_well(&[&few[..], &["--memory", "1K"]].concat());
    let note = "note: memory is the limit: 1 of 3 threads play at first, within 1 KiB";
    assert!(tight.err.contains(note), "{}", tight.err);
    for (memory, said) in
        [("1K", "1 runs at once within 1 KiB: memory is the limit"), ("8G", "2 runs at once within 8192 MiB")]
    {
        let planned = bench.run_well(&[&few[..], &["--memory", memory, "--dry-run"]].concat());
        assert!(planned.out.contains(said), "{}", planned.out);
        assert!(planned.out.contains("memory of a run, at most about:"), "{}", planned.out);
    }
    let wrong = bench.run(&["run", "least.toml", "--memory", "lots"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("a size such as 512M or 8G"), "{}", wrong.err);
}
