//! A service's scheduler: shows the controller where the service stands, and
//! carries out its plan. It looks after every change of a task's state, and
//! when a pause is over; a tick in between could not decide otherwise.

use crate::base::id::{DeploymentId, Id as _, ServiceId, TaskDefinitionId, TaskId};
use crate::deployment::{DeploymentPlan, Marked, ServiceView, Standstill};
use crate::model::deployment::SchedulingStrategy;
use crate::model::instance::InstanceStatus;
use crate::model::task::TaskOwner;
use crate::model::workload::ServiceChangeKind;
use crate::record::DeploymentOutcome;
use crate::sim::service_tasks::{BACK_OFF_AFTER, Side, Which};
use crate::sim::simulation::Simulation;
use crate::sim::watch::{Fact, Watch};

impl<W: Watch> Simulation<'_, W> {
    pub(super) fn on_service_changed(&mut self, number: u32) {
        let change = self.workload.service_changes[number as usize];
        let service = change.service;
        match change.kind {
            ServiceChangeKind::DesiredCount(desired_count) => {
                self.services[service].scales_in_to = None;
                self.set_desired_count(service, desired_count);
            }
            ServiceChangeKind::Scaled(desired_count) => self.scale(service, desired_count),
            ServiceChangeKind::Bounds { min_capacity, max_capacity } => {
                self.on_bounds_scheduled(service, min_capacity, max_capacity);
            }
            ServiceChangeKind::Release(_) if self.is_held_back(number) => (),
            ServiceChangeKind::Release(definition) => self.release(service, definition),
            ServiceChangeKind::Protected { n_tasks, until } => self.protect_tasks(service, n_tasks, until),
            ServiceChangeKind::TaskSet { set, change } => self.change_task_set(service, set, change),
        }
        self.services[service].is_changed = true;
        self.review_service(service);
    }

    /// A release that waited goes.
    pub(super) fn release_now(&mut self, number: u32) {
        let change = self.workload.service_changes[number as usize];
        let ServiceChangeKind::Release(definition) = change.kind else { return };
        self.release(change.service, definition);
        self.services[change.service].is_changed = true;
        self.review_service(change.service);
    }

    /// A scaling policy wants another number. Scaling in waits for the end of a
    /// deployment (developer guide, service-auto-scaling).
    pub(super) fn scale(&mut self, service: ServiceId, desired_count: u32) {
        let is_smaller = desired_count < self.cluster.service(service).desired_count;
        if self.is_deploying(service) && is_smaller {
            self.services[service].scales_in_to = Some(desired_count);
        } else {
            self.services[service].scales_in_to = None;
            self.set_desired_count(service, desired_count);
        }
    }

    /// Whether a deployment keeps policies from scaling in.
    pub(super) fn is_deploying(&self, service: ServiceId) -> bool {
        let state = &self.services[service];
        state.is_rolling_out && !state.rollout.is_halted
    }

    /// During a rollout a scale-out applies to both revisions (behaviour since
    /// November 2025).
    pub(super) fn set_desired_count(&mut self, service: ServiceId, desired_count: u32) {
        let before = self.cluster.service(service).desired_count;
        self.cluster.set_desired_count(service, desired_count);
        if desired_count < before {
            self.note_lowered(service);
        }
        if self.services[service].is_rolling_out && desired_count > before {
            let mut older = self.cluster.service(service).older.iter().rev();
            if let Some(&kept) = older.find(|&&it| self.cluster.deployment(it).keep > 0) {
                let keep = self.cluster.deployment(kept).keep;
                self.cluster.set_keep(kept, keep + (desired_count - before));
            }
        }
    }

    fn release(&mut self, service: ServiceId, definition: TaskDefinitionId) {
        // Asked before its stage ends: a canary leaves the requests where most
        // of them are.
        let serving = self.serving_deployment(service);
        if self.services[service].is_rolling_out {
            // One that its bounds had stopped for good is no less a deadlock
            // because somebody tried again.
            let outcome = match self.services[service].standstill {
                Some(Standstill::DeploymentConfiguration) => DeploymentOutcome::DeadlockedByConfiguration,
                Some(Standstill::Protection) => DeploymentOutcome::DeadlockedByProtection,
                Some(Standstill::InsufficientCapacity) | None => DeploymentOutcome::Superseded,
            };
            self.close_rollout(service, outcome);
        }
        let deployment = self.cluster.open_deployment(service, definition);
        self.lives.open(deployment, service, definition);
        let state = &mut self.services[service];
        state.n_failed_starts = 0;
        state.is_rolling_out = true;
        // Another task definition may find room where the last one did not.
        state.retry_at = None;
        state.standstill = None;
        let revision = &self.cluster.definition(definition).name;
        self.recorder.open_rollout(self.now, service.idx(), revision);
        self.begin_rollout(service, serving);
    }

    fn source_keep(&self, service: ServiceId) -> u32 {
        self.cluster.service(service).older.iter().map(|&it| self.cluster.deployment(it).keep).sum()
    }

    pub(super) fn on_service_reviewed(&mut self, service: ServiceId) {
        self.services[service].is_review_scheduled = false;
        self.drop_protection(service);
        self.settle_rebalancing(service);
        if self.setup.services[service].is_external {
            self.review_task_sets(service);
            return;
        }
        self.review_rollout(service);
        let view = self.service_view(service);
        let mut plan = self.setup.services[service].controller.plan(&view);
        // Starts that fail are tried again, whatever the room.
        let state = &self.services[service];
        if view.is_paused && state.is_backing_off && view.target.waiting == 0 {
            plan.standstill = plan.standstill.filter(|it| *it != Standstill::InsufficientCapacity);
        }
        self.carry_out(service, plan);
    }

    fn service_view(&mut self, service: ServiceId) -> ServiceView {
        let policy = &self.setup.services[service];
        let (mut source, mut target) = (self.source_counts(service), self.target_counts(service));
        let (source_marked, target_marked);
        if policy.scheduling == SchedulingStrategy::Daemon {
            [(source, source_marked), (target, target_marked)] = self.place_daemons(service);
        } else {
            let primary = self.cluster.service(service).primary;
            source_marked = self.marked(service, |it| it != primary);
            target_marked = self.marked(service, |it| it == primary);
        }
        let state = &self.services[service];
        ServiceView {
            desired_count: self.cluster.service(service).desired_count,
            bounds: policy.deployment.bounds,
            target,
            target_marked,
            source,
            source_marked,
            source_keep: self.source_keep(service),
            is_rolling_out: state.is_rolling_out,
            is_halted: state.rollout.is_halted,
            is_source_serving: self.is_source_serving(service),
            awaits_scale_up: self.awaits_scale_up(service),
            n_rebalancing: u32::from(state.rebalancing.is_some()),
            is_paused: state.retry_at.is_some_and(|at| self.now < at),
            is_backing_off: state.n_failed_starts >= BACK_OFF_AFTER,
            upper_counts_stopping: self.setup.options.upper_counts_stopping,
            order: self.setup.options.order,
            unhealthy_replacement: self.setup.options.unhealthy_replacement,
        }
    }

    /// Those of a service's wanted tasks that are protected, or on instances
    /// that drain, of these revisions.
    pub(super) fn marked(&self, service: ServiceId, is_meant: impl Fn(DeploymentId) -> bool) -> Marked {
        let mut marked = Marked::default();
        if self.cluster.n_draining() == 0 && self.services[service].protected.is_empty() {
            return marked;
        }
        for &id in &self.cluster.service(service).tasks {
            let task = self.cluster.task(id);
            let TaskOwner::Service { deployment, .. } = task.owner else { continue };
            if !task.is_desired_running || !is_meant(deployment) {
                continue;
            }
            if task.is_protected {
                marked.protected.add(task.status, task.health);
            } else if self.is_draining(id) {
                marked.draining.add(task.status, task.health);
            }
        }
        marked
    }

    /// Whether a task has to leave its instance: it drains, and the task is not
    /// protected (MODEL: its protection is waited for).
    pub(super) fn is_draining(&self, task: TaskId) -> bool {
        let task = self.cluster.task(task);
        let drains = |it| self.cluster.instance(it).status == InstanceStatus::Draining;
        !task.is_protected && task.instance().is_some_and(drains)
    }

    fn carry_out(&mut self, service: ServiceId, plan: DeploymentPlan) {
        self.services[service].standstill = plan.standstill;
        if plan.is_complete {
            self.on_steady(service);
            return;
        }
        self.services[service].rollout.bakes_since = None;
        if plan != DeploymentPlan::default() {
            self.watch.fact(self.now, Fact::ServicePlanned(service, plan));
        }
        let of_source = if self.is_source_serving(service) { Which::Surplus } else { Which::Any };
        self.stop_tasks(service, Side::Source, plan.stop_source_unhealthy, Which::Unhealthy);
        self.stop_tasks(service, Side::Target, plan.stop_target_unhealthy, Which::Unhealthy);
        self.stop_tasks(service, Side::Source, plan.stop_source_draining, Which::Draining);
        self.stop_tasks(service, Side::Target, plan.stop_target_draining, Which::Draining);
        self.stop_tasks(service, Side::Source, plan.stop_source, of_source);
        self.stop_tasks(service, Side::Target, plan.stop_target, Which::Any);
        self.replace_source_tasks(service, plan.start_source);
        let primary = self.cluster.service(service).primary;
        self.start_tasks(service, primary, plan.start_target);
    }

    /// The horizon: what became of rollouts that are still under way.
    pub(super) fn close_rollouts(&mut self) {
        self.now = crate::base::SimTime::ZERO + self.setup.horizon;
        for service in self.setup.services.ids() {
            if self.services[service].is_rolling_out {
                let outcome = match self.services[service].standstill {
                    Some(Standstill::DeploymentConfiguration) => DeploymentOutcome::DeadlockedByConfiguration,
                    Some(Standstill::Protection) => DeploymentOutcome::DeadlockedByProtection,
                    Some(Standstill::InsufficientCapacity) if !self.may_find_room(service) => {
                        DeploymentOutcome::DeadlockedByCapacity
                    }
                    Some(Standstill::InsufficientCapacity) | None => DeploymentOutcome::CutByHorizon,
                };
                self.close_rollout(service, outcome);
            }
        }
    }
}
