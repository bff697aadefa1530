//! Tasks shared out over the providers of a strategy.

use crate::base::id::{DeploymentId, ServiceId, TaskDefinitionId, TaskId};
use crate::model::capacity::{CapacityStrategy, Scaling};
use crate::model::fargate_sizes;
use crate::model::task::{Health, TaskOwner};
use crate::placement::capacity_strategy;
use crate::sim::service_tasks::Side;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

impl<W: Watch> Simulation<'_, W> {
    /// Tasks of the meant revisions of a service that are wanted, by the items of
    /// its strategy. Not counted where there is no choice.
    pub(super) fn tasks_by_capacity(
        &self,
        service: ServiceId,
        is_meant: impl Fn(DeploymentId) -> bool,
    ) -> [u32; CapacityStrategy::ITEMS_MAX] {
        let items = self.setup.services[service].placement.capacity.items();
        let mut counts = [0; CapacityStrategy::ITEMS_MAX];
        if items.len() == 1 {
            return counts;
        }
        for &task in &self.cluster.service(service).tasks {
            let task = self.cluster.task(task);
            if let TaskOwner::Service { deployment, .. } = task.owner
                && task.is_desired_running
                && is_meant(deployment)
                && let Some(idx) = items.iter().position(|it| it.capacity == task.capacity)
            {
                counts[idx] += 1;
            }
        }
        counts
    }

    /// Of those who may be stopped those stay whose provider has most beyond its
    /// share, so that what is left is shared out as the strategy says.
    pub(super) fn keep_overweight(&self, service: ServiceId, side: Side, candidates: &mut Vec<TaskId>) {
        let strategy = &self.setup.services[service].placement.capacity;
        if strategy.items().len() == 1 {
            return;
        }
        let primary = self.cluster.service(service).primary;
        let counts = self.tasks_by_capacity(service, |it| match side {
            Side::Source => it != primary,
            Side::Target => it == primary,
            Side::Only(one) => it == one,
        });
        // Who may not be stopped, or serves while others do not, is no choice.
        candidates.retain(|it| !self.cluster.task(*it).is_protected);
        let serves = |it: &TaskId| self.cluster.task(*it).health == Health::Healthy;
        if !candidates.iter().all(serves) {
            candidates.retain(|it| !serves(it));
        }
        let Some(item) = capacity_strategy::last(strategy, &counts) else { return };
        let capacity = strategy.items()[item].capacity;
        let is_overweight = |it: &TaskId| self.cluster.task(*it).capacity == capacity;
        // Who is unhealthy, or has to leave its instance, may be elsewhere.
        if candidates.iter().any(is_overweight) {
            candidates.retain(is_overweight);
        }
    }

    /// A stand-alone task is given back: it is no part of what its strategy has
    /// given its provider.
    pub(super) fn take_back_standalone(&mut self, task: TaskId) {
        let task = self.cluster.task(task);
        if let TaskOwner::Standalone { .. } = task.owner {
            let items = self.setup.standalone.placement.capacity.items();
            if let Some(idx) = items.iter().position(|it| it.capacity == task.capacity) {
                self.standalone_counts[idx] -= 1;
            }
        }
    }

    /// Whether tasks without room wait, on some provider of the strategy.
    pub(super) fn queues(&self, strategy: &CapacityStrategy) -> bool {
        let is_managed = |it| matches!(self.setup.providers[it].scaling, Scaling::Managed(_));
        // On Fargate they wait for a zone that takes them.
        strategy.providers().any(is_managed) || (strategy.is_fargate() && self.n_waiting_for_fargate() > 0)
    }

    /// Why a definition fits no instance of any provider of the strategy, as ECS
    /// names what is missing on the first; on Fargate no task size.
    pub(super) fn fits_nowhere(
        &self,
        strategy: &CapacityStrategy,
        definition: TaskDefinitionId,
    ) -> Option<&'static str> {
        if strategy.is_fargate() {
            let needs = self.cluster.definition(definition).needs;
            return fargate_sizes::smallest(needs).is_none().then_some("FARGATE:SIZE");
        }
        let mut reasons = strategy.providers().map(|it| self.never_fits(it, definition));
        let first = reasons.next()??;
        reasons.all(|it| it.is_some()).then_some(first)
    }
}
