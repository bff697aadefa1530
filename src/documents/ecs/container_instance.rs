//! A container instance as the service describes it (API ContainerInstance).

use super::choices::TargetType;
use super::cluster::Attachment;
use super::tags::Tag;
use super::timestamp::Timestamp;
use crate::documents::shape::shapes;

shapes! {
    /// A machine with an agent.
    ContainerInstance {
        /// Its ARN.
        container_instance_arn: Option<String> = "containerInstanceArn",
        /// The machine's own id.
        ec2_instance_id: Option<String> = "ec2InstanceId",
        /// Absent if it registered by itself.
        capacity_provider_name: Option<String> = "capacityProviderName",
        /// Counts the changes of its state.
        version: Option<i64> = "version",
        /// Of agent and runtime.
        version_info: Option<VersionInfo> = "versionInfo",
        /// What is not reserved by tasks.
        remaining_resources: Vec<Resource> = "remainingResources",
        /// What it came with.
        registered_resources: Vec<Resource> = "registeredResources",
        /// `ACTIVE`, `DRAINING`, `REGISTERING` and what precedes and follows.
        status: Option<String> = "status",
        /// Why.
        status_reason: Option<String> = "statusReason",
        /// Whether its agent is heard of.
        agent_connected: Option<bool> = "agentConnected",
        /// Tasks that run.
        running_tasks_count: Option<i32> = "runningTasksCount",
        /// Tasks that are about to.
        pending_tasks_count: Option<i32> = "pendingTasksCount",
        /// How far the last update of its agent is.
        agent_update_status: Option<String> = "agentUpdateStatus",
        /// What constraints and strategies look at.
        attributes: Vec<Attribute> = "attributes",
        /// When it registered.
        registered_at: Option<Timestamp> = "registeredAt",
        /// Network interfaces and the like.
        attachments: Vec<Attachment> = "attachments",
        /// Its tags.
        tags: Vec<Tag> = "tags",
        /// What checks of the machine say.
        health_status: Option<serde_json::Value> = "healthStatus",
    }

    /// Of agent and runtime.
    VersionInfo {
        /// Such as `1.86.0`.
        agent_version: Option<String> = "agentVersion",
        /// Of its source.
        agent_hash: Option<String> = "agentHash",
        /// Such as `DockerVersion: 25.0.8`.
        docker_version: Option<String> = "dockerVersion",
    }

    /// A quantity, or a set of names: which of the values holds is for `kind`.
    Resource {
        /// `CPU`, `MEMORY`, `PORTS`, `PORTS_UDP` or `GPU`.
        name: Option<String> = "name",
        /// `INTEGER`, `DOUBLE`, `LONG` or `STRINGSET`.
        kind: Option<String> = "type",
        /// Of a double.
        double_value: Option<f64> = "doubleValue",
        /// Of a long.
        long_value: Option<i64> = "longValue",
        /// Of an integer.
        integer_value: Option<i32> = "integerValue",
        /// Of a set: ports that are taken, ids of GPUs.
        string_set_value: Vec<String> = "stringSetValue",
    }

    /// A name, with or without a value.
    Attribute required ["name"] {
        /// Such as `ecs.availability-zone`.
        name: Option<String> = "name",
        /// Capabilities of the agent have none.
        value: Option<String> = "value",
        /// What it belongs to.
        target_type: Option<TargetType> = "targetType",
        /// Which.
        target_id: Option<String> = "targetId",
    }
}
