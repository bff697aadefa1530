//! What tasks run on: `launch_type`, `capacity_provider_strategy`, and the
//! zones and security groups of `network_configuration`.

use super::Context;
use super::network::read_group_name;
use crate::base::id::ZoneId;
use crate::experiment::reader;
use crate::experiment::tree::{Node, Value};
use crate::model::capacity::{Capacity, CapacityStrategy, CapacityStrategyItem};
use crate::placement::capacity_strategy;

/// What launch type FARGATE is.
pub(super) const ON_FARGATE: Capacity = Capacity::Fargate { is_spot: false };

/// Reads `launch_type` and `capacity_provider_strategy`, which exclude each
/// other (API CreateService). Where neither is written: the first provider, and
/// for a DAEMON all of them. `None` after a fault.
pub(super) fn read_capacity(
    table: &reader::Table<'_>,
    is_daemon: bool,
    context: &Context<'_>,
) -> Option<CapacityStrategy> {
    let faults = context.faults;
    let launch_type = table.optional("launch_type");
    let strategy = table.optional("capacity_provider_strategy");
    if let (Some(node), Some(_)) = (launch_type, strategy) {
        let message = "launch_type and capacity_provider_strategy exclude each other";
        faults.note(node.fault("B0111", message));
        return None;
    }
    if let Some(strategy) = strategy {
        return read_strategy(strategy, context);
    }
    let is_fargate = match launch_type {
        Some(node) => reader::word(node, &["EC2", "FARGATE"], faults)? == 1,
        None => false,
    };
    if is_fargate {
        return Some(CapacityStrategy::only(ON_FARGATE));
    }
    let mut providers = context.providers?.ids().map(Capacity::Instances);
    let Some(first) = providers.next() else {
        let message = "the cluster has no instances: give it a `capacity_provider`, or say \
                       `launch_type = \"FARGATE\"`";
        faults.note(launch_type.unwrap_or(table.node()).fault("B0105", message));
        return None;
    };
    if !is_daemon {
        return Some(CapacityStrategy::only(first));
    }
    let item = |capacity| CapacityStrategyItem { capacity, base: 0, weight: 1 };
    Some(CapacityStrategy::over(std::iter::once(first).chain(providers).map(item).collect()))
}

/// A strategy: names of providers, or tables with base and weight; FARGATE and
/// FARGATE_SPOT are always there.
fn read_strategy(node: &Node, context: &Context<'_>) -> Option<CapacityStrategy> {
    let faults = context.faults;
    let nodes = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let items: Option<Vec<CapacityStrategyItem>> =
        nodes.iter().map(|it| read_strategy_item(it, nodes.len(), context)).collect();
    let items = items?;
    if let Err((position, message)) = capacity_strategy::check(&items) {
        faults.note(nodes.get(position).unwrap_or(node).fault("B0190", message));
        return None;
    }
    Some(CapacityStrategy::over(items))
}

fn read_strategy_item(node: &Node, n_items: usize, context: &Context<'_>) -> Option<CapacityStrategyItem> {
    let faults = context.faults;
    let (mut base, mut weight) = (0, 1);
    let name_node = if matches!(node.value, Value::Text(_)) {
        Some(node)
    } else {
        let table = reader::Table::of(node, faults);
        base = table.integer("base", 0..=u64::from(capacity_strategy::BASE_MAX)).unwrap_or(0);
        // One that stands alone has all tasks, whatever its weight.
        let default = if n_items == 1 { 1 } else { 0 };
        weight = table.integer("weight", 0..=u64::from(capacity_strategy::WEIGHT_MAX)).unwrap_or(default);
        let name = table.required("capacity_provider");
        table.finish();
        name
    }?;
    let name = reader::text(name_node, faults)?;
    let small = |it: u64| u32::try_from(it).expect("within the range");
    let item = |capacity| CapacityStrategyItem { capacity, base: small(base), weight: small(weight) };
    match name {
        "FARGATE" => return Some(item(ON_FARGATE)),
        "FARGATE_SPOT" => return Some(item(Capacity::Fargate { is_spot: true })),
        _ => (),
    }
    let providers = context.providers?;
    let found = providers.iter().find(|(_, it)| it.name == name).map(|(id, _)| id);
    if found.is_none() {
        let fault = name_node.fault("B0117", format!("there is no capacity provider `{name}`"));
        let names = providers.rows().iter().map(|it| it.name.as_str());
        faults.note(fault.help_nearest(name, names.chain(["FARGATE", "FARGATE_SPOT"])));
    }
    found.map(Capacity::Instances).map(item)
}

/// Of a network configuration (API AwsVpcConfiguration): what a run needs.
#[derive(Default)]
pub(super) struct NetworkConfiguration {
    /// The zones of the subnets, ascending; all if empty.
    pub(super) zones: Vec<ZoneId>,
    /// The tasks' security groups.
    pub(super) security_groups: Vec<String>,
    /// Whether tasks have public IPv4 addresses; DISABLED if it is not written.
    pub(super) has_public_ip: bool,
}

/// Subnets and security groups of a network configuration.
pub const SUBNETS_MAX: usize = 16;
/// See `SUBNETS_MAX`.
pub const SECURITY_GROUPS_MAX: usize = 5;

/// Whether Fargate can be asked for it: `LATEST`, or a version such as `1.4.0`
/// (API CreateService.platformVersion).
pub fn is_platform_version(text: &str) -> bool {
    let is_number = |it: &str| (1..=4).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_digit());
    text == "LATEST" || (text.split('.').count() == 3 && text.split('.').all(is_number))
}

/// Reads `platform_version`. Nothing that is modelled differs between versions:
/// it is checked and kept nowhere.
pub(super) fn check_platform_version(table: &reader::Table<'_>, is_fargate: bool, context: &Context<'_>) {
    let faults = context.faults;
    let Some(node) = table.optional("platform_version") else { return };
    let Some(version) = reader::text(node, faults) else { return };
    if !is_platform_version(version) {
        let message = format!("`{version}` is no platform version: expected LATEST, or one such as 1.4.0");
        faults.note(node.fault("B0107", message));
    } else if !is_fargate {
        faults.note(node.fault("B0123", "only tasks on Fargate have a platform version"));
    }
}

/// Reads `network_configuration`. In which zones its subnets lie is not in any
/// document: `availability_zones` says it, or they lie in all.
pub(super) fn read_network_configuration(
    table: &reader::Table<'_>,
    is_fargate: bool,
    context: &Context<'_>,
) -> NetworkConfiguration {
    let faults = context.faults;
    let Some(node) = table.optional("network_configuration") else { return NetworkConfiguration::default() };
    let table = reader::Table::of(node, faults);
    let limits = [("subnets", SUBNETS_MAX), ("security_groups", SECURITY_GROUPS_MAX)];
    let [_, security_groups] = limits.map(|(name, most)| {
        let items = table.list(name);
        if items.len() > most {
            let message =
                format!("a network configuration has at most {most} {name}, this one {}", items.len());
            faults.note(items[most].fault("B0112", message));
        }
        let read = |it| match name {
            "security_groups" => read_group_name(it, context.group_names, faults),
            _ => reader::text(it, faults).map(str::to_owned),
        };
        items.iter().filter_map(read).collect::<Vec<_>>()
    });
    let public = table.optional("assign_public_ip");
    let has_public_ip = public.and_then(|it| reader::word(it, &["DISABLED", "ENABLED"], faults)) == Some(1);
    if let Some(public) = public.filter(|_| has_public_ip && !is_fargate) {
        faults.note(public.fault("B0107", "only tasks on Fargate are assigned a public address"));
    }
    let mut zones: Vec<ZoneId> = Vec::new();
    for item in table.list("availability_zones") {
        let (Some(name), Some(known)) = (reader::text(item, faults), context.zones) else { continue };
        match known.iter().find(|(_, it)| *it == name) {
            Some((zone, _)) => zones.push(zone),
            None => {
                let fault = item.fault("B0117", format!("the cluster has no availability zone `{name}`"));
                faults.note(fault.help_nearest(name, known.rows().iter().map(String::as_str)));
            }
        }
    }
    zones.sort_unstable();
    zones.dedup();
    table.finish();
    NetworkConfiguration { zones, security_groups, has_public_ip }
}
