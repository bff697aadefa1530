//! Experiments of one run, for benches of whole runs: read from text, with the
//! files that they name beside them.

use std::fmt::Write as _;
use std::fs;

use berthlab::base::Seed;
use berthlab::experiment::matrix::{self, Experiment, SourceText};
use berthlab::model::workload::Workload;
use berthlab::record::RunRecord;
use berthlab::sim;

use crate::support::Draws;

/// CPU units and MiB.
const NEEDS: [(u32, u32); 4] = [(512, 1024), (1024, 4096), (2048, 4096), (4096, 16_384)];
/// CPU units of a task on average.
const MEAN_CPU: u64 = 1920;
const HOUR_MS: u64 = 3_600_000;

/// What is played, ready.
pub(crate) struct Played {
    experiment: Experiment,
    workload: Workload,
}

impl Played {
    /// The first setting of an experiment, with files beside it.
    pub(crate) fn read(text: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, content) in files {
            fs::write(folder.path().join(name), content).expect("the folder can be written to");
        }
        let source =
            SourceText { file: "bench.toml".to_owned(), text: text.to_owned(), overrides: Vec::new() };
        let experiment = match matrix::read(source, folder.path()) {
            Ok(experiment) => experiment,
            Err(found) => panic!("a sound experiment, not {found:?}"),
        };
        let spec = &experiment.workloads[experiment.settings[0].workload];
        let workload = experiment.inputs.workload(spec, Seed(1));
        Self { experiment, workload }
    }

    /// Plays it.
    pub(crate) fn run(&self) -> RunRecord {
        sim::run(&self.experiment.settings[0].setup, &self.workload, Seed(1))
    }
}

/// Stand-alone tasks on a fixed pool of `n_instances`: an hour long on average,
/// as many a second as fill 65 % of its CPU in the long run. Best fit on CPU,
/// decided once; all of them find room. A re-placement of the whole cluster is
/// looked at once in `replacement_period`, never if that is `0s`.
pub(crate) fn tasks_on_a_pool(n_instances: u32, n_tasks: u32, replacement_period: &str) -> Played {
    let (trace, seconds) = trace(n_instances, n_tasks);
    let text = format!(
        r#"
name = "tasks-on-a-pool"
horizon = "{seconds}s"
[workload]
trace = "tasks.csv"
spread = false
unplaced = "drop"
placement_strategy = [{{ type = "binpack", field = "cpu" }}]
[cluster]
instances = {n_instances}
instance_type = {{ name = "box", cpu_units = 65536, memory_mib = 262144 }}
[model]
tie_break = "lowest_id"
quotas = "off"
replacement_period = "{replacement_period}"
"#
    );
    Played::read(&text, &[("tasks.csv", &trace)])
}

/// A file of such tasks in the project's own form, and the whole second after
/// the last has come.
pub(crate) fn trace(n_instances: u32, n_tasks: u32) -> (String, u64) {
    let mut text = "arrival_s,batch,count,cpu_units,memory_mib,lifetime_s\n".to_owned();
    let mut draws = Draws::new(1);
    let at_once = u64::from(n_instances) * 65_536 * 65 / 100 / MEAN_CPU;
    let mut at_us = 0;
    for row in 0..n_tasks {
        at_us += draws.exponential(1000 * HOUR_MS / at_once);
        let (cpu, memory) = NEEDS[draws.below(NEEDS.len() as u64) as usize];
        let lifetime = 1000 + draws.exponential(HOUR_MS);
        let (at, lifetime) = ((at_us / 1_000_000, at_us / 1000 % 1000), (lifetime / 1000, lifetime % 1000));
        writeln!(text, "{}.{:03},{row},1,{cpu},{memory},{}.{:03}", at.0, at.1, lifetime.0, lifetime.1)
            .expect("a string takes what is written");
    }
    (text, at_us / 1_000_000 + 1)
}
