//! A rollout whose tasks start, become healthy and stop within the moment,
//! played by the event loop on instances that hold one task each, with the
//! controller that a run would take.

use crate::base::id::{CapacityProviderId, InstanceTypeId, TaskDefinitionId, ZoneId};
use crate::base::{CpuUnits, MemoryMib, Money, Seed, SimDuration, SimTime, Table};
use crate::deployment::controller_of;
use crate::model::capacity::{CapacityProvider, Scaling};
use crate::model::deployment::{DeploymentConfiguration, DeploymentStrategy, SchedulingStrategy};
use crate::model::instance::InstanceType;
use crate::model::options::{ModelOptions, RolloutOrder};
use crate::model::price::DatedPrice;
use crate::model::service::DeploymentBounds;
use crate::model::task::{Needs, TaskDefinition};
use crate::model::workload::{ServiceChange, ServiceChangeKind, ServiceStart, Workload};
use crate::placement::Chain;
use crate::record::DeploymentOutcome;
use crate::sim::setup::{Placement, ServicePolicy, StandalonePolicy, Unplaced};
use crate::sim::{Fact, Setup, Watch, run_watched};

/// One slot: an instance holds exactly one task.
const SLOT: Needs = Needs::of(CpuUnits(256), MemoryMib(512));
/// The old tasks run by then.
const RELEASED_AT: SimTime = SimTime::from_secs(3600);
const HORIZON: SimDuration = SimDuration::from_secs(3 * 3600);

/// A rollout to be played.
#[derive(Clone, Copy, Debug)]
pub struct Rollout {
    /// As many tasks as wanted, or one on each instance.
    pub scheduling: SchedulingStrategy,
    /// Tasks wanted from the release on; of a DAEMON the instances that it runs
    /// on.
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
    let chain = Chain::new(Vec::new(), options.tie_break);
    let placement = Placement::onto(provider, chain);
    let is_daemon = rollout.scheduling == SchedulingStrategy::Daemon;
    let ample = match rollout.scheduling {
        SchedulingStrategy::Replica => {
            rollout.initial_v1 + rollout.bounds.upper(rollout.desired).max(rollout.desired)
        }
        // One on each: it has as many instances as it wants tasks.
        SchedulingStrategy::Daemon => rollout.desired,
    };
    let n_instances = rollout.slots.filter(|_| !is_daemon).unwrap_or(ample);
    let pool = CapacityProvider {
        min_size: n_instances,
        max_size: n_instances,
        scaling: Scaling::Fixed,
        ..CapacityProvider::of("pool", InstanceTypeId::new(0), vec![zone])
    };
    let slot = InstanceType {
        name: "slot".to_owned(),
        capacity: SLOT,
        trunked_network_interfaces: None,
        network_bytes_per_second: None,
        is_arm: false,
        on_demand: DatedPrice::of(Money::ZERO),
        spot: None,
    };
    let mut setup = Setup::new(
        HORIZON,
        options,
        vec!["zone".to_owned()].into(),
        vec![slot].into(),
        vec![pool].into(),
        StandalonePolicy { placement: placement.clone(), unplaced: Unplaced::Drop },
    );
    setup.services.push(ServicePolicy {
        scheduling: rollout.scheduling,
        controller: controller_of(rollout.scheduling, false, DeploymentStrategy::Rolling),
        deployment: DeploymentConfiguration::rolling(rollout.bounds),
        ..ServicePolicy::rolling("service", placement, rollout.bounds)
    });
    let definitions = ["v1", "v2"].map(|name| TaskDefinition::plain(name, SLOT));
    let mut workload =
        Workload { definitions: definitions.to_vec().into(), services: Table::new(), ..Workload::default() };
    let definition = TaskDefinitionId::new(0);
    let initial = if is_daemon { 0 } else { rollout.initial_v1 };
    let service = workload.services.push(ServiceStart::new(definition, initial));
    let mut change = |kind| workload.service_changes.push(ServiceChange { at: RELEASED_AT, service, kind });
    if !is_daemon && rollout.desired != rollout.initial_v1 {
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
