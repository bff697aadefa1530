//! `cases`: bounds, steps and outcome of a rollout.

use super::rollout::{Rollout, Step, play};
use crate::conform::case::{Case, Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::deployment::request;
use crate::documents::json::Json;
use crate::model::deployment::SchedulingStrategy;
use crate::model::options::RolloutOrder;
use crate::record::DeploymentOutcome;

/// Tasks of one service (service quotas: 5,000).
const TASKS_MAX: u32 = 5000;

struct Answer {
    lower_bound: u32,
    upper_bound: u32,
    steps: Vec<Step>,
    outcome: DeploymentOutcome,
}

pub(super) fn judge(case: &mut Case<'_>, expect: Sealed<'_>, faults: &mut Faults<'_>) -> Option<Differences> {
    let input = case.input.required("input", faults)?;
    let rollout = read_rollout(input, faults)?;
    let (steps, outcome) = play(&rollout);
    let answer = Answer {
        lower_bound: rollout.bounds.lower(rollout.desired),
        upper_bound: rollout.bounds.upper(rollout.desired),
        steps,
        outcome,
    };
    let (answer, expect) = expect.open(answer);
    compare(&answer, expect, faults)
}

fn read_rollout(json: &Json, faults: &mut Faults<'_>) -> Option<Rollout> {
    let mut input = Object::of(json, faults)?;
    let scheduling = input.required("scheduling", faults);
    let scheduling = scheduling.and_then(|it| Some((it, faults.word(it, SchedulingStrategy::NAMES)?)));
    let mut n_tasks = |key, is_required: bool, faults: &mut Faults<'_>| -> Option<Option<u32>> {
        let json = match is_required {
            true => Some(input.required(key, faults)?),
            false => input.optional(key),
        };
        let Some(json) = json else { return Some(None) };
        let number = faults.number(json)?;
        if number > TASKS_MAX {
            faults.note("B0607", json, format!("a service has at most {TASKS_MAX} tasks"));
            return None;
        }
        Some(Some(number))
    };
    let desired = n_tasks("desired", true, faults);
    let initial_v1 = n_tasks("initial_v1", true, faults);
    let slots = n_tasks("cluster_slots", false, faults);
    let order = input.optional("order").map_or(Some(RolloutOrder::StopFirst), |it| {
        faults.word(it, &[("stop_first", RolloutOrder::StopFirst), ("start_first", RolloutOrder::StartFirst)])
    });
    let minimum: Option<i64> = input.number("minimum_healthy_percent", faults);
    let maximum: Option<i64> = input.number("maximum_percent", faults);
    input.finish(faults);
    let (at, scheduling) = scheduling?;
    // DAEMON: to be taken away as soon as a run plays it.
    if scheduling == SchedulingStrategy::Daemon {
        let message = "there is nothing yet that could play a service of scheduling strategy DAEMON";
        faults.note("B0602", at, message);
        return None;
    }
    let bounds = match scheduling {
        SchedulingStrategy::Replica => request::replica_bounds(minimum?, maximum?),
        SchedulingStrategy::Daemon => request::daemon_bounds(minimum?, maximum?),
    };
    let bounds = match bounds {
        Ok(it) => it,
        Err(found) => {
            faults.note("B0607", json, found.join("; "));
            return None;
        }
    };
    let (desired, initial_v1) = (desired??, initial_v1??);
    Some(Rollout { scheduling, desired, bounds, initial_v1, slots: slots?, order: order? })
}

fn compare(answer: &Answer, expect: &Json, faults: &mut Faults<'_>) -> Option<Differences> {
    let mut expect = Object::of(expect, faults)?;
    let lower: Option<u32> = expect.number("lower_bound", faults);
    let upper: Option<u32> = expect.number("upper_bound", faults);
    let steps = expect.required("steps", faults).and_then(|it| faults.list(it));
    let steps = steps.and_then(|it| {
        let read: Vec<_> = it.iter().filter_map(|it| read_step(it, faults)).collect();
        (read.len() == it.len()).then_some(read)
    });
    let completed = expect.required("completed", faults).and_then(|it| faults.flag(it));
    let deadlock = expect.required("deadlock", faults).and_then(|it| faults.flag(it));
    let reason = match deadlock {
        Some(true) => expect.text("deadlock_reason", faults).map(Some),
        _ => Some(None),
    };
    expect.finish(faults);

    let (is_complete, is_deadlock, why) = match answer.outcome {
        DeploymentOutcome::Completed => (true, false, None),
        DeploymentOutcome::DeadlockedByConfiguration => (false, true, Some("deployment_configuration")),
        DeploymentOutcome::DeadlockedByCapacity => (false, true, Some("insufficient_capacity")),
        DeploymentOutcome::DeadlockedByProtection => (false, true, Some("protected_tasks")),
        DeploymentOutcome::CutByHorizon
        | DeploymentOutcome::Superseded
        | DeploymentOutcome::RolledBack
        | DeploymentOutcome::Failed => (false, false, None),
    };
    let mut differences = Differences::default();
    differences.compare("lower_bound", lower?.to_string(), answer.lower_bound.to_string());
    differences.compare("upper_bound", upper?.to_string(), answer.upper_bound.to_string());
    let found: Vec<String> = answer.steps.iter().map(|it| shown(it.action, it.count, it.v1, it.v2)).collect();
    differences.compare("steps", steps?.join(", "), found.join(", "));
    differences.compare("completed", completed?.to_string(), is_complete.to_string());
    differences.compare("deadlock", deadlock?.to_string(), is_deadlock.to_string());
    if let (Some(reason), true) = (reason?, is_deadlock) {
        differences.compare("deadlock_reason", reason, why.unwrap_or_default());
    }
    Some(differences)
}

fn read_step(json: &Json, faults: &mut Faults<'_>) -> Option<String> {
    let mut step = Object::of(json, faults)?;
    let action = step.text("action", faults);
    let mut number = |key| step.number::<u32>(key, faults);
    let (count, v1, v2) = (number("count"), number("v1"), number("v2"));
    step.finish(faults);
    Some(shown(action?, count?, v1?, v2?))
}

fn shown(action: &str, count: u32, v1: u32, v2: u32) -> String {
    format!("{action} {count} ({v1}, {v2})")
}
