//! What RunTask and StartTask change of a definition (API TaskOverride).

use super::choices::{EnvironmentFileKind, ResourceKind};
use crate::documents::shape::shapes;
use crate::documents::task_definition::shapes::KeyValuePair;

shapes! {
    /// Changes of the task.
    TaskOverride {
        /// Of its containers.
        container_overrides: Vec<ContainerOverride> = "containerOverrides",
        /// CPU units or vCPU, a text.
        cpu: Option<String> = "cpu",
        /// Retired.
        inference_accelerator_overrides: Vec<serde_json::Value> = "inferenceAcceleratorOverrides",
        /// The role of the agent.
        execution_role_arn: Option<String> = "executionRoleArn",
        /// MiB or GB, a text.
        memory: Option<String> = "memory",
        /// The role of the code in the containers.
        task_role_arn: Option<String> = "taskRoleArn",
        /// Storage of a Fargate task.
        ephemeral_storage: Option<EphemeralStorage> = "ephemeralStorage",
    }

    /// Changes of a container.
    ContainerOverride {
        /// Which.
        name: Option<String> = "name",
        /// In place of the definition's.
        command: Vec<String> = "command",
        /// Added to the definition's.
        environment: Vec<KeyValuePair> = "environment",
        /// Files of variables in S3.
        environment_files: Vec<EnvironmentFile> = "environmentFiles",
        /// CPU units.
        cpu: Option<i32> = "cpu",
        /// Hard limit, MiB.
        memory: Option<i32> = "memory",
        /// Soft limit, MiB.
        memory_reservation: Option<i32> = "memoryReservation",
        /// GPUs.
        resource_requirements: Vec<ResourceRequirement> = "resourceRequirements",
    }

    /// A file of variables.
    EnvironmentFile required ["value", "type"] {
        /// ARN of the object.
        value: Option<String> = "value",
        /// Only `s3`.
        kind: Option<EnvironmentFileKind> = "type",
    }

    /// A resource counted in whole devices.
    ResourceRequirement required ["value", "type"] {
        /// How many, a text.
        value: Option<String> = "value",
        /// Of which kind.
        kind: Option<ResourceKind> = "type",
    }

    /// Storage of a Fargate task.
    EphemeralStorage required ["sizeInGiB"] {
        /// Its size.
        size_in_gib: Option<i32> = "sizeInGiB",
        /// The key of a running task's storage.
        kms_key_id: Option<String> = "kmsKeyId",
    }
}
