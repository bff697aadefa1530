//! The two paths of a request: from the web to a load balancer, and from there
//! to a task. What fails names the rule to add and what the load balancer
//! reports (ELB API TargetHealth).

use std::fmt;
use std::ops::RangeInclusive;

use super::ports::{Other, are_open};
use crate::model::network::{
    DYNAMIC_PORTS, LoadBalancer, Network, OPEN_FOR_DYNAMIC_PORTS, Protocol, SecurityGroup,
};

/// A task as a load balancer finds it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The security groups of whoever listens: of the instance in bridge and
    /// host mode, of the task with an interface of its own.
    pub security_groups: &'a [String],
    /// Where it listens.
    pub port: TargetPort,
    /// By which protocol.
    pub protocol: Protocol,
    /// The availability zone it is in.
    pub zone: &'a str,
}

/// The port that a target is registered with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetPort {
    /// Some port of the dynamic range: all of it must be open.
    Dynamic,
    /// This one: a static host port, or the container's at its own address.
    Fixed(u16),
}

/// Why a path is closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unreachable {
    /// A rule of a security group is missing.
    Rule(MissingRule),
    /// The load balancer is not enabled in the target's zone.
    Zone {
        /// The load balancer.
        load_balancer: String,
        /// The zone to enable.
        zone: String,
    },
}

/// The rule to add.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MissingRule {
    /// To which group.
    pub group: String,
    /// Among which of its rules.
    pub direction: Direction,
    /// For which protocol.
    pub protocol: Protocol,
    /// From this port to that.
    pub ports: RangeInclusive<u16>,
    /// Who is on the other side: a security group, or addresses.
    pub peer: String,
    /// What the load balancer says of its targets; nothing where they are
    /// healthy and only clients find nobody.
    pub reason_code: Option<&'static str>,
}

/// Inbound or outbound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// What may come in.
    Inbound,
    /// What may go out.
    Outbound,
}

impl Unreachable {
    /// What the load balancer says of the target, if it says anything.
    pub fn reason_code(&self) -> Option<&'static str> {
        match self {
            Self::Rule(rule) => rule.reason_code,
            Self::Zone { .. } => Some(NOT_IN_USE),
        }
    }
}

const TIMEOUT: &str = "Target.Timeout";
const NOT_IN_USE: &str = "Target.NotInUse";
const EVERYBODY: &str = "0.0.0.0/0";

/// Whether clients on the internet reach a listener.
///
/// # Errors
///
/// The rule that is missing.
pub fn web_reaches(network: &Network, load_balancer: &LoadBalancer, port: u16) -> Result<(), Unreachable> {
    let groups = load_balancer.security_groups.as_slice();
    if are_open(network, groups, inbound, Protocol::Tcp, &(port..=port), Other::Everybody) {
        return Ok(());
    }
    Err(Unreachable::Rule(MissingRule {
        group: groups[0].clone(),
        direction: Direction::Inbound,
        protocol: Protocol::Tcp,
        ports: port..=port,
        peer: EVERYBODY.to_owned(),
        reason_code: None,
    }))
}

/// Whether a load balancer reaches a target: enabled in its zone, let out by
/// its own groups, let in by those of the target.
///
/// # Errors
///
/// The zone or the rule that is missing; the first on the way.
pub fn load_balancer_reaches(
    network: &Network,
    load_balancer: &LoadBalancer,
    target: &Target<'_>,
) -> Result<(), Unreachable> {
    let zones = &load_balancer.zones;
    if !zones.is_empty() && !zones.iter().any(|it| it == target.zone) {
        let (load_balancer, zone) = (load_balancer.name.clone(), target.zone.to_owned());
        return Err(Unreachable::Zone { load_balancer, zone });
    }
    // To be open is what the kernel may choose; to be opened, what AWS suggests.
    let (needed, advised) = match target.port {
        TargetPort::Dynamic => (DYNAMIC_PORTS, OPEN_FOR_DYNAMIC_PORTS),
        TargetPort::Fixed(port) => (port..=port, port..=port),
    };
    let (from, to) = (load_balancer.security_groups.as_slice(), target.security_groups);
    let missing = |group: &[String], direction, peer: &[String]| {
        Err(Unreachable::Rule(MissingRule {
            group: group[0].clone(),
            direction,
            protocol: target.protocol,
            ports: advised.clone(),
            peer: peer.first().map_or(EVERYBODY, String::as_str).to_owned(),
            reason_code: Some(TIMEOUT),
        }))
    };
    if !are_open(network, from, outbound, target.protocol, &needed, Other::Members(to)) {
        return missing(from, Direction::Outbound, to);
    }
    if !are_open(network, to, inbound, target.protocol, &needed, Other::Members(from)) {
        return missing(to, Direction::Inbound, from);
    }
    Ok(())
}

fn inbound(group: &SecurityGroup) -> &[crate::model::network::SecurityRule] {
    &group.inbound
}

fn outbound(group: &SecurityGroup) -> &[crate::model::network::SecurityRule] {
    &group.outbound
}

/// One sentence: what to add, and what it is like without.
impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => rule.fmt(f),
            Self::Zone { load_balancer, zone } => write!(
                f,
                "load balancer `{load_balancer}` is not enabled in availability zone `{zone}`: {NOT_IN_USE}"
            ),
        }
    }
}

impl fmt::Display for MissingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (direction, preposition) = match self.direction {
            Direction::Inbound => ("inbound", "from"),
            Direction::Outbound => ("outbound", "to"),
        };
        let protocol = match self.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        write!(f, "security group `{}` needs an {direction} rule: {protocol} ", self.group)?;
        match self.ports.start() == self.ports.end() {
            true => write!(f, "{}", self.ports.start())?,
            false => write!(f, "{}-{}", self.ports.start(), self.ports.end())?,
        }
        write!(f, " {preposition} `{}`: ", self.peer)?;
        f.write_str(self.reason_code.unwrap_or("clients time out"))
    }
}
