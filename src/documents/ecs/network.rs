//! How tasks are reached (API NetworkConfiguration, LoadBalancer,
//! ServiceRegistry, VpcLatticeConfiguration).

use super::choices::Switch;
use crate::documents::shape::shapes;

shapes! {
    /// The network of tasks with an interface of their own.
    NetworkConfiguration {
        /// Their subnets and security groups.
        awsvpc: Option<AwsvpcConfiguration> = "awsvpcConfiguration",
    }

    /// Subnets and security groups.
    AwsvpcConfiguration required ["subnets"] {
        /// At most 16.
        subnets: Vec<String> = "subnets",
        /// At most 5; the network's default group if absent.
        security_groups: Vec<String> = "securityGroups",
        /// Whether tasks have an address that the internet reaches.
        assign_public_ip: Option<Switch> = "assignPublicIp",
    }

    /// A load balancer that sends requests to a container.
    LoadBalancer {
        /// Of an application or network load balancer.
        target_group_arn: Option<String> = "targetGroupArn",
        /// Of a classic load balancer.
        load_balancer_name: Option<String> = "loadBalancerName",
        /// Which container it reaches.
        container_name: Option<String> = "containerName",
        /// At which of its ports.
        container_port: Option<i32> = "containerPort",
        /// The other target group of a blue/green deployment.
        advanced_configuration: Option<AdvancedConfiguration> = "advancedConfiguration",
    }

    /// What a blue/green deployment shifts.
    AdvancedConfiguration {
        /// The target group of the new tasks.
        alternate_target_group_arn: Option<String> = "alternateTargetGroupArn",
        /// The rule of the production listener.
        production_listener_rule: Option<String> = "productionListenerRule",
        /// The rule of the test listener.
        test_listener_rule: Option<String> = "testListenerRule",
        /// Who may change the rules.
        role_arn: Option<String> = "roleArn",
    }

    /// A name service in which tasks are listed.
    ServiceRegistry {
        /// Which.
        registry_arn: Option<String> = "registryArn",
        /// The port of its SRV records.
        port: Option<i32> = "port",
        /// The container that they name.
        container_name: Option<String> = "containerName",
        /// And its port.
        container_port: Option<i32> = "containerPort",
    }

    /// A target group of VPC Lattice.
    VpcLatticeConfiguration required ["roleArn", "targetGroupArn", "portName"] {
        /// Who may change it.
        role_arn: Option<String> = "roleArn",
        /// Which.
        target_group_arn: Option<String> = "targetGroupArn",
        /// The port mapping that it reaches.
        port_name: Option<String> = "portName",
    }
}
