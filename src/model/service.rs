//! Services and their deployments: how many tasks are wanted, and where those
//! of each revision stand.

use crate::base::SimTime;
use crate::base::id::{DeploymentId, GroupId, TaskDefinitionId, TaskId};
use crate::model::task::{Health, TaskStatus};

/// The bounds of a rolling update (API DeploymentConfiguration).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DeploymentBounds {
    /// Percent of the desired count that must stay healthy; rounded up.
    pub minimum_healthy_percent: u16,
    /// Percent of the desired count that may exist; rounded down.
    pub maximum_percent: u16,
}

impl DeploymentBounds {
    /// The default of a replica service.
    pub const DEFAULT: Self = Self { minimum_healthy_percent: 100, maximum_percent: 200 };
    /// The default of a daemon service, by API, command line and SDK.
    pub const DEFAULT_DAEMON: Self = Self { minimum_healthy_percent: 0, maximum_percent: 100 };

    /// The fewest tasks that must stay running and healthy.
    pub fn lower(self, desired_count: u32) -> u32 {
        let percent = u64::from(desired_count) * u64::from(self.minimum_healthy_percent);
        u32::try_from(percent.div_ceil(100)).expect("at most the desired count")
    }

    /// The most tasks that may exist at once.
    pub fn upper(self, desired_count: u32) -> u32 {
        let percent = u64::from(desired_count) * u64::from(self.maximum_percent);
        u32::try_from(percent / 100).unwrap_or(u32::MAX)
    }
}

/// Tasks of one revision by where they stand. Those wanted are the first five;
/// all six are not stopped yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct RevisionCounts {
    /// Asked for, without room yet.
    pub waiting: u32,
    /// Placed, not yet running.
    pub starting: u32,
    /// Running, health not yet known.
    pub settling: u32,
    /// Running and healthy.
    pub healthy: u32,
    /// Running and found unhealthy.
    pub unhealthy: u32,
    /// Asked to stop, not yet stopped.
    pub stopping: u32,
}

impl RevisionCounts {
    /// One task more of those that stand like this.
    pub fn add(&mut self, status: TaskStatus, health: Health) {
        *self.of(status, health) += 1;
    }

    /// Where a task that stands like this is counted.
    pub(in crate::model) fn of(&mut self, status: TaskStatus, health: Health) -> &mut u32 {
        match (status, health) {
            (TaskStatus::Provisioning, _) => &mut self.waiting,
            (TaskStatus::Pending | TaskStatus::Activating, _) => &mut self.starting,
            (TaskStatus::Running, Health::Unknown) => &mut self.settling,
            (TaskStatus::Running, Health::Healthy) => &mut self.healthy,
            (TaskStatus::Running, Health::Unhealthy) => &mut self.unhealthy,
            _ => &mut self.stopping,
        }
    }

    /// Tasks whose desired status is RUNNING.
    pub fn wanted(self) -> u32 {
        self.waiting + self.starting + self.settling + self.healthy + self.unhealthy
    }

    /// Tasks that are not stopped.
    pub fn not_stopped(self) -> u32 {
        self.wanted() + self.stopping
    }

    /// Tasks whose state will change by itself as time passes.
    pub fn in_motion(self) -> u32 {
        self.starting + self.settling + self.stopping
    }
}

impl std::ops::Add for RevisionCounts {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            waiting: self.waiting + other.waiting,
            starting: self.starting + other.starting,
            settling: self.settling + other.settling,
            healthy: self.healthy + other.healthy,
            unhealthy: self.unhealthy + other.unhealthy,
            stopping: self.stopping + other.stopping,
        }
    }
}

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    /// `service:<name>`: what its placement counts by.
    pub group: GroupId,
    /// How many tasks it should run.
    pub desired_count: u32,
    /// The newest deployment.
    pub primary: DeploymentId,
    /// Earlier deployments that still have tasks or want some, oldest first.
    pub older: Vec<DeploymentId>,
    /// Its tasks that are not stopped, in no meaningful order.
    pub tasks: Vec<TaskId>,
    /// How many tasks it ever launched.
    pub n_launched: u32,
    /// Healthy tasks on instances that are lost without the cluster knowing.
    pub n_healthy_lost: u32,
    /// The other healthy tasks, by zone.
    pub healthy_by_zone: Vec<u32>,
}

/// A revision of a service, being rolled out or in place.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// What its tasks run.
    pub definition: TaskDefinitionId,
    /// When it began.
    pub started_at: SimTime,
    /// Whether the service has been steady on it (rollout state COMPLETED).
    pub is_completed: bool,
    /// How many tasks of an earlier revision are still to be kept: those that
    /// stop by themselves are replaced from the same revision (behaviour since
    /// November 2025). Not read for the primary: it wants the desired count.
    pub keep: u32,
    /// How many tasks were ever launched for it.
    pub n_launched: u32,
    /// Where its tasks stand.
    pub counts: RevisionCounts,
}
