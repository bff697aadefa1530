//! All that is known of a run afterwards. What is not here cannot be measured
//! or drawn.

use serde::{Deserialize, Serialize};

use crate::record::{
    DisruptionRecord, FloorRecord, Histogram, ImageRecord, Ledger, Occupancy, PhaseTime, ProviderRecord,
    ScalingRecord, Series, Surge, Timeline,
};

/// What happened in one run. "Measured" is the time from the end of the warm-up
/// to the horizon; series cover the whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// A hash of every event in order: equal digests, equal runs.
    pub digest: u64,
    /// How many events were handled.
    pub n_events: u64,
    /// Milliseconds from the start to the horizon.
    pub horizon_ms: u64,
    /// Milliseconds played and not measured.
    pub warm_up_ms: u64,
    /// Stand-alone tasks that were asked for while measured.
    pub tasks: TaskCounts,
    /// Needs that no instance of the cluster could ever hold, over the whole run.
    pub never_placeable: Vec<NeverPlaceable>,
    /// From request to placement of stand-alone tasks asked for while measured.
    pub wait: Histogram,
    /// From request to placement of services' tasks while measured.
    pub service_wait: Histogram,
    /// Billed units while measured.
    pub ledger: Ledger,
    /// Measured integral of instances that were billed, in instance-milliseconds.
    pub instance_ms: u64,
    /// The most instances at one moment while measured.
    pub instances_peak: u64,
    /// Measured integral of the fewest instances that could have held the
    /// running tasks, in instance-milliseconds.
    pub lower_bound_instance_ms: u64,
    /// Measured integral of CPU units reserved by tasks.
    pub reserved_cpu_ms: u64,
    /// Measured integral of CPU units registered by instances.
    pub registered_cpu_ms: u64,
    /// Measured integral of MiB reserved by tasks.
    pub reserved_memory_ms: u64,
    /// Measured integral of MiB registered by instances.
    pub registered_memory_ms: u64,
    /// What of the instances was taken by tasks.
    pub occupancy: Occupancy,
    /// Instances launched while measured.
    pub instances_launched: u64,
    /// Instances lost while measured, but for those that Spot took back.
    pub instances_failed: u64,
    /// What was disrupted, by cause, in the order of the experiment; each cause
    /// once.
    pub disruptions: Vec<DisruptionRecord>,
    /// Instances being billed, over time.
    pub instances: Series,
    /// The lower bound on instances, over time.
    pub lower_bound: Series,
    /// Tasks waiting for room, over time.
    pub waiting_tasks: Series,
    /// Tasks holding room, over time.
    pub placed_tasks: Series,
    /// What was reserved of each capacity provider, and why tasks waited before
    /// it, in the order of the experiment; empty if nobody looked.
    pub providers: Vec<ProviderRecord>,
    /// What image pulls and repositories came to.
    pub images: ImageRecord,
    /// The least that the tasks could have cost, and what kept the run above it.
    pub floors: FloorRecord,
    /// What became of each service, in the order of the experiment.
    pub services: Vec<ServiceRecord>,
    /// Every rollout that began while measured, in the order of their starts.
    pub rollouts: Vec<RolloutRecord>,
    /// Why stand-alone tasks failed, while measured.
    pub failures: Vec<TaskFailure>,
    /// Digest of every placement of a stand-alone task: FNV-1a over the number
    /// of the instance of each, in the order of arrival within a moment.
    pub placement_digest: u64,
}

/// Stand-alone tasks by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCounts {
    /// Asked for.
    pub submitted: u64,
    /// Found room.
    pub placed: u64,
    /// Ran to their end.
    pub finished: u64,
    /// Lost with their instance.
    pub failed: u64,
    /// Found no room by the horizon, whatever the reason.
    pub never_placed: u64,
    /// Of those: too large for any instance of the cluster.
    pub never_placeable: u64,
    /// RunTask calls refused because too many tasks were waiting.
    pub calls_refused: u64,
}

/// Needs that fit no instance even when it is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeverPlaceable {
    /// The task definition.
    pub definition: String,
    /// Its CPU units.
    pub cpu_units: u32,
    /// Its memory in MiB.
    pub memory_mib: u32,
    /// Which resource is missing, as ECS names it.
    pub reason: String,
    /// How many such tasks were asked for, the warm-up included.
    pub n_tasks: u64,
}

/// A service while measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRecord {
    /// Its name.
    pub name: String,
    /// Integral of the desired count, in task-milliseconds.
    pub desired_ms: u64,
    /// Integral of min(healthy, desired), in task-milliseconds.
    pub available_ms: u64,
    /// Of the minute with the least share of healthy over desired: available
    /// and desired task-milliseconds. Both zero if nothing was ever desired.
    pub worst_minute: (u64, u64),
    /// Milliseconds with fewer healthy tasks than the minimum healthy percent asks.
    pub below_minimum_ms: u64,
    /// Integral of the difference between the zone with the most and the zone
    /// with the fewest of its healthy tasks, in task-milliseconds.
    pub zone_skew_ms: u64,
    /// Integral of its healthy tasks in the zone with the most, in
    /// task-milliseconds.
    pub fullest_zone_ms: u64,
    /// How it stood at the horizon.
    pub zones_at_end: ZoneBalance,
    /// Desired count, over time.
    pub desired: Series,
    /// Healthy tasks on living instances, over time.
    pub healthy: Series,
    /// Tasks that are not stopped (waiting ones included), over time.
    pub tasks: Series,
    /// Over all its rollouts, by time since their start.
    pub through_rollouts: RolloutProfile,
    /// Why its tasks failed, while measured: at their start, by an essential
    /// container's end, or by their health.
    pub failures: Vec<TaskFailure>,
    /// Host paths and shared volumes that its tasks mounted, while measured:
    /// with what an earlier task on the instance had left, and empty.
    pub volumes_with_data: u64,
    /// See `volumes_with_data`.
    pub volumes_empty: u64,
    /// What became of its requests; `None` if none are sent.
    pub requests: Option<RequestRecord>,
    /// How it was scaled; `None` if it is no scalable target.
    pub scaling: Option<ScalingRecord>,
}

/// A reason for which tasks failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFailure {
    /// As ECS would say it.
    pub reason: String,
    /// How many.
    pub n_tasks: u64,
}

/// Requests of a service while measured, in millionths of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// Sent by the web, and those that were in flight when measuring began.
    pub offered: u64,
    /// Answered without an error.
    pub served: u64,
    /// The others, by reason, in the order of their first time.
    pub lost: Vec<LostRequests>,
    /// In flight at the horizon: offered, and not yet served or lost.
    pub in_flight: u64,
    /// Sum of the time from arrival to a task's slot: microseconds of whole
    /// requests.
    pub waited_us: u64,
    /// Of the five minutes of the clock with the least share served: served,
    /// and served or lost. Both zero if there were no requests.
    pub worst_window: (u64, u64),
    /// Of the five minutes with the longest mean wait: `waited_us`, and served.
    pub longest_wait: (u64, u64),
    /// Over time.
    pub over_time: RequestSeries,
}

/// Requests over time, in steps that are those of the [`Series`] of a run, in
/// millionths; the warm-up counts for nothing. Empty where no requests are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestSeries {
    /// Width of a step.
    pub step_ms: u64,
    /// Sent in each.
    pub offered: Vec<u64>,
    /// Served in each.
    pub served: Vec<u64>,
    /// Not served in each.
    pub lost: Vec<u64>,
}

/// Requests that were not served for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostRequests {
    /// Why.
    pub reason: String,
    /// How many, in millionths.
    pub n: u64,
    /// Whether the client got an answer of 500 to 599, else none.
    pub is_5xx: bool,
}

/// What a service's rollouts looked like, laid over each other at their starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutProfile {
    /// Width of a step.
    pub step_ms: u64,
    /// Integral of min(healthy, desired) in each step, over all rollouts.
    pub available_ms: Vec<u64>,
    /// Integral of the desired count in each step, over all rollouts.
    pub desired_ms: Vec<u64>,
    /// Integral of tasks that are not stopped in each step, over all rollouts.
    pub tasks_ms: Vec<u64>,
}

/// How a deployment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentOutcome {
    /// Steady on the new revision.
    Completed,
    /// A newer one took its place first.
    Superseded,
    /// The bounds allowed neither a stop nor a start, until the end or until
    /// another revision was released.
    DeadlockedByConfiguration,
    /// Room was missing, to the end, with nothing else in motion.
    DeadlockedByCapacity,
    /// More tasks are protected from scale-in than the bounds can do without,
    /// to the end or until another revision was released (DEPLOYMENT_BLOCKED).
    DeadlockedByProtection,
    /// It was given up and the last completed deployment put back.
    RolledBack,
    /// It was given up, and nothing put in its place.
    Failed,
    /// The horizon came first.
    #[default]
    CutByHorizon,
}

/// One rollout of a new revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutRecord {
    /// Position of the service.
    pub service: u32,
    /// When it began.
    pub started_ms: u64,
    /// When it ended, or the horizon.
    pub ended_ms: u64,
    /// How.
    pub outcome: DeploymentOutcome,
    /// Tasks of the new revision that it started.
    pub n_started: u32,
    /// Tasks of old revisions that it stopped.
    pub n_stopped: u32,
    /// The most tasks not stopped at one moment.
    pub tasks_peak: u32,
    /// The fewest healthy tasks at one moment.
    pub healthy_min: u32,
    /// What it rolled out: the name of the revision.
    pub revision: String,
    /// When and why it was given up, if it was. A rollback ends with the
    /// deployment that it undoes.
    pub failure: Option<RolloutFailure>,
    /// Tasks of the new revision that failed: they did not start, or their
    /// health did.
    pub n_failed: u32,
    /// Its stages in their order; empty for a rolling one.
    pub stages: Vec<StageTime>,
    /// Production traffic of the new revision: from when on which share, in
    /// tenths of a percent. Empty where tasks share it as they come.
    pub traffic: Vec<(u64, u16)>,
    /// Where its tasks' time went: from request to placement of the new ones.
    pub place: PhaseTime,
    /// From placement to the begin of the pull: the network interface or the
    /// Fargate machine, the agent.
    pub provision: PhaseTime,
    /// The image pull.
    pub pull: PhaseTime,
    /// Bytes that its pulls moved.
    pub pulled_bytes: u64,
    /// From the end of the pull to RUNNING: containers are created and started
    /// in their order.
    pub start: PhaseTime,
    /// From RUNNING to healthy.
    pub health: PhaseTime,
    /// Of the old ones, from being asked to stop: until their targets are
    /// drained.
    pub drain: PhaseTime,
    /// From the stop signal until their containers have exited or are killed.
    pub stop: PhaseTime,
    /// Until their network interfaces are given back.
    pub deprovision: PhaseTime,
    /// What it took for a while.
    pub surge: Surge,
    /// How its service stood when it ended: the skew that it leaves behind.
    pub left_behind: ZoneBalance,
    /// How it went; without points beyond the first hundred rollouts of a run.
    pub timeline: Timeline,
}

impl RolloutRecord {
    /// Where the time of its tasks went, phase by phase, with names: five of
    /// the tasks that it started, then three of those that it stopped.
    pub fn phases(&self) -> [(&'static str, &PhaseTime); 8] {
        [
            ("place", &self.place),
            ("provision", &self.provision),
            ("pull", &self.pull),
            ("start", &self.start),
            ("health", &self.health),
            ("drain", &self.drain),
            ("stop", &self.stop),
            ("deprovision", &self.deprovision),
        ]
    }
}

/// How a service's healthy tasks are spread over the zones that it may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneBalance {
    /// In the zone with the most of them.
    pub most: u32,
    /// In the zone with the fewest.
    pub least: u32,
    /// How many are desired in all zones.
    pub desired: u32,
    /// How many zones it may use.
    pub n_zones: u32,
}

impl ZoneBalance {
    /// How many more the fullest zone has than the emptiest.
    pub fn skew(self) -> u32 {
        self.most - self.least
    }

    /// What losing the fullest zone takes, in percent of the desired count;
    /// `None` where nothing is desired.
    pub fn loss_percent(self) -> Option<f64> {
        (self.desired > 0).then(|| 100.0 * f64::from(self.most) / f64::from(self.desired))
    }
}

/// Why a rollout was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutFailure {
    /// When.
    pub at_ms: u64,
    /// Why, as ECS would say it.
    pub reason: String,
}

/// How long a stage of a deployment took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageTime {
    /// Its name in the API.
    pub stage: String,
    /// When it began.
    pub from_ms: u64,
    /// When it ended.
    pub to_ms: u64,
}
