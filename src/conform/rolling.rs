//! `rolling-updates`: the steps of a rollout whose tasks start, become healthy
//! and stop within the moment, and whether it ends. Played by the event loop on
//! instances that hold one task each, with a controller of the list.
//!
//! Services of scheduling strategy DAEMON, circuit breakers, shifts of traffic
//! and the balance of zones are not there yet.

use super::case::{Case, Differences, Sealed};
use super::reader::{Faults, Object};
use super::topic::{Bench, Topic};
use crate::base::id::{CapacityProviderId, InstanceTypeId, TaskDefinitionId, ZoneId};
use crate::base::{CpuUnits, MemoryMib, Money, Seed, SimDuration, SimTime, Table};
use crate::deployment::request;
use crate::documents::json::Json;
use crate::model::capacity::{CapacityProvider, Scaling};
use crate::model::deployment::SchedulingStrategy;
use crate::model::instance::InstanceType;
use crate::model::options::{ModelOptions, RolloutOrder};
use crate::model::service::DeploymentBounds;
use crate::model::task::{Needs, TaskDefinition};
use crate::model::workload::{ServiceChange, ServiceChangeKind, ServiceStart, Workload};
use crate::placement::Chain;
use crate::record::DeploymentOutcome;
use crate::sim::setup::{Placement, ServicePolicy, StandalonePolicy, Unplaced};
use crate::sim::{Fact, Setup, Watch, run_watched};

pub(super) const TOPIC: Topic = Topic {
    name: "rolling-updates",
    summary: "bounds, steps and deadlocks of a rolling update; refused percentages",
    judge,
};

/// Tasks of one service (service quotas: 5,000).
const TASKS_MAX: u32 = 5000;
/// One slot: an instance holds exactly one task.
const SLOT: Needs = Needs::of(CpuUnits(256), MemoryMib(512));
/// The old tasks run by then.
const RELEASED_AT: SimTime = SimTime::from_secs(3600);
const HORIZON: SimDuration = SimDuration::from_secs(3 * 3600);

/// A rollout to be played.
#[derive(Clone, Copy, Debug)]
pub struct Rollout {
    /// Tasks wanted from the release on.
    pub desired: u32,
    /// What may be missing, and what may be there at once.
    pub bounds: DeploymentBounds,
    /// Old tasks at its start, all healthy.
    pub initial_v1: u32,
    /// Room for so many tasks, old and new; `None` for as many as it takes.
    pub slots: Option<u32>,
    /// Which comes first.
    pub order: RolloutOrder,
}

/// Tasks stopped or started in a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// `stop_v1`, `start_v2`, or what should never be seen.
    pub action: &'static str,
    /// How many.
    pub count: u32,
    /// Old tasks afterwards.
    pub v1: u32,
    /// New tasks afterwards.
    pub v2: u32,
}

/// Plays a rollout: its steps and how it stood in the end.
pub fn play(rollout: &Rollout) -> (Vec<Step>, DeploymentOutcome) {
    let (setup, workload) = setup(rollout);
    let mut steps = Steps { v1: rollout.initial_v1, v2: 0, steps: Vec::new() };
    let record = run_watched(&setup, &workload, Seed(1), &mut steps).expect("nobody stops it");
    (steps.steps, record.rollouts[0].outcome)
}

fn setup(rollout: &Rollout) -> (Setup, Workload) {
    let options = ModelOptions { order: rollout.order, ..ModelOptions::instant() };
    let (provider, zone) = (CapacityProviderId::new(0), ZoneId::new(0));
    let chain = Chain { strategies: Vec::new(), tie_break: options.tie_break };
    let placement = Placement::onto(provider, chain);
    let ample = rollout.initial_v1 + rollout.bounds.upper(rollout.desired).max(rollout.desired);
    let n_instances = rollout.slots.unwrap_or(ample);
    let pool = CapacityProvider {
        name: "pool".to_owned(),
        instance_type: InstanceTypeId::new(0),
        zones: vec![zone],
        min_size: n_instances,
        max_size: n_instances,
        scaling: Scaling::Fixed,
        security_groups: Vec::new(),
        attributes: Vec::new(),
    };
    let slot = InstanceType {
        name: "slot".to_owned(),
        capacity: SLOT,
        trunked_network_interfaces: None,
        is_arm: false,
        usd_per_hour: Money::ZERO,
        price_as_of: String::new(),
    };
    let mut setup = Setup::new(
        HORIZON,
        options,
        vec!["zone".to_owned()].into(),
        vec![slot].into(),
        vec![pool].into(),
        StandalonePolicy { placement: placement.clone(), unplaced: Unplaced::Drop },
    );
    setup.services.push(ServicePolicy::rolling("service", placement, rollout.bounds));
    let definitions = ["v1", "v2"].map(|name| TaskDefinition::plain(name, SLOT));
    let mut workload =
        Workload { definitions: definitions.to_vec().into(), services: Table::new(), ..Workload::default() };
    let definition = TaskDefinitionId::new(0);
    let service = workload.services.push(ServiceStart {
        definition,
        desired_count: rollout.initial_v1,
        found: Vec::new(),
        requests: Vec::new(),
    });
    let mut change = |kind| workload.service_changes.push(ServiceChange { at: RELEASED_AT, service, kind });
    if rollout.desired != rollout.initial_v1 {
        change(ServiceChangeKind::DesiredCount(rollout.desired));
    }
    change(ServiceChangeKind::Release(TaskDefinitionId::new(1)));
    (setup, workload)
}

/// Writes down what happens after the release, equal steps as one.
struct Steps {
    v1: u32,
    v2: u32,
    steps: Vec<Step>,
}

impl Watch for Steps {
    fn fact(&mut self, now: SimTime, fact: Fact<'_>) {
        if now < RELEASED_AT {
            return;
        }
        let action = match fact {
            Fact::TaskAskedToStop(task, _) if task.definition == TaskDefinitionId::new(0) => {
                self.v1 -= 1;
                "stop_v1"
            }
            Fact::TaskStarted(task) if task.definition == TaskDefinitionId::new(1) => {
                self.v2 += 1;
                "start_v2"
            }
            Fact::TaskStarted(_) => {
                self.v1 += 1;
                "start_v1"
            }
            Fact::TaskAskedToStop(..) => {
                self.v2 -= 1;
                "stop_v2"
            }
            _ => return,
        };
        match self.steps.last_mut() {
            Some(last) if last.action == action => {
                (last.count, last.v1, last.v2) = (last.count + 1, self.v1, self.v2);
            }
            _ => self.steps.push(Step { action, count: 1, v1: self.v1, v2: self.v2 }),
        }
    }
}

// --- cases -----------------------------------------------------------------

/// What nothing answers yet, with what it is about.
const NOT_YET: &[(&str, &str)] = &[
    ("circuit_breaker_threshold", "how many failures a circuit breaker takes"),
    ("circuit_breaker_sequence", "when a circuit breaker gives a deployment up"),
    ("traffic_shift", "blue/green, linear and canary deployments"),
    ("zone_balance", "when zones are rebalanced"),
];

fn judge(file: &mut Object<'_>, bench: &mut Bench<'_>) {
    bench.judge_all(file, "cases", &mut judge_rollout);
    if file.has("parameter_validation") {
        bench.judge_all(file, "parameter_validation", &mut judge_percentages);
    }
    for (key, what) in NOT_YET {
        bench.not_yet(file, key, what);
    }
}

struct Answer {
    lower_bound: u32,
    upper_bound: u32,
    steps: Vec<Step>,
    outcome: DeploymentOutcome,
}

fn judge_rollout(case: &mut Case<'_>, expect: Sealed<'_>, faults: &mut Faults<'_>) -> Option<Differences> {
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
    if scheduling == SchedulingStrategy::Daemon {
        let message = "there is nothing yet that could play a service of scheduling strategy DAEMON";
        faults.note("B0602", at, message);
        return None;
    }
    let bounds = match request::replica_bounds(minimum?, maximum?) {
        Ok(it) => it,
        Err(found) => {
            faults.note("B0607", json, found.join("; "));
            return None;
        }
    };
    let (desired, initial_v1) = (desired??, initial_v1??);
    Some(Rollout { desired, bounds, initial_v1, slots: slots?, order: order? })
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

fn judge_percentages(
    case: &mut Case<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let mut input = case.input.required("input", faults).and_then(|it| Object::of(it, faults))?;
    let scheduling = input.required("scheduling", faults);
    let scheduling = scheduling.and_then(|it| faults.word(it, SchedulingStrategy::NAMES));
    let minimum = input.number("minimum_healthy_percent", faults);
    let maximum = input.number("maximum_percent", faults);
    input.finish(faults);
    let answer = match scheduling? {
        SchedulingStrategy::Replica => request::replica_bounds(minimum?, maximum?),
        SchedulingStrategy::Daemon => request::daemon_bounds(minimum?, maximum?),
    };
    let (answer, expect) = expect.open(answer);
    let found = answer.err().unwrap_or_default();
    super::case::compare_accepted(&found, expect, faults)
}
