//! Services of scheduling strategy DAEMON: one task on each instance that will
//! do, there before other tasks come and gone after they have left (developer
//! guide, ecs_service-options and managed-instance-draining).

use crate::base::id::{DeploymentId, Id as _, InstanceId, ServiceId, TaskId};
use crate::deployment::Marked;
use crate::model::capacity::Capacity;
use crate::model::deployment::SchedulingStrategy;
use crate::model::instance::InstanceStatus;
use crate::model::service::RevisionCounts;
use crate::model::task::{StopCode, TaskOwner};
use crate::placement::order::RandomOrder;
use crate::placement::placer;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

impl<W: Watch> Simulation<'_, W> {
    /// Where a daemon should be, and what is to be counted of it: tasks on
    /// instances that will do. Those elsewhere are told to stop, on an instance
    /// that drains as the last. Source and target, each with its marked ones.
    pub(super) fn place_daemons(&mut self, service: ServiceId) -> [(RevisionCounts, Marked); 2] {
        let primary = self.cluster.service(service).primary;
        let n = self.qualified_instances(service, primary).count();
        let mut n = u32::try_from(n).expect("fewer than 2^32 instances");
        let mut sides = [(RevisionCounts::default(), Marked::default()); 2];
        let mut misplaced: Vec<TaskId> = Vec::new();
        for &id in &self.cluster.service(service).tasks {
            let task = self.cluster.task(id);
            let TaskOwner::Service { deployment, .. } = task.owner else { continue };
            // Until a loss is noticed its tasks count as they did, and so do their
            // instances.
            let is_lost = |it| self.cluster.instance(it).status == InstanceStatus::Lost;
            let is_on_lost = task.instance().is_some_and(is_lost);
            n += u32::from(is_on_lost && task.is_desired_running);
            let is_right =
                is_on_lost || task.instance().is_none_or(|it| self.is_qualified(service, deployment, it));
            if is_right {
                let (counts, marked) = &mut sides[usize::from(deployment == primary)];
                counts.add(task.status, task.health);
                if task.is_protected && task.is_desired_running {
                    marked.protected.add(task.status, task.health);
                }
            } else if task.is_desired_running && task.instance().is_some_and(|it| !self.has_others(it)) {
                misplaced.push(id);
            }
        }
        self.cluster.set_desired_count(service, n);
        for task in misplaced {
            self.ask_to_stop(task, StopCode::ServiceSchedulerInitiated);
        }
        sides
    }

    /// Whether an instance that drains has tasks of other kinds to wait for.
    fn has_others(&self, instance: InstanceId) -> bool {
        self.cluster.instance(instance).status == InstanceStatus::Draining && !self.is_idle(instance)
    }

    /// Whether an instance has no task but those of daemons.
    pub(super) fn is_idle(&self, instance: InstanceId) -> bool {
        let is_daemon = |it: &TaskId| {
            let service = self.service_of(*it);
            service.is_some_and(|it| self.setup.services[it.0].scheduling == SchedulingStrategy::Daemon)
        };
        self.cluster.tasks_on(instance).iter().all(is_daemon)
    }

    fn qualified_instances(
        &self,
        service: ServiceId,
        deployment: DeploymentId,
    ) -> impl Iterator<Item = InstanceId> {
        let providers = self.setup.services[service].placement.capacity.providers();
        let alive = providers.flat_map(|it| self.cluster.alive(it)).copied();
        alive.filter(move |&it| self.is_qualified(service, deployment, it))
    }

    fn is_qualified(&self, service: ServiceId, deployment: DeploymentId, instance: InstanceId) -> bool {
        let placement = &self.setup.services[service].placement;
        let provider = self.cluster.instance(instance).provider;
        let definition = self.cluster.deployment(deployment).definition;
        let group = self.cluster.service(service).group;
        let view = self.view(definition, group, RandomOrder::new(0, 0));
        placement.uses(provider) && placer::is_qualified(&placement.rules(provider), &view, instance)
    }

    /// Starts up to `n` tasks on instances that have none of the service. Where
    /// there is no room the service asks again later.
    pub(super) fn start_daemons(&mut self, service: ServiceId, deployment: DeploymentId, n: u32) {
        let group = self.cluster.service(service).group;
        let has_one = |it: &InstanceId| {
            let mut on_it = self.cluster.tasks_on(*it).iter();
            on_it.any(|&task| self.cluster.task(task).group == group)
        };
        let vacant = self.qualified_instances(service, deployment).filter(|it| !has_one(it));
        let vacant: Vec<InstanceId> = vacant.collect();
        let mut n_left = n;
        let mut lacks_room = false;
        for instance in vacant {
            if n_left == 0 {
                break;
            }
            if self.start_daemon(service, deployment, instance) {
                n_left -= 1;
            } else {
                lacks_room = true;
            }
        }
        if n_left > 0 && lacks_room {
            self.on_service_without_room(service, deployment);
        }
    }

    fn start_daemon(&mut self, service: ServiceId, deployment: DeploymentId, instance: InstanceId) -> bool {
        let setup = self.setup;
        let placement = &setup.services[service].placement;
        let provider = self.cluster.instance(instance).provider;
        let definition = self.cluster.deployment(deployment).definition;
        let group = self.cluster.service(service).group;
        let view = self.view(definition, group, RandomOrder::new(0, 0));
        if let Some(reason) = placer::reason(&placement.rules(provider), &view, instance) {
            self.recorder.placement_failed(self.now, provider.idx(), reason, 1);
            return false;
        }
        let launch = self.cluster.service(service).n_launched;
        let (owner, capacity) = (TaskOwner::Service { deployment, launch }, Capacity::Instances(provider));
        let task = self.cluster.create_task(definition, group, owner, capacity);
        self.services[service].is_changed = true;
        self.place_outside_line(task, instance);
        true
    }

    /// An instance has just registered: daemons are the first on it.
    pub(super) fn start_daemons_on(&mut self, instance: InstanceId) {
        for service in self.setup.services.ids() {
            if self.setup.services[service].scheduling != SchedulingStrategy::Daemon {
                continue;
            }
            let primary = self.cluster.service(service).primary;
            if self.is_qualified(service, primary, instance) {
                let desired_count = self.cluster.service(service).desired_count;
                self.cluster.set_desired_count(service, desired_count + 1);
                let capacity = Capacity::Instances(self.cluster.instance(instance).provider);
                if !self.services[service].rollout.is_halted
                    && self.take_launch_tokens(service, capacity, 1) == 1
                {
                    self.start_daemon(service, primary, instance);
                }
            }
            self.review_service(service);
        }
    }

    /// Something changed where a daemon may be, or may not be any more.
    pub(super) fn review_daemons(&mut self) {
        for service in self.setup.services.ids() {
            if self.setup.services[service].scheduling == SchedulingStrategy::Daemon {
                self.review_service(service);
            }
        }
    }
}
