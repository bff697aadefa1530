//! How a service's deployments go, as its owner configures them (API
//! DeploymentConfiguration and what it holds).

use crate::base::id::ServiceId;
use crate::base::{SimDuration, SimTime};
use crate::model::service::DeploymentBounds;

/// How a service places its tasks (API CreateService.schedulingStrategy).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SchedulingStrategy {
    /// As many as desired.
    Replica,
    /// One on each instance that will do.
    Daemon,
}

impl SchedulingStrategy {
    /// All of them, with their names.
    pub const NAMES: &[(&'static str, Self)] = &[("REPLICA", Self::Replica), ("DAEMON", Self::Daemon)];
}

/// All that is configured of a service's deployments.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeploymentConfiguration {
    /// What may be missing, and what may be there at once.
    pub bounds: DeploymentBounds,
    /// How requests get from one revision to the next.
    pub strategy: DeploymentStrategy,
    /// How long the old revision could still come back once the new one is in
    /// place; `None` for what the strategy and the alarms ask.
    pub bake_time: Option<SimDuration>,
    /// Gives up a deployment whose tasks fail; `None` if it is not enabled.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Gives up a deployment during which one of them goes off.
    pub alarms: Option<DeploymentAlarms>,
    /// When a rolling deployment counts as a success before it is steady.
    pub early_success: Option<EarlySuccessCriteria>,
    /// What is asked at the stages of a deployment that shifts traffic.
    pub lifecycle_hooks: Vec<LifecycleHook>,
}

impl DeploymentConfiguration {
    /// Rolling updates within these bounds, and nothing else.
    pub const fn rolling(bounds: DeploymentBounds) -> Self {
        Self {
            bounds,
            strategy: DeploymentStrategy::Rolling,
            bake_time: None,
            circuit_breaker: None,
            alarms: None,
            early_success: None,
            lifecycle_hooks: Vec::new(),
        }
    }
}

/// How requests get from one revision to the next (API DeploymentStrategy).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeploymentStrategy {
    /// Tasks are replaced batch by batch.
    Rolling,
    /// All at once, when the new revision stands in full beside the old.
    BlueGreen,
    /// In equal steps.
    Linear {
        /// How much more each step.
        step: TrafficShare,
        /// From one step to the next; not after the last.
        step_bake: SimDuration,
    },
    /// A part first, then the rest.
    Canary {
        /// The first part.
        canary: TrafficShare,
        /// From the first part to the rest.
        canary_bake: SimDuration,
    },
}

/// A share of a service's production traffic, in tenths of a percent: exact
/// where the API takes multiples of 0.1 %.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct TrafficShare(pub u16);

impl TrafficShare {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// All of it.
    pub const ALL: Self = Self(1000);
    /// A step of LINEAR where nobody says it (API LinearConfiguration).
    pub const LINEAR_DEFAULT: Self = Self(100);
    /// The first part of CANARY where nobody says it (API CanaryConfiguration).
    pub const CANARY_DEFAULT: Self = Self(50);
}

impl DeploymentStrategy {
    /// Between the steps of LINEAR where nobody says it (API
    /// LinearConfiguration).
    pub const LINEAR_BAKE: SimDuration = SimDuration::from_secs(6 * 60);
    /// Between the parts of CANARY where nobody says it (API
    /// CanaryConfiguration).
    pub const CANARY_BAKE: SimDuration = SimDuration::from_secs(10 * 60);
}

/// `deploymentCircuitBreaker`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CircuitBreaker {
    /// Whether the last completed deployment is put back.
    pub rollback: bool,
    /// Whether a task that becomes healthy sets the count back to zero.
    pub resets_on_healthy_task: bool,
    /// How many failures it takes.
    pub threshold: BreakerThreshold,
}

impl CircuitBreaker {
    /// As the API has it where only `rollback` is given.
    pub const fn new(rollback: bool) -> Self {
        Self { rollback, resets_on_healthy_task: true, threshold: BreakerThreshold::BoundedPercent(50) }
    }
}

/// `thresholdConfiguration`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BreakerThreshold {
    /// Percent of the desired count, at least 3 and at most 200 tasks.
    BoundedPercent(u16),
    /// Percent of the desired count.
    UnboundedPercent(u16),
    /// So many tasks.
    Count(u32),
}

/// `alarms`, enabled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeploymentAlarms {
    /// Positions among the setup's alarms.
    pub alarms: Vec<usize>,
    /// Whether the last completed deployment is put back.
    pub rollback: bool,
}

/// `earlySuccessCriteria`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EarlySuccessCriteria {
    /// Percent of the desired count that must be healthy on the new revision.
    pub healthy_percent: u16,
    /// Whether the deployment waits until the old tasks are gone
    /// (`sourceServiceRevisionCleanup` BLOCKING, else DEFERRED).
    pub awaits_cleanup: bool,
}

/// The stages of a deployment that shifts traffic, in their order (developer
/// guide, blue-green-deployment-how-it-works).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LifecycleStage {
    /// Only where more than one revision is active at the start.
    ReconcileService,
    /// Before the new revision has tasks.
    PreScaleUp,
    /// The new revision comes to the desired count.
    ScaleUp,
    /// It is there in full.
    PostScaleUp,
    /// Test traffic goes to it.
    TestTrafficShift,
    /// Test traffic has gone to it.
    PostTestTrafficShift,
    /// Before the first shift of production traffic.
    PreProductionTrafficShift,
    /// Production traffic goes to it, step by step.
    ProductionTrafficShift,
    /// It has all of it.
    PostProductionTrafficShift,
    /// Both revisions stand; the old one could take over again.
    BakeTime,
    /// The old revision goes.
    CleanUp,
}

impl LifecycleStage {
    /// All of them in their order, with their names.
    pub const NAMES: &[(&'static str, Self)] = &[
        ("RECONCILE_SERVICE", Self::ReconcileService),
        ("PRE_SCALE_UP", Self::PreScaleUp),
        ("SCALE_UP", Self::ScaleUp),
        ("POST_SCALE_UP", Self::PostScaleUp),
        ("TEST_TRAFFIC_SHIFT", Self::TestTrafficShift),
        ("POST_TEST_TRAFFIC_SHIFT", Self::PostTestTrafficShift),
        ("PRE_PRODUCTION_TRAFFIC_SHIFT", Self::PreProductionTrafficShift),
        ("PRODUCTION_TRAFFIC_SHIFT", Self::ProductionTrafficShift),
        ("POST_PRODUCTION_TRAFFIC_SHIFT", Self::PostProductionTrafficShift),
        ("BAKE_TIME", Self::BakeTime),
        ("CLEAN_UP", Self::CleanUp),
    ];

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|it| it.1 == self).expect("every stage has a name").0
    }
}

/// A hook as a delay that may fail (API DeploymentLifecycleHook).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LifecycleHook {
    /// At which stages it is asked.
    pub stages: Vec<LifecycleStage>,
    /// How long it takes to answer; [`SimDuration::FOREVER`] if it never does.
    pub takes: SimDuration,
    /// Whether its answer is FAILED.
    pub fails: bool,
    /// After so long it is not waited for any more.
    pub time_out: SimDuration,
    /// Whether the deployment then goes on, else it is rolled back.
    pub continues_on_time_out: bool,
}

/// The longest stage of a deployment that shifts traffic, and the longest hook
/// that is a function (developer guide, deployment-lifecycle-hooks).
pub const STAGE_TIME_OUT: SimDuration = SimDuration::from_secs(24 * 3600);
/// The longest deployment that shifts traffic (the same).
pub const DEPLOYMENT_TIME_OUT: SimDuration = SimDuration::from_secs(30 * 24 * 3600);

/// A CloudWatch alarm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// What sets it off.
    pub source: AlarmSource,
}

/// What sets an alarm off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AlarmSource {
    /// It is in ALARM from a moment to another, in the order of time, as
    /// somebody wrote it down.
    Windows(Vec<(SimTime, SimTime)>),
    /// A metric of a service is above a threshold in the last
    /// `evaluation_periods` periods.
    Metric {
        /// Whose.
        service: ServiceId,
        /// Which.
        metric: AlarmMetric,
        /// In thousandths of the metric's unit: ALARM above it.
        threshold_thousandths: u64,
        /// Length of a period.
        period: SimDuration,
        /// How many of them in a row.
        evaluation_periods: u32,
    },
}

/// What an alarm can look at. The value of a period is its mean over time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AlarmMetric {
    /// Running tasks that were found unhealthy (`UnHealthyHostCount`).
    UnhealthyTasks,
    /// Desired tasks that are not healthy.
    MissingTasks,
    /// Requests answered with an error or not at all, in percent.
    FailedRequestsPercent,
}

impl AlarmMetric {
    /// All of them, with what a user writes.
    pub const NAMES: &[(&'static str, Self)] = &[
        ("unhealthy_tasks", Self::UnhealthyTasks),
        ("missing_tasks", Self::MissingTasks),
        ("failed_requests_percent", Self::FailedRequestsPercent),
    ];
}
