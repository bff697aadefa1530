//! What comes back from the service: one thing (`{"service": {…}}`), or a list
//! with what was not found beside it (`{"services": […], "failures": […]}`).

use super::capacity_provider::CapacityProvider;
use super::cluster::Cluster;
use super::container_instance::ContainerInstance;
use super::service::{Service, TaskSet};
use super::tags::Tag;
use super::task::Task;
use crate::documents::field_path::FieldPath;
use crate::documents::shape::shapes;

shapes! {
    /// An answer of any kind; one member of it is there, beside `failures`,
    /// `tags` and `nextToken`.
    Answer {
        /// Services.
        services: Vec<Service> = "services",
        /// One service.
        service: Option<Service> = "service",
        /// Clusters.
        clusters: Vec<Cluster> = "clusters",
        /// One cluster.
        cluster: Option<Cluster> = "cluster",
        /// Capacity providers.
        capacity_providers: Vec<CapacityProvider> = "capacityProviders",
        /// One capacity provider.
        capacity_provider: Option<CapacityProvider> = "capacityProvider",
        /// Container instances.
        container_instances: Vec<ContainerInstance> = "containerInstances",
        /// One container instance.
        container_instance: Option<ContainerInstance> = "containerInstance",
        /// Tasks.
        tasks: Vec<Task> = "tasks",
        /// One task.
        task: Option<Task> = "task",
        /// Task sets.
        task_sets: Vec<TaskSet> = "taskSets",
        /// One task set.
        task_set: Option<TaskSet> = "taskSet",
        /// What was asked for and is not there.
        failures: Vec<Failure> = "failures",
        /// Beside what they belong to.
        tags: Vec<Tag> = "tags",
        /// There is more: the answer is a page of several.
        next_token: Option<String> = "nextToken",
    }

    /// Something that was asked for and is not there.
    Failure {
        /// What.
        arn: Option<String> = "arn",
        /// Why, as a word: `MISSING`.
        reason: Option<String> = "reason",
        /// Why.
        detail: Option<String> = "detail",
    }
}

/// The items of one kind with their places, whether in a list or alone.
fn items<'a, T>(
    (many, plural): (&'a [T], &str),
    (one, singular): (&'a Option<T>, &str),
) -> Vec<(FieldPath, &'a T)> {
    let list = FieldPath::root().key(plural);
    let listed = many.iter().enumerate().map(|(idx, it)| (list.idx(idx), it));
    listed.chain(one.iter().map(|it| (FieldPath::root().key(singular), it))).collect()
}

impl Answer {
    /// All services.
    pub fn services(&self) -> Vec<(FieldPath, &Service)> {
        items((&self.services, "services"), (&self.service, "service"))
    }

    /// All clusters.
    pub fn clusters(&self) -> Vec<(FieldPath, &Cluster)> {
        items((&self.clusters, "clusters"), (&self.cluster, "cluster"))
    }

    /// All capacity providers.
    pub fn capacity_providers(&self) -> Vec<(FieldPath, &CapacityProvider)> {
        items((&self.capacity_providers, "capacityProviders"), (&self.capacity_provider, "capacityProvider"))
    }

    /// All container instances.
    pub fn container_instances(&self) -> Vec<(FieldPath, &ContainerInstance)> {
        let many = (self.container_instances.as_slice(), "containerInstances");
        items(many, (&self.container_instance, "containerInstance"))
    }

    /// All tasks.
    pub fn tasks(&self) -> Vec<(FieldPath, &Task)> {
        items((&self.tasks, "tasks"), (&self.task, "task"))
    }

    /// All task sets.
    pub fn task_sets(&self) -> Vec<(FieldPath, &TaskSet)> {
        items((&self.task_sets, "taskSets"), (&self.task_set, "taskSet"))
    }
}
