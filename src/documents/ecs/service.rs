//! A service, its deployments and its task sets as the service describes them
//! (API Service, Deployment, TaskSet).

use super::choices::{LaunchType, PropagateTags, ScaleUnit, SchedulingStrategy, Switch};
use super::deployment::{DeploymentConfiguration, DeploymentController};
use super::network::{LoadBalancer, NetworkConfiguration, ServiceRegistry, VpcLatticeConfiguration};
use super::placement::{CapacityProviderStrategyItem, PlacementConstraint, PlacementStrategy};
use super::service_connect::{ServiceConnectConfiguration, ServiceConnectResource};
use super::tags::Tag;
use super::timestamp::Timestamp;
use super::volumes::VolumeConfiguration;
use crate::documents::shape::shapes;

shapes! {
    /// A service.
    Service {
        /// Its ARN.
        service_arn: Option<String> = "serviceArn",
        /// Its name.
        service_name: Option<String> = "serviceName",
        /// Where it is.
        cluster_arn: Option<String> = "clusterArn",
        /// What sends it requests.
        load_balancers: Vec<LoadBalancer> = "loadBalancers",
        /// Where its tasks are listed.
        service_registries: Vec<ServiceRegistry> = "serviceRegistries",
        /// `ACTIVE`, `DRAINING` or `INACTIVE`.
        status: Option<String> = "status",
        /// How many tasks it should have.
        desired_count: Option<i32> = "desiredCount",
        /// How many run.
        running_count: Option<i32> = "runningCount",
        /// How many are about to.
        pending_count: Option<i32> = "pendingCount",
        /// What they run on.
        launch_type: Option<LaunchType> = "launchType",
        /// Or in shares.
        capacity_provider_strategy: Vec<CapacityProviderStrategyItem> = "capacityProviderStrategy",
        /// Of Fargate.
        platform_version: Option<String> = "platformVersion",
        /// Operating system of Fargate.
        platform_family: Option<String> = "platformFamily",
        /// ARN of the revision.
        task_definition: Option<String> = "taskDefinition",
        /// How tasks are replaced.
        deployment_configuration: Option<DeploymentConfiguration> = "deploymentConfiguration",
        /// Where deployments are somebody else's.
        task_sets: Vec<TaskSet> = "taskSets",
        /// The one that is, and those that it replaces.
        deployments: Vec<Deployment> = "deployments",
        /// Who may change the load balancer.
        role_arn: Option<String> = "roleArn",
        /// What happened, newest first.
        events: Vec<ServiceEvent> = "events",
        /// When it was made.
        created_at: Option<Timestamp> = "createdAt",
        /// ARN of the deployment.
        current_service_deployment: Option<String> = "currentServiceDeployment",
        /// Revisions with their tasks.
        current_service_revisions: Vec<ServiceRevision> = "currentServiceRevisions",
        /// Where tasks may run.
        placement_constraints: Vec<PlacementConstraint> = "placementConstraints",
        /// Where they should.
        placement_strategy: Vec<PlacementStrategy> = "placementStrategy",
        /// Their network.
        network_configuration: Option<NetworkConfiguration> = "networkConfiguration",
        /// Seconds in which a failed health check does not count.
        health_check_grace_period_seconds: Option<i32> = "healthCheckGracePeriodSeconds",
        /// How many tasks: as desired, or one on each instance.
        scheduling_strategy: Option<SchedulingStrategy> = "schedulingStrategy",
        /// Who replaces the tasks.
        deployment_controller: Option<DeploymentController> = "deploymentController",
        /// Its tags.
        tags: Vec<Tag> = "tags",
        /// Who made it.
        created_by: Option<String> = "createdBy",
        /// Whether tasks are tagged with cluster and service.
        enable_ecs_managed_tags: Option<bool> = "enableECSManagedTags",
        /// Where tasks have their tags from.
        propagate_tags: Option<PropagateTags> = "propagateTags",
        /// Whether commands may be run in containers.
        enable_execute_command: Option<bool> = "enableExecuteCommand",
        /// Whether tasks are moved for the balance of zones.
        availability_zone_rebalancing: Option<Switch> = "availabilityZoneRebalancing",
        /// Whose the service is: the customer's or ECS's.
        resource_management_type: Option<String> = "resourceManagementType",
        /// Counts the changes of the service.
        version: Option<i64> = "version",
    }

    /// A rollout of a revision.
    Deployment {
        /// Its id.
        id: Option<String> = "id",
        /// `PRIMARY` is the newest, `ACTIVE` what it replaces.
        status: Option<String> = "status",
        /// ARN of the revision.
        task_definition: Option<String> = "taskDefinition",
        /// How many tasks it should have.
        desired_count: Option<i32> = "desiredCount",
        /// How many are about to run.
        pending_count: Option<i32> = "pendingCount",
        /// How many run.
        running_count: Option<i32> = "runningCount",
        /// How many failed.
        failed_tasks: Option<i32> = "failedTasks",
        /// How many could not be launched.
        failed_launch_task_count: Option<i32> = "failedLaunchTaskCount",
        /// How many were replaced.
        replaced_task_count: Option<i32> = "replacedTaskCount",
        /// When it began.
        created_at: Option<Timestamp> = "createdAt",
        /// When it last changed.
        updated_at: Option<Timestamp> = "updatedAt",
        /// What its tasks run on.
        capacity_provider_strategy: Vec<CapacityProviderStrategyItem> = "capacityProviderStrategy",
        /// Or by this.
        launch_type: Option<LaunchType> = "launchType",
        /// Of Fargate; never `LATEST`.
        platform_version: Option<String> = "platformVersion",
        /// Operating system of Fargate.
        platform_family: Option<String> = "platformFamily",
        /// Their network.
        network_configuration: Option<NetworkConfiguration> = "networkConfiguration",
        /// `COMPLETED`, `FAILED` or `IN_PROGRESS`.
        rollout_state: Option<String> = "rolloutState",
        /// Why.
        rollout_state_reason: Option<String> = "rolloutStateReason",
        /// Names and a proxy.
        service_connect_configuration: Option<ServiceConnectConfiguration> = "serviceConnectConfiguration",
        /// What was made for it.
        service_connect_resources: Vec<ServiceConnectResource> = "serviceConnectResources",
        /// A volume for each task.
        volume_configurations: Vec<VolumeConfiguration> = "volumeConfigurations",
        /// Encryption of Fargate's own storage.
        fargate_ephemeral_storage: Option<serde_json::Value> = "fargateEphemeralStorage",
        /// Target groups of VPC Lattice.
        vpc_lattice_configurations: Vec<VpcLatticeConfiguration> = "vpcLatticeConfigurations",
    }

    /// A set of tasks of a service whose deployments are somebody else's.
    TaskSet {
        /// Its id.
        id: Option<String> = "id",
        /// Its ARN.
        task_set_arn: Option<String> = "taskSetArn",
        /// Of which service.
        service_arn: Option<String> = "serviceArn",
        /// Where.
        cluster_arn: Option<String> = "clusterArn",
        /// Who made it.
        started_by: Option<String> = "startedBy",
        /// The maker's own name for it.
        external_id: Option<String> = "externalId",
        /// `PRIMARY`, `ACTIVE` or `DRAINING`.
        status: Option<String> = "status",
        /// ARN of the revision.
        task_definition: Option<String> = "taskDefinition",
        /// How many tasks it should have.
        computed_desired_count: Option<i32> = "computedDesiredCount",
        /// How many are about to run.
        pending_count: Option<i32> = "pendingCount",
        /// How many run.
        running_count: Option<i32> = "runningCount",
        /// When it was made.
        created_at: Option<Timestamp> = "createdAt",
        /// When it last changed.
        updated_at: Option<Timestamp> = "updatedAt",
        /// What its tasks run on.
        launch_type: Option<LaunchType> = "launchType",
        /// Or in shares.
        capacity_provider_strategy: Vec<CapacityProviderStrategyItem> = "capacityProviderStrategy",
        /// Of Fargate.
        platform_version: Option<String> = "platformVersion",
        /// Operating system of Fargate.
        platform_family: Option<String> = "platformFamily",
        /// Their network.
        network_configuration: Option<NetworkConfiguration> = "networkConfiguration",
        /// What sends them requests.
        load_balancers: Vec<LoadBalancer> = "loadBalancers",
        /// Where they are listed.
        service_registries: Vec<ServiceRegistry> = "serviceRegistries",
        /// How many, as a part of the service's desired count.
        scale: Option<Scale> = "scale",
        /// `STEADY_STATE` or `STABILIZING`.
        stability_status: Option<String> = "stabilityStatus",
        /// Since when.
        stability_status_at: Option<Timestamp> = "stabilityStatusAt",
        /// Its tags.
        tags: Vec<Tag> = "tags",
        /// Encryption of Fargate's own storage.
        fargate_ephemeral_storage: Option<serde_json::Value> = "fargateEphemeralStorage",
    }

    /// A part of the service's desired count.
    Scale {
        /// How much.
        value: Option<f64> = "value",
        /// Of what.
        unit: Option<ScaleUnit> = "unit",
    }

    /// Something that happened.
    ServiceEvent {
        /// Its id.
        id: Option<String> = "id",
        /// When.
        created_at: Option<Timestamp> = "createdAt",
        /// What.
        message: Option<String> = "message",
    }

    /// A revision with its tasks.
    ServiceRevision {
        /// Its ARN.
        arn: Option<String> = "arn",
        /// How many tasks it should have.
        requested_task_count: Option<i32> = "requestedTaskCount",
        /// How many run.
        running_task_count: Option<i32> = "runningTaskCount",
        /// How many are about to.
        pending_task_count: Option<i32> = "pendingTaskCount",
    }
}
