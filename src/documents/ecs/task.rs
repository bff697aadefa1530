//! A task as the service describes it (API Task, Container).

use super::choices::{HealthStatus, LaunchType};
use super::cluster::Attachment;
use super::container_instance::Attribute;
use super::overrides::{EphemeralStorage, TaskOverride};
use super::tags::Tag;
use super::timestamp::Timestamp;
use crate::documents::shape::shapes;

shapes! {
    /// A task.
    Task {
        /// Network interfaces and the like.
        attachments: Vec<Attachment> = "attachments",
        /// Such as the CPU architecture.
        attributes: Vec<Attribute> = "attributes",
        /// Where it runs.
        availability_zone: Option<String> = "availabilityZone",
        /// What it runs on.
        capacity_provider_name: Option<String> = "capacityProviderName",
        /// Its cluster.
        cluster_arn: Option<String> = "clusterArn",
        /// Whether its agent is heard of.
        connectivity: Option<String> = "connectivity",
        /// Since when.
        connectivity_at: Option<Timestamp> = "connectivityAt",
        /// Its instance; absent on Fargate.
        container_instance_arn: Option<String> = "containerInstanceArn",
        /// Its containers.
        containers: Vec<Container> = "containers",
        /// CPU units or vCPU, a text.
        cpu: Option<String> = "cpu",
        /// When it was asked for.
        created_at: Option<Timestamp> = "createdAt",
        /// What it shall become: `RUNNING` or `STOPPED`.
        desired_status: Option<String> = "desiredStatus",
        /// Whether commands may be run in containers.
        enable_execute_command: Option<bool> = "enableExecuteCommand",
        /// When its containers ended.
        execution_stopped_at: Option<Timestamp> = "executionStoppedAt",
        /// `service:` and the service, or what RunTask was told.
        group: Option<String> = "group",
        /// What health checks say.
        health_status: Option<HealthStatus> = "healthStatus",
        /// Retired.
        inference_accelerators: Vec<serde_json::Value> = "inferenceAccelerators",
        /// What it is.
        last_status: Option<String> = "lastStatus",
        /// What it runs on.
        launch_type: Option<LaunchType> = "launchType",
        /// MiB or GB, a text.
        memory: Option<String> = "memory",
        /// Changes of the definition.
        overrides: Option<TaskOverride> = "overrides",
        /// Of Fargate.
        platform_version: Option<String> = "platformVersion",
        /// Operating system of Fargate.
        platform_family: Option<String> = "platformFamily",
        /// When its images began to be pulled.
        pull_started_at: Option<Timestamp> = "pullStartedAt",
        /// When they were there.
        pull_stopped_at: Option<Timestamp> = "pullStoppedAt",
        /// When it ran.
        started_at: Option<Timestamp> = "startedAt",
        /// The deployment, or the caller's own word.
        started_by: Option<String> = "startedBy",
        /// Why it stopped, as a word.
        stop_code: Option<String> = "stopCode",
        /// When it had stopped.
        stopped_at: Option<Timestamp> = "stoppedAt",
        /// Why it stopped.
        stopped_reason: Option<String> = "stoppedReason",
        /// When it was told to.
        stopping_at: Option<Timestamp> = "stoppingAt",
        /// Its tags.
        tags: Vec<Tag> = "tags",
        /// Its ARN.
        task_arn: Option<String> = "taskArn",
        /// ARN of the revision.
        task_definition_arn: Option<String> = "taskDefinitionArn",
        /// Counts the changes of its state.
        version: Option<i64> = "version",
        /// Storage of a Fargate task.
        ephemeral_storage: Option<EphemeralStorage> = "ephemeralStorage",
        /// The same with its key.
        fargate_ephemeral_storage: Option<EphemeralStorage> = "fargateEphemeralStorage",
    }

    /// A container of a task.
    Container {
        /// Its ARN.
        container_arn: Option<String> = "containerArn",
        /// Of which task.
        task_arn: Option<String> = "taskArn",
        /// As the definition calls it.
        name: Option<String> = "name",
        /// What it runs.
        image: Option<String> = "image",
        /// The image exactly.
        image_digest: Option<String> = "imageDigest",
        /// The runtime's id of it.
        runtime_id: Option<String> = "runtimeId",
        /// What it is.
        last_status: Option<String> = "lastStatus",
        /// What it ended with.
        exit_code: Option<i32> = "exitCode",
        /// Why.
        reason: Option<String> = "reason",
        /// Ports of the instance.
        network_bindings: Vec<NetworkBinding> = "networkBindings",
        /// Network interfaces.
        network_interfaces: Vec<NetworkInterface> = "networkInterfaces",
        /// What its health check says.
        health_status: Option<HealthStatus> = "healthStatus",
        /// Agents that the service put in.
        managed_agents: Vec<ManagedAgent> = "managedAgents",
        /// CPU units, a text.
        cpu: Option<String> = "cpu",
        /// Hard limit in MiB, a text.
        memory: Option<String> = "memory",
        /// Soft limit in MiB, a text.
        memory_reservation: Option<String> = "memoryReservation",
        /// GPUs that it has.
        gpu_ids: Vec<String> = "gpuIds",
    }

    /// A port of the instance that leads to a container.
    NetworkBinding {
        /// Address of the instance.
        bind_ip: Option<String> = "bindIP",
        /// In the container.
        container_port: Option<i32> = "containerPort",
        /// On the instance.
        host_port: Option<i32> = "hostPort",
        /// `tcp` or `udp`.
        protocol: Option<String> = "protocol",
        /// `first-last`, both included.
        container_port_range: Option<String> = "containerPortRange",
        /// `first-last`, both included.
        host_port_range: Option<String> = "hostPortRange",
    }

    /// A network interface of a task.
    NetworkInterface {
        /// Its id among the attachments.
        attachment_id: Option<String> = "attachmentId",
        /// Its address.
        private_ipv4_address: Option<String> = "privateIpv4Address",
        /// And the longer one.
        ipv6_address: Option<String> = "ipv6Address",
    }

    /// An agent that the service put into a container.
    ManagedAgent {
        /// When it started.
        last_started_at: Option<Timestamp> = "lastStartedAt",
        /// Which.
        name: Option<String> = "name",
        /// Why it is as it is.
        reason: Option<String> = "reason",
        /// What it is.
        last_status: Option<String> = "lastStatus",
    }
}
