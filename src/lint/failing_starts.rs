//! Starts that cannot succeed (semantics 2.4, 3.5, 9.3): a role may not read what
//! the definition names or pull its image, it is not there, a log cannot be
//! opened, or a container waits for what never comes. Changes are tried out until the start succeeds:
//! the help names all that it takes.

use std::sync::Arc;

use super::Lint;
use super::finding::Draft;
use super::permission;
use super::scene::{Revision, Scene};
use crate::base::SimDuration;
use crate::containers::{self, Cause, LifeContext, Refusal};
use crate::model::access::{Access, Permissions as _};
use crate::model::container::{Blueprint, Condition};
use crate::model::life::{Start, TaskLife};
use crate::model::task::TaskDefinition;

pub(super) const LINT: Lint = Lint {
    name: "failing-starts",
    summary: "a start that cannot succeed: permissions, secrets, conditions of other containers",
    find,
};

/// No start needs as many grants.
const CHANGES_MAX: usize = 100;
/// The longest wait that is tried out.
const START_TIMEOUT_MAX: u64 = 3600;

fn find(scene: &Scene<'_>) -> Vec<Draft> {
    scene.revisions().filter_map(|it| of_revision(scene, &it)).collect()
}

/// Whether tasks come to RUNNING.
pub(super) fn succeeds(start: &Start) -> bool {
    start.failure.is_none() && start.total() < SimDuration::FOREVER
}

fn of_revision(scene: &Scene<'_>, revision: &Revision<'_>) -> Option<Draft> {
    let first = scene.setup.life(revision.definition, Some(revision.service));
    let why = match succeeds(&first.start) {
        true => refused_pull(scene, revision, &scene.setup.access)?.why,
        false => first.start.failure.as_deref().unwrap_or("a container waits for ever").to_owned(),
    };
    let mut access = scene.setup.access.clone();
    let mut changes: Vec<String> = Vec::new();
    let mut code = None;
    while changes.len() < CHANGES_MAX {
        let life = life_with(scene, revision, revision.definition, &access);
        let cause = match succeeds(&life.start) {
            false => blocking(scene, revision, &access, &life),
            true => match refused_pull(scene, revision, &access) {
                Some(refusal) => Some(refusal.cause),
                None => break,
            },
        };
        let Some(cause) = cause else {
            code = code.or(Some("B0706"));
            changes.push(other_change(scene, revision, &access));
            break;
        };
        code = code.or(Some(match cause {
            Cause::Denied(_) => "B0704",
            Cause::Missing(_) => "B0705",
        }));
        changes.push(permission::help(&cause));
        permission::apply(&cause, &mut access);
    }
    let what = format!("no task of it ever starts: {why}");
    Some(Draft::of_revision(code?, revision, what, changes.join("; then ")))
}

/// An image of a described repository that may not be pulled. Where policies
/// change in the course of a run, that is for the run to tell.
fn refused_pull(scene: &Scene<'_>, revision: &Revision<'_>, access: &Access) -> Option<Refusal> {
    let context = scene.setup.life_context(Some(revision.service));
    let context = LifeContext { permissions: access, ..context };
    let refusals = containers::pull_refusals(revision.definition, &context);
    refusals.into_iter().next().filter(|_| access.changes.is_empty())
}

fn life_with(
    scene: &Scene<'_>,
    revision: &Revision<'_>,
    definition: &TaskDefinition,
    access: &Access,
) -> TaskLife {
    let context = scene.setup.life_context(Some(revision.service));
    containers::life(definition, &LifeContext { permissions: access, ..context })
}

/// What the failure of a start comes of, if it is a matter of permissions: its
/// words are in the failure.
fn blocking(scene: &Scene<'_>, revision: &Revision<'_>, access: &Access, life: &TaskLife) -> Option<Cause> {
    let told = life.start.failure.as_deref()?;
    let context = scene.setup.life_context(Some(revision.service));
    let context = LifeContext { permissions: access, ..context };
    let refusals = containers::refusals(revision.definition, &context);
    if let Some(refusal) = refusals.into_iter().find(|it| told.contains(it.why.as_str())) {
        return Some(refusal.cause);
    }
    // A container whose call is denied exits, and others wait for it; one that
    // waits for its log never passes its check.
    let blueprint = revision.definition.blueprint.as_deref()?;
    let role = blueprint.task_role.as_deref();
    let calls = blueprint.containers.iter().flat_map(|it| &it.behaviour.calls);
    let mut denials = calls.filter_map(|it| access.may(role, &it.action, &it.resource).err());
    if let Some(denial) = denials.find(|it| told.contains(&it.to_string())) {
        return Some(Cause::Denied(denial));
    }
    let blocked = containers::blocked_by_logs(revision.definition, &context);
    let awaited = |idx: usize| told.contains(&format!("`{}`", blueprint.containers[idx].name));
    let denial = blocked.into_iter().find(|it| awaited(it.0))?.1;
    Some(Cause::Denied(denial))
}

/// Where containers wait for what never comes: the shortest wait that is long
/// enough, or the one condition that asks for too much.
fn other_change(scene: &Scene<'_>, revision: &Revision<'_>, access: &Access) -> String {
    let unknown = || "let no container wait for what never comes".to_owned();
    let Some(blueprint) = revision.definition.blueprint.as_deref() else { return unknown() };
    let helps = |change: &dyn Fn(&mut Blueprint)| {
        let mut changed = blueprint.clone();
        change(&mut changed);
        let definition = TaskDefinition { blueprint: Some(Arc::new(changed)), ..revision.definition.clone() };
        succeeds(&life_with(scene, revision, &definition, access).start)
    };
    for (idx, container) in blueprint.containers.iter().enumerate() {
        let Some(timeout) = container.start_timeout else { continue };
        let with = |secs: u64| {
            helps(&|it: &mut Blueprint| {
                it.containers[idx].start_timeout = Some(SimDuration::from_secs(secs));
            })
        };
        // Whoever waits long enough once does so with more patience too.
        if with(START_TIMEOUT_MAX) {
            let (mut short, mut enough) = (timeout.millis() / 1000, START_TIMEOUT_MAX);
            while enough - short > 1 {
                let middle = short.midpoint(enough);
                *(if with(middle) { &mut enough } else { &mut short }) = middle;
            }
            return format!("startTimeout = {enough} of container `{}`", container.name);
        }
    }
    for (idx, container) in blueprint.containers.iter().enumerate() {
        for (position, dependency) in container.depends_on.iter().enumerate() {
            let relaxed =
                |it: &mut Blueprint| it.containers[idx].depends_on[position].condition = Condition::Start;
            if dependency.condition != Condition::Start && helps(&relaxed) {
                let on = &blueprint.containers[dependency.container].name;
                return format!(
                    "let container `{}` wait for `{on}` with condition START only",
                    container.name
                );
            }
        }
    }
    unknown()
}
