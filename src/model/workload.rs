//! What happens to a cluster from outside, sorted by time, immutable, and
//! shared by all runs that meet it: stand-alone tasks that are asked for, and
//! what people and load do to services.

use crate::base::id::{ServiceId, TaskDefinitionId};
use crate::base::{SimDuration, SimTime, Table};
use crate::model::task::TaskDefinition;

/// All arrivals and service changes of a run.
#[derive(Clone, Debug, Default)]
pub struct Workload {
    /// The definitions that tasks refer to; equal ones are one row.
    pub definitions: Table<TaskDefinitionId, TaskDefinition>,
    /// Stand-alone tasks in the order of their times; equal times keep the
    /// order of the trace. The position is the arrival number.
    pub arrivals: Vec<TaskArrival>,
    /// How many task groups the arrivals name: `0..n_batches`.
    pub n_batches: u32,
    /// How each service starts.
    pub services: Table<ServiceId, ServiceStart>,
    /// What happens to services after the start, in the order of time.
    pub service_changes: Vec<ServiceChange>,
}

/// One stand-alone task that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TaskArrival {
    /// When it is asked for.
    pub at: SimTime,
    /// How long it runs once it is running; [`SimDuration::FOREVER`] if
    /// nothing ends it.
    pub lifetime: SimDuration,
    /// What it runs.
    pub definition: TaskDefinitionId,
    /// Its batch: tasks of one batch are one task group.
    pub batch: u32,
}

/// A service as the run finds it: created at the first moment, nothing running.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceStart {
    /// The first revision.
    pub definition: TaskDefinitionId,
    /// The first desired count.
    pub desired_count: u32,
}

/// Something that happens to a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServiceChange {
    /// When.
    pub at: SimTime,
    /// To which.
    pub service: ServiceId,
    /// What.
    pub kind: ServiceChangeKind,
}

/// What can happen to a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServiceChangeKind {
    /// Its desired count becomes this.
    DesiredCount(u32),
    /// A new revision is rolled out.
    Release(TaskDefinitionId),
}
