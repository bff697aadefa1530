//! A service's scheduler: shows the controller where the service stands, and
//! carries out its plan. It looks after every change of a task's state, and
//! when a pause is over; a tick in between could not decide otherwise.

use std::collections::BTreeMap;

use crate::base::id::{CapacityProviderId, DeploymentId, Id as _, ServiceId, TaskDefinitionId, TaskId};
use crate::base::{Domain, SimDuration, SimTime};
use crate::deployment::{DeploymentPlan, ServiceView, Standstill};
use crate::model::capacity::Scaling;
use crate::model::instance::InstanceStatus;
use crate::model::options::{PROVISIONING_TASKS_MAX, Quotas};
use crate::model::task::{Health, StopCode, TaskOwner, TaskStatus};
use crate::model::workload::ServiceChangeKind;
use crate::placement::scale_in;
use crate::record::{DeploymentOutcome, NeverPlaceable};
use crate::sim::event::Event;
use crate::sim::simulation::Simulation;
use crate::sim::watch::{Fact, Watch};

/// Failed starts in a row after which a service waits (MODEL).
const BACK_OFF_AFTER: u32 = 3;

/// Which of a service's revisions is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// All but the newest.
    Source,
    /// The newest.
    Target,
}

/// Which tasks of a side are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Any, those first that are least of use.
    Any,
    /// Those that were found unhealthy.
    Unhealthy,
}

impl<W: Watch> Simulation<'_, W> {
    pub(super) fn on_service_changed(&mut self, number: u32) {
        let change = self.workload.service_changes[number as usize];
        match change.kind {
            ServiceChangeKind::DesiredCount(desired_count) => {
                self.set_desired_count(change.service, desired_count)
            }
            ServiceChangeKind::Scaled(desired_count) => self.set_desired_count(change.service, desired_count),
            ServiceChangeKind::Release(definition) => self.release(change.service, definition),
            ServiceChangeKind::Protected { .. } | ServiceChangeKind::TaskSet { .. } => (),
        }
        self.services[change.service].is_changed = true;
        self.review_service(change.service);
    }

    /// During a rollout a scale-out applies to both revisions (behaviour since
    /// November 2025).
    fn set_desired_count(&mut self, service: ServiceId, desired_count: u32) {
        let before = self.cluster.service(service).desired_count;
        self.cluster.set_desired_count(service, desired_count);
        let newest_source = self.cluster.service(service).older.last().copied();
        if self.services[service].is_rolling_out
            && let Some(source) = newest_source
            && desired_count > before
        {
            let keep = self.cluster.deployment(source).keep;
            if self.source_keep(service) > 0 {
                self.cluster.set_keep(source, keep + (desired_count - before));
            }
        }
    }

    fn release(&mut self, service: ServiceId, definition: TaskDefinitionId) {
        if self.services[service].is_rolling_out {
            // One that its bounds had stopped for good is no less a deadlock
            // because somebody tried again.
            let outcome = match self.services[service].standstill {
                Some(Standstill::DeploymentConfiguration) => DeploymentOutcome::DeadlockedByConfiguration,
                Some(Standstill::InsufficientCapacity) | None => DeploymentOutcome::Superseded,
            };
            self.recorder.close_rollout(self.now, service.idx(), outcome);
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
    }

    fn source_keep(&self, service: ServiceId) -> u32 {
        self.cluster.service(service).older.iter().map(|&it| self.cluster.deployment(it).keep).sum()
    }

    pub(super) fn on_service_reviewed(&mut self, service: ServiceId) {
        self.services[service].is_review_scheduled = false;
        let policy = &self.setup.services[service];
        let view = ServiceView {
            desired_count: self.cluster.service(service).desired_count,
            bounds: policy.deployment.bounds,
            target: self.target_counts(service),
            source: self.source_counts(service),
            source_keep: self.source_keep(service),
            is_rolling_out: self.services[service].is_rolling_out,
            is_paused: self.services[service].retry_at.is_some_and(|at| self.now < at),
            is_backing_off: self.services[service].n_failed_starts >= BACK_OFF_AFTER,
            upper_counts_stopping: self.setup.options.upper_counts_stopping,
            order: self.setup.options.order,
            unhealthy_replacement: self.setup.options.unhealthy_replacement,
        };
        let mut plan = policy.controller.plan(&view);
        // Starts that fail are tried again, whatever the room.
        let state = &self.services[service];
        if view.is_paused && state.is_backing_off && view.target.waiting == 0 {
            plan.standstill = plan.standstill.filter(|it| *it != Standstill::InsufficientCapacity);
        }
        self.carry_out(service, plan);
    }

    fn carry_out(&mut self, service: ServiceId, plan: DeploymentPlan) {
        self.services[service].standstill = plan.standstill;
        if plan.is_complete {
            if !self.cluster.deployment(self.cluster.service(service).primary).is_completed {
                self.cluster.complete_deployment(service);
            }
            if std::mem::take(&mut self.services[service].is_rolling_out) {
                self.recorder.close_rollout(self.now, service.idx(), DeploymentOutcome::Completed);
                self.watch.fact(self.now, Fact::RolloutCompleted(service));
            }
            return;
        }
        if plan != DeploymentPlan::default() {
            self.watch.fact(self.now, Fact::ServicePlanned(service, plan));
        }
        self.stop_tasks(service, Side::Source, plan.stop_source_unhealthy, Which::Unhealthy);
        self.stop_tasks(service, Side::Target, plan.stop_target_unhealthy, Which::Unhealthy);
        self.stop_tasks(service, Side::Source, plan.stop_source, Which::Any);
        self.stop_tasks(service, Side::Target, plan.stop_target, Which::Any);
        self.replace_source_tasks(service, plan.start_source);
        let primary = self.cluster.service(service).primary;
        self.start_tasks(service, primary, plan.start_target);
    }

    /// Stops `n` tasks of one side, one after the other: each choice sees what
    /// the last one left.
    fn stop_tasks(&mut self, service: ServiceId, side: Side, n: u32, which: Which) {
        if n == 0 {
            return;
        }
        // Who may be stopped, with the number drawn for each.
        let state = self.cluster.service(service);
        let is_candidate = |it: &TaskId| {
            let task = self.cluster.task(*it);
            let TaskOwner::Service { deployment, .. } = task.owner else { return false };
            let of = if deployment == state.primary { Side::Target } else { Side::Source };
            let is_meant = which == Which::Any || task.health == Health::Unhealthy;
            of == side && task.is_desired_running && is_meant
        };
        let draw = |task: TaskId| (task, self.draw(task, Domain::StopTieBreak));
        let mut draws: BTreeMap<TaskId, u64> =
            state.tasks.iter().copied().filter(is_candidate).map(draw).collect();
        for _ in 0..n {
            let mut candidates = std::mem::take(&mut self.stop_candidates);
            candidates.clear();
            candidates.extend(draws.keys());
            let chain = &self.setup.services[service].placement.chain;
            let chosen = scale_in::choose(&self.cluster, chain, &mut candidates, |task| draws[&task]);
            self.stop_candidates = candidates;
            let task = chosen.expect("a plan stops no more tasks than there are");
            draws.remove(&task);

            let (_, revision) = self.service_of(task).expect("a service's task has a service");
            // One that was replaced by its own revision is still to be kept.
            if side == Side::Source {
                let row = self.cluster.deployment(revision);
                let is_replaced = which == Which::Unhealthy && row.counts.wanted() > row.keep;
                let keep = if is_replaced { row.keep } else { row.keep.saturating_sub(1) };
                self.cluster.set_keep(revision, keep);
            }
            if self.cluster.task(task).status == TaskStatus::Provisioning {
                self.cluster.cancel_waiting(task);
                if let Some(provider) = self.setup.services[service].placement.provider() {
                    self.line.leave(provider);
                }
                self.services[service].is_changed = true;
                self.review_service(service);
            } else {
                self.ask_to_stop(task, StopCode::ServiceSchedulerInitiated);
                if side == Side::Source
                    && let Some(rollout) = self.recorder.rollout(service.idx())
                {
                    rollout.n_stopped += 1;
                }
            }
        }
    }

    /// A task ends by itself. One of an earlier revision that was never healthy
    /// is not replaced by its own revision (MODEL): nothing that runs is lost,
    /// and what mends it is on its way.
    pub(super) fn note_worthless(&mut self, task: TaskId) {
        let Some((service, deployment)) = self.service_of(task) else { return };
        let is_earlier = self.cluster.service(service).primary != deployment;
        if is_earlier && self.cluster.task(task).health != Health::Healthy {
            let keep = self.cluster.deployment(deployment).keep;
            self.cluster.set_keep(deployment, keep.saturating_sub(1));
        }
    }

    /// Starts tasks of earlier revisions in place of those that were lost or
    /// found unhealthy, the newest of them first.
    fn replace_source_tasks(&mut self, service: ServiceId, n: u32) {
        let mut left = n;
        for idx in (0..self.cluster.service(service).older.len()).rev() {
            let deployment = self.cluster.service(service).older[idx];
            let row = self.cluster.deployment(deployment);
            let sound = row.counts.wanted() - row.counts.unhealthy;
            let missing = row.keep.saturating_sub(sound).min(left);
            self.start_tasks(service, deployment, missing);
            left -= missing;
        }
    }

    fn start_tasks(&mut self, service: ServiceId, deployment: DeploymentId, n: u32) {
        if n == 0 {
            return;
        }
        let provider = self.setup.services[service].placement.provider();
        let definition = self.cluster.deployment(deployment).definition;
        let n = match provider.map(|it| self.setup.providers[it].scaling) {
            Some(Scaling::Managed(_)) if self.setup.options.quotas == Quotas::Documented => {
                let free = PROVISIONING_TASKS_MAX.saturating_sub(self.cluster.totals().n_waiting);
                if free < n {
                    self.pause(service);
                }
                n.min(free)
            }
            _ => n,
        };
        let group = self.cluster.service(service).group;
        for _ in 0..n {
            let launch = self.cluster.service(service).n_launched;
            let task = self.cluster.create_task(definition, group, TaskOwner::Service { deployment, launch });
            self.stand_in_line(task);
        }
        self.services[service].is_changed = true;
        if n > 0 {
            self.call_for_placement();
        }
        // Once they have looked for room: whether anything still moves.
        self.review_service(service);
        // A revision that fits nowhere is asked for again and again; it is noted
        // once.
        if self.services[service].never_fits != Some(deployment)
            && let Some(reason) = provider.and_then(|it| self.never_fits(it, definition))
        {
            self.services[service].never_fits = Some(deployment);
            let row = self.cluster.definition(definition);
            let found = NeverPlaceable {
                definition: row.name.clone(),
                cpu_units: row.needs.cpu.0,
                memory_mib: row.needs.memory.0,
                reason: reason.to_owned(),
                n_tasks: n.into(),
            };
            self.recorder.never_placeable(found);
        }
    }

    /// A task of the service found no room and may not wait.
    pub(super) fn on_service_without_room(&mut self, service: ServiceId) {
        self.services[service].is_changed = true;
        self.pause(service);
        self.review_service(service);
    }

    /// A task of the service did not start: after three in a row the next try
    /// waits, longer each time (semantics 1.14).
    pub(super) fn back_off(&mut self, service: ServiceId) {
        let options = &self.setup.options;
        let state = &mut self.services[service];
        state.n_failed_starts += 1;
        let Some(n_doublings) = state.n_failed_starts.checked_sub(BACK_OFF_AFTER) else { return };
        let pause_ms = options.backoff_base.millis().saturating_mul(1 << n_doublings.min(32));
        let pause_ms = pause_ms.min(options.backoff_cap.millis()).max(1);
        let at = SimTime::from_millis(self.now.millis() + pause_ms);
        if state.retry_at.is_none_or(|it| it < at) {
            state.retry_at = Some(at);
            state.is_backing_off = true;
            self.queue.schedule(at, Event::ServiceReviewed(service));
        }
    }

    /// No further starts for a while.
    pub(super) fn pause(&mut self, service: ServiceId) {
        let is_paused = self.services[service].retry_at.is_some_and(|at| self.now < at);
        if !is_paused {
            // Whatever the option says, time passes between two tries.
            let pause = self.setup.options.capacity_retry.max(SimDuration::from_millis(1));
            let at = self.now + pause;
            self.services[service].retry_at = Some(at);
            self.services[service].is_backing_off = false;
            self.queue.schedule(at, Event::ServiceReviewed(service));
        }
    }

    /// Whether room may still come for the service's tasks: more instances, or
    /// what others will leave.
    fn may_find_room(&self, service: ServiceId) -> bool {
        let Some(provider) = self.setup.services[service].placement.provider() else { return true };
        let definition = self.cluster.deployment(self.cluster.service(service).primary).definition;
        self.never_fits(provider, definition).is_none()
            && (self.may_grow(provider) || self.others_will_leave(provider))
    }

    /// Whether an instance of the provider is not ready yet or not yet known
    /// to be lost, or some task on one will end by itself.
    fn others_will_leave(&self, provider: CapacityProviderId) -> bool {
        self.cluster.alive(provider).iter().any(|&instance| {
            let will_end = |&task: &TaskId| {
                let task = self.cluster.task(task);
                match task.owner {
                    TaskOwner::Standalone { arrival } => {
                        self.workload.lifetime(arrival) != SimDuration::FOREVER
                    }
                    TaskOwner::Service { .. } => !task.is_desired_running,
                }
            };
            self.cluster.instance(instance).status != InstanceStatus::Active
                || self.cluster.tasks_on(instance).iter().any(will_end)
        })
    }

    /// The horizon: what became of rollouts that are still under way.
    pub(super) fn close_rollouts(&mut self) {
        for service in self.setup.services.ids() {
            if self.services[service].is_rolling_out {
                let outcome = match self.services[service].standstill {
                    Some(Standstill::DeploymentConfiguration) => DeploymentOutcome::DeadlockedByConfiguration,
                    Some(Standstill::InsufficientCapacity) if !self.may_find_room(service) => {
                        DeploymentOutcome::DeadlockedByCapacity
                    }
                    Some(Standstill::InsufficientCapacity) | None => DeploymentOutcome::CutByHorizon,
                };
                let horizon = crate::base::SimTime::ZERO + self.setup.horizon;
                self.recorder.close_rollout(horizon, service.idx(), outcome);
            }
        }
    }
}
