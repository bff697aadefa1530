//! The containers of a task one after the other: each is created and started
//! once the conditions of its `dependsOn` have come true (API
//! ContainerDependency, ContainerDefinition.startTimeout; semantics 2.4), those
//! that wait for nobody together. A condition that was true once stays met.
//!
//! A condition that cannot come true any more fails the whole start. MODEL:
//! HEALTHY, awaited of a container that never passes its check and has no
//! `startTimeout`, fails when the container is found unhealthy; the end of a
//! container that never ends is awaited for ever.

use super::conduct::{Conduct, FinalExit};
use super::health;
use crate::base::SimDuration;
use crate::model::container::{Condition, Container, Dependency};
use crate::model::options::ModelOptions;

/// Times count from the end of the image pull.
pub(super) struct StartUp {
    /// When each container was started; `None` if it never was.
    pub(super) started: Vec<Option<SimDuration>>,
    /// RUNNING, or when and why the start failed.
    pub(super) running: Result<SimDuration, Failure>,
}

/// The end of a start that does not succeed.
#[derive(Clone)]
pub(super) struct Failure {
    pub(super) at: SimDuration,
    pub(super) why: String,
}

/// What became of one container.
#[derive(Clone)]
enum Fate {
    Started(SimDuration),
    /// Its start failed; the task goes on if it is not essential.
    Refused(SimDuration),
    /// It will not be started: the task's start has failed by then.
    GaveUp(Failure),
}

/// Starts the containers of a task whose dependencies form no cycle.
pub(super) fn start_up(containers: &[Container], conducts: &[Conduct], options: &ModelOptions) -> StartUp {
    let mut fates: Vec<Option<Fate>> = vec![None; containers.len()];
    let mut failures: Vec<Failure> = Vec::new();
    for idx in in_order(containers) {
        let container = &containers[idx];
        let mut ready = Ok(SimDuration::ZERO);
        for dependency in &container.depends_on {
            let on = dependency.container;
            let fate = fates[on].as_ref().expect("a dependency comes before its dependent");
            let met = await_condition(dependency, &containers[on], &conducts[on], fate, container);
            ready = match (ready, met) {
                (Ok(ready), Ok(met)) => Ok(ready.max(met)),
                (Err(one), Err(other)) => Err(if other.at < one.at { other } else { one }),
                (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => Err(failure),
            };
        }
        fates[idx] = Some(match (ready, &conducts[idx].refused) {
            (Err(failure), _) => {
                failures.push(failure.clone());
                Fate::GaveUp(failure)
            }
            (Ok(ready), Some(why)) => {
                let at = ready + options.container_create;
                if container.is_essential {
                    failures.push(Failure { at, why: why.clone() });
                }
                Fate::Refused(at)
            }
            (Ok(ready), None) => Fate::Started(ready + options.container_create + options.container_start),
        });
    }
    let mut started: Vec<Option<SimDuration>> = fates
        .iter()
        .map(|it| match it {
            Some(Fate::Started(at)) => Some(*at),
            _ => None,
        })
        .collect();
    // What has not failed yet runs when the last one is started.
    let last = started.iter().flatten().copied().max().unwrap_or_default();
    let is_complete = failures.is_empty();
    for (idx, container) in containers.iter().enumerate() {
        let (Some(at), Some(exit)) = (started[idx], &conducts[idx].exit) else { continue };
        if container.is_essential && (!is_complete || at + exit.after < last) {
            failures.push(Failure { at: at + exit.after, why: exit_reason(container, exit) });
        }
    }
    // Of those at one moment the first in the order of dependencies is told.
    let first = failures.into_iter().min_by_key(|it| it.at);
    if let Some(failure) = &first {
        started.iter_mut().for_each(|it| *it = it.filter(|at| *at <= failure.at));
    }
    StartUp { started, running: first.map_or(Ok(last), Err) }
}

/// Why an essential container's end is the end of its task.
pub(super) fn exit_reason(container: &Container, exit: &FinalExit) -> String {
    let cause = exit.cause.as_ref().map_or(String::new(), |it| format!(": {it}"));
    format!("Essential container in task exited: `{}` with exit code {}{cause}", container.name, exit.code)
}

/// When the condition holds, or when it is known that it never will.
fn await_condition(
    dependency: &Dependency,
    on: &Container,
    conduct: &Conduct,
    fate: &Fate,
    container: &Container,
) -> Result<SimDuration, Failure> {
    let fails = |at, how: String| {
        let why = format!("container `{}` waits for `{}`, which {how}", container.name, on.name);
        Err(Failure { at, why })
    };
    let started = match fate {
        Fate::Started(at) => *at,
        Fate::Refused(at) => {
            let why = conduct.refused.as_deref().unwrap_or_default();
            return fails(*at, format!("did not start: {why}"));
        }
        Fate::GaveUp(failure) => return Err(failure.clone()),
    };
    if dependency.condition == Condition::Start {
        return Ok(started);
    }
    let limit = on.start_timeout.filter(|it| *it > SimDuration::ZERO);
    let in_time = |after: SimDuration| limit.is_none_or(|limit| after <= limit);
    let exit = conduct.exit.as_ref();
    // The first thing that decides, counted from the dependency's start.
    let decided = match dependency.condition {
        Condition::Healthy => {
            let found = on.health_check.as_ref().map(|it| health::probe(it, conduct.answers, conduct.hangs));
            let (healthy, unhealthy) = found.map_or((None, None), |it| (it.healthy, it.unhealthy));
            // Nothing else ends the wait for one that never answers.
            let hopeless = unhealthy.filter(|_| healthy.is_none() && limit.is_none());
            let end = healthy.map(|at| (at, None));
            let end =
                end.or(hopeless.map(|at| (at, Some("is found unhealthy and never answers".to_owned()))));
            match exit {
                Some(exit) if end.as_ref().is_none_or(|(at, _)| exit.after <= *at) => {
                    Some((exit.after, Some(exited(exit))))
                }
                _ => end,
            }
        }
        Condition::Complete => exit.map(|exit| (exit.after, None)),
        Condition::Success => exit.map(|exit| (exit.after, (exit.code != 0).then(|| exited(exit)))),
        Condition::Start => unreachable!("answered above"),
    };
    match (decided.filter(|it| in_time(it.0)), limit) {
        (Some((after, None)), _) => Ok(started + after),
        (Some((after, Some(how))), _) => fails(started + after, how),
        (None, Some(limit)) => {
            let what = match dependency.condition {
                Condition::Healthy => "healthy",
                _ => "finished",
            };
            fails(started + limit, format!("has timed out: not {what} within its startTimeout of {limit}"))
        }
        (None, None) => fails(SimDuration::FOREVER, "never ends".to_owned()),
    }
}

fn exited(exit: &FinalExit) -> String {
    let cause = exit.cause.as_ref().map_or(String::new(), |it| format!(": {it}"));
    format!("exited with code {}{cause}", exit.code)
}

/// Positions such that dependencies come before their dependents.
fn in_order(containers: &[Container]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(containers.len());
    while order.len() < containers.len() {
        let is_due = |it: &usize| {
            !order.contains(it) && containers[*it].depends_on.iter().all(|on| order.contains(&on.container))
        };
        let next = (0..containers.len()).find(is_due);
        order.push(next.expect("dependencies form no cycle (TD-21)"));
    }
    order
}
