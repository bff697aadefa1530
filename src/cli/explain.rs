//! `berthlab explain`: why a task landed where it did or waits; what a lifecycle
//! policy does to a repository.

use std::io::{self, Write as _};

use super::Failure;
use super::args::{CheckFormat, ExplainArgs};
use super::diagnostics::printable;
use super::run::{folder_of, read_source};
use crate::base::{SimDuration, SimTime};
use crate::experiment::matrix;
use crate::experiment::scenario::TasksSpec;
use crate::explain::{self, Subject, repository};
use crate::sim::Setup;

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
    // A service is in one cluster; stand-alone tasks are where the workload is.
    let service = command.task.as_deref().and_then(|it| it.rsplit_once('/')).map(|it| it.0);
    let is_meant = |(_, (name, setup, workload)): &(usize, (&str, &Setup, usize))| {
        let has = |service: &str| setup.services.rows().iter().any(|it| it.name == service);
        let has_tasks = !matches!(experiment.workloads[*workload].tasks, TasksSpec::None);
        service.is_some_and(|it| {
            has(it.strip_prefix(name).and_then(|it| it.strip_prefix('/')).unwrap_or(it))
                || (it == "task" && has_tasks)
        })
    };
    let clusters = || planned.clusters().enumerate();
    let found = clusters().find(is_meant).or_else(|| clusters().next());
    let (position, (cluster, setup, workload)) = found.expect("a setting has a cluster");
    let seed = experiment.seed_of(run).of_cluster(u32::try_from(position).expect("a few clusters"));
    let workload = experiment.inputs.workload(&experiment.workloads[workload], seed);
    let (mut document, told) = match (&command.task, &command.repository) {
        (Some(task), _) => {
            let within = format!("{cluster}/");
            let task = task.strip_prefix(within.as_str()).filter(|_| !cluster.is_empty()).unwrap_or(task);
            let subject = Subject::parse(task, setup, &workload).map_err(Failure::Usage)?;
            let story = explain::explain(setup, &workload, seed, subject);
            let name = subject.name(setup);
            (explain::json(&name, &story), explain::text(&name, &story))
        }
        (None, Some(_)) if planned.clusters().count() > 1 => {
            let why = "a policy of several clusters looks at the pulls of all, and is previewed for one only";
            return Err(Failure::Usage(why.to_owned()));
        }
        (None, Some(name)) => {
            let found = repository::find_repository(name, setup).map_err(Failure::Usage)?;
            let at = SimTime::ZERO + earliest(command.at.as_deref())?;
            let preview = repository::preview(setup, &workload, seed, found, at);
            (preview.json(), preview.text())
        }
        (None, None) => unreachable!("one of the two is required"),
    };
    let mut out = io::stdout().lock();
    if command.format == CheckFormat::Json {
        document["run"] = run.number.into();
        document["setting"] = planned.setting.label.as_str().into();
        document["replicate"] = run.replicate.into();
        document["seed"] = experiment.seed.0.into();
        writeln!(out, "{document:#}")?;
    } else {
        let label = &planned.setting.label;
        let which = format!("run {} of {n_runs}: {label}, replicate {}", run.number, run.replicate);
        writeln!(out, "{}", printable(&format!("{which}, seed {}", experiment.seed.0)))?;
        for line in told.lines() {
            writeln!(out, "{}", printable(line))?;
        }
    }
    Ok(out.flush()?)
}

/// `--at`: the begin of the run if nothing is said.
fn earliest(at: Option<&str>) -> Result<SimDuration, Failure> {
    let Some(text) = at else { return Ok(SimDuration::ZERO) };
    SimDuration::parse(text).map_err(|error| Failure::Usage(format!("--at `{text}` is not {error}")))
}
