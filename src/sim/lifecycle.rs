//! A task's life after placement: it starts, a service's task becomes healthy,
//! it finishes or is asked to stop, it is gone.

use crate::base::SimDuration;
use crate::base::id::{DeploymentId, Id as _, ServiceId, TaskId};
use crate::model::task::{Host, StopCode, TaskOwner, TaskStatus};
use crate::record::RolloutRecord;
use crate::sim::event::Event;
use crate::sim::simulation::Simulation;
use crate::sim::watch::{Fact, Watch};

impl<W: Watch> Simulation<'_, W> {
    pub(super) fn on_task_started(&mut self, task: TaskId) {
        let placed_at = self.cluster.task(task).since;
        self.cluster.start_running(task);
        let row = self.cluster.task(task);
        self.watch.fact(self.now, Fact::TaskStarted(row));
        let epoch = row.epoch;
        let exits_after = self.lives.of(row).exit.as_ref().map(|it| it.after);
        match row.owner {
            TaskOwner::Standalone { arrival } => {
                let lifetime = self.workload.lifetime(arrival);
                let ends_after = exits_after.map_or(lifetime, |it| it.min(lifetime));
                if ends_after != SimDuration::FOREVER {
                    self.queue.schedule(self.now + ends_after, Event::TaskFinished(task, epoch));
                }
            }
            TaskOwner::Service { deployment, .. } => {
                let start = &self.lives.of(row).start;
                let pull = self.pulled_for(task).unwrap_or(start.pull);
                let (provision_ms, pull_ms) = (start.before_pull.millis(), pull.millis());
                let rest_ms = (self.now - placed_at).millis().saturating_sub(provision_ms + pull_ms);
                self.note_phase(task, deployment, |rollout| {
                    rollout.provision.add(provision_ms);
                    rollout.pull.add(pull_ms);
                    rollout.start.add(rest_ms);
                });
                if let Some(after) = exits_after {
                    self.queue.schedule(self.now + after, Event::TaskFinished(task, epoch));
                }
                let moments = self.health_moments(task);
                if let Some(after) = moments.unhealthy_after {
                    self.queue.schedule(self.now + after, Event::TaskBecameUnhealthy(task, epoch));
                }
                if let Some(after) = moments.healthy_after {
                    self.queue.schedule(self.now + after, Event::TaskBecameHealthy(task, epoch));
                }
                if let Some((service, deployment)) = self.service_of(task)
                    && self.cluster.service(service).primary == deployment
                {
                    self.services[service].n_failed_starts = 0;
                    self.note_running_task(service, deployment);
                }
                self.service_task_changed(task);
            }
        }
    }

    /// The task stops before it runs: what it needed to start it did not get.
    pub(super) fn on_task_failed_to_start(&mut self, task: TaskId) {
        let row = self.cluster.task(task);
        let reason = self.pull_failure(task).or_else(|| self.lives.of(row).start.failure.clone());
        let reason = reason.expect("a start that fails has a reason");
        let is_standalone = matches!(row.owner, TaskOwner::Standalone { .. });
        if is_standalone && self.recorder.is_measured(row.requested_at) {
            self.recorder.tasks().failed += 1;
        }
        let service = self.service_of(task);
        self.recorder.task_failed(self.now, service.map(|it| it.0.idx()), &reason);
        self.ask_to_stop(task, StopCode::TaskFailedToStart);
        // The newest revision does not answer for earlier ones.
        if let Some((service, deployment)) = service
            && self.cluster.service(service).primary == deployment
        {
            self.back_off(service);
            self.note_failed_launch(service, deployment);
        }
    }

    pub(super) fn on_task_became_unhealthy(&mut self, task: TaskId) {
        self.cluster.become_unhealthy(task);
        if let Some((service, _)) = self.service_of(task) {
            let reason = self.unhealthy_reason(task);
            self.recorder.task_failed(self.now, Some(service.idx()), &reason);
            self.services[service].unhealthy_because = Some(reason);
        }
        self.service_task_changed(task);
    }

    pub(super) fn on_task_became_healthy(&mut self, task: TaskId) {
        let started_at = self.cluster.task(task).since;
        self.cluster.become_healthy(task);
        if let Some((service, deployment)) = self.service_of(task) {
            let took_ms = (self.now - started_at).millis();
            self.note_phase(task, deployment, |rollout| rollout.health.add(took_ms));
            // What keeps requests away from now on is something else.
            self.services[service].unhealthy_because = None;
            self.note_healthy_task(service, deployment);
        }
        self.service_task_changed(task);
    }

    /// An essential container exited: the others are stopped, the task with
    /// them. A container that has exited needs no time to exit.
    pub(super) fn on_task_finished(&mut self, task: TaskId) {
        let row = self.cluster.task(task);
        let exit = self.lives.of(row).exit.as_ref();
        match row.owner {
            TaskOwner::Standalone { .. } if self.recorder.is_measured(row.requested_at) => {
                self.recorder.tasks().finished += 1;
            }
            TaskOwner::Standalone { .. } => (),
            TaskOwner::Service { .. } => {
                let reason = exit.expect("a service's task ends by its definition").reason.clone();
                let (service, _) = self.service_of(task).expect("a service's task has a service");
                // A life that took no time at all must not begin again within
                // the moment: with every duration at zero, time would stand still.
                let took_no_time = row.requested_at == self.now;
                self.recorder.task_failed(self.now, Some(service.idx()), &reason);
                if took_no_time {
                    self.pause(service);
                }
            }
        }
        self.ask_to_stop(task, StopCode::EssentialContainerExited);
    }

    /// The task's desired status becomes STOPPED. It holds its room until it
    /// has stopped.
    pub(super) fn ask_to_stop(&mut self, task: TaskId, code: StopCode) {
        let was_running = self.cluster.task(task).status == TaskStatus::Running;
        let is_standalone = matches!(self.cluster.task(task).owner, TaskOwner::Standalone { .. });
        if !is_standalone {
            if matches!(code, StopCode::TaskFailedToStart | StopCode::EssentialContainerExited) {
                self.note_worthless(task);
            }
            self.deregister_target(task, code);
        }
        self.cluster.request_stop(task);
        self.note_fargate_spot_left(task);
        let row = self.cluster.task(task);
        self.watch.fact(self.now, Fact::TaskAskedToStop(row, code));
        let drains = was_running && code == StopCode::ServiceSchedulerInitiated;
        let drain = if drains { self.drain_time(task) } else { SimDuration::ZERO };
        let delay = drain + self.lives.of(row).stop_after(code);
        let (epoch, host) = (row.epoch, row.host);
        // A state that takes no time costs no event.
        let is_instant =
            delay == SimDuration::ZERO && is_standalone && code == StopCode::EssentialContainerExited;
        if !is_instant {
            self.queue.schedule(self.now + delay, Event::TaskStopped(task, epoch));
        }
        if let Some(Host::Fargate(_)) = host {
            self.forget_pull(task);
        }
        self.abort_pulls(task);
        if is_instant {
            return self.on_task_stopped(task);
        }
        self.service_task_changed(task);
        // A task that shall stop no longer blocks its group, and with one
        // option gives its room back already.
        if let Some(Host::Instance(instance)) = host {
            self.note_change_on(instance);
        }
    }

    pub(super) fn on_task_stopped(&mut self, task: TaskId) {
        let row = self.cluster.task(task);
        self.watch.fact(self.now, Fact::TaskStopped(row));
        let service = self.service_of(task);
        let phases = service.map(|_| self.lives.of(row).stop_phases(self.now - row.since));
        if let Some(Host::Fargate(zone)) = row.host {
            self.bill_fargate(task, zone, self.now);
        }
        self.bill_room(task, false);
        let host = self.cluster.finish_stop(task);
        self.let_images_go(task, host);
        if let (Some((service, deployment)), Some(phases)) = (service, phases) {
            if deployment != self.cluster.service(service).primary
                && let Some(rollout) = self.recorder.rollout(service.idx())
            {
                rollout.drain.add(phases.drain.millis());
                rollout.stop.add(phases.stop.millis());
                rollout.deprovision.add(phases.deprovision.millis());
            }
            self.services[service].is_changed = true;
            self.review_service(service);
        }
        if let Host::Instance(instance) = host {
            self.note_change_on(instance);
            self.note_task_gone(instance);
        }
    }

    /// Those in line before the instance's provider may have a chance on it.
    pub(super) fn note_change_on(&mut self, instance: crate::base::id::InstanceId) {
        let provider = self.cluster.instance(instance).provider;
        self.line.note_change(provider, instance);
        if self.line.has_waiting(provider) {
            self.call_for_placement();
        }
    }

    /// A service's task is not what it was: the record and the scheduler look.
    pub(super) fn service_task_changed(&mut self, task: TaskId) {
        if let Some((service, _)) = self.service_of(task) {
            self.services[service].is_changed = true;
            self.review_service(service);
        }
    }

    /// Adds to the rollout that started this task, if it is under way.
    pub(super) fn note_phase(
        &mut self,
        task: TaskId,
        deployment: DeploymentId,
        add: impl FnOnce(&mut RolloutRecord),
    ) {
        let Some((service, _)) = self.service_of(task) else { return };
        self.note_phase_of(service, deployment, add);
    }

    /// The same of what this deployment of a service started.
    pub(super) fn note_phase_of(
        &mut self,
        service: ServiceId,
        deployment: DeploymentId,
        add: impl FnOnce(&mut RolloutRecord),
    ) {
        // What is put back is not what is rolled out.
        let is_newest = self.cluster.service(service).primary == deployment
            && !self.services[service].rollout.is_rollback;
        if is_newest && let Some(rollout) = self.recorder.rollout(service.idx()) {
            add(rollout);
        }
    }
}
