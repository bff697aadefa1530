//! The network mode, and what it forbids.

use super::super::choices::NetworkMode;
use super::super::shapes::{PortMapping, TaskDefinition};
use super::{Report, Rule, containers, named, quoted, root, text};

/// TD-14: what is not written means bridge.
pub(super) const FARGATE_MODE: Rule = Rule {
    id: "TD-14",
    code: "B0314",
    words: "on Fargate `networkMode` is awsvpc",
    check: |definition, report| {
        let message = match &definition.network_mode {
            // An unknown one is TD-15's.
            Some(NetworkMode::Awsvpc | NetworkMode::Other(_)) => return,
            _ if !definition.is_for_fargate() => return,
            Some(mode) => format!("Fargate needs the network mode `awsvpc`, not `{}`", mode.as_str()),
            None => "Fargate needs the network mode `awsvpc`; what is not written means `bridge`".to_owned(),
        };
        let says = "Fargate only supports network mode 'awsvpc'.";
        report.fault_saying(root().key("networkMode"), message, says);
    },
};

/// TD-15 (API RegisterTaskDefinition.networkMode).
pub(super) const MODE: Rule = Rule {
    id: "TD-15",
    code: "B0315",
    words: "`networkMode` is bridge, host, awsvpc or none",
    check: |definition, report| {
        if let Some(mode) = definition.network_mode.as_ref().filter(|it| !it.is_known()) {
            let message =
                format!("the network mode {} is none of bridge, host, awsvpc, none", quoted(mode.as_str()));
            report.fault(root().key("networkMode"), message);
        }
    },
};

/// TD-16 (API PortMapping).
pub(super) const AWSVPC_PORTS: Rule = Rule {
    id: "TD-16",
    code: "B0316",
    words: "in awsvpc mode `hostPort` is absent or equal to `containerPort`",
    check: |definition, report| check_equal_ports(definition, NetworkMode::Awsvpc, report),
};

/// TD-17 (API PortMapping).
pub(super) const HOST_PORTS: Rule = Rule {
    id: "TD-17",
    code: "B0317",
    words: "in host mode `hostPort` is absent or equal to `containerPort`",
    check: |definition, report| check_equal_ports(definition, NetworkMode::Host, report),
};

fn check_equal_ports(definition: &TaskDefinition, mode: NetworkMode, report: &mut Report<'_, '_>) {
    if definition.network_mode().as_ref() != Some(&mode) {
        return;
    }
    // Ports that are none at all are TD-19's.
    let ports = |it: &PortMapping| {
        let container_port = it.container_port.filter(|port| (1..=65_535).contains(port))?;
        let host_port = it.host_port.filter(|port| (0..=65_535).contains(port))?;
        Some((container_port, host_port))
    };
    for (at, container) in containers(definition) {
        for (idx, mapping) in container.port_mappings.iter().enumerate() {
            let Some((container_port, host_port)) = ports(mapping) else { continue };
            if container_port != host_port {
                let message = format!(
                    "host port {host_port} differs from container port {container_port}: in {} mode they are one",
                    mode.as_str()
                );
                let field = at.key("portMappings").idx(idx).key("hostPort");
                let says = "When networkMode=awsvpc, the host ports and container ports in port mappings must match.";
                match mode {
                    NetworkMode::Awsvpc => report.fault_saying(field, message, says),
                    _ => report.fault(field, message),
                }
            }
        }
    }
}

/// TD-18 (API RegisterTaskDefinition.networkMode).
pub(super) const NONE_PORTS: Rule = Rule {
    id: "TD-18",
    code: "B0318",
    words: "in network mode none there are no `portMappings`",
    check: |definition, report| {
        if definition.network_mode != Some(NetworkMode::None) {
            return;
        }
        for (at, container) in containers(definition) {
            if !container.port_mappings.is_empty() {
                let message = format!("{} maps ports, and the network mode is `none`", named(container));
                report.fault(at.key("portMappings"), message);
            }
        }
    },
};

/// TD-37: what Fargate forbids too is reported as TD-29 there (model).
pub(super) const AWSVPC_HOSTS: Rule = Rule {
    id: "TD-37",
    code: "B0337",
    words: "in awsvpc mode there are no `extraHosts`, no `hostname` and no `disableNetworking`",
    check: |definition, report| {
        if definition.network_mode != Some(NetworkMode::Awsvpc) {
            return;
        }
        let is_for_fargate = definition.is_for_fargate();
        for (at, container) in containers(definition) {
            let given = [
                ("extraHosts", !container.extra_hosts.is_empty() && !is_for_fargate),
                ("hostname", text(&container.hostname).is_some()),
                ("disableNetworking", container.disable_networking == Some(true) && !is_for_fargate),
            ];
            for (key, _) in given.into_iter().filter(|it| it.1) {
                let message = format!("{} has `{key}`, which awsvpc mode does not know", named(container));
                let says = "Extra hosts are not supported on container when networkMode=awsvpc";
                match key {
                    "extraHosts" => report.fault_saying(at.key(key), message, says),
                    _ => report.fault(at.key(key), message),
                }
            }
        }
    },
};
