//! What is asked: can this service, as it stands, come to that revision? Made of
//! a setting and one of its releases, with nothing of the workload left but what
//! holds room at that moment.

use std::collections::BTreeMap;

use crate::base::id::{CapacityProviderId, ServiceId, TaskDefinitionId};
use crate::base::{SimDuration, SimTime};
use crate::model::capacity::Scaling;
use crate::model::deployment::{DeploymentStrategy, SchedulingStrategy};
use crate::model::workload::{ServiceChange, ServiceChangeKind, TaskArrival, Workload};
use crate::sim::Setup;
use crate::sim::health::TargetLuck;
use crate::sim::setup::ServicePolicy;

/// A rollout that may or may not come to an end.
#[derive(Clone)]
pub struct Question {
    /// How the cluster is run.
    pub setup: Setup,
    /// The services as they stand before the release, each at its desired count
    /// of that moment, and the stand-alone tasks that nothing ends. No changes.
    pub workload: Workload,
    /// Whose rollout.
    pub service: ServiceId,
    /// What is rolled out.
    pub target: TaskDefinitionId,
    /// How many tasks the service wants from the release on.
    pub desired_count: u32,
    /// Whether tasks stand as a first placement on an empty cluster leaves them;
    /// else where scaling, earlier rollouts or tasks that came and went have
    /// left them, which is anywhere that they may be.
    pub is_fresh: bool,
    /// How many of its tasks are protected then.
    pub n_protected: u32,
    /// Until when the last of them is.
    pub protected_until: SimTime,
}

impl Question {
    /// Of the release at this position of the workload's service changes;
    /// `None` if there is none.
    pub fn of_release(setup: &Setup, workload: &Workload, position: usize) -> Option<Self> {
        let release = workload.service_changes.get(position)?;
        let ServiceChangeKind::Release(target) = release.kind else { return None };
        Some(Self::of(
            setup,
            workload,
            release.service,
            target,
            &workload.service_changes[..position],
            Some(release),
        ))
    }

    /// Of a release of what the service runs from the first moment on, at that
    /// desired count.
    pub fn of_any_release(
        setup: &Setup,
        workload: &Workload,
        service: ServiceId,
        desired_count: u32,
    ) -> Self {
        let target = workload.services[service].definition;
        let mut question = Self::of(setup, workload, service, target, &[], None);
        question.workload.services[service].desired_count = desired_count;
        question.desired_count = desired_count;
        question
    }

    fn of(
        setup: &Setup,
        workload: &Workload,
        service: ServiceId,
        target: TaskDefinitionId,
        before: &[ServiceChange],
        release: Option<&ServiceChange>,
    ) -> Self {
        let at = release.map(|it| it.at);
        let provider = setup.services[service].placement.only_provider();
        let is_neighbour = |it: ServiceId| provider.is_none_or(|of| setup.services[it].placement.uses(of));
        let mut services = workload.services.clone();
        let mut desired_count = services[service].desired_count;
        let mut is_fresh = true;
        let (mut n_protected, mut protected_until) = (0_u32, SimTime::ZERO);
        for change in before {
            let row = &mut services[change.service];
            // What comes at the same moment finds the tasks as they were.
            let is_earlier = at.is_none_or(|it| change.at < it);
            match change.kind {
                ServiceChangeKind::DesiredCount(n) | ServiceChangeKind::Scaled(n) => {
                    if change.service == service {
                        desired_count = n;
                    }
                    if is_earlier {
                        row.desired_count = n;
                    }
                }
                ServiceChangeKind::Release(definition) => row.definition = definition,
                ServiceChangeKind::Protected { n_tasks, until } => {
                    if change.service == service && at.is_some_and(|at| until > at) {
                        n_protected = n_protected.saturating_add(n_tasks);
                        protected_until = protected_until.max(until);
                    }
                    continue;
                }
                ServiceChangeKind::TaskSet { .. } | ServiceChangeKind::Bounds { .. } => (),
            }
            if is_earlier && is_neighbour(change.service) {
                is_fresh = false;
                row.found.clear();
            }
        }
        let standalone = setup.standalone.placement.only_provider();
        let is_standing = |it: &TaskArrival| it.lifetime == SimDuration::FOREVER;
        let comes_before = |it: &TaskArrival| at.is_none_or(|at| it.at <= at);
        if provider.is_some() && standalone == provider {
            is_fresh &= workload.arrivals.iter().filter(comes_before).all(|it| is_standing(&it));
        }
        let arrivals = workload.arrivals.iter().filter(comes_before).filter(is_standing).collect();
        let workload = Workload {
            definitions: workload.definitions.clone(),
            arrivals,
            n_batches: workload.n_batches,
            found: workload.found.clone(),
            found_groups: workload.found_groups.clone(),
            services,
            service_changes: Vec::new(),
            scan_gates: BTreeMap::new(),
        };
        let n_protected = n_protected.min(workload.services[service].desired_count);
        // A group that grew to its size has had less room before.
        let grows = provider.is_some_and(|it| setup.providers[it].scaling != Scaling::Fixed);
        let fails = setup.loses_machines();
        Self {
            setup: setup.clone(),
            workload,
            service,
            target,
            desired_count,
            is_fresh: is_fresh && !grows && !fails,
            n_protected,
            protected_until,
        }
    }

    /// The question as a run: the same release at a moment by which everything
    /// before it has long come up.
    pub fn as_run(&self, at: SimTime) -> (Setup, Workload) {
        let mut workload = self.workload.clone();
        let service = self.service;
        let mut change = |kind| workload.service_changes.push(ServiceChange { at, service, kind });
        if self.workload.services[service].desired_count != self.desired_count {
            change(ServiceChangeKind::DesiredCount(self.desired_count));
        }
        if self.n_protected > 0 {
            let until = self.protected_until.max(at + SimDuration::from_secs(30 * 24 * 3600));
            change(ServiceChangeKind::Protected { n_tasks: self.n_protected, until });
        }
        change(ServiceChangeKind::Release(self.target));
        (self.setup.clone(), workload)
    }

    /// The policy of the service.
    pub fn policy(&self) -> &ServicePolicy {
        &self.setup.services[self.service]
    }

    /// What the service runs before.
    pub fn source(&self) -> TaskDefinitionId {
        self.workload.services[self.service].definition
    }

    /// Whether it has a task on each instance.
    pub(super) fn is_daemon(&self) -> bool {
        self.policy().scheduling == SchedulingStrategy::Daemon
    }

    /// Whose instances its tasks go to; `None` on Fargate.
    pub fn provider(&self) -> Option<CapacityProviderId> {
        self.policy().placement.only_provider()
    }

    /// Whether its tasks come up and stay: others say where they do not. Found
    /// rollouts and unhealthy tasks are left out.
    pub(super) fn is_sound(&self) -> bool {
        let policy = self.policy();
        let is_rolling = !policy.is_external && policy.deployment.strategy == DeploymentStrategy::Rolling;
        let drains = self.setup.found_instances.iter().any(|it| it.is_draining);
        let found =
            self.workload.services.iter().flat_map(|(_, it)| it.found.iter().map(move |task| (it, task)));
        let mut found = found.filter(|(row, task)| !task.is_healthy || task.definition != row.definition);
        // Over several groups, or types, nobody knows what there will be.
        let capacity = &policy.placement.capacity;
        let is_of_one_kind = capacity.is_fargate()
            || (capacity.items().len() == 1
                && capacity.providers().all(|it| self.setup.providers[it].instance_types.len() == 1));
        is_rolling
            && is_of_one_kind
            && !drains
            && found.next().is_none()
            && [self.source(), self.target].into_iter().all(|it| self.comes_up(it))
    }

    fn comes_up(&self, definition: TaskDefinitionId) -> bool {
        let life = self.setup.life(&self.workload.definitions[definition], Some(self.service));
        let luck = TargetLuck { first_check: &|_, _| SimDuration::ZERO, is_reachable: &|_| true };
        let grace = self.policy().health_check_grace_period;
        let health = self.setup.health_moments(self.service, &life, grace, &luck);
        life.start.failure.is_none()
            && life.start.total() != SimDuration::FOREVER
            && life.exit.is_none()
            && health.healthy_after.is_some()
            && health.unhealthy_after.is_none()
    }
}
