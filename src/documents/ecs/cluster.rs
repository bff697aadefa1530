//! A cluster as the service describes it (API Cluster).

use super::placement::CapacityProviderStrategyItem;
use super::tags::Tag;
use crate::documents::shape::shapes;
use crate::documents::task_definition::shapes::KeyValuePair;

shapes! {
    /// A cluster.
    Cluster {
        /// Its ARN.
        cluster_arn: Option<String> = "clusterArn",
        /// Its name.
        cluster_name: Option<String> = "clusterName",
        /// Of commands run in containers, and of storage.
        configuration: Option<serde_json::Value> = "configuration",
        /// `ACTIVE`, `PROVISIONING`, `DEPROVISIONING`, `FAILED` or `INACTIVE`.
        status: Option<String> = "status",
        /// Its instances.
        registered_container_instances_count: Option<i32> = "registeredContainerInstancesCount",
        /// Tasks that run.
        running_tasks_count: Option<i32> = "runningTasksCount",
        /// Tasks that are about to.
        pending_tasks_count: Option<i32> = "pendingTasksCount",
        /// Services.
        active_services_count: Option<i32> = "activeServicesCount",
        /// The same by launch type.
        statistics: Vec<KeyValuePair> = "statistics",
        /// Its tags.
        tags: Vec<Tag> = "tags",
        /// Container Insights.
        settings: Vec<KeyValuePair> = "settings",
        /// Names of its capacity providers.
        capacity_providers: Vec<String> = "capacityProviders",
        /// Of tasks that name neither provider nor launch type.
        default_capacity_provider_strategy: Vec<CapacityProviderStrategyItem> = "defaultCapacityProviderStrategy",
        /// What managed scaling made for it.
        attachments: Vec<Attachment> = "attachments",
        /// How far that is.
        attachments_status: Option<String> = "attachmentsStatus",
        /// The namespace of Service Connect.
        service_connect_defaults: Option<serde_json::Value> = "serviceConnectDefaults",
    }

    /// Something that belongs to a cluster, an instance or a task, such as a
    /// network interface.
    Attachment {
        /// Its id.
        id: Option<String> = "id",
        /// Such as `ElasticNetworkInterface`.
        kind: Option<String> = "type",
        /// How far it is.
        status: Option<String> = "status",
        /// What is known of it.
        details: Vec<KeyValuePair> = "details",
    }
}
