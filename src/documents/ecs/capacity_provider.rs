//! A capacity provider as the service describes it (API CapacityProvider).

use super::choices::Switch;
use super::tags::Tag;
use crate::documents::shape::shapes;

shapes! {
    /// A source of capacity.
    CapacityProvider {
        /// Its ARN.
        capacity_provider_arn: Option<String> = "capacityProviderArn",
        /// Its name; `FARGATE` and `FARGATE_SPOT` are always there.
        name: Option<String> = "name",
        /// The cluster that it is bound to.
        cluster: Option<String> = "cluster",
        /// `ACTIVE` or what precedes and follows.
        status: Option<String> = "status",
        /// Instances of an auto scaling group.
        auto_scaling_group_provider: Option<AutoScalingGroupProvider> = "autoScalingGroupProvider",
        /// Instances that the service runs; no model looks into it.
        managed_instances_provider: Option<serde_json::Value> = "managedInstancesProvider",
        /// How far its last change is.
        update_status: Option<String> = "updateStatus",
        /// Why no further.
        update_status_reason: Option<String> = "updateStatusReason",
        /// Its tags.
        tags: Vec<Tag> = "tags",
        /// Which of the kinds it is.
        kind: Option<String> = "type",
    }

    /// An auto scaling group.
    AutoScalingGroupProvider required ["autoScalingGroupArn"] {
        /// Which.
        auto_scaling_group_arn: Option<String> = "autoScalingGroupArn",
        /// Whether and how ECS scales it.
        managed_scaling: Option<ManagedScaling> = "managedScaling",
        /// Whether instances with tasks are spared.
        managed_termination_protection: Option<Switch> = "managedTerminationProtection",
        /// Whether instances are drained before they go.
        managed_draining: Option<Switch> = "managedDraining",
    }

    /// How ECS scales a group.
    ManagedScaling limited [
        "targetCapacity": 1..=100,
        "minimumScalingStepSize": 1..=10_000,
        "maximumScalingStepSize": 1..=10_000,
        "instanceWarmupPeriod": 0..=10_000
    ] {
        /// Whether it does.
        status: Option<Switch> = "status",
        /// Percent of the group that should be in use.
        target_capacity: Option<i32> = "targetCapacity",
        /// Instances at once, at least.
        minimum_scaling_step_size: Option<i32> = "minimumScalingStepSize",
        /// Instances at once, at most.
        maximum_scaling_step_size: Option<i32> = "maximumScalingStepSize",
        /// Seconds until a new instance counts.
        instance_warmup_period: Option<i32> = "instanceWarmupPeriod",
    }
}
