//! Container instances as they stand, and the groups that they belong to:
//! `[cluster]`, `[[cluster.capacity_provider]]`, `[[cluster.container_instance]]`.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::arn;
use super::choice::Choice;
use super::found::{Found, Placed};
use super::text::{Text, inline, list, shown};
use crate::documents::ecs::capacity_provider::{CapacityProvider, ManagedScaling};
use crate::documents::ecs::choices::Switch;
use crate::documents::ecs::container_instance::{ContainerInstance, Resource};
use crate::experiment::catalogue::{Catalogue, Missing};
use crate::model::attribute::{AVAILABILITY_ZONE, INSTANCE_TYPE};

/// The groups of a cluster, by name.
pub(super) struct Groups<'a> {
    pub(super) all: Vec<Group<'a>>,
    /// What stands in none, in words.
    left_out: Vec<String>,
}

/// Instances with a name in common.
pub(super) struct Group<'a> {
    pub(super) name: String,
    /// By id, at least one.
    pub(super) instances: Vec<Machine<'a>>,
    source: Source<'a>,
}

enum Source<'a> {
    /// No capacity provider: the instances registered by themselves.
    Registered,
    /// A capacity provider that an answer describes.
    Described(&'a CapacityProvider),
    /// One that only its instances name.
    Named,
}

/// An instance that takes part.
pub(super) struct Machine<'a> {
    pub(super) id: &'a str,
    pub(super) arn: Option<&'a str>,
    pub(super) zone: Option<&'a str>,
    instance_type: Option<&'a str>,
    value: &'a ContainerInstance,
}

/// For instances of no type that is known.
const UNKNOWN_TYPE: &str = "unknown";

/// The group of instances without a capacity provider.
const REGISTERED: &str = "registered";

impl Groups<'_> {
    /// The group of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.all.iter().any(|it| it.name == name)
    }

    /// The EC2 id of the instance with this ARN.
    pub(super) fn ec2_id(&self, arn: &str) -> Option<&str> {
        // Answers of one call may still hold the older form, which names no cluster.
        let same = |it: &&Machine<'_>| it.arn.is_some_and(|it| it == arn || arn::last(it) == arn::last(arn));
        self.all.iter().flat_map(|it| &it.instances).find(same).map(|it| it.id)
    }
}

/// Sorts instances into groups.
pub(super) fn groups<'a>(found: &Found<'a>) -> Groups<'a> {
    let mut by_name: BTreeMap<Option<&str>, Vec<Machine<'a>>> = BTreeMap::new();
    let mut left_out = Vec::new();
    for Placed { value, .. } in &found.instances {
        let value: &'a ContainerInstance = value;
        let arn = value.container_instance_arn.as_deref();
        let Some(id) = value.ec2_instance_id.as_deref().or(arn.map(arn::last)) else {
            left_out.push("a container instance without id and ARN is left out".to_owned());
            continue;
        };
        let status = value.status.as_deref().unwrap_or("ACTIVE");
        if !matches!(status, "ACTIVE" | "DRAINING") {
            left_out.push(format!("container instance `{}` is {}: left out", shown(id), shown(status)));
            continue;
        }
        if id.starts_with("mi-") {
            left_out.push(format!(
                "container instance `{}` is a machine outside of EC2 (ECS Anywhere): left out",
                shown(id)
            ));
            continue;
        }
        let attribute = |name: &str| {
            let found = value.attributes.iter().find(|it| it.name.as_deref() == Some(name));
            found.and_then(|it| it.value.as_deref()).filter(|it| !it.is_empty())
        };
        let (zone, instance_type) = (attribute(AVAILABILITY_ZONE), attribute(INSTANCE_TYPE));
        let machine = Machine { id, arn, zone, instance_type, value };
        let provider = value.capacity_provider_name.as_deref().filter(|it| !it.is_empty());
        by_name.entry(provider).or_default().push(machine);
    }
    let mut registered = REGISTERED.to_owned();
    while by_name.contains_key(&Some(registered.as_str())) {
        registered.push('-');
    }
    let mut all: Vec<Group<'a>> = Vec::new();
    for (name, mut instances) in by_name {
        instances.sort_by_key(|it| it.id);
        let described = found.providers.iter().map(|it| it.value).find(|it| it.name.as_deref() == name);
        let source = match (name, described) {
            (None, _) => Source::Registered,
            (Some(_), Some(provider)) => Source::Described(provider),
            (Some(_), None) => Source::Named,
        };
        all.push(Group { name: name.unwrap_or(&registered).to_owned(), instances, source });
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Groups { all, left_out }
}

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
            write_instance(instance, group, text);
        }
    }
}

/// Whether this is a capacity provider without instances.
pub(super) fn is_fargate(name: &str) -> bool {
    matches!(name, "FARGATE" | "FARGATE_SPOT")
}

fn write_group(group: &Group<'_>, choice: &Choice, text: &mut Text) {
    let n = group.instances.len();
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
    let mut types: BTreeMap<&str, usize> = BTreeMap::new();
    for instance in &group.instances {
        *types.entry(instance.instance_type.unwrap_or(UNKNOWN_TYPE)).or_default() += 1;
    }
    let most = types.values().max().copied().unwrap_or_default();
    let majority = types.iter().find(|it| *it.1 == most).map_or(UNKNOWN_TYPE, |it| *it.0);
    if types.len() > 1 {
        let counts: Vec<String> = types.iter().map(|it| format!("{} {}", it.1, shown(it.0))).collect();
        text.note(&format!(
            "`{}` mixes instance types ({}): new instances are {}, several types are not modelled yet",
            shown(&group.name),
            counts.join(", "),
            shown(majority)
        ));
    }
    let sample = group.instances.iter().find(|it| it.instance_type.unwrap_or(UNKNOWN_TYPE) == majority);
    let sample = sample.expect("the majority has a member");
    let instance_type = instance_type(majority, sample, choice, text);
    text.head("[[cluster.capacity_provider]]");
    text.field("name", group.name.as_str());
    text.field("instance_type", instance_type);
    let n = i64::try_from(n).expect("no file has as many instances");
    text.field("min_size", n);
    let Some(scaling) = scaling else {
        text.field("max_size", n);
        text.field("managed_scaling", "DISABLED");
        return;
    };
    text.comment("The limits of the auto scaling group are not in the JSON: so many were there, ten times as many may be.");
    text.field("max_size", (10 * n).max(10));
    text.field("managed_scaling", "ENABLED");
    for (key, value) in [
        ("target_capacity", scaling.target_capacity),
        ("minimum_scaling_step_size", scaling.minimum_scaling_step_size),
        ("maximum_scaling_step_size", scaling.maximum_scaling_step_size),
    ] {
        if let Some(value) = value {
            text.field(key, i64::from(value));
        }
    }
    if let Some(seconds) = scaling.instance_warmup_period {
        text.field("instance_warmup_period", format!("{seconds}s"));
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
fn instance_type(name: &str, sample: &Machine<'_>, choice: &Choice, text: &mut Text) -> Value {
    let region = choice.region.as_deref().unwrap_or("us-east-1");
    let missing = match Catalogue::built_in().instance_type(region, name) {
        Ok(_) => return name.into(),
        Err(Missing::Type) if name == UNKNOWN_TYPE => {
            "the instances name no type: they cost nothing here, set `usd_per_hour`".to_owned()
        }
        Err(Missing::Type) => {
            format!("`{}` is not in the catalogue: it costs nothing here, set `usd_per_hour`", shown(name))
        }
        Err(Missing::Price) => format!(
            "there is no price of `{}` in {}: it costs nothing here, set `usd_per_hour` or name a file in `prices`",
            shown(name),
            shown(region)
        ),
    };
    text.note(&missing);
    inline([
        ("name", Some(name.into())),
        ("cpu_units", integer(sample.value, "CPU").map(Value::from)),
        ("memory_mib", integer(sample.value, "MEMORY").map(Value::from)),
        ("usd_per_hour", Some(0.into())),
    ])
}

fn resource<'a>(instance: &'a ContainerInstance, name: &str) -> Option<&'a Resource> {
    instance.registered_resources.iter().find(|it| it.name.as_deref() == Some(name))
}

fn integer(instance: &ContainerInstance, name: &str) -> Option<i64> {
    let resource = resource(instance, name)?;
    match resource.kind.as_deref() {
        Some("LONG") => resource.long_value,
        Some("DOUBLE") => resource.double_value.map(|it| it as i64),
        _ => resource.integer_value.map(i64::from),
    }
}

fn ports(instance: &ContainerInstance, name: &str) -> Value {
    let written = resource(instance, name).map(|it| it.string_set_value.as_slice()).unwrap_or_default();
    let mut ports: Vec<u16> = written.iter().filter_map(|it| it.trim().parse().ok()).collect();
    ports.sort_unstable();
    ports.dedup();
    Value::Array(ports.into_iter().map(|it| Value::from(i64::from(it))).collect())
}

fn write_instance(machine: &Machine<'_>, group: &Group<'_>, text: &mut Text) {
    let instance = machine.value;
    text.open();
    if machine.zone.is_none() {
        text.note(&format!("container instance `{}` names no availability zone", shown(machine.id)));
    }
    text.head("[[cluster.container_instance]]");
    text.field("ec2_instance_id", machine.id);
    text.field("capacity_provider", group.name.as_str());
    if let Some(zone) = machine.zone {
        text.field("availability_zone", zone);
    }
    text.field("instance_type", machine.instance_type.unwrap_or(UNKNOWN_TYPE));
    let n_gpus = resource(instance, "GPU").map_or(0, |it| it.string_set_value.len());
    let resources = inline([
        ("cpu", integer(instance, "CPU").map(Value::from)),
        ("memory", integer(instance, "MEMORY").map(Value::from)),
        ("gpus", Some(i64::try_from(n_gpus).expect("a list of a file").into())),
        ("ports", Some(ports(instance, "PORTS"))),
        ("ports_udp", Some(ports(instance, "PORTS_UDP"))),
    ]);
    text.field("registered_resources", resources);
    let mut attributes: BTreeMap<&str, &str> = BTreeMap::new();
    for attribute in &instance.attributes {
        let Some(name) = attribute.name.as_deref() else { continue };
        if name != AVAILABILITY_ZONE && name != INSTANCE_TYPE {
            attributes.insert(name, attribute.value.as_deref().unwrap_or(""));
        }
    }
    let attributes: Table = attributes.into_iter().map(|it| (it.0.to_owned(), it.1.into())).collect();
    if !attributes.is_empty() {
        text.field("attributes", attributes);
    }
    let version = instance.version_info.as_ref().and_then(|it| it.agent_version.as_deref());
    if let Some(version) = version {
        text.field("agent_version", version);
    }
    text.field("agent_connected", instance.agent_connected.unwrap_or(true));
    if let Some(registered_at) = instance.registered_at {
        text.field("registered_at", registered_at.to_string());
    }
    text.field("status", instance.status.as_deref().unwrap_or("ACTIVE"));
}
