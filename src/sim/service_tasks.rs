//! A service's scheduler at work: it stops and starts tasks as its controller's
//! plan says, and waits where it must.

use crate::base::id::{CapacityProviderId, DeploymentId, Id as _, ServiceId, TaskId};
use crate::base::{SimDuration, SimTime};
use crate::deployment::Marked;
use crate::model::deployment::SchedulingStrategy;
use crate::model::instance::InstanceStatus;
use crate::model::options::{PROVISIONING_TASKS_MAX, Quotas};
use crate::model::task::{Health, StopCode, TaskOwner, TaskStatus};
use crate::placement::capacity_strategy;
use crate::record::NeverPlaceable;
use crate::sim::event::Event;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// Failed starts in a row after which a service waits (MODEL).
pub(super) const BACK_OFF_AFTER: u32 = 3;

/// Which of a service's revisions is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    /// All but the newest.
    Source,
    /// The newest.
    Target,
    /// This one.
    Only(DeploymentId),
}

/// Which tasks of a side are meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Which {
    /// Any, those first that are least of use.
    Any,
    /// Those of revisions that have more than they are to keep.
    Surplus,
    /// Those that were found unhealthy.
    Unhealthy,
    /// Those on instances that drain, as far as they serve nobody, and healthy
    /// ones last.
    Draining,
}

impl<W: Watch> Simulation<'_, W> {
    /// Stops `n` tasks of one side, one after the other: each choice sees what
    /// the last one left.
    pub(super) fn stop_tasks(&mut self, service: ServiceId, side: Side, n: u32, which: Which) {
        if n == 0 {
            return;
        }
        if which == Which::Unhealthy {
            self.unprotect_unhealthy(service);
        }
        for _ in 0..n {
            let Some(task) = self.next_to_stop(service, side, which) else {
                // What one revision has too many of, another may lack.
                assert_eq!(which, Which::Surplus, "a plan stops no more tasks than there are");
                break;
            };
            let (_, revision) = self.service_of(task).expect("a service's task has a service");
            // One that its own revision replaces is still to be kept.
            if side == Side::Source && matches!(which, Which::Any | Which::Unhealthy) {
                let row = self.cluster.deployment(revision);
                let is_replaced = which == Which::Unhealthy && row.counts.wanted() > row.keep;
                let keep = if is_replaced { row.keep } else { row.keep.saturating_sub(1) };
                self.cluster.set_keep(revision, keep);
            }
            if which == Which::Unhealthy {
                self.note_failed_task(service, revision);
            }
            self.give_up_task(service, side, task);
        }
    }

    /// A task of a service is not wanted any more.
    pub(super) fn give_up_task(&mut self, service: ServiceId, side: Side, task: TaskId) {
        if self.cluster.task(task).status == TaskStatus::Provisioning {
            let provider = self.cluster.task(task).capacity.provider();
            self.cluster.cancel_waiting(task);
            if let Some(provider) = provider {
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
    pub(super) fn replace_source_tasks(&mut self, service: ServiceId, n: u32) {
        // As the controller counts: what has to leave its instance is replaced
        // where its revision stays.
        let stays = self.services[service].rollout.is_halted || self.is_source_serving(service);
        let mut left = n;
        for idx in (0..self.cluster.service(service).older.len()).rev() {
            let deployment = self.cluster.service(service).older[idx];
            let row = self.cluster.deployment(deployment);
            let marked = if stays { self.marked(service, |it| it == deployment) } else { Marked::default() };
            let leaving = marked.draining.wanted() - marked.draining.unhealthy;
            let sound = row.counts.wanted() - row.counts.unhealthy - leaving;
            let missing = row.keep.saturating_sub(sound).min(left);
            self.start_tasks(service, deployment, missing);
            left -= missing;
        }
    }

    pub(super) fn start_tasks(&mut self, service: ServiceId, deployment: DeploymentId, n: u32) {
        if n == 0 {
            return;
        }
        let setup = self.setup;
        let strategy = &setup.services[service].placement.capacity;
        let is_one = strategy.items().len() == 1;
        let is_daemon = setup.services[service].scheduling == SchedulingStrategy::Daemon;
        let n = if is_one || is_daemon { self.take_launch_tokens(service, strategy.first(), n) } else { n };
        // Nothing changes before the next tick: another look now would ask again
        // and again within the moment.
        if n == 0 {
            return;
        }
        if is_daemon {
            self.start_daemons(service, deployment, n);
            return;
        }
        let definition = self.cluster.deployment(deployment).definition;
        let n = if self.queues(strategy) && setup.options.quotas == Quotas::Documented {
            let free = PROVISIONING_TASKS_MAX.saturating_sub(self.cluster.totals().n_waiting);
            if free < n {
                self.pause(service);
            }
            n.min(free)
        } else {
            n
        };
        let group = self.cluster.service(service).group;
        let mut counts = self.tasks_by_capacity(service, |it| it == deployment);
        let mut n_started = 0;
        for _ in 0..n {
            let item = capacity_strategy::next(strategy, &counts);
            let capacity = strategy.items()[item].capacity;
            if !is_one && self.take_launch_tokens(service, capacity, 1) == 0 {
                break;
            }
            counts[item] += 1;
            n_started += 1;
            let launch = self.cluster.service(service).n_launched;
            let owner = TaskOwner::Service { deployment, launch };
            let task = self.cluster.create_task(definition, group, owner, capacity);
            self.stand_in_line(task);
        }
        // The same with several: the next tick asks again.
        if n > 0 && n_started == 0 {
            return;
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
            && let Some(reason) = self.fits_nowhere(strategy, definition)
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

    /// A task of the service found no room and may not wait: it could not be
    /// launched.
    pub(super) fn on_service_without_room(&mut self, service: ServiceId, deployment: DeploymentId) {
        self.note_failed_launch(service, deployment);
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
    pub(super) fn may_find_room(&self, service: ServiceId) -> bool {
        let strategy = &self.setup.services[service].placement.capacity;
        let definition = self.cluster.deployment(self.cluster.service(service).primary).definition;
        strategy.is_fargate()
            || strategy.providers().any(|it| {
                self.never_fits(it, definition).is_none() && (self.may_grow(it) || self.others_will_leave(it))
            })
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
}
