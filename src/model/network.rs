//! Ports on an instance. A static host port is a placement resource: two tasks
//! with the same port and protocol cannot share an instance (API PortMapping).

use std::fmt;

use crate::base::SimDuration;

/// A transport protocol of a port mapping.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Protocol {
    /// The default.
    Tcp,
    /// Has ports of its own.
    Udp,
}

/// A port of an instance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HostPort {
    /// 1 to 65535.
    pub port: u16,
    /// TCP or UDP.
    pub protocol: Protocol,
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        write!(f, "{}/{protocol}", self.port)
    }
}

/// TCP ports that an instance keeps for itself: SSH, the Docker daemon, the
/// agent (API PortMapping.hostPort).
pub const RESERVED_TCP_PORTS: [u16; 6] = [22, 2375, 2376, 51678, 51679, 51680];

/// The ports in use on an instance without tasks, sorted.
pub const RESERVED_PORTS: [HostPort; RESERVED_TCP_PORTS.len()] = {
    let mut ports = [HostPort { port: 0, protocol: Protocol::Tcp }; RESERVED_TCP_PORTS.len()];
    let mut idx = 0;
    while idx < ports.len() {
        ports[idx].port = RESERVED_TCP_PORTS[idx];
        idx += 1;
    }
    ports
};

/// The same where others may join them.
pub fn reserved_ports() -> Vec<HostPort> {
    RESERVED_PORTS.to_vec()
}

/// Where dynamic host ports are taken from: the usual range of Linux
/// (API PortMapping.hostPort).
pub const DYNAMIC_PORTS: std::ops::RangeInclusive<u16> = 32_768..=60_999;

/// The range that must be open towards instances with dynamic host ports: what
/// AWS pages suggest.
pub const OPEN_FOR_DYNAMIC_PORTS: std::ops::RangeInclusive<u16> = 32_768..=65_535;

/// The most reserved ports of an instance, its own included.
pub const RESERVED_PORTS_MAX: usize = 100;

/// A security group: what may come in, what may go out. Replies need no rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecurityGroup {
    /// Its name.
    pub name: String,
    /// What may come in.
    pub inbound: Vec<SecurityRule>,
    /// What may go out.
    pub outbound: Vec<SecurityRule>,
}

/// A rule of a security group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecurityRule {
    /// Which protocol; all if `None`.
    pub protocol: Option<Protocol>,
    /// From this port to that, both included.
    pub ports: std::ops::RangeInclusive<u16>,
    /// Who is on the other side.
    pub peer: Peer,
}

/// The other side of a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Peer {
    /// Members of a security group, by its name.
    Group(String),
    /// Addresses.
    Cidr(Cidr),
}

/// A range of IPv4 addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cidr {
    /// The first address.
    pub address: u32,
    /// How many leading bits are fixed; 0 to 32.
    pub prefix: u8,
}

/// A target group: how a load balancer finds out who is healthy (ELB API
/// CreateTargetGroup; semantics 4.5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TargetGroup {
    /// Its name.
    pub name: String,
    /// Whether its targets are instances with a port, or addresses.
    pub target_type: TargetType,
    /// From one check to the next; 5 to 300 s, 30 by default.
    pub interval: SimDuration,
    /// A check that takes longer has failed; 2 to 120 s.
    pub timeout: SimDuration,
    /// Successes in a row that make an unhealthy target healthy; 2 to 10.
    pub healthy_threshold: u32,
    /// Failures in a row that make a target unhealthy; 2 to 10.
    pub unhealthy_threshold: u32,
    /// How long a target drains before its task is told to stop.
    pub deregistration_delay: SimDuration,
}

/// What the targets of a group are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetType {
    /// Instances with a port: bridge and host mode.
    Instance,
    /// Addresses: awsvpc and Fargate.
    Ip,
}

/// What a load balancer is (ELB API CreateLoadBalancer, `type`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LoadBalancerType {
    /// Of requests: HTTP and HTTPS.
    #[default]
    Application,
    /// Of connections: TCP, TLS and UDP.
    Network,
}

/// A load balancer before target groups.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadBalancer {
    /// Its name.
    pub name: String,
    /// The ports it listens on, each with its target group by position.
    pub listeners: Vec<Listener>,
    /// Its security groups, by name.
    pub security_groups: Vec<String>,
    /// The zones that it is enabled in, by name; all if empty.
    pub zones: Vec<String>,
    /// What it is.
    pub kind: LoadBalancerType,
    /// Whether it is reached from within alone (`scheme` internal): it has no
    /// public addresses, and its answers do not leave for the internet.
    pub is_internal: bool,
    /// What is billed of its traffic.
    pub connections: Connections,
}

/// How requests come to a load balancer: what its capacity units are counted
/// of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Connections {
    /// Requests that one connection carries, in the mean; at least one.
    pub requests_each: u32,
    /// How long a connection is open.
    pub open_for: SimDuration,
    /// Rules that a request is matched against; ten are free.
    pub rules_processed: u32,
}

impl Default for Connections {
    /// MODEL: every request has a connection of its own, which is the most that
    /// can be billed, and it stays open for the idle timeout of a minute (Elastic
    /// Load Balancing guide, load balancer attributes); no more rules than are
    /// free.
    fn default() -> Self {
        Self { requests_each: 1, open_for: SimDuration::from_secs(60), rules_processed: 0 }
    }
}

/// A port of a load balancer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listener {
    /// Such as 80 or 443.
    pub port: u16,
    /// Position of the target group that it forwards to.
    pub target_group: usize,
}

/// All that decides who reaches whom in a run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Network {
    /// The security groups that are described. One that is named and not
    /// described is open.
    pub security_groups: Vec<SecurityGroup>,
    /// The target groups.
    pub target_groups: Vec<TargetGroup>,
    /// The load balancers.
    pub load_balancers: Vec<LoadBalancer>,
}
