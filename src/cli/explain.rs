//! `berthlab explain`: why a task landed where it did, or why it waits.

use std::io::{self, Write as _};

use super::Failure;
use super::args::{CheckFormat, ExplainArgs};
use super::diagnostics::printable;
use super::run::{folder_of, read_source};
use crate::experiment::matrix;
use crate::explain::{self, Subject};

pub(super) fn explain(command: &ExplainArgs) -> Result<(), Failure> {
    let mut overrides = command.overrides.clone();
    overrides.extend(command.seed.map(|it| format!("seed={it}")));
    let source = read_source(&command.experiment, overrides)?;
    let experiment = matrix::read(source, folder_of(&command.experiment)).map_err(Failure::Input)?;
    let n_runs = experiment.runs().len();
    let Some(run) = experiment.runs().nth(command.run) else {
        let message = format!("there is no run {}: the experiment has {n_runs}, counted from 0", command.run);
        return Err(Failure::Usage(message));
    };
    let planned = &experiment.settings[run.setting];
    let seed = experiment.seed_of(run);
    let workload = experiment.inputs.workload(&experiment.workloads[planned.workload], seed);
    let setup = &planned.setup;
    let subject = Subject::parse(&command.task, setup, &workload).map_err(Failure::Usage)?;
    let story = explain::explain(setup, &workload, seed, subject);
    let name = subject.name(setup);
    let mut out = io::stdout().lock();
    if command.format == CheckFormat::Json {
        let mut document = explain::json(&name, &story);
        document["run"] = run.number.into();
        document["setting"] = planned.setting.label.as_str().into();
        document["replicate"] = run.replicate.into();
        document["seed"] = experiment.seed.0.into();
        writeln!(out, "{document:#}")?;
    } else {
        let label = &planned.setting.label;
        let which = format!("run {} of {n_runs}: {label}, replicate {}", run.number, run.replicate);
        writeln!(out, "{}", printable(&format!("{which}, seed {}", experiment.seed.0)))?;
        for line in explain::text(&name, &story).lines() {
            writeln!(out, "{}", printable(line))?;
        }
    }
    Ok(out.flush()?)
}
