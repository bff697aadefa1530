//! A task's life after placement: it starts, a service's task becomes healthy,
//! it finishes or is asked to stop, it is gone.

use crate::base::SimDuration;
use crate::base::id::{DeploymentId, Id as _, TaskId};
use crate::model::task::{Host, StopCode, TaskOwner};
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
        match row.owner {
            TaskOwner::Standalone { arrival } => {
                let lifetime = self.workload.arrivals[arrival as usize].lifetime;
                if lifetime != SimDuration::FOREVER {
                    self.queue.schedule(self.now + lifetime, Event::TaskFinished(task, epoch));
                }
            }
            TaskOwner::Service { deployment, .. } => {
                let took_ms = (self.now - placed_at).millis();
                self.note_phase(task, deployment, |rollout| rollout.start.add(took_ms));
                let at = self.now + self.setup.options.no_check_settle;
                self.queue.schedule(at, Event::TaskBecameHealthy(task, epoch));
                self.service_task_changed(task);
            }
        }
    }

    pub(super) fn on_task_became_healthy(&mut self, task: TaskId) {
        let started_at = self.cluster.task(task).since;
        self.cluster.become_healthy(task);
        if let Some((_, deployment)) = self.service_of(task) {
            let took_ms = (self.now - started_at).millis();
            self.note_phase(task, deployment, |rollout| rollout.health.add(took_ms));
        }
        self.service_task_changed(task);
    }

    /// An essential container exited: the others are stopped, the task with
    /// them. A container that has exited needs no time to exit.
    pub(super) fn on_task_finished(&mut self, task: TaskId) {
        if self.recorder.is_measured(self.cluster.task(task).requested_at) {
            self.recorder.tasks().finished += 1;
        }
        self.ask_to_stop(task, StopCode::EssentialContainerExited);
    }

    /// The task's desired status becomes STOPPED. It holds its room until it
    /// has stopped.
    pub(super) fn ask_to_stop(&mut self, task: TaskId, code: StopCode) {
        self.cluster.request_stop(task);
        let row = self.cluster.task(task);
        self.watch.fact(self.now, Fact::TaskAskedToStop(row, code));
        let delay = match code {
            StopCode::ServiceSchedulerInitiated => self.setup.options.exit_time,
            StopCode::EssentialContainerExited | StopCode::TerminationNotice => SimDuration::ZERO,
        };
        let (epoch, instance) = (row.epoch, row.instance());
        self.queue.schedule(self.now + delay, Event::TaskStopped(task, epoch));
        self.service_task_changed(task);
        // A task that shall stop no longer blocks its group, and with one
        // option gives its room back already.
        if let Some(instance) = instance {
            self.note_change_on(instance);
        }
    }

    pub(super) fn on_task_stopped(&mut self, task: TaskId) {
        let row = self.cluster.task(task);
        self.watch.fact(self.now, Fact::TaskStopped(row));
        let took_ms = (self.now - row.since).millis();
        let service = self.service_of(task);
        let host = self.cluster.finish_stop(task);
        if let Some((service, deployment)) = service {
            if deployment != self.cluster.service(service).primary
                && let Some(rollout) = self.recorder.rollout(service.idx())
            {
                rollout.stop.add(took_ms);
            }
            self.services[service].is_changed = true;
            self.review_service(service);
        }
        if let Host::Instance(instance) = host {
            self.note_change_on(instance);
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
        let is_newest = self.cluster.service(service).primary == deployment;
        if is_newest && let Some(rollout) = self.recorder.rollout(service.idx()) {
            add(rollout);
        }
    }
}
