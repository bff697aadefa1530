//! Port mappings (API PortMapping): numbers in range, ranges that do not
//! overlap, names for Service Connect, no port for two.

use std::collections::BTreeMap;

use super::super::choices::{NetworkMode, Protocol};
use super::super::shapes::{PortMapping, TaskDefinition};
use super::{Report, Rule, containers, named, quoted};
use crate::documents::field_path::FieldPath;
use crate::model::network::RESERVED_TCP_PORTS;

/// TD-19. That a host port may not be given twice follows from what it is: a
/// resource that two holders cannot share.
pub(super) const PORT_MAPPINGS: Rule = Rule {
    id: "TD-19",
    code: "B0319",
    words: "a mapping has `containerPort` (1 to 65535) or `containerPortRange`, `hostPort` 0 to 65535; no \
            port has two protocols or is mapped twice; ranges are `a-b`, do not overlap and are at most 100, \
            in bridge and awsvpc mode only; names are up to 64 of `a-z0-9_-` and unique in the task",
    check: check_mappings,
};

/// Ports that the kernel hands out on Linux by default (`ip_local_port_range`).
const DYNAMIC_PORTS: std::ops::RangeInclusive<i32> = 32_768..=60_999;

const MAX_RANGES: usize = 100;

fn check_mappings(definition: &TaskDefinition, report: &mut Report<'_, '_>) {
    let mode = definition.network_mode();
    let mut names: BTreeMap<&str, ()> = BTreeMap::new();
    // (port, is UDP) -> the container that has it.
    let mut host_ports: BTreeMap<(i32, bool), usize> = BTreeMap::new();
    for (container_idx, (at, container)) in containers(definition).enumerate() {
        let list = at.key("portMappings");
        let mut protocols: BTreeMap<i32, bool> = BTreeMap::new();
        let mut ranges: Vec<(i32, i32)> = Vec::new();
        for (idx, mapping) in container.port_mappings.iter().enumerate() {
            let at = list.idx(idx);
            check_numbers(mapping, &at, report);
            check_range(mapping, mode.as_ref(), &mut ranges, &at, report);
            let is_udp = mapping.protocol == Some(Protocol::Udp);
            if let Some(protocol) = mapping.protocol.as_ref().filter(|it| !it.is_known()) {
                let message =
                    format!("the protocol {} is unknown: it counts as tcp", quoted(protocol.as_str()));
                report.odd(&at.key("protocol"), message);
            }
            if let Some(name) = &mapping.name {
                let message = if !is_port_name(name) {
                    format!("the port name {} is not up to 64 of `a-z0-9_-`, no hyphen first", quoted(name))
                } else if names.insert(name, ()).is_some() {
                    format!("two ports of the task have the name {}", quoted(name))
                } else {
                    String::new()
                };
                if !message.is_empty() {
                    report.fault(at.key("name"), message);
                }
            }
            let Some(port) = mapping.container_port.filter(|it| (1..=65_535).contains(it)) else { continue };
            let is_second_protocol = *protocols.entry(port).or_insert(is_udp) != is_udp;
            if is_second_protocol {
                let message = format!("{} maps port {port} for two protocols", named(container));
                report.fault(at.key("protocol"), message);
            }
            let Some(host_port) = port_held(mapping, port, mode.as_ref()) else { continue };
            let holder = *host_ports.entry((host_port, is_udp)).or_insert(container_idx);
            let is_first = holder == container_idx
                && is_only(&container.port_mappings[..idx], |it| {
                    it.container_port.and_then(|port| port_held(it, port, mode.as_ref())) == Some(host_port)
                        && (it.protocol == Some(Protocol::Udp)) == is_udp
                });
            if !is_first && !is_second_protocol {
                let field = at.key(if mapping.host_port.is_some() { "hostPort" } else { "containerPort" });
                if holder != container_idx && mode == Some(NetworkMode::Awsvpc) {
                    // They share one address; whether both listen is for them to know.
                    report
                        .odd(&field, format!("port {host_port} is mapped by two containers of one address"));
                } else {
                    report.fault(field, format!("the host port {host_port} is mapped twice"));
                }
            }
            warn_of_host_port(host_port, is_udp, mode.as_ref(), mapping, &at, report);
        }
        if ranges.len() > MAX_RANGES {
            let message =
                format!("{} has {} port ranges, more than {MAX_RANGES}", named(container), ranges.len());
            report.fault(list, message);
        }
    }
}

fn is_only(before: &[PortMapping], is_same: impl Fn(&PortMapping) -> bool) -> bool {
    !before.iter().any(is_same)
}

fn check_numbers(mapping: &PortMapping, at: &FieldPath, report: &mut Report<'_, '_>) {
    match mapping.container_port {
        Some(port) if !(1..=65_535).contains(&port) => {
            let message = format!("container port {port} is not 1 to 65535");
            report.fault_saying(
                at.key("containerPort"),
                message,
                "Invalid 'containerPort' setting for container",
            );
        }
        None if mapping.container_port_range.is_none()
            && !report.is_malformed(&at.key("containerPortRange")) =>
        {
            let message = "a port mapping has neither `containerPort` nor `containerPortRange`";
            report.fault(at.key("containerPort"), message);
        }
        _ => (),
    }
    if let Some(port) = mapping.host_port.filter(|it| !(0..=65_535).contains(it)) {
        report.fault(at.key("hostPort"), format!("host port {port} is not 0 to 65535"));
    }
}

fn check_range(
    mapping: &PortMapping,
    mode: Option<&NetworkMode>,
    ranges: &mut Vec<(i32, i32)>,
    at: &FieldPath,
    report: &mut Report<'_, '_>,
) {
    let Some(text) = &mapping.container_port_range else { return };
    let mut fault = |message: String| report.fault(at.key("containerPortRange"), message);
    if mapping.container_port.is_some() || mapping.host_port.is_some() {
        fault("a port range stands alone, without `containerPort` and `hostPort`".to_owned());
        return;
    }
    if matches!(mode, Some(NetworkMode::Host)) {
        fault("port ranges are for the network modes bridge and awsvpc".to_owned());
        return;
    }
    let Some((first, last)) = port_range(text) else {
        fault(format!("{} is no range of ports, such as \"8000-8010\"", quoted(text)));
        return;
    };
    if let Some((other_first, other_last)) = ranges.iter().find(|it| first <= it.1 && it.0 <= last) {
        fault(format!("the range {first}-{last} overlaps {other_first}-{other_last}"));
    }
    ranges.push((first, last));
}

/// `a-b` with a below b, both of them ports.
fn port_range(text: &str) -> Option<(i32, i32)> {
    let (first, last) = text.split_once('-')?;
    let port = |it: &str| {
        let is_digits = !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
        it.parse().ok().filter(|port| is_digits && (1..=65_535).contains(port))
    };
    let (first, last) = (port(first)?, port(last)?);
    (first < last).then_some((first, last))
}

fn is_port_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with('-')
        && name.bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}

/// The port that a mapping takes of its instance, or of the task's own address.
fn port_held(mapping: &PortMapping, container_port: i32, mode: Option<&NetworkMode>) -> Option<i32> {
    match mode {
        Some(NetworkMode::Bridge) => mapping.host_port.filter(|it| (1..=65_535).contains(it)),
        Some(NetworkMode::Host | NetworkMode::Awsvpc) => Some(container_port),
        _ => None,
    }
}

fn warn_of_host_port(
    port: i32,
    is_udp: bool,
    mode: Option<&NetworkMode>,
    mapping: &PortMapping,
    at: &FieldPath,
    report: &mut Report<'_, '_>,
) {
    if mode == Some(&NetworkMode::Awsvpc) {
        return;
    }
    let field = at.key(if mapping.host_port.is_some() { "hostPort" } else { "containerPort" });
    if DYNAMIC_PORTS.contains(&port) {
        let message = format!("host port {port} lies among the ports that are handed out dynamically");
        report.odd(&field, message);
    }
    if !is_udp && RESERVED_TCP_PORTS.iter().any(|&it| i32::from(it) == port) {
        report
            .odd(&field, format!("host port {port} is reserved on every instance: no instance has it free"));
    }
}
