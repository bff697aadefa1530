//! Container instances as they stand, and the groups that they belong to:
//! `[cluster]`, `[[cluster.capacity_provider]]`, `[[cluster.container_instance]]`.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::choice::Choice;
use super::found::Found;
use super::groups::{Group, Groups, LaunchedType, Machine, Source, TRUNK, UNKNOWN_TYPE};
use super::text::{Text, inline, list, shown};
use crate::documents::ecs::capacity_provider::{CapacityProvider, ManagedScaling};
use crate::documents::ecs::choices::Switch;
use crate::documents::ecs::timestamp::Timestamp;
use crate::experiment::catalogue::Missing;
use crate::model::attribute::{AVAILABILITY_ZONE, CPU_ARCHITECTURE, INSTANCE_TYPE, OS_TYPE};
use crate::model::network::Protocol;
use crate::model::query::parse_time_ms;
use crate::placement::strategies::spread::is_attribute_name;

/// `[cluster]`
pub(super) fn write_cluster(choice: &Choice, zones: &[String], text: &mut Text) {
    text.open();
    text.head("[cluster]");
    text.field("name", choice.name.as_str());
    if !zones.is_empty() {
        text.field("availability_zones", list(zones.iter().map(String::as_str)));
    }
}

/// The groups and their instances.
pub(super) fn write_groups(found: &Found<'_>, groups: &Groups<'_>, choice: &Choice, text: &mut Text) {
    for group in &groups.all {
        write_group(group, choice, text);
    }
    let of_cluster: Vec<&String> =
        found.clusters.iter().flat_map(|it| &it.value.capacity_providers).collect();
    for provider in &found.providers {
        let Some(name) = provider.value.name.as_deref() else { continue };
        // An account's providers of other clusters are described with the rest.
        let is_elsewhere = !of_cluster.is_empty() && !of_cluster.iter().any(|it| *it == name);
        if !is_fargate(name) && !is_elsewhere && !groups.has(name) {
            text.open();
            text.note(&format!(
                "capacity provider `{}` has no instance, so that its instance type is not known: left out",
                shown(name)
            ));
        }
    }
    if !groups.left_out.is_empty() {
        text.open();
    }
    for note in &groups.left_out {
        text.note(note);
    }
    for group in &groups.all {
        for instance in &group.instances {
            write_instance(instance, group, &groups.default_zone, text);
        }
    }
}

/// Whether this is a capacity provider without instances.
pub(super) fn is_fargate(name: &str) -> bool {
    matches!(name, "FARGATE" | "FARGATE_SPOT")
}

fn write_group(group: &Group<'_>, choice: &Choice, text: &mut Text) {
    text.open();
    let scaling = match group.source {
        Source::Registered => {
            text.comment("Instances that registered by themselves: nothing scales them.");
            None
        }
        Source::Described(provider) => described_scaling(provider, text),
        Source::Named => {
            text.note(&format!(
                "capacity provider `{}` is not described among the files: its managed scaling is taken to be \
                 on, as by default",
                shown(&group.name)
            ));
            Some(ManagedScaling::default())
        }
    };
    let launches = &group.launches;
    if !group.mix.is_empty() {
        let counts: Vec<String> = group.mix.iter().map(|it| format!("{} {}", it.1, shown(&it.0))).collect();
        text.note(&format!(
            "`{}` mixes instance types ({}): new instances are {}, and all cost what these do; several types \
             are not modelled yet",
            shown(&group.name),
            counts.join(", "),
            shown(&launches.name)
        ));
    }
    let instance_type = instance_type(launches, choice, text);
    text.head("[[cluster.capacity_provider]]");
    text.field("name", group.name.as_str());
    text.field("instance_type", instance_type);
    if launches.has_trunking {
        text.field("awsvpc_trunking", true);
    }
    let n = i64::try_from(group.instances.len()).expect("no file has as many instances");
    text.field("min_size", n);
    let Some(scaling) = scaling else {
        text.field("max_size", n);
        text.field("managed_scaling", "DISABLED");
        return;
    };
    text.comment("The limits of the auto scaling group are not in the JSON: so many were there, ten times as many may be.");
    text.field("max_size", (10 * n).max(10));
    text.field("managed_scaling", "ENABLED");
    write_scaling(&scaling, &group.name, text);
    let common = common_attributes(group);
    if !common.is_empty() {
        text.comment("What all its instances have in common, new ones are taken to have too.");
        text.field("attributes", common);
    }
}

/// What every instance of a group has, and its next one will have: not what is
/// of one machine, nor what the agent or the type says by itself.
fn common_attributes(group: &Group<'_>) -> Table {
    let (first, rest) = group.instances.split_first().expect("a group has a member");
    let mut common = attributes(first).0;
    for other in rest {
        let of_other = attributes(other).0;
        common.retain(|name, value| of_other.get(name) == Some(value));
    }
    let is_type_known = group.launches.missing.is_none();
    common.retain(|name, value| {
        let is_own = [TRUNK, "ecs.subnet-id", OS_TYPE].contains(&name);
        let is_told = is_own || (name == CPU_ARCHITECTURE && is_type_known);
        !is_told && !name.contains("ecs.capability.") && value.as_str() != Some("")
    });
    common
}

/// The parameters of managed scaling, within the ranges of API ManagedScaling.
fn write_scaling(scaling: &ManagedScaling, group: &str, text: &mut Text) {
    let steps =
        (scaling.minimum_scaling_step_size.unwrap_or(1), scaling.maximum_scaling_step_size.unwrap_or(10_000));
    let are_ordered = steps.0 <= steps.1;
    for (key, value, most) in [
        ("target_capacity", scaling.target_capacity, 100),
        ("minimum_scaling_step_size", scaling.minimum_scaling_step_size, 10_000),
        ("maximum_scaling_step_size", scaling.maximum_scaling_step_size, 10_000),
        ("instance_warmup_period", scaling.instance_warmup_period, 10_000),
    ] {
        let Some(value) = value else { continue };
        let is_period = key == "instance_warmup_period";
        let is_good = (i32::from(!is_period)..=most).contains(&value)
            && (are_ordered || !key.ends_with("_scaling_step_size"));
        match (is_good, is_period) {
            (true, true) => text.field(key, format!("{value}s")),
            (true, false) => text.field(key, i64::from(value)),
            (false, _) => text.note(&format!(
                "`{}`: {key} is {value}, which managed scaling does not take: the default is played",
                shown(group)
            )),
        }
    }
}

/// How a described provider is scaled; `None` if ECS does not scale it.
fn described_scaling(provider: &CapacityProvider, text: &mut Text) -> Option<ManagedScaling> {
    if provider.managed_instances_provider.is_some() {
        text.note("instances that ECS manages are not modelled: the group stays as it is");
        return None;
    }
    let group = provider.auto_scaling_group_provider.as_ref();
    let scaling = group.and_then(|it| it.managed_scaling.clone());
    let scaling = scaling.filter(|it| it.status != Some(Switch::Disabled));
    if scaling.is_none() {
        text.comment("Managed scaling is off: the group stays as it is.");
    }
    scaling
}

/// A name of the catalogue, or what registered under a price of nothing.
fn instance_type(launches: &LaunchedType, choice: &Choice, text: &mut Text) -> Value {
    let name = launches.name.as_str();
    let interfaces = launches.capacity.network_interfaces;
    let tasks = if interfaces == 1 { "one task" } else { "tasks" };
    let held = format!("{interfaces} network interfaces hold {tasks} in awsvpc mode, which may be too few");
    let missing = match launches.missing {
        None => return name.into(),
        Some(Missing::Type) if name == UNKNOWN_TYPE => {
            format!("the instances name no type: they cost nothing here, set `usd_per_hour`; {held}")
        }
        Some(Missing::Type) => format!(
            "`{}` is not in the catalogue: it costs nothing here, set `usd_per_hour`; {held}",
            shown(name)
        ),
        Some(Missing::Price) => format!(
            "there is no price of `{}` in {}: it costs nothing here, set `usd_per_hour`",
            shown(name),
            choice.region_of_prices()
        ),
    };
    text.note(&missing);
    let capacity = launches.capacity;
    inline([
        ("name", Some(name.into())),
        ("cpu_units", Some(i64::from(capacity.cpu.0).into())),
        ("memory_mib", Some(i64::from(capacity.memory.0).into())),
        ("gpus", (capacity.gpus > 0).then(|| i64::from(capacity.gpus).into())),
        ("network_interfaces", Some(i64::from(interfaces).into())),
        ("usd_per_hour", Some(0.into())),
    ])
}

fn write_instance(machine: &Machine<'_>, group: &Group<'_>, default_zone: &str, text: &mut Text) {
    let instance = machine.value;
    text.open();
    if machine.zone.is_none() {
        text.note(&format!(
            "container instance `{}` names no availability zone: taken for {}",
            shown(machine.id),
            shown(default_zone)
        ));
    }
    let (attributes, n_odd) = attributes(machine);
    if n_odd > 0 {
        text.note(&format!(
            "container instance `{}`: {n_odd} attributes of no allowed name are left out",
            shown(machine.id)
        ));
    }
    text.head("[[cluster.container_instance]]");
    text.field("ec2_instance_id", machine.id);
    text.field("capacity_provider", group.name.as_str());
    text.field("availability_zone", machine.zone.unwrap_or(default_zone));
    text.field("instance_type", machine.instance_type);
    text.field("registered_resources", registered_resources(machine, group));
    if !attributes.is_empty() {
        text.field("attributes", attributes);
    }
    let version = instance.version_info.as_ref().and_then(|it| it.agent_version.as_deref());
    if let Some(version) = version {
        text.field("agent_version", version);
    }
    text.field("agent_connected", instance.agent_connected.unwrap_or(true));
    // Expressions know no fraction of a second.
    let whole = |it: Timestamp| Timestamp { millis: it.millis - it.millis.rem_euclid(1000) }.to_string();
    if let Some(moment) = instance.registered_at.map(whole).filter(|it| parse_time_ms(it).is_some()) {
        text.field("registered_at", moment);
    }
    text.field("status", instance.status.as_deref().unwrap_or("ACTIVE"));
}

fn registered_resources(machine: &Machine<'_>, group: &Group<'_>) -> Value {
    let registered = machine.registered;
    let number = |it: u32| Some(Value::from(i64::from(it)));
    let ports_of = |protocol: Protocol| {
        let of_protocol = machine.ports.as_ref()?.iter().filter(|it| it.protocol == protocol);
        Some(Value::Array(of_protocol.map(|it| i64::from(it.port).into()).collect()))
    };
    // Its own type says how many there are, unless the group's says the same.
    let differs = registered.network_interfaces != group.launches.capacity.network_interfaces;
    inline([
        ("cpu", number(registered.cpu.0)),
        ("memory", number(registered.memory.0)),
        ("gpus", number(registered.gpus)),
        ("network_interfaces", number(registered.network_interfaces).filter(|_| differs)),
        ("ports", ports_of(Protocol::Tcp)),
        ("ports_udp", ports_of(Protocol::Udp)),
    ])
}

/// Its attributes but those that have fields of their own, and how many bear
/// names that no attribute has.
fn attributes(machine: &Machine<'_>) -> (Table, usize) {
    let mut attributes: BTreeMap<&str, &str> = BTreeMap::new();
    let mut n_odd = 0;
    for attribute in &machine.value.attributes {
        let Some(name) = attribute.name.as_deref() else { continue };
        if !is_attribute_name(name) {
            n_odd += 1;
        } else if name != AVAILABILITY_ZONE && name != INSTANCE_TYPE {
            attributes.insert(name, attribute.value.as_deref().unwrap_or(""));
        }
    }
    (attributes.into_iter().map(|it| (it.0.to_owned(), it.1.into())).collect(), n_odd)
}
