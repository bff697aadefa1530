//! Tasks that would become healthy, and are found unhealthy first (semantics
//! 1.2, 2.5, 4.5): they are stopped and replaced, again and again. Container
//! checks are freed by their own start period, targets by the grace period of
//! the service.

use std::sync::Arc;

use super::Lint;
use super::failing_starts::succeeds;
use super::finding::Draft;
use super::scene::{Revision, Scene};
use crate::base::SimDuration;
use crate::model::container::Blueprint;
use crate::model::life::{ContainerHealth, TaskLife};
use crate::model::network::TargetGroup;
use crate::model::options::{FirstCheckDelay, UnhealthyReplacement};
use crate::model::task::TaskDefinition;
use crate::sim::health::{HealthMoments, TargetLuck};

pub(super) const LINT: Lint = Lint {
    name: "too-late",
    summary: "tasks are found unhealthy before they answer, which they would: grace and start periods",
    find,
};

/// The longest `startPeriod` (TD-22).
const START_PERIOD_MAX: u64 = 300;

fn find(scene: &Scene<'_>) -> Vec<Draft> {
    let mut found = Vec::new();
    for revision in scene.revisions() {
        let life = scene.setup.life(revision.definition, Some(revision.service));
        if succeeds(&life.start) {
            found.extend(of_containers(scene, &revision, &life));
            found.extend(of_targets(scene, &revision, life));
        }
    }
    found
}

/// A container that is found unhealthy stays so: only its check can change.
fn of_containers(scene: &Scene<'_>, revision: &Revision<'_>, life: &TaskLife) -> Option<Draft> {
    let ContainerHealth::UnhealthyAfter(after) = life.container_health else { return None };
    let blueprint = revision.definition.blueprint.as_deref()?;
    let is_healthy_with = |idx: Option<usize>, secs: u64| {
        let mut changed: Blueprint = blueprint.clone();
        for (position, container) in changed.containers.iter_mut().enumerate() {
            if let Some(check) = container.health_check.as_mut()
                && idx.is_none_or(|it| it == position)
            {
                check.start_period = check.start_period.max(SimDuration::from_secs(secs));
            }
        }
        let definition = TaskDefinition { blueprint: Some(Arc::new(changed)), ..revision.definition.clone() };
        let life = scene.setup.life(&definition, Some(revision.service));
        succeeds(&life.start) && matches!(life.container_health, ContainerHealth::HealthyAfter(_))
    };
    let shortest = |idx| (0..=START_PERIOD_MAX).find(|&secs| is_healthy_with(idx, secs));
    let of_one = (0..blueprint.containers.len()).find_map(|idx| {
        let secs = shortest(Some(idx))?;
        Some(format!(
            "startPeriod = {secs} in the health check of container `{}`",
            blueprint.containers[idx].name
        ))
    });
    let help = of_one.or_else(|| {
        let secs = shortest(None)?;
        Some(format!("startPeriod = {secs} in the health checks of its containers"))
    });
    // Not even the longest helps, or it never answers at all.
    let help = help?;
    let what = format!(
        "a container is found unhealthy {after} after its task runs, before it passes its check, and the task \
         is replaced for ever"
    );
    Some(Draft::of_revision("B0711", revision, what, help))
}

/// Under every luck of the first checks: they decide within an interval.
fn of_targets(scene: &Scene<'_>, revision: &Revision<'_>, mut life: TaskLife) -> Option<Draft> {
    if matches!(life.container_health, ContainerHealth::UnhealthyAfter(_)) {
        // Told above; the targets are looked at as if it were mended.
        life.container_health = ContainerHealth::Unchecked;
    }
    let groups: Vec<&TargetGroup> = revision
        .policy
        .load_balancers
        .iter()
        .map(|it| &scene.setup.network.target_groups[it.target_group])
        .collect();
    if groups.is_empty() {
        return None;
    }
    let answers = life.answers_after?.millis().saturating_sub(scene.setup.options.target_register.millis());
    let delays: Vec<Vec<u64>> = groups.iter().map(|it| first_checks(scene, it, answers)).collect();
    let moments = |delays: &[u64], grace: SimDuration| -> HealthMoments {
        let first_check = |number: usize, _: &TargetGroup| SimDuration::from_millis(delays[number]);
        let luck = TargetLuck { first_check: &first_check, is_reachable: &|_| true };
        scene.setup.health_moments(revision.service, &life, grace, &luck)
    };
    let (mut n_late, mut n_cases) = (0, 0);
    let (mut earliest, mut grace) = (SimDuration::FOREVER, SimDuration::ZERO);
    for case in combinations(&delays) {
        n_cases += 1;
        let found = moments(&case, revision.policy.health_check_grace_period);
        if let (Some(unhealthy), Some(_)) = (found.unhealthy_after, found.healthy_after) {
            n_late += 1;
            earliest = earliest.min(unhealthy);
        }
        let without = moments(&case, SimDuration::ZERO);
        if let (Some(_), Some(healthy)) = (without.unhealthy_after, without.healthy_after) {
            grace = grace.max(healthy);
        }
    }
    if n_late == 0 || life.exit.as_ref().is_some_and(|it| it.after <= grace) {
        return None;
    }
    let who = match n_late == n_cases {
        true => "its tasks are all found unhealthy by their targets",
        false => "tasks whose first check comes at a bad moment are found unhealthy by their targets",
    };
    let outcome = match scene.setup.options.unhealthy_replacement {
        UnhealthyReplacement::StopFirst if n_late == n_cases => "they are replaced for ever",
        UnhealthyReplacement::StopFirst => "they are replaced",
        // Those that are kept become healthy late; the others cost.
        UnhealthyReplacement::StartFirst => "replacements are started that fare no better",
    };
    let what = format!(
        "{who}, from {earliest} after they run, for they answer only {} after it: {outcome}",
        life.answers_after.unwrap_or_default()
    );
    let help = format!("health_check_grace_period_seconds = {}", grace.millis().div_ceil(1000));
    Some(Draft::of_revision("B0710", revision, what, help))
}

/// Delays of the first check that stand for all: between two of them nothing
/// gets worse than at the ends.
fn first_checks(scene: &Scene<'_>, group: &TargetGroup, answers: u64) -> Vec<u64> {
    if scene.setup.options.first_check_delay == FirstCheckDelay::Zero {
        return vec![0];
    }
    let interval = group.interval.millis().max(1);
    let phase = answers % interval;
    let mut delays = vec![0, phase.saturating_sub(1), phase, interval - 1];
    delays.sort_unstable();
    delays.dedup();
    delays
}

fn combinations(delays: &[Vec<u64>]) -> Vec<Vec<u64>> {
    let mut found = vec![Vec::new()];
    for choices in delays {
        let extended = |case: &Vec<u64>| -> Vec<Vec<u64>> {
            choices.iter().map(|&it| case.iter().copied().chain([it]).collect()).collect()
        };
        found = found.iter().flat_map(extended).collect();
    }
    found
}
