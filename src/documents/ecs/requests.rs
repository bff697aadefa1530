//! What is sent to the service, every field of it (API CreateServiceRequest,
//! UpdateServiceRequest, RunTaskRequest, StartTaskRequest,
//! CreateTaskSetRequest).

use super::choices::{LaunchType, PropagateTags, SchedulingStrategy, Switch};
use super::deployment::{DeploymentConfiguration, DeploymentController};
use super::network::{LoadBalancer, NetworkConfiguration, ServiceRegistry, VpcLatticeConfiguration};
use super::overrides::TaskOverride;
use super::placement::{CapacityProviderStrategyItem, PlacementConstraint, PlacementStrategy};
use super::service::Scale;
use super::service_connect::ServiceConnectConfiguration;
use super::tags::Tag;
use super::volumes::VolumeConfiguration;
use crate::documents::shape::shapes;

shapes! {
    /// A service to be made.
    CreateService required ["serviceName"] limited ["tags": 0..=50] {
        /// Where; `default` if absent.
        cluster: Option<String> = "cluster",
        /// Its name.
        service_name: Option<String> = "serviceName",
        /// Family, family and revision, or ARN.
        task_definition: Option<String> = "taskDefinition",
        /// Whether tasks are moved for the balance of zones.
        availability_zone_rebalancing: Option<Switch> = "availabilityZoneRebalancing",
        /// What sends it requests.
        load_balancers: Vec<LoadBalancer> = "loadBalancers",
        /// Where its tasks are listed.
        service_registries: Vec<ServiceRegistry> = "serviceRegistries",
        /// How many tasks.
        desired_count: Option<i32> = "desiredCount",
        /// Makes a repeated request harmless.
        client_token: Option<String> = "clientToken",
        /// What they run on.
        launch_type: Option<LaunchType> = "launchType",
        /// Or in shares.
        capacity_provider_strategy: Vec<CapacityProviderStrategyItem> = "capacityProviderStrategy",
        /// Of Fargate.
        platform_version: Option<String> = "platformVersion",
        /// Who may change the load balancer.
        role: Option<String> = "role",
        /// How tasks are replaced.
        deployment_configuration: Option<DeploymentConfiguration> = "deploymentConfiguration",
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
        /// Whether tasks are tagged with cluster and service.
        enable_ecs_managed_tags: Option<bool> = "enableECSManagedTags",
        /// Where tasks have their tags from.
        propagate_tags: Option<PropagateTags> = "propagateTags",
        /// Whether commands may be run in containers.
        enable_execute_command: Option<bool> = "enableExecuteCommand",
        /// Names and a proxy.
        service_connect_configuration: Option<ServiceConnectConfiguration> = "serviceConnectConfiguration",
        /// A volume for each task.
        volume_configurations: Vec<VolumeConfiguration> = "volumeConfigurations",
        /// Target groups of VPC Lattice.
        vpc_lattice_configurations: Vec<VpcLatticeConfiguration> = "vpcLatticeConfigurations",
    }

    /// A service to be changed: what is absent stays as it is.
    UpdateService required ["service"] {
        /// Where; `default` if absent.
        cluster: Option<String> = "cluster",
        /// Its name or ARN.
        service: Option<String> = "service",
        /// How many tasks.
        desired_count: Option<i32> = "desiredCount",
        /// Family, family and revision, or ARN.
        task_definition: Option<String> = "taskDefinition",
        /// What they run on.
        capacity_provider_strategy: Vec<CapacityProviderStrategyItem> = "capacityProviderStrategy",
        /// How tasks are replaced.
        deployment_configuration: Option<DeploymentConfiguration> = "deploymentConfiguration",
        /// Whether tasks are moved for the balance of zones.
        availability_zone_rebalancing: Option<Switch> = "availabilityZoneRebalancing",
        /// Their network.
        network_configuration: Option<NetworkConfiguration> = "networkConfiguration",
        /// Where tasks may run.
        placement_constraints: Vec<PlacementConstraint> = "placementConstraints",
        /// Where they should.
        placement_strategy: Vec<PlacementStrategy> = "placementStrategy",
        /// Of Fargate.
        platform_version: Option<String> = "platformVersion",
        /// Whether tasks are replaced though nothing changed.
        force_new_deployment: Option<bool> = "forceNewDeployment",
        /// Seconds in which a failed health check does not count.
        health_check_grace_period_seconds: Option<i32> = "healthCheckGracePeriodSeconds",
        /// Who replaces the tasks.
        deployment_controller: Option<DeploymentController> = "deploymentController",
        /// Whether commands may be run in containers.
        enable_execute_command: Option<bool> = "enableExecuteCommand",
        /// Whether tasks are tagged with cluster and service.
        enable_ecs_managed_tags: Option<bool> = "enableECSManagedTags",
        /// What sends it requests.
        load_balancers: Vec<LoadBalancer> = "loadBalancers",
        /// Where tasks have their tags from.
        propagate_tags: Option<PropagateTags> = "propagateTags",
        /// Where its tasks are listed.
        service_registries: Vec<ServiceRegistry> = "serviceRegistries",
        /// Names and a proxy.
        service_connect_configuration: Option<ServiceConnectConfiguration> = "serviceConnectConfiguration",
        /// A volume for each task.
        volume_configurations: Vec<VolumeConfiguration> = "volumeConfigurations",
        /// Target groups of VPC Lattice.
        vpc_lattice_configurations: Vec<VpcLatticeConfiguration> = "vpcLatticeConfigurations",
    }

    /// Tasks to be placed and started.
    RunTask required ["taskDefinition"] limited ["tags": 0..=50] {
        /// What they run on.
        capacity_provider_strategy: Vec<CapacityProviderStrategyItem> = "capacityProviderStrategy",
        /// Where; `default` if absent.
        cluster: Option<String> = "cluster",
        /// How many, up to ten; one if absent.
        count: Option<i32> = "count",
        /// Whether tasks are tagged with the cluster.
        enable_ecs_managed_tags: Option<bool> = "enableECSManagedTags",
        /// Whether commands may be run in containers.
        enable_execute_command: Option<bool> = "enableExecuteCommand",
        /// The group that constraints ask for; `family:` and the family if absent.
        group: Option<String> = "group",
        /// What they run on.
        launch_type: Option<LaunchType> = "launchType",
        /// Their network.
        network_configuration: Option<NetworkConfiguration> = "networkConfiguration",
        /// Changes of the definition.
        overrides: Option<TaskOverride> = "overrides",
        /// Where tasks may run.
        placement_constraints: Vec<PlacementConstraint> = "placementConstraints",
        /// Where they should.
        placement_strategy: Vec<PlacementStrategy> = "placementStrategy",
        /// Of Fargate.
        platform_version: Option<String> = "platformVersion",
        /// Where tasks have their tags from.
        propagate_tags: Option<PropagateTags> = "propagateTags",
        /// The caller's own name for the request.
        reference_id: Option<String> = "referenceId",
        /// Who started them, a tag of the caller's.
        started_by: Option<String> = "startedBy",
        /// Their tags.
        tags: Vec<Tag> = "tags",
        /// Family, family and revision, or ARN.
        task_definition: Option<String> = "taskDefinition",
        /// Makes a repeated request harmless.
        client_token: Option<String> = "clientToken",
        /// A volume for each task.
        volume_configurations: Vec<VolumeConfiguration> = "volumeConfigurations",
    }

    /// Tasks to be started on instances that are named.
    StartTask required ["containerInstances", "taskDefinition"] limited ["tags": 0..=50] {
        /// Where; `default` if absent.
        cluster: Option<String> = "cluster",
        /// Ids or ARNs, up to ten; one task on each.
        container_instances: Vec<String> = "containerInstances",
        /// Whether tasks are tagged with the cluster.
        enable_ecs_managed_tags: Option<bool> = "enableECSManagedTags",
        /// Whether commands may be run in containers.
        enable_execute_command: Option<bool> = "enableExecuteCommand",
        /// The group that constraints ask for; `family:` and the family if absent.
        group: Option<String> = "group",
        /// Their network.
        network_configuration: Option<NetworkConfiguration> = "networkConfiguration",
        /// Changes of the definition.
        overrides: Option<TaskOverride> = "overrides",
        /// Where tasks have their tags from.
        propagate_tags: Option<PropagateTags> = "propagateTags",
        /// The caller's own name for the request.
        reference_id: Option<String> = "referenceId",
        /// Who started them, a tag of the caller's.
        started_by: Option<String> = "startedBy",
        /// Their tags.
        tags: Vec<Tag> = "tags",
        /// Family, family and revision, or ARN.
        task_definition: Option<String> = "taskDefinition",
        /// A volume for each task.
        volume_configurations: Vec<VolumeConfiguration> = "volumeConfigurations",
    }

    /// A set of tasks of a service whose deployments are somebody else's.
    CreateTaskSet required ["service", "cluster", "taskDefinition"] limited ["tags": 0..=50] {
        /// Of which service.
        service: Option<String> = "service",
        /// Where.
        cluster: Option<String> = "cluster",
        /// The caller's own name for it.
        external_id: Option<String> = "externalId",
        /// Family, family and revision, or ARN.
        task_definition: Option<String> = "taskDefinition",
        /// Their network.
        network_configuration: Option<NetworkConfiguration> = "networkConfiguration",
        /// What sends them requests.
        load_balancers: Vec<LoadBalancer> = "loadBalancers",
        /// Where they are listed.
        service_registries: Vec<ServiceRegistry> = "serviceRegistries",
        /// What they run on.
        launch_type: Option<LaunchType> = "launchType",
        /// Or in shares.
        capacity_provider_strategy: Vec<CapacityProviderStrategyItem> = "capacityProviderStrategy",
        /// Of Fargate.
        platform_version: Option<String> = "platformVersion",
        /// How many, as a part of the service's desired count.
        scale: Option<Scale> = "scale",
        /// Makes a repeated request harmless.
        client_token: Option<String> = "clientToken",
        /// Its tags.
        tags: Vec<Tag> = "tags",
    }
}
