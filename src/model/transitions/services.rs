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
