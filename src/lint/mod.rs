//! Problems that no validator sees: settings that are valid, and with which a
//! service never runs as it was meant. Found without playing a run, by asking
//! what a run asks: the ways of requests, the lives of tasks, the placer on
//! empty instances. Each finding comes with the smallest change that frees it.
//!
//! Every setting of an experiment is looked at, under the luck of the first
//! replicate where counts are drawn. Left out: what an experiment says on
//! purpose (containers that never answer, exits, releases that fail), stand-alone
//! tasks, and attributes that are put during a run.

mod finding;
mod permission;
mod scene;

mod closed_ways;
mod denied_calls;
mod expiring_image;
mod failing_starts;
mod host_ports;
mod interfaces;
mod missing_image;
mod never_placed;
mod too_late;

pub mod rollout;

pub use finding::Finding;
pub use scene::Scene;

use crate::experiment::matrix::{Experiment, Run};
use finding::Draft;

/// A kind of problem.
pub struct Lint {
    /// Lower-case, with hyphens.
    pub name: &'static str,
    /// One line of help.
    pub summary: &'static str,
    /// What is found of it in one setting.
    find: fn(&Scene<'_>) -> Vec<Draft>,
}

/// All of them, in the order in which findings are told.
pub const LINTS: &[Lint] = &[
    closed_ways::LINT,
    failing_starts::LINT,
    denied_calls::LINT,
    too_late::LINT,
    never_placed::LINT,
    host_ports::LINT,
    interfaces::LINT,
    missing_image::LINT,
    expiring_image::LINT,
    rollout::LINT,
];

/// Looks at every setting of an experiment. What is found alike in several
/// settings is told once, with their number; the findings of a lint stand
/// together.
pub fn lint(experiment: &Experiment) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for (idx, spec) in experiment.workloads.iter().enumerate() {
        let first = Run { number: 0, setting: 0, replicate: 0 };
        let workload = experiment.inputs.workload(spec, experiment.seed_of(first));
        let clusters = experiment.settings.iter().flat_map(|it| it.clusters());
        for (_, setup, _) in clusters.filter(|it| it.2 == idx) {
            let scene = Scene { setup, workload: &workload, spec };
            for (order, lint) in LINTS.iter().enumerate() {
                for draft in finding::merge_revisions((lint.find)(&scene)) {
                    finding::add(&mut found, draft.finish(order, &scene, experiment.settings.len()));
                }
            }
        }
    }
    found.sort_by_key(Finding::place_in_report);
    found
}
