//! What is known beforehand of the lives of tasks: one row for each service and
//! revision, one for each definition of stand-alone tasks. Found when a run is
//! set up; a handler only looks it up.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::id::{DeploymentId, Id as _, ServiceId, TaskDefinitionId};
use crate::base::{SimDuration, Table};
use crate::model::Cluster;
use crate::model::life::{ContainerHealth, TaskLife};
use crate::model::task::{StopCode, Task, TaskOwner};
use crate::model::workload::{ServiceChangeKind, Workload};
use crate::sim::setup::{Capacity, Setup};

/// The lives of all definitions of a run.
#[derive(Default)]
pub(super) struct Lives {
    rows: Vec<TaskLife>,
    /// By definition; those of stand-alone tasks.
    standalone: Vec<u32>,
    of_service: BTreeMap<(ServiceId, TaskDefinitionId), u32>,
    of_deployment: Table<DeploymentId, u32>,
}

impl Lives {
    /// The lives of everything that `workload` names.
    pub(super) fn new(setup: &Setup, workload: &Workload, cluster: &Cluster) -> Self {
        let mut lives = Self {
            rows: Vec::new(),
            standalone: Vec::new(),
            of_service: BTreeMap::new(),
            of_deployment: Table::new(),
        };
        lives.standalone = vec![0; workload.definitions.len()];
        let is_fargate = setup.standalone.placement.capacity.is_fargate();
        // Plain definitions of stand-alone tasks differ in needs only.
        let mut plain = None;
        for (id, definition) in workload.definitions.iter() {
            lives.standalone[id.idx()] = match (&definition.blueprint, plain) {
                (None, Some(known)) => known,
                (blueprint, _) => {
                    let row = lives.push(setup.life(definition, None, is_fargate));
                    if blueprint.is_none() {
                        plain = Some(row);
                    }
                    row
                }
            };
        }
        let starts = workload.services.iter().flat_map(|(service, start)| {
            let found = start.found.iter().map(|it| it.definition);
            found.chain([start.definition]).map(move |it| (service, it))
        });
        let releases = workload.service_changes.iter().filter_map(|it| match it.kind {
            ServiceChangeKind::Release(definition) => Some((it.service, definition)),
            ServiceChangeKind::DesiredCount(_) => None,
        });
        for (service, definition) in starts.chain(releases) {
            if !lives.of_service.contains_key(&(service, definition)) {
                let is_fargate = setup.services[service].placement.capacity.is_fargate();
                let life = setup.life(&workload.definitions[definition], Some(service), is_fargate);
                let row = lives.push(life);
                lives.of_service.insert((service, definition), row);
            }
        }
        for (service, row) in cluster.services() {
            let deployments = row.older.iter().copied().chain([row.primary]);
            let mut deployments: Vec<DeploymentId> = deployments.collect();
            deployments.sort_unstable();
            for deployment in deployments {
                lives.open(deployment, service, cluster.deployment(deployment).definition);
            }
        }
        lives
    }

    fn push(&mut self, life: TaskLife) -> u32 {
        self.rows.push(life);
        u32::try_from(self.rows.len() - 1).expect("fewer than 2^32 definitions")
    }

    /// A deployment began.
    pub(super) fn open(&mut self, id: DeploymentId, service: ServiceId, definition: TaskDefinitionId) {
        let row = self.of_service[&(service, definition)];
        if self.of_deployment.len() <= id.idx() {
            // Deployments are numbered as they begin, over all services.
            while self.of_deployment.len() < id.idx() {
                self.of_deployment.push(0);
            }
            self.of_deployment.push(row);
        } else {
            self.of_deployment[id] = row;
        }
    }

    /// The life of a task.
    pub(super) fn of(&self, task: &Task) -> &TaskLife {
        let row = match task.owner {
            TaskOwner::Standalone { .. } => self.standalone[task.definition.idx()],
            TaskOwner::Service { deployment, .. } => self.of_deployment[deployment],
        };
        &self.rows[row as usize]
    }
}

impl TaskLife {
    /// From being asked to stop to stopped, once the targets are drained.
    pub(super) fn stop_after(&self, code: StopCode) -> SimDuration {
        match code {
            StopCode::ServiceSchedulerInitiated => self.stop + self.deprovision,
            // What exited needs no time to exit; others are told to.
            StopCode::EssentialContainerExited => self.stop_others + self.deprovision,
            StopCode::TaskFailedToStart => self.deprovision,
            StopCode::TerminationNotice => SimDuration::ZERO,
        }
    }
}

/// When a task is found healthy or unhealthy, counted from RUNNING.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct HealthMoments {
    pub(super) healthy_after: Option<SimDuration>,
    pub(super) unhealthy_after: Option<SimDuration>,
}

impl HealthMoments {
    /// What a service acts on (semantics 1.2): healthy when everything that is
    /// asked says so; unhealthy as soon as one does, unless it is healthy by
    /// the end of its grace period.
    pub(super) fn of(
        container: ContainerHealth,
        recovers_after: Option<SimDuration>,
        targets: impl Iterator<Item = Self>,
        settle: SimDuration,
        grace: SimDuration,
    ) -> Self {
        let of_containers = match container {
            ContainerHealth::Unchecked => None,
            ContainerHealth::HealthyAfter(after) => {
                Some(Self { healthy_after: Some(after), unhealthy_after: None })
            }
            ContainerHealth::UnhealthyAfter(after) => {
                Some(Self { healthy_after: recovers_after, unhealthy_after: Some(after) })
            }
        };
        let mut asked = targets.chain(of_containers).peekable();
        if asked.peek().is_none() {
            return Self { healthy_after: Some(settle), unhealthy_after: None };
        }
        let mut all = Self { healthy_after: Some(SimDuration::ZERO), unhealthy_after: None };
        for one in asked {
            all.healthy_after = Option::zip(all.healthy_after, one.healthy_after).map(|(a, b)| a.max(b));
            all.unhealthy_after = match (all.unhealthy_after, one.unhealthy_after) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        let unhealthy_after = all.unhealthy_after.map(|it| it.max(grace));
        let is_in_time = |unhealthy: &SimDuration| all.healthy_after.is_some_and(|it| it <= *unhealthy);
        Self { unhealthy_after: unhealthy_after.filter(|it| !is_in_time(it)), ..all }
    }
}

impl Capacity {
    /// Whether tasks have machines of their own.
    pub fn is_fargate(self) -> bool {
        matches!(self, Self::Fargate { .. })
    }
}

/// A reason that many tasks share.
pub(super) type Reason = Arc<str>;

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(n: u64) -> SimDuration {
        SimDuration::from_secs(n)
    }

    #[test]
    fn a_service_waits_for_all_and_acts_on_the_first_failure() {
        let target = |healthy: Option<u64>, unhealthy: Option<u64>| HealthMoments {
            healthy_after: healthy.map(secs),
            unhealthy_after: unhealthy.map(secs),
        };
        let moments = |container, targets: &[HealthMoments], grace| {
            let it = HealthMoments::of(container, None, targets.iter().copied(), secs(40), secs(grace));
            (it.healthy_after.map(|it| it.millis() / 1000), it.unhealthy_after.map(|it| it.millis() / 1000))
        };
        use ContainerHealth::{HealthyAfter, Unchecked, UnhealthyAfter};
        assert_eq!(moments(Unchecked, &[], 0), (Some(40), None), "nothing is asked: it settles");
        assert_eq!(moments(HealthyAfter(secs(30)), &[], 0), (Some(30), None));
        assert_eq!(moments(HealthyAfter(secs(30)), &[target(Some(70), None)], 0), (Some(70), None));
        assert_eq!(moments(UnhealthyAfter(secs(90)), &[target(Some(70), None)], 0), (None, Some(90)));
        assert_eq!(moments(Unchecked, &[target(Some(200), Some(60))], 0), (Some(200), Some(60)));
        assert_eq!(moments(Unchecked, &[target(Some(200), Some(60))], 300), (Some(200), None), "grace");
        assert_eq!(moments(Unchecked, &[target(None, Some(60))], 300), (None, Some(300)));
    }
}
