//! Services of the controller EXTERNAL: task sets that somebody else makes,
//! scales and removes (API CreateTaskSet, UpdateTaskSet,
//! UpdateServicePrimaryTaskSet, DeleteTaskSet).

use crate::base::id::{DeploymentId, ServiceId};
use crate::deployment::{DeploymentPlan, ServiceView, external};
use crate::model::service::{DeploymentBounds, RevisionCounts};
use crate::model::workload::TaskSetChange;
use crate::sim::service_tasks::{Side, Which};
use crate::sim::simulation::Simulation;
use crate::sim::watch::{Fact, Watch};

/// A task set of a service.
#[derive(Clone, Copy, Debug)]
pub(super) struct TaskSet {
    /// Its number in the workload; that of the first is 0.
    pub(super) number: u32,
    /// Its tasks.
    pub(super) deployment: DeploymentId,
    /// Percent of the desired count.
    pub(super) scale: u8,
}

impl<W: Watch> Simulation<'_, W> {
    /// The set that a service starts with.
    pub(super) fn open_task_sets(&mut self, service: ServiceId) {
        let deployment = self.cluster.service(service).primary;
        self.services[service].task_sets = vec![TaskSet { number: 0, deployment, scale: 100 }];
    }

    pub(super) fn change_task_set(&mut self, service: ServiceId, number: u32, change: TaskSetChange) {
        let position = self.services[service].task_sets.iter().position(|it| it.number == number);
        match (change, position) {
            (TaskSetChange::Created { definition, scale }, _) => {
                let deployment = self.cluster.add_deployment(service, definition);
                self.lives.open(deployment, service, definition);
                self.services[service].task_sets.push(TaskSet { number, deployment, scale });
            }
            (TaskSetChange::Scaled(scale), Some(idx)) => self.services[service].task_sets[idx].scale = scale,
            (TaskSetChange::MadePrimary, Some(idx)) => {
                let deployment = self.services[service].task_sets[idx].deployment;
                if deployment != self.cluster.service(service).primary {
                    self.cluster.make_primary(service, deployment);
                }
            }
            // Its tasks go; the row stays until it is empty.
            (TaskSetChange::Deleted, Some(idx)) => self.services[service].task_sets[idx].scale = 0,
            // It was never made, or the reader of the experiment said so.
            (_, None) => (),
        }
    }

    /// Each set is brought to its scale.
    pub(super) fn review_task_sets(&mut self, service: ServiceId) {
        let desired_count = self.cluster.service(service).desired_count;
        for idx in 0..self.services[service].task_sets.len() {
            let set = self.services[service].task_sets[idx];
            let wanted = external::computed_desired_count(desired_count, set.scale);
            self.cluster.set_keep(set.deployment, wanted);
            let target = self.cluster.deployment(set.deployment).counts;
            let nothing = RevisionCounts::default();
            let options = &self.setup.options;
            let is_paused = self.services[service].retry_at.is_some_and(|at| self.now < at);
            let view = ServiceView {
                target_marked: self.marked(service, |it| it == set.deployment),
                is_paused,
                upper_counts_stopping: options.upper_counts_stopping,
                order: options.order,
                unhealthy_replacement: options.unhealthy_replacement,
                ..ServiceView::new(wanted, DeploymentBounds::DEFAULT, nothing, target)
            };
            let plan = self.setup.services[service].controller.plan(&view);
            if plan.is_complete || plan == DeploymentPlan::default() {
                continue;
            }
            self.watch.fact(self.now, Fact::ServicePlanned(service, plan));
            let side = Side::Only(set.deployment);
            self.stop_tasks(service, side, plan.stop_target_unhealthy, Which::Unhealthy);
            self.stop_tasks(service, side, plan.stop_target_draining, Which::Draining);
            self.stop_tasks(service, side, plan.stop_target, Which::Any);
            self.start_tasks(service, set.deployment, plan.start_target);
        }
    }
}
