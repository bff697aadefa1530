//! `[[cluster.container_instance]]` and `[[cluster.task]]`: the cluster as a
//! snapshot found it. Instances are the first of their providers; tasks run on
//! them from the first moment on.

use super::Context;
use super::cluster::Cluster;
use super::event::service_of;
use super::service::read_definition;
use super::workload::{FoundTaskSpec, PathRef, ServiceSpec};
use crate::base::id::{CapacityProviderId, Id as _, InstanceTypeId, ZoneId};
use crate::base::{CpuUnits, MemoryMib};
use crate::experiment::reader;
use crate::experiment::tree::{Node, Value};
use crate::model::attribute::{AVAILABILITY_ZONE, CPU_ARCHITECTURE, INSTANCE_TYPE, OS_TYPE};
use crate::model::identity::{AttributeSet, Identity};
use crate::model::network::{HostPort, Protocol, reserved_ports};
use crate::model::query::parse_time_ms;
use crate::model::task::Needs;
use crate::model::workload::FoundHost;
use crate::placement::strategies::spread::is_attribute_name;
use crate::sim::setup::{FoundInstance, ServicePolicy};

const AMOUNT_MAX: u64 = 1 << 30;

/// Reads the instances that are there; faulty ones are left out.
pub(super) fn read_instances(
    items: &[Node],
    cluster: &Cluster,
    starts_at_ms: i64,
    context: &Context<'_>,
) -> Vec<FoundInstance> {
    let mut found: Vec<FoundInstance> = Vec::new();
    let mut n_of = vec![0_u32; cluster.providers.len()];
    for node in items {
        let Some(instance) = read_instance(node, cluster, starts_at_ms, context) else { continue };
        let id = &instance.identity.ec2_instance_id;
        if found.iter().any(|it| it.identity.ec2_instance_id == *id) {
            context.faults.note(node.fault("B0111", format!("instance `{id}` is given twice")));
        }
        let provider = &cluster.providers[instance.provider];
        n_of[instance.provider.idx()] += 1;
        if n_of[instance.provider.idx()] > provider.max_size {
            let message = format!(
                "`{}` has at most {} instances, and more are found",
                provider.name, provider.max_size
            );
            context.faults.note(node.fault("B0110", message));
        }
        found.push(instance);
    }
    found
}

fn read_instance(
    node: &Node,
    cluster: &Cluster,
    starts_at_ms: i64,
    context: &Context<'_>,
) -> Option<FoundInstance> {
    let faults = context.faults;
    let table = reader::Table::of(node, faults);
    let id = table.required("ec2_instance_id").and_then(|it| reader::text(it, faults));
    let provider = match table.optional("capacity_provider") {
        Some(node) => reader::text(node, faults).and_then(|name| {
            let found = cluster.providers.iter().find(|(_, it)| it.name == name).map(|it| it.0);
            if found.is_none() {
                let fault = node.fault("B0117", format!("there is no capacity provider `{name}`"));
                let names = cluster.providers.rows().iter().map(|it| it.name.as_str());
                faults.note(fault.help_nearest(name, names));
            }
            found
        }),
        None => cluster.providers.ids().next(),
    };
    let zone = table.required("availability_zone").and_then(|it| read_zone(it, context));
    let instance_type = table.text("instance_type").map(str::to_owned);
    // Of its group's types the one of its name, else the preferred one.
    let type_of = |it: CapacityProviderId| {
        let types = &cluster.providers[it].instance_types;
        let is_its =
            |it: &&InstanceTypeId| Some(&cluster.instance_types[**it].name) == instance_type.as_ref();
        *types.iter().find(is_its).unwrap_or(&types[0])
    };
    let of_group = provider.map(type_of);
    let row = of_group.map(|it| &cluster.instance_types[it]);
    let (capacity, type_name) = row.map(|it| (it.capacity, it.name.clone())).unwrap_or_default();
    let (registered, ports) = read_registered(&table, capacity, context);
    let mut attributes = AttributeSet::new();
    if let Some(node) = table.optional("attributes") {
        if !matches!(node.value, Value::Table(_)) {
            let message = format!("expected a table of attributes, found {}", node.kind());
            faults.note(node.fault("B0103", message));
        }
        for field in node.fields() {
            if !is_attribute_name(&field.name) {
                let message =
                    format!("`{}` is no attribute name: 1 to 128 of letters, digits, - _ / \\ .", field.name);
                faults.note(field.node.fault("B0109", message));
            }
            if let Some(value) = reader::text(&field.node, faults) {
                attributes.insert(field.name.clone(), (!value.is_empty()).then(|| value.to_owned()));
            }
        }
    }
    let agent_version = table.text("agent_version").map(str::to_owned);
    let registered_at_ms = table.optional("registered_at").and_then(|node| {
        let text = reader::text(node, faults)?;
        let moment = parse_time_ms(text);
        if moment.is_none() {
            faults.note(node.fault("B0107", format!("`{text}` is no moment such as 2026-01-01T08:00:00Z")));
        }
        moment
    });
    let is_agent_connected = table.flag("agent_connected").unwrap_or(true);
    let is_draining = table
        .optional("status")
        .and_then(|it| reader::word(it, &["ACTIVE", "DRAINING"], faults))
        .is_some_and(|it| it == 1);
    table.finish();
    let (id, provider, zone, of_group) = (id?, provider?, zone?, of_group?);
    let zone_name = cluster.zones[zone].clone();
    // What its group's instances have, unless it says otherwise.
    let group = &cluster.providers[provider];
    let is_arm = cluster.instance_types[of_group].is_arm;
    let built_in = [(OS_TYPE, "linux"), (CPU_ARCHITECTURE, if is_arm { "arm64" } else { "x86_64" })];
    let built_in = built_in.iter().map(|&(name, value)| (name, value));
    let custom = group.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in built_in.chain(custom) {
        attributes.entry(name.to_owned()).or_insert_with(|| Some(value.to_owned()));
    }
    attributes.insert(AVAILABILITY_ZONE.to_owned(), Some(zone_name));
    attributes.insert(INSTANCE_TYPE.to_owned(), Some(instance_type.unwrap_or(type_name)));
    // A snapshot that lists capabilities lists all of them.
    let lists_capabilities = attributes.keys().any(|it| it.contains("ecs.capability."));
    Some(FoundInstance {
        provider,
        instance_type: of_group,
        zone,
        registered,
        ports,
        identity: Identity {
            ec2_instance_id: id.to_owned(),
            agent_version,
            registered_at_ms: registered_at_ms.unwrap_or(starts_at_ms),
            attributes: std::sync::Arc::new(attributes),
            has_every_capability: !lists_capabilities,
        },
        is_agent_connected,
        is_draining,
    })
}

fn read_zone(node: &Node, context: &Context<'_>) -> Option<ZoneId> {
    let (name, zones) = (reader::text(node, context.faults)?, context.zones?);
    let found = zones.iter().find(|(_, it)| *it == name).map(|it| it.0);
    if found.is_none() {
        let fault = node.fault("B0117", format!("the cluster has no availability zone `{name}`"));
        context.faults.note(fault.help_nearest(name, zones.rows().iter().map(String::as_str)));
    }
    found
}

/// What an instance registered; what is not written is as of its type.
fn read_registered(
    table: &reader::Table<'_>,
    capacity: Needs,
    context: &Context<'_>,
) -> (Needs, Vec<HostPort>) {
    let faults = context.faults;
    let Some(node) = table.optional("registered_resources") else { return (capacity, reserved_ports()) };
    let table = reader::Table::of(node, faults);
    let amount = |name, of_type: u32| {
        table.integer(name, 0..=AMOUNT_MAX).map_or(of_type, |it| u32::try_from(it).expect("within the range"))
    };
    let registered = Needs {
        cpu: CpuUnits(amount("cpu", capacity.cpu.0)),
        memory: MemoryMib(amount("memory", capacity.memory.0)),
        gpus: amount("gpus", capacity.gpus),
        network_interfaces: amount("network_interfaces", capacity.network_interfaces),
    };
    let mut ports = Vec::new();
    for (name, protocol) in [("ports", Protocol::Tcp), ("ports_udp", Protocol::Udp)] {
        for item in table.list(name) {
            if let Some(port) = reader::integer(item, 1..=65_535, faults) {
                let port = u16::try_from(port).expect("within the range");
                ports.push(HostPort { port, protocol });
            }
        }
    }
    if node.get("ports").is_none() && node.get("ports_udp").is_none() {
        ports = reserved_ports();
    }
    table.finish();
    (registered, ports)
}

/// Reads the tasks that run already.
pub(super) fn read_tasks(
    items: &[Node],
    instances: &[FoundInstance],
    written_services: &[Node],
    services: &[(ServicePolicy, ServiceSpec)],
    context: &Context<'_>,
) -> Vec<FoundTaskSpec> {
    let faults = context.faults;
    let mut tasks = Vec::new();
    for node in items {
        let table = reader::Table::of(node, faults);
        let group = table.optional("group").and_then(|it| reader::text(it, faults)).map(str::to_owned);
        let service =
            table.optional("service").and_then(|it| service_of(it, written_services, services, context));
        if node.get("service").is_some() == node.get("group").is_some() {
            faults.note(node.fault("B0105", "a task that runs already is of a `service` or of a `group`"));
        }
        let definition =
            table.required("task_definition").and_then(|it| read_definition(it, "task", 1, context));
        let host = match (table.optional("ec2_instance_id"), table.optional("availability_zone")) {
            (Some(node), None) => reader::text(node, faults).and_then(|id| {
                let found = instances.iter().position(|it| it.identity.ec2_instance_id == id);
                if found.is_none() && faults.is_empty() {
                    let fault = node.fault("B0117", format!("there is no container instance `{id}`"));
                    let names = instances.iter().map(|it| it.identity.ec2_instance_id.as_str());
                    faults.note(fault.help_nearest(id, names));
                }
                found.map(FoundHost::Instance)
            }),
            (None, Some(node)) => read_zone(node, context).map(FoundHost::Fargate),
            _ => {
                let expected = "a task runs on an `ec2_instance_id`, or on Fargate in an `availability_zone`";
                faults.note(node.fault("B0105", expected));
                None
            }
        };
        let is_healthy = table.flag("healthy").unwrap_or(true);
        table.finish();
        if let (Some(definition), Some(host)) = (definition, host) {
            let written = PathRef { path: String::new(), node: node.clone() };
            tasks.push(FoundTaskSpec { service, group, definition, host, is_healthy, written });
        }
    }
    tasks
}
