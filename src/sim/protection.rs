//! Tasks that ask not to be stopped (API UpdateTaskProtection): skipped by
//! scale-in and deployments until their time is over. It does not help against
//! failed health checks, nor where the instance goes (MODEL).

use crate::base::SimTime;
use crate::base::id::{ServiceId, TaskId};
use crate::model::task::{Epoch, Health, TaskOwner, TaskStatus};
use crate::sim::event::Event;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// A task that is protected for a while.
pub(super) type Protection = (TaskId, Epoch, SimTime);

impl<W: Watch> Simulation<'_, W> {
    /// `n` running tasks of the service that are not protected are from now on,
    /// those first that were launched first.
    pub(super) fn protect_tasks(&mut self, service: ServiceId, n: u32, until: SimTime) {
        let launch_of = |it: &TaskId| match self.cluster.task(*it).owner {
            TaskOwner::Service { launch, .. } => launch,
            TaskOwner::Standalone { .. } => u32::MAX,
        };
        let is_candidate = |it: &TaskId| {
            let task = self.cluster.task(*it);
            task.status == TaskStatus::Running && !task.is_protected
        };
        let tasks = self.cluster.service(service).tasks.iter().copied();
        let mut candidates: Vec<TaskId> = tasks.filter(is_candidate).collect();
        candidates.sort_unstable_by_key(launch_of);
        candidates.truncate(n as usize);
        for task in candidates {
            self.cluster.set_protected(task, true);
            let epoch = self.cluster.task(task).epoch;
            self.services[service].protected.push((task, epoch, until));
        }
        self.queue.schedule(until, Event::ServiceReviewed(service));
    }

    /// What is protected no longer, or is gone.
    pub(super) fn drop_protection(&mut self, service: ServiceId) {
        let mut protected = std::mem::take(&mut self.services[service].protected);
        protected.retain(|&(task, epoch, until)| {
            let is_there = self.cluster.task(task).epoch == epoch;
            if is_there && until <= self.now {
                self.cluster.set_protected(task, false);
            }
            is_there && until > self.now
        });
        self.services[service].protected = protected;
    }

    /// Whoever failed its health checks is not protected.
    pub(super) fn unprotect_unhealthy(&mut self, service: ServiceId) {
        let mut protected = std::mem::take(&mut self.services[service].protected);
        protected.retain(|&(task, epoch, _)| {
            let row = self.cluster.task(task);
            let is_unhealthy = row.epoch == epoch && row.health == Health::Unhealthy;
            if is_unhealthy {
                self.cluster.set_protected(task, false);
            }
            !is_unhealthy
        });
        self.services[service].protected = protected;
    }
}
