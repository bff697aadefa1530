//! `[[security_group]]`, `[[target_group]]` and `[[load_balancer]]`: who may
//! reach whom, and how load balancers find out who is healthy.

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use super::access::read_name;
use crate::base::SimDuration;
use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::{Node, Value};
use crate::model::network::{
    Cidr, Connections, Listener, LoadBalancer, LoadBalancerType, Network, Peer, Protocol, SecurityGroup,
    SecurityRule, TargetGroup, TargetType,
};

/// Reads the three tables. `zones` are those of the cluster; `None` after a
/// fault in it.
pub(super) fn read_network(root: &reader::Table<'_>, zones: Option<&[String]>) -> Network {
    let faults = root.faults();
    let groups = root.list("security_group");
    let names = names_of(groups);
    let security_groups = unique(groups, "security group", faults, |node| read_group(node, &names, faults));
    let targets = root.list("target_group");
    let target_names = names_of(targets);
    let target_groups = unique(targets, "target group", faults, |node| read_target_group(node, faults));
    let load_balancers = unique(root.list("load_balancer"), "load balancer", faults, |node| {
        read_load_balancer(node, &names, &target_names, zones, faults)
    });
    Network { security_groups, target_groups, load_balancers }
}

/// Something with a name of its own.
trait Named {
    fn name(&self) -> &str;
}

macro_rules! named {
    ($($kind:ty),*) => {$(
        impl Named for $kind {
            fn name(&self) -> &str {
                &self.name
            }
        }
    )*};
}

named!(SecurityGroup, TargetGroup, LoadBalancer);

fn unique<T: Named>(
    items: &[Node],
    what: &str,
    faults: &Faults,
    read: impl Fn(&Node) -> Option<T>,
) -> Vec<T> {
    let mut found: Vec<T> = Vec::new();
    for node in items {
        let Some(it) = read(node) else { continue };
        if found.iter().any(|other| other.name() == it.name()) {
            faults.note(node.fault("B0111", format!("{what} `{}` is given twice", it.name())));
        }
        found.push(it);
    }
    found
}

/// The names that are written; one whose table has a fault is there all the
/// same.
pub(super) fn names_of(items: &[Node]) -> Vec<&str> {
    let mut names = Vec::new();
    for item in items {
        if let Some(Value::Text(name)) = item.get("name").map(|it| &it.value) {
            names.push(name.as_str());
        }
    }
    names
}

/// Whether AWS may have given this id to a security group.
pub fn is_security_group_id(name: &str) -> bool {
    name.strip_prefix("sg-")
        .is_some_and(|it| (8..=17).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_hexdigit()))
}

/// A security group by name. An id (`sg-0123456789abcdef0`) may stand for a
/// group that nobody describes, which is open; any other name is of this file.
pub(super) fn read_group_name(node: &Node, names: &[&str], faults: &Faults) -> Option<String> {
    let name = reader::text(node, faults)?;
    if !is_security_group_id(name) && !names.contains(&name) {
        let fault = node.fault("B0117", format!("there is no security group `{name}`"));
        faults.note(fault.help_nearest(name, names.iter().copied()));
        return None;
    }
    Some(name.to_owned())
}

fn read_group(node: &Node, names: &[&str], faults: &Faults) -> Option<SecurityGroup> {
    let table = reader::Table::of(node, faults);
    let name = read_name(&table, "a security group");
    let rules = |field: &'static str, peer: &'static str| {
        let read = |it: &Node| read_rule(it, peer, names, faults);
        table.list(field).iter().filter_map(read).collect::<Vec<_>>()
    };
    let inbound = rules("inbound", "source");
    let outbound = match node.get("outbound") {
        Some(_) => rules("outbound", "destination"),
        None => {
            table.optional("outbound");
            let everybody = Peer::Cidr(Cidr { address: 0, prefix: 0 });
            vec![SecurityRule { protocol: None, ports: 0..=u16::MAX, peer: everybody }]
        }
    };
    table.finish();
    Some(SecurityGroup { name: name?, inbound, outbound })
}

/// `{ protocol, ports, source }` or `{ protocol, ports, destination }`.
fn read_rule(node: &Node, peer: &'static str, names: &[&str], faults: &Faults) -> Option<SecurityRule> {
    let table = reader::Table::of(node, faults);
    let protocol = match table.optional("protocol") {
        Some(it) => reader::word(it, &["tcp", "udp", "all"], faults),
        None => Some(0),
    };
    let all = 0..=u16::MAX;
    let ports = match protocol {
        Some(2) => table.optional("ports").map_or(Some(all), |it| read_ports(it, faults)),
        _ => table.required("ports").and_then(|it| read_ports(it, faults)),
    };
    let peer = table.required(peer).and_then(|it| read_peer(it, names, faults));
    table.finish();
    let protocol = [Some(Protocol::Tcp), Some(Protocol::Udp), None][protocol?];
    Some(SecurityRule { protocol, ports: ports?, peer: peer? })
}

/// `80`, `"80"` or `"32768-65535"`.
fn read_ports(node: &Node, faults: &Faults) -> Option<RangeInclusive<u16>> {
    let Value::Text(text) = &node.value else {
        let port = u16::try_from(reader::integer(node, 0..=65_535, faults)?).expect("within the range");
        return Some(port..=port);
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let port = |it: &str| {
        let it = it.trim();
        it.parse::<u16>().ok().filter(|_| it.bytes().all(|it| it.is_ascii_digit()))
    };
    match (port(first), port(last)) {
        (Some(first), Some(last)) if first <= last => Some(first..=last),
        _ => {
            let message = format!("`{text}` is no range of ports such as \"32768-65535\"");
            faults.note(node.fault("B0165", message));
            None
        }
    }
}

fn read_peer(node: &Node, names: &[&str], faults: &Faults) -> Option<Peer> {
    let text = reader::text(node, faults)?;
    if names.contains(&text) || !text.contains(['/', '.', ':']) {
        return read_group_name(node, names, faults).map(Peer::Group);
    }
    let cidr = cidr(text);
    if cidr.is_none() {
        let message = format!("`{text}` is no range of IPv4 addresses such as \"10.0.0.0/16\"");
        faults.note(node.fault("B0164", message));
    }
    cidr.map(Peer::Cidr)
}

fn cidr(text: &str) -> Option<Cidr> {
    let (address, prefix) = text.split_once('/')?;
    let address: Ipv4Addr = address.parse().ok()?;
    let is_number = !prefix.is_empty() && prefix.bytes().all(|it| it.is_ascii_digit());
    let prefix: u8 = prefix.parse().ok().filter(|it| is_number && *it <= 32)?;
    Some(Cidr { address: address.into(), prefix })
}

/// Ranges and defaults of ELB API CreateTargetGroup.
fn read_target_group(node: &Node, faults: &Faults) -> Option<TargetGroup> {
    let table = reader::Table::of(node, faults);
    let name = read_name(&table, "a target group");
    let target_type = match table.optional("target_type") {
        Some(it) => reader::word(it, &["instance", "ip"], faults),
        None => Some(0),
    };
    let protocol = match table.optional("protocol") {
        Some(it) => reader::word(it, &["HTTP", "HTTPS", "TCP", "TLS"], faults),
        None => Some(0),
    };
    let timeout_default = if protocol == Some(0) { 6 } else { 10 };
    let integer = |name, range, default| table.integer(name, range).unwrap_or(default);
    let interval = integer("health_check_interval_seconds", 5..=300, 30);
    let timeout = integer("health_check_timeout_seconds", 2..=120, timeout_default);
    if timeout >= interval {
        let written = node.get("health_check_interval_seconds").or(node.get("health_check_timeout_seconds"));
        let message = format!("a check every {interval} s leaves no room for a timeout of {timeout} s");
        let fault = written.unwrap_or(node).fault("B0110", message);
        faults.note(fault.help("health_check_timeout_seconds is below health_check_interval_seconds"));
    }
    let threshold = |name, default| u32::try_from(integer(name, 2..=10, default)).expect("within the range");
    let healthy_threshold = threshold("healthy_threshold_count", 5);
    let unhealthy_threshold = threshold("unhealthy_threshold_count", 2);
    let deregistration_delay = table.duration("deregistration_delay").unwrap_or(SimDuration::from_secs(300));
    if deregistration_delay > SimDuration::from_secs(3600) {
        let node = node.get("deregistration_delay").expect("only a written one is this long");
        faults.note(node.fault("B0107", "deregistration_delay is at most 3600 seconds"));
    }
    table.finish();
    Some(TargetGroup {
        name: name?,
        target_type: [TargetType::Instance, TargetType::Ip][target_type?],
        interval: SimDuration::from_secs(interval),
        timeout: SimDuration::from_secs(timeout),
        healthy_threshold,
        unhealthy_threshold,
        deregistration_delay,
    })
}

fn read_load_balancer(
    node: &Node,
    groups: &[&str],
    targets: &[&str],
    zones: Option<&[String]>,
    faults: &Faults,
) -> Option<LoadBalancer> {
    let table = reader::Table::of(node, faults);
    let name = read_name(&table, "a load balancer");
    table.required("listeners");
    let mut listeners: Vec<Listener> = Vec::new();
    for node in table.list("listeners") {
        let Some(listener) = read_listener(node, targets, faults) else { continue };
        if listeners.iter().any(|it| it.port == listener.port) {
            faults.note(node.fault("B0111", format!("two listeners have port {}", listener.port)));
        }
        listeners.push(listener);
    }
    let security_groups = table.list("security_groups").iter();
    let security_groups = security_groups.filter_map(|it| read_group_name(it, groups, faults)).collect();
    let mut enabled = Vec::new();
    for node in table.list("availability_zones") {
        let Some(zone) = reader::text(node, faults) else { continue };
        if let Some(zones) = zones.filter(|zones| !zones.iter().any(|it| it == zone)) {
            let fault = node.fault("B0117", format!("the cluster has no availability zone `{zone}`"));
            faults.note(fault.help_nearest(zone, zones.iter().map(String::as_str)));
        }
        enabled.push(zone.to_owned());
    }
    let kind = match table.optional("type") {
        Some(it) => reader::word(it, &["application", "network"], faults)?,
        None => 0,
    };
    let scheme = table.optional("scheme");
    let is_internal =
        scheme.and_then(|it| reader::word(it, &["internet-facing", "internal"], faults)) == Some(1);
    let connections = read_connections(&table);
    table.finish();
    Some(LoadBalancer {
        name: name?,
        listeners,
        security_groups,
        zones: enabled,
        kind: [LoadBalancerType::Application, LoadBalancerType::Network][kind],
        is_internal,
        connections,
    })
}

/// How requests come to a load balancer, as far as that is billed.
fn read_connections(table: &reader::Table<'_>) -> Connections {
    /// Nobody keeps a connection for longer than a day.
    const OPEN_MAX: SimDuration = SimDuration::from_secs(86_400);
    let mut connections = Connections::default();
    if let Some(n) = table.integer("requests_per_connection", 1..=1_000_000) {
        connections.requests_each = u32::try_from(n).expect("within the range");
    }
    // The quota of rules of a load balancer is below.
    if let Some(n) = table.integer("rules_processed", 0..=10_000) {
        connections.rules_processed = u32::try_from(n).expect("within the range");
    }
    if let Some(open_for) = table.duration("connection_time") {
        connections.open_for = open_for;
        if let Some(node) = table.optional("connection_time").filter(|_| open_for > OPEN_MAX) {
            let message = format!("`connection_time` is {open_for}, expected at most {OPEN_MAX}");
            table.faults().note(node.fault("B0107", message));
        }
    }
    connections
}

fn read_listener(node: &Node, targets: &[&str], faults: &Faults) -> Option<Listener> {
    let table = reader::Table::of(node, faults);
    let port = table.required("port").and_then(|it| reader::integer(it, 1..=65_535, faults));
    let target_group = table.required("target_group").and_then(|it| read_target_name(it, targets, faults));
    table.finish();
    Some(Listener { port: u16::try_from(port?).expect("within the range"), target_group: target_group? })
}

/// The position of a target group.
pub(super) fn read_target_name(node: &Node, targets: &[&str], faults: &Faults) -> Option<usize> {
    let name = reader::text(node, faults)?;
    let position = targets.iter().position(|it| *it == name);
    if position.is_none() {
        let fault = node.fault("B0117", format!("there is no target group `{name}`"));
        faults.note(fault.help_nearest(name, targets.iter().copied()));
    }
    position
}
