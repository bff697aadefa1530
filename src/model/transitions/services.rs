//! A service wants another number of tasks, or another revision.

use crate::base::id::{DeploymentId, GroupId, ServiceId, TaskDefinitionId};
use crate::model::cluster::Cluster;
use crate::model::service::Deployment;
use crate::model::task::{Task, TaskOwner};

impl Cluster {
    /// The desired count becomes `desired_count`.
    pub fn set_desired_count(&mut self, id: ServiceId, desired_count: u32) {
        self.services[id].desired_count = desired_count;
    }

    /// A new revision becomes the primary; the earlier ones keep the tasks
    /// that they want until the rollout stops them.
    pub fn open_deployment(&mut self, id: ServiceId, definition: TaskDefinitionId) -> DeploymentId {
        let deployment = self.deployments.push(Deployment::new(definition, self.now));
        let service = &mut self.services[id];
        let earlier = std::mem::replace(&mut service.primary, deployment);
        service.older.push(earlier);
        let earlier = &mut self.deployments[earlier];
        earlier.keep = earlier.counts.wanted();
        deployment
    }

    /// One more revision beside the primary, without tasks: a task set.
    pub fn add_deployment(&mut self, id: ServiceId, definition: TaskDefinitionId) -> DeploymentId {
        let deployment = self.deployments.push(Deployment::new(definition, self.now));
        self.services[id].older.push(deployment);
        deployment
    }

    /// A revision beside the primary takes its place, both with their tasks.
    pub fn make_primary(&mut self, id: ServiceId, deployment: DeploymentId) {
        let service = &mut self.services[id];
        let position = service.older.iter().position(|it| *it == deployment);
        let position = position.expect("one of the service, and not the primary");
        service.older[position] = std::mem::replace(&mut service.primary, deployment);
    }

    /// An earlier revision becomes the primary again, with the tasks that it
    /// still has; what was the primary keeps none.
    pub fn roll_back(&mut self, id: ServiceId, to: DeploymentId) {
        let service = &mut self.services[id];
        let position = service.older.iter().position(|it| *it == to).expect("an earlier one of the service");
        service.older.remove(position);
        let given_up = std::mem::replace(&mut service.primary, to);
        service.older.push(given_up);
        let given_up = &mut self.deployments[given_up];
        given_up.keep = 0;
        let primary = &mut self.deployments[to];
        primary.is_completed = false;
        primary.started_at = self.now;
    }

    /// The primary is as it should be, while earlier revisions still have
    /// tasks: none of those is kept.
    pub fn succeed_early(&mut self, id: ServiceId) {
        let service = &self.services[id];
        self.deployments[service.primary].is_completed = true;
        for &older in &service.older {
            self.deployments[older].keep = 0;
        }
    }

    /// A service without tasks is in the middle of a rollout: from these
    /// revisions, oldest first, to the one it has.
    pub fn begin_in_rollout(&mut self, id: ServiceId, earlier: &[TaskDefinitionId]) {
        let service = &mut self.services[id];
        assert!(service.tasks.is_empty(), "no task of it exists yet");
        let newest = self.deployments[service.primary].definition;
        // Deployments are numbered as they begin: the first number is the oldest's.
        for &definition in earlier {
            self.deployments[service.primary].definition = definition;
            service.older.push(service.primary);
            service.primary = self.deployments.push(Deployment::new(newest, self.now));
        }
    }

    /// The rollout of the primary is over; its earlier revisions must be gone.
    pub fn complete_deployment(&mut self, id: ServiceId) {
        let service = &mut self.services[id];
        for older in service.older.drain(..) {
            assert_eq!(
                self.deployments[older].counts.not_stopped(),
                0,
                "no task of an older revision is left"
            );
        }
        self.deployments[service.primary].is_completed = true;
    }

    /// An earlier revision shall keep this many tasks.
    pub fn set_keep(&mut self, id: DeploymentId, keep: u32) {
        self.deployments[id].keep = keep;
    }

    /// Services have the first groups, in their order.
    pub(super) fn service_of_group(&self, group: GroupId) -> ServiceId {
        ServiceId::new(group.number())
    }

    pub(super) fn service_of(&self, task: &Task) -> Option<ServiceId> {
        matches!(task.owner, TaskOwner::Service { .. }).then(|| self.service_of_group(task.group))
    }
}
