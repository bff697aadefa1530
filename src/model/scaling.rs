//! Service auto scaling (Application Auto Scaling on `ecs:service:DesiredCount`;
//! semantics 7.9): which policies move a service's desired count, by which
//! metric, within which bounds. Metrics are in thousandths: of a percent, or of
//! a request.

use crate::base::{SimDuration, SimTime};

/// How the desired count of a service is scaled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceScaling {
    /// The least and the most tasks at the first moment; scheduled actions
    /// change them.
    pub bounds: CapacityBounds,
    /// Its policies; none where only a schedule sets the bounds.
    pub policies: Vec<ScalingPolicy>,
}

/// The bounds of a scalable target (API RegisterScalableTarget).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CapacityBounds {
    /// The fewest tasks that a policy scales in to.
    pub min_capacity: u32,
    /// The most that one scales out to; not below the fewest.
    pub max_capacity: u32,
}

impl CapacityBounds {
    /// A count brought inside.
    pub fn clamp(self, count: u128) -> u32 {
        let within = count.clamp(self.min_capacity.into(), self.max_capacity.into());
        u32::try_from(within).expect("a bound at most")
    }
}

/// A policy (API PutScalingPolicy).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScalingPolicy {
    /// Its name.
    pub name: String,
    /// What it looks at.
    pub metric: ScalingMetric,
    /// How long a point of the metric is.
    pub period: SimDuration,
    /// From the end of a point until the alarm sees it.
    pub delay: SimDuration,
    /// What it does.
    pub kind: PolicyKind,
}

impl ScalingPolicy {
    /// How many points are looked back at, at most.
    pub fn n_points(&self) -> usize {
        match &self.kind {
            PolicyKind::TargetTracking(_) => TargetTracking::LOW_POINTS,
            PolicyKind::StepScaling(it) => it.alarm.evaluation_periods as usize,
        }
    }

    /// After a scale-in no other one begins for so long.
    pub fn scale_in_cooldown(&self) -> SimDuration {
        match &self.kind {
            PolicyKind::TargetTracking(it) => it.scale_in_cooldown,
            PolicyKind::StepScaling(it) => it.cooldown,
        }
    }

    /// After a scale-out of this policy only a larger one follows for so long.
    pub fn scale_out_cooldown(&self) -> SimDuration {
        match &self.kind {
            PolicyKind::TargetTracking(it) => it.scale_out_cooldown,
            PolicyKind::StepScaling(it) => it.cooldown,
        }
    }

    /// What its metric is held against, in thousandths.
    pub fn threshold(&self) -> u64 {
        match &self.kind {
            PolicyKind::TargetTracking(it) => it.target_value,
            PolicyKind::StepScaling(it) => it.alarm.threshold,
        }
    }
}

/// What a policy looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScalingMetric {
    /// CPU used over CPU reserved by the service's running tasks.
    CpuUtilization,
    /// The same of memory.
    MemoryUtilization,
    /// Requests a minute over healthy targets.
    RequestCountPerTarget,
}

impl ScalingMetric {
    /// As a user reads it.
    pub fn unit(self) -> &'static str {
        match self {
            Self::CpuUtilization => "% CPU",
            Self::MemoryUtilization => "% memory",
            Self::RequestCountPerTarget => "requests a minute and target",
        }
    }
}

/// One file a kind stands in the scaling wing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PolicyKind {
    /// `TargetTrackingScaling`.
    TargetTracking(TargetTracking),
    /// `StepScaling`.
    StepScaling(StepScaling),
}

/// API TargetTrackingScalingPolicyConfiguration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TargetTracking {
    /// What the metric is brought to; not zero.
    pub target_value: u64,
    /// See [`ScalingPolicy::scale_out_cooldown`].
    pub scale_out_cooldown: SimDuration,
    /// See [`ScalingPolicy::scale_in_cooldown`].
    pub scale_in_cooldown: SimDuration,
    /// It never scales in, and no other policy waits for it.
    pub disable_scale_in: bool,
}

impl TargetTracking {
    /// Points in a row above the target before a scale-out (observed:
    /// containers-roadmap issue 1208).
    pub const HIGH_POINTS: usize = 3;
    /// Points in a row well below it before a scale-in (the same).
    pub const LOW_POINTS: usize = 15;
    /// Both cooldowns of an ECS service where nobody says them.
    pub const COOLDOWN: SimDuration = SimDuration::from_secs(300);
}

/// API StepScalingPolicyConfiguration, with the alarm that invokes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepScaling {
    /// What an adjustment is of.
    pub adjustment_type: AdjustmentType,
    /// The steps, ascending; they neither overlap nor leave a gap.
    pub steps: Vec<StepAdjustment>,
    /// The least change where the adjustment is in percent.
    pub min_adjustment_magnitude: Option<u32>,
    /// After a scaling activity, for both directions.
    pub cooldown: SimDuration,
    /// What invokes it.
    pub alarm: StepAlarm,
}

/// What an adjustment is of (API `AdjustmentType`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AdjustmentType {
    /// So many more or fewer.
    ChangeInCapacity,
    /// So many.
    ExactCapacity,
    /// So many percent of what there are more or fewer.
    PercentChangeInCapacity,
}

impl AdjustmentType {
    /// All of them, with their names.
    pub const NAMES: &[(&'static str, Self)] = &[
        ("ChangeInCapacity", Self::ChangeInCapacity),
        ("ExactCapacity", Self::ExactCapacity),
        ("PercentChangeInCapacity", Self::PercentChangeInCapacity),
    ];
}

/// A step (API StepAdjustment): its bounds are differences to the alarm's
/// threshold, in the unit of the metric's last place; `None` is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepAdjustment {
    /// The lower bound.
    pub lower: Option<i128>,
    /// The upper one.
    pub upper: Option<i128>,
    /// Tasks, or percent.
    pub adjustment: i64,
}

/// The CloudWatch alarm of a step scaling policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepAlarm {
    /// What the metric is compared with.
    pub threshold: u64,
    /// How.
    pub comparison: Comparison,
    /// So many points in a row.
    pub evaluation_periods: u32,
}

/// API `ComparisonOperator`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// At least.
    GreaterThanOrEqualToThreshold,
    /// Above.
    GreaterThanThreshold,
    /// At most.
    LessThanOrEqualToThreshold,
    /// Below.
    LessThanThreshold,
}

impl Comparison {
    /// All of them, with their names.
    pub const NAMES: &[(&'static str, Self)] = &[
        ("GreaterThanOrEqualToThreshold", Self::GreaterThanOrEqualToThreshold),
        ("GreaterThanThreshold", Self::GreaterThanThreshold),
        ("LessThanOrEqualToThreshold", Self::LessThanOrEqualToThreshold),
        ("LessThanThreshold", Self::LessThanThreshold),
    ];

    /// Whether a metric breaches the threshold.
    pub fn holds(self, metric: u64, threshold: u64) -> bool {
        match self {
            Self::GreaterThanOrEqualToThreshold => metric >= threshold,
            Self::GreaterThanThreshold => metric > threshold,
            Self::LessThanOrEqualToThreshold => metric <= threshold,
            Self::LessThanThreshold => metric < threshold,
        }
    }
}

/// From a moment on a service's tasks want so much together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LoadPoint {
    /// The moment.
    pub at: SimTime,
    /// Thousandths of a CPU unit, or of a MiB.
    pub thousandths: u64,
}
