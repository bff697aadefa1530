//! From a task definition to the life of its tasks.

use std::sync::Arc;

use super::conduct::{Conduct, refused_output};
use super::reads::Refusal;
use super::start_up::{StartUp, exit_reason, start_up};
use super::{health, reads};
use crate::base::SimDuration;
use crate::model::access::{Denial, Permissions};
use crate::model::container::{Blueprint, Container, NetworkMode};
use crate::model::life::{ContainerHealth, EssentialExit, Start, TaskLife};
use crate::model::options::ModelOptions;
use crate::model::repository::Registry;
use crate::model::task::TaskDefinition;

/// What the life of a task depends on besides its definition.
pub struct LifeContext<'a> {
    /// The model choices: how long things take.
    pub options: &'a ModelOptions,
    /// Whether it runs on Fargate.
    pub is_fargate: bool,
    /// The repositories whose images are pulled in the run, not by a figure.
    pub registry: &'a Registry,
    /// What its roles may do, and what is there.
    pub permissions: &'a dyn Permissions,
    /// The role of the instances that it may run on, where they share one.
    pub instance_role: Option<&'a str>,
    /// Container and port behind the load balancer; without one, or without a
    /// container of this name, it is the first essential container. What the
    /// container does is the same on all its ports.
    pub serving: Option<(&'a str, u16)>,
}

/// How the life of every task of `definition` goes from its placement on, if
/// nobody stops it. A definition without a blueprint has one plain container.
///
/// What lies beyond [`TaskLife::exit`] is not reached; health is told as if
/// nothing ended the task before.
///
/// # Panics
///
/// If the dependencies of its containers form a cycle, which no valid
/// definition has.
pub fn life(definition: &TaskDefinition, context: &LifeContext<'_>) -> TaskLife {
    let plain;
    let blueprint = match definition.blueprint.as_deref() {
        Some(blueprint) => blueprint,
        None => {
            plain = Blueprint::plain();
            &plain
        }
    };
    let options = context.options;
    let containers = blueprint.containers.as_slice();
    let conducts: Vec<Conduct> = containers.iter().map(|it| Conduct::of(it, blueprint, context)).collect();
    let start_up = start_up(containers, &conducts, options);
    let start = start(blueprint, &start_up, context);
    // A start that fails has no RUNNING to count from; nothing after it is read.
    let running = match &start_up.running {
        Ok(at) => *at,
        Err(failure) => failure.at,
    };
    let serving = serving(containers, context);
    let answers_after = serving.and_then(|idx| {
        let (started, conduct) = (start_up.started[idx]?, &conducts[idx]);
        let is_gone = |after| conduct.exit.as_ref().is_some_and(|exit| exit.after <= after);
        let answers = conduct.answers.filter(|it| !is_gone(*it))?;
        Some(since(started + answers, running))
    });
    let (container_health, recovers_after) = container_health(containers, &conducts, &start_up, running);
    TaskLife {
        start,
        container_health,
        recovers_after,
        exit: essential_exit(containers, &conducts, &start_up, running),
        answers_after,
        answers_errors: serving.and_then(|idx| conducts[idx].answers_errors.clone()),
        stop: stop(containers, &conducts, &start_up, running, options, None),
        stop_others: match first_exit(containers, &conducts, &start_up, running) {
            Some((_, idx)) => stop(containers, &conducts, &start_up, running, options, Some(idx)),
            // A stand-alone task that ends with its work: one container, or
            // nobody knows which.
            None => SimDuration::ZERO,
        },
        deprovision: if has_interface(blueprint, context) { options.eni_detach } else { SimDuration::ZERO },
    }
}

/// All that its execution role is refused on the way to RUNNING, and what is
/// not there, the first first. Of what depends on a refused thing no more is
/// asked: who grants one may find another.
pub fn refusals(definition: &TaskDefinition, context: &LifeContext<'_>) -> Vec<Refusal> {
    let Some(blueprint) = definition.blueprint.as_deref() else { return Vec::new() };
    let logs = blueprint.containers.iter().filter_map(|it| reads::refused_log(it, blueprint, context));
    reads::refusals(blueprint, context).chain(logs).collect()
}

/// Of the images of described repositories: what cannot be pulled, as roles are
/// at first. A run asks when a task pulls.
pub fn pull_refusals(definition: &TaskDefinition, context: &LifeContext<'_>) -> Vec<Refusal> {
    let Some(blueprint) = definition.blueprint.as_deref() else { return Vec::new() };
    reads::described_pulls(blueprint, context).collect()
}

/// Containers that wait for ever for their output to be taken, by position:
/// their log driver blocks, and the execution role may not write the log.
pub fn blocked_by_logs(definition: &TaskDefinition, context: &LifeContext<'_>) -> Vec<(usize, Denial)> {
    let Some(blueprint) = definition.blueprint.as_deref() else { return Vec::new() };
    let containers = blueprint.containers.iter().enumerate();
    containers.filter_map(|(idx, it)| Some((idx, refused_output(it, blueprint, context)?))).collect()
}

fn has_interface(blueprint: &Blueprint, context: &LifeContext<'_>) -> bool {
    context.is_fargate || blueprint.network_mode == NetworkMode::Awsvpc
}

fn since(moment: SimDuration, earlier: SimDuration) -> SimDuration {
    SimDuration::from_millis(moment.millis().saturating_sub(earlier.millis()))
}

/// MODEL: secrets are read by the agent before the pull, all in one go.
fn start(blueprint: &Blueprint, start_up: &StartUp, context: &LifeContext<'_>) -> Start {
    let options = context.options;
    let machine = match (context.is_fargate, blueprint.network_mode) {
        (true, _) => options.fargate_provision,
        (false, NetworkMode::Awsvpc) => options.eni_attach,
        (false, _) => SimDuration::ZERO,
    };
    let heard = machine + options.agent_poll;
    if let Some(refusal) = reads::known_refusals(blueprint, context).next() {
        return Start {
            before_pull: heard + options.resource_init_timeout,
            provision: machine,
            pull: SimDuration::ZERO,
            after_pull: SimDuration::ZERO,
            failure: Some(Arc::from(refusal.why)),
            fails_before_pull: true,
        };
    }
    let has_reads = blueprint.containers.iter().any(|it| !it.reads.is_empty());
    let read = if has_reads { options.secrets_read } else { SimDuration::ZERO };
    let (after_pull, failure) = match &start_up.running {
        Ok(at) => (*at, None),
        Err(failure) => (failure.at, Some(Arc::from(failure.why.as_str()))),
    };
    // Images of described repositories are pulled in the run.
    let is_described = |it: &Container| context.registry.wanted(&it.image).is_some();
    let pull = match blueprint.containers.iter().all(is_described) {
        true => SimDuration::ZERO,
        false => options.image_pull,
    };
    Start {
        before_pull: heard + read,
        provision: machine,
        pull,
        after_pull,
        failure,
        fails_before_pull: false,
    }
}

/// The container behind the load balancer, else the first essential one.
fn serving(containers: &[Container], context: &LifeContext<'_>) -> Option<usize> {
    let named = context.serving.and_then(|(name, _)| containers.iter().position(|it| it.name == name));
    named.or_else(|| containers.iter().position(|it| it.is_essential))
}

/// Any unhealthy, then any unknown, else healthy (API HealthCheck); containers
/// without a check are not waited for. With it when all pass after that.
fn container_health(
    containers: &[Container],
    conducts: &[Conduct],
    start_up: &StartUp,
    running: SimDuration,
) -> (ContainerHealth, Option<SimDuration>) {
    let mut all_healthy: Option<SimDuration> = Some(SimDuration::ZERO);
    let mut first_unhealthy: Option<SimDuration> = None;
    let mut is_checked = false;
    for (idx, container) in containers.iter().enumerate() {
        let Some(check) = container.health_check.as_ref().filter(|_| container.is_essential) else {
            continue;
        };
        is_checked = true;
        let conduct = &conducts[idx];
        let found = health::probe(check, conduct.answers, conduct.hangs);
        let from_running = |after| since(start_up.started[idx].unwrap_or_default() + after, running);
        // What was over before RUNNING nobody has seen.
        let healthy = found.healthy.map(from_running);
        let unhealthy = found.unhealthy.map(from_running).filter(|_| healthy != Some(SimDuration::ZERO));
        all_healthy = all_healthy.zip(healthy).map(|(one, other)| one.max(other));
        first_unhealthy = first_unhealthy.into_iter().chain(unhealthy).min();
    }
    match (is_checked, first_unhealthy, all_healthy) {
        (false, ..) => (ContainerHealth::Unchecked, None),
        (true, Some(after), recovery) => (ContainerHealth::UnhealthyAfter(after), recovery),
        (true, None, Some(after)) => (ContainerHealth::HealthyAfter(after), None),
        (true, None, None) => unreachable!("what never passes is found unhealthy"),
    }
}

/// The first end of an essential container after RUNNING, and what of.
fn essential_exit(
    containers: &[Container],
    conducts: &[Conduct],
    start_up: &StartUp,
    running: SimDuration,
) -> Option<EssentialExit> {
    let (after, idx) = first_exit(containers, conducts, start_up, running)?;
    let exit = conducts[idx].exit.as_ref()?;
    Some(EssentialExit { after, reason: Arc::from(exit_reason(&containers[idx], exit)) })
}

fn first_exit(
    containers: &[Container],
    conducts: &[Conduct],
    start_up: &StartUp,
    running: SimDuration,
) -> Option<(SimDuration, usize)> {
    if start_up.running.is_err() {
        return None;
    }
    let exits = containers.iter().enumerate().filter(|(_, it)| it.is_essential);
    let exits = exits.filter_map(|(idx, _)| {
        let exit = conducts[idx].exit.as_ref()?;
        Some((since(start_up.started[idx]? + exit.after, running), idx))
    });
    exits.min_by_key(|it| it.0)
}

/// The longest chain against the order of `dependsOn` (semantics 2.2). MODEL:
/// each container takes its exit time, at most its stop timeout; one that has
/// ended by RUNNING, or as `ended`, takes none.
fn stop(
    containers: &[Container],
    conducts: &[Conduct],
    start_up: &StartUp,
    running: SimDuration,
    options: &ModelOptions,
    ended: Option<usize>,
) -> SimDuration {
    let own = |idx: usize| -> SimDuration {
        if ended == Some(idx) {
            return SimDuration::ZERO;
        }
        let (container, exit) = (&containers[idx], conducts[idx].exit.as_ref());
        let Some(started) = start_up.started[idx] else { return SimDuration::ZERO };
        if !container.is_essential && exit.is_some_and(|exit| started + exit.after <= running) {
            return SimDuration::ZERO;
        }
        let timeout = container.stop_timeout.unwrap_or(options.default_stop_timeout);
        container.behaviour.exit_time.unwrap_or(options.exit_time).min(timeout)
    };
    // Dependents stop first; a chain is at most as long as there are containers.
    let mut until = vec![SimDuration::ZERO; containers.len()];
    for _ in containers {
        for idx in 0..containers.len() {
            let depends_on_it = |it: &Container| it.depends_on.iter().any(|on| on.container == idx);
            let dependents = (0..containers.len()).filter(|&it| depends_on_it(&containers[it]));
            let begun = dependents.map(|it| until[it]).max().unwrap_or_default();
            until[idx] = begun + own(idx);
        }
    }
    until.into_iter().max().unwrap_or_default()
}
