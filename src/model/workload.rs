//! What happens to a cluster from outside, sorted by time, immutable, and
//! shared by all runs that meet it: stand-alone tasks that are asked for, and
//! what people and load do to services.

use std::collections::BTreeMap;

use crate::base::id::{ServiceId, TaskDefinitionId, ZoneId};
use crate::base::{SimDuration, SimTime, Table};
pub use crate::model::arrivals::{Arrivals, TaskArrival};
use crate::model::scaling::LoadPoint;
use crate::model::scanning::ScanGate;
use crate::model::task::TaskDefinition;
use crate::model::traffic::RequestRate;

/// All arrivals and service changes of a run.
#[derive(Clone, Debug, Default)]
pub struct Workload {
    /// The definitions that tasks refer to; equal ones are one row.
    pub definitions: Table<TaskDefinitionId, TaskDefinition>,
    /// Stand-alone tasks that are asked for.
    pub arrivals: Arrivals,
    /// How many task groups the arrivals name: `0..n_batches`.
    pub n_batches: u32,
    /// Stand-alone tasks that run at the first moment already; nothing ends
    /// them. Their group is that of their batch.
    pub found: Vec<(FoundTask, u32)>,
    /// The names of their groups: the first batches.
    pub found_groups: Vec<String>,
    /// How each service starts.
    pub services: Table<ServiceId, ServiceStart>,
    /// What happens to services after the start, in the order of time.
    pub service_changes: Vec<ServiceChange>,
    /// Releases that wait for a scan of their images, by what they release: each
    /// has a row of its own.
    pub scan_gates: BTreeMap<TaskDefinitionId, ScanGate>,
}

impl Workload {
    /// The arrival number of stand-alone tasks that are found, not asked for.
    pub const FOUND: u32 = u32::MAX;

    /// What a service runs in the course of a run: its first revision, then what
    /// is released, in the order of time. Those of tasks that are found may be
    /// others.
    pub fn revisions(&self, service: ServiceId) -> impl Iterator<Item = TaskDefinitionId> {
        let changes = self.service_changes.iter().filter(move |it| it.service == service);
        let releases = changes.filter_map(|it| match it.kind {
            ServiceChangeKind::Release(definition)
            | ServiceChangeKind::TaskSet { change: TaskSetChange::Created { definition, .. }, .. } => {
                Some(definition)
            }
            ServiceChangeKind::DesiredCount(_)
            | ServiceChangeKind::Scaled(_)
            | ServiceChangeKind::Bounds { .. }
            | ServiceChangeKind::TaskSet { .. }
            | ServiceChangeKind::Protected { .. } => None,
        });
        std::iter::once(self.services[service].definition).chain(releases)
    }

    /// The most tasks that these services want together at one moment.
    pub fn desired_at_most(&self, services: &[ServiceId]) -> u32 {
        let mut desired: Vec<u32> = services.iter().map(|&it| self.services[it].desired_count).collect();
        let sum = |desired: &[u32]| desired.iter().fold(0, |sum: u32, it| sum.saturating_add(*it));
        let mut most = sum(&desired);
        let mut changes = self.service_changes.iter().peekable();
        while let Some(change) = changes.next() {
            if let (ServiceChangeKind::DesiredCount(n) | ServiceChangeKind::Scaled(n), Some(idx)) =
                (change.kind, services.iter().position(|it| *it == change.service))
            {
                desired[idx] = n;
            }
            // What changes at one moment is looked at together.
            if changes.peek().is_none_or(|next| next.at > change.at) {
                most = most.max(sum(&desired));
            }
        }
        most
    }

    /// How long a stand-alone task runs.
    pub fn lifetime(&self, arrival: u32) -> SimDuration {
        let arrival = arrival as usize;
        if arrival < self.arrivals.len() { self.arrivals.lifetime(arrival) } else { SimDuration::FOREVER }
    }
}

/// A service as the run finds it: created at the first moment, nothing running.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceStart {
    /// The first revision.
    pub definition: TaskDefinitionId,
    /// The first desired count.
    pub desired_count: u32,
    /// Tasks that run at the first moment already.
    pub found: Vec<FoundTask>,
    /// How many requests it is sent, in the order of time, the first at zero;
    /// empty where traffic is not played.
    pub requests: Vec<RequestRate>,
    /// CPU that its tasks want together, in the order of time, the first at
    /// zero; empty where no load says it.
    pub cpu_load: Vec<LoadPoint>,
    /// The same of memory.
    pub memory_load: Vec<LoadPoint>,
}

impl ServiceStart {
    /// A service without tasks.
    pub const fn new(definition: TaskDefinitionId, desired_count: u32) -> Self {
        Self {
            definition,
            desired_count,
            found: Vec::new(),
            requests: Vec::new(),
            cpu_load: Vec::new(),
            memory_load: Vec::new(),
        }
    }
}

/// A task that runs at the first moment already, as a snapshot of a cluster
/// says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundTask {
    /// What it runs.
    pub definition: TaskDefinitionId,
    /// Where.
    pub host: FoundHost,
    /// Whether it is healthy, else unhealthy.
    pub is_healthy: bool,
}

/// Where a task runs at the first moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FoundHost {
    /// On the n-th instance that the setup finds.
    Instance(usize),
    /// On Fargate, in this zone.
    Fargate(ZoneId),
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

/// What can happen to a task set (API CreateTaskSet, UpdateTaskSet,
/// UpdateServicePrimaryTaskSet, DeleteTaskSet). A scale is in percent of the
/// service's desired count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskSetChange {
    /// It is made, of this revision.
    Created {
        /// What its tasks run.
        definition: TaskDefinitionId,
        /// 0 to 100.
        scale: u8,
    },
    /// It has another scale.
    Scaled(u8),
    /// It becomes the primary one.
    MadePrimary,
    /// It goes with its tasks.
    Deleted,
}

/// What can happen to a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServiceChangeKind {
    /// Somebody sets its desired count to this.
    DesiredCount(u32),
    /// Its scaling policies want this: during a deployment they only scale out
    /// (developer guide, service-auto-scaling).
    Scaled(u32),
    /// A scheduled action sets the bounds between which it is scaled (API
    /// PutScheduledAction); what is `None` stays.
    Bounds {
        /// The fewest tasks.
        min_capacity: Option<u32>,
        /// The most.
        max_capacity: Option<u32>,
    },
    /// So many of its tasks that are not protected ask to be, until then (API
    /// UpdateTaskProtection), the oldest first.
    Protected {
        /// How many.
        n_tasks: u32,
        /// Until when.
        until: SimTime,
    },
    /// A new revision is rolled out.
    Release(TaskDefinitionId),
    /// A task set of a service of the controller EXTERNAL is changed. The one
    /// that the service starts with has the number 0, the others their own.
    TaskSet {
        /// Which.
        set: u32,
        /// What becomes of it.
        change: TaskSetChange,
    },
}
