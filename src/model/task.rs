//! Task definitions and tasks: what a task needs, where it is in its life, and
//! the row that stands for it while it is alive.
//!
//! ```text
//! Provisioning -> Pending -> Activating -> Running -> Deactivating -> Stopping -> Deprovisioning -> Stopped
//!  (waits for      (placed)   (pull,        (all        (leaves its     (stop       (network
//!   room)                      start)        started)    targets)        signal)     goes)
//! ```
//!
//! A state that takes no time costs no event.

use std::sync::Arc;

use crate::base::id::{DeploymentId, GroupId, InstanceId, TaskDefinitionId, ZoneId};
use crate::base::{CpuUnits, MemoryMib, SimDuration, SimTime};
use crate::model::capacity::Capacity;
use crate::model::container::Blueprint;
use crate::model::network::{HostPort, Protocol};

/// What a task takes from the instance it is placed on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Needs {
    /// CPU units reserved.
    pub cpu: CpuUnits,
    /// Memory reserved.
    pub memory: MemoryMib,
    /// Whole GPUs.
    pub gpus: u32,
    /// Network interfaces of its own: one in awsvpc mode.
    pub network_interfaces: u32,
}

impl Needs {
    /// CPU units and memory alone.
    pub const fn of(cpu: CpuUnits, memory: MemoryMib) -> Self {
        Self { cpu, memory, gpus: 0, network_interfaces: 0 }
    }

    /// Whether this fits into `room`; exactly equal fits.
    pub fn fits(&self, room: &Self) -> bool {
        self.cpu <= room.cpu
            && self.memory <= room.memory
            && self.gpus <= room.gpus
            && self.network_interfaces <= room.network_interfaces
    }
}

impl std::ops::AddAssign for Needs {
    fn add_assign(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.memory += other.memory;
        self.gpus += other.gpus;
        self.network_interfaces += other.network_interfaces;
    }
}

impl std::ops::SubAssign for Needs {
    fn sub_assign(&mut self, other: Self) {
        self.cpu -= other.cpu;
        self.memory -= other.memory;
        self.gpus -= other.gpus;
        self.network_interfaces -= other.network_interfaces;
    }
}

/// One revision of a family: what every task started from it needs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TaskDefinition {
    /// The family's name, with the revision where there are several.
    pub name: String,
    /// What it takes from its instance.
    pub needs: Needs,
    /// Host ports taken on the instance (static mappings only), sorted.
    pub host_ports: Vec<HostPort>,
    /// Host ports that are chosen when it is placed.
    pub dynamic_ports: Vec<Protocol>,
    /// Its own placement constraints: expressions of the Cluster Query Language.
    pub placement_constraints: Vec<String>,
    /// Its containers; `None` for one plain container that runs for ever.
    pub blueprint: Option<Arc<Blueprint>>,
}

impl TaskDefinition {
    /// One plain container with these needs.
    pub fn plain(name: impl Into<String>, needs: Needs) -> Self {
        Self {
            name: name.into(),
            needs,
            host_ports: Vec::new(),
            dynamic_ports: Vec::new(),
            placement_constraints: Vec::new(),
            blueprint: None,
        }
    }

    /// How many host ports it takes of its instance.
    pub fn n_ports(&self) -> usize {
        self.host_ports.len() + self.dynamic_ports.len()
    }

    /// Whether it takes host ports of its instance.
    pub fn takes_ports(&self) -> bool {
        !self.host_ports.is_empty() || !self.dynamic_ports.is_empty()
    }
}

/// The last status of a task, under the name ECS gives it (developer guide,
/// task-lifecycle-explanation).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TaskStatus {
    /// Waits for room.
    Provisioning,
    /// Placed; the agent has yet to hear of it.
    Pending,
    /// Its image is pulled, its containers are created and started.
    Activating,
    /// All its containers run.
    Running,
    /// Leaves its load balancer's targets.
    Deactivating,
    /// Was sent the stop signal.
    Stopping,
    /// Gives its network interface back.
    Deprovisioning,
    /// Gone; it will never run again.
    Stopped,
}

impl TaskStatus {
    /// As the API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Activating => "ACTIVATING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// How a task's health stands; only a service looks at it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Health {
    /// Not known yet.
    Unknown,
    /// Counted towards the minimum.
    Healthy,
    /// Found unhealthy: by its containers' checks, or as a target.
    Unhealthy,
}

/// Why a task stopped, under ECS's stop codes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StopCode {
    /// Its work was done.
    EssentialContainerExited,
    /// It did not come to RUNNING.
    TaskFailedToStart,
    /// A deployment, a smaller desired count, a failed health check.
    ServiceSchedulerInitiated,
    /// Its machine was lost.
    TerminationNotice,
    /// Fargate Spot took its machine back.
    SpotInterruption,
}

/// Tells an event that it comes too late: it was scheduled for an earlier life
/// of the row, or before the task was stopped.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Epoch(pub u32);

/// Who asked for a task.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TaskOwner {
    /// A row of the workload: its arrival number.
    Standalone {
        /// Position in the workload's arrivals.
        arrival: u32,
    },
    /// A service's scheduler.
    Service {
        /// For which revision it was started.
        deployment: DeploymentId,
        /// The n-th task this service launched.
        launch: u32,
    },
}

/// Where a task is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Host {
    /// On an instance of the cluster.
    Instance(InstanceId),
    /// On a machine of its own, in this zone.
    Fargate(ZoneId),
}

/// A task that is alive: one placement of a definition.
#[derive(Clone, Debug)]
pub struct Task {
    /// What it runs.
    pub definition: TaskDefinitionId,
    /// Its task group: placement strategies and constraints count by it.
    pub group: GroupId,
    /// Who asked for it.
    pub owner: TaskOwner,
    /// What it is placed on, from the moment it is asked for.
    pub capacity: Capacity,
    /// Where it is in its life.
    pub status: TaskStatus,
    /// Whether it is wanted: false as soon as somebody asked it to stop.
    pub is_desired_running: bool,
    /// How its health stands.
    pub health: Health,
    /// Where it is, from placement until it is stopped.
    pub host: Option<Host>,
    /// Whether it is protected from scale-in and deployments (API
    /// UpdateTaskProtection).
    pub is_protected: bool,
    /// When it was first asked for.
    pub requested_at: SimTime,
    /// When its status last changed.
    pub since: SimTime,
    /// Which events still speak of it.
    pub epoch: Epoch,
    /// Its position in its service's list of tasks; nothing for other tasks.
    pub(in crate::model) slot: u32,
}

const _: () = assert!(size_of::<Task>() <= 64, "a task is as large as a line of the cache");

impl Task {
    /// Whether it takes room on an instance.
    pub fn is_placed(&self) -> bool {
        self.host.is_some()
    }

    /// The instance it is on; `None` while it waits, and on Fargate.
    pub fn instance(&self) -> Option<InstanceId> {
        match self.host? {
            Host::Instance(instance) => Some(instance),
            Host::Fargate(_) => None,
        }
    }

    /// A number that names the task in every run of the same workload, whatever
    /// the policies: what draws are keyed by.
    pub fn entity(&self, group: GroupId) -> u64 {
        match self.owner {
            TaskOwner::Standalone { arrival } => u64::from(arrival),
            // Services have the first groups, so the two never meet.
            TaskOwner::Service { launch, .. } => {
                1 << 55 | u64::from(group.number() & 0x7F_FFFF) << 32 | u64::from(launch)
            }
        }
    }
}

/// How long a stand-alone task runs once it is running; for ever if nothing in
/// the trace ends it.
pub type Lifetime = SimDuration;
