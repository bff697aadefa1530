//! How things stand from a moment on: what a run tells its recorder.

use std::sync::Arc;

use crate::record::{RolloutPoint, ZoneBalance};

/// The cluster at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClusterReading {
    /// Instances that are billed.
    pub n_instances: u64,
    /// Of those: with a task.
    pub n_in_use: u64,
    /// Instances that the running tasks need at least.
    pub lower_bound: u64,
    /// Tasks that wait for room.
    pub n_waiting: u64,
    /// Tasks that hold room.
    pub n_placed: u64,
    /// CPU units and MiB, reserved and registered.
    pub reserved_cpu: u64,
    /// See `reserved_cpu`.
    pub reserved_memory: u64,
    /// See `reserved_cpu`.
    pub registered_cpu: u64,
    /// See `reserved_cpu`.
    pub registered_memory: u64,
}

/// A service at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceReading {
    /// Its desired count.
    pub desired: u32,
    /// Healthy tasks on living instances.
    pub healthy: u32,
    /// Tasks that are not stopped.
    pub tasks: u32,
    /// The fewest healthy tasks that its bounds allow.
    pub minimum: u32,
    /// The most tasks that its bounds allow.
    pub maximum: u32,
    /// Of `tasks`: those of the newest revision.
    pub new_tasks: u32,
    /// Of `healthy`: those of the newest revision.
    pub new_healthy: u32,
    /// How its healthy tasks are spread.
    pub zones: ZoneBalance,
}

/// Requests of a service from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestReading {
    /// Thousandths of a request a second.
    pub millirequests_per_second: u64,
    /// Why they are not served; `None` if they are.
    pub lost: Option<Arc<str>>,
    /// Whether those that are not are answered with an error, else not at all.
    pub is_5xx: bool,
}

impl ServiceReading {
    /// As a point of a rollout that began so long ago.
    pub(super) fn point(&self, after_ms: u64) -> RolloutPoint {
        RolloutPoint {
            after_ms,
            old: self.tasks - self.new_tasks,
            new: self.new_tasks,
            healthy_old: self.healthy - self.new_healthy,
            healthy_new: self.new_healthy,
            desired: self.desired,
            lower: self.minimum,
            upper: self.maximum,
        }
    }
}
