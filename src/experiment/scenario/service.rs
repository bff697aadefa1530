//! `[[service]]`.

use std::num::NonZeroU64;
use std::sync::Arc;

use super::balancers;
use super::behaviour::{self, read_behaviours};
use super::capacity::{check_platform_version, read_capacity, read_network_configuration};
use super::chain::{Asker, read_placement};
use super::deployment;
use super::scaling;
use super::scanning::read_gate;
use super::traffic;
use super::workload::{DefinitionSpec, DesiredSpec, LoadSpec, PathRef, ReleaseSpec, ServiceSpec};
use super::{Context, Names};
use crate::base::{CpuUnits, MemoryMib, SimDuration, SimTime};
use crate::deployment::controller_of;
use crate::experiment::reader;
use crate::experiment::tree::{Node, Value};
use crate::model::capacity::CapacityStrategy;
use crate::model::container::{Blueprint, NetworkMode};
use crate::model::deployment::SchedulingStrategy;
use crate::model::network::{HostPort, Protocol};
use crate::model::service::DeploymentBounds;
use crate::model::task::{Needs, TaskDefinition};
use crate::model::traffic::MessageBytes;
use crate::sim::setup::ServicePolicy;

/// Tasks of one service (service quotas: 5,000; fleets may lift it).
pub const DESIRED_MAX: u64 = 100_000;

/// Reads all services; faulty ones are left out.
pub(super) fn read_all<'a>(
    items: &'a [Node],
    context: &Context<'a>,
    names: &mut Names,
) -> Vec<(ServicePolicy, ServiceSpec)> {
    let mut services: Vec<(ServicePolicy, ServiceSpec)> = Vec::new();
    for node in items {
        let Some(service) = read(node, context, names) else { continue };
        if services.iter().any(|it| it.0.name == service.0.name) {
            context.faults.note(node.fault("B0111", format!("service `{}` is given twice", service.0.name)));
        }
        services.push(service);
    }
    services
}

fn read<'a>(
    node: &'a Node,
    context: &Context<'a>,
    names: &mut Names,
) -> Option<(ServicePolicy, ServiceSpec)> {
    let faults = context.faults;
    let table = reader::Table::of(node, faults);
    let name = table.required("name").and_then(|it| {
        let name = reader::text(it, faults)?;
        if name.is_empty() {
            faults.note(it.fault("B0109", "a service has a name that is not empty"));
        }
        Some(name.to_owned())
    });
    let family = name.clone().unwrap_or_default();
    let definition =
        table.required("task_definition").and_then(|it| read_definition(it, &family, 1, context));
    let behaviours = read_behaviours(&table);
    let releases = table.list("release");
    let mut read_releases = Vec::new();
    for (idx, release) in releases.iter().enumerate() {
        read_releases.extend(read_release(release, &family, idx as u32 + 2, context));
    }
    read_releases.sort_by_key(|it| it.at);
    let is_daemon = table.text("scheduling_strategy") == Some("DAEMON");
    let capacity = read_capacity(&table, is_daemon, context);
    let is_fargate = capacity.as_ref().is_some_and(CapacityStrategy::is_fargate);
    check_platform_version(&table, is_fargate, context);
    let network = read_network_configuration(&table, is_fargate, context);
    let placement = read_placement(&table, Asker::Service, capacity, &network, context, names);
    let load_balancers = balancers::read(&table, context);
    let uses_service_connect = table.flag("service_connect").unwrap_or(false);
    // A balancer with a fault is left out, and yet it is there.
    let has_traffic = uses_service_connect || !table.list("load_balancers").is_empty();
    let kind = deployment::read_kind(&table, has_traffic, is_fargate);
    let desired = match kind.scheduling {
        SchedulingStrategy::Replica => {
            table.required("desired_count").and_then(|it| read_desired(it, context))
        }
        // Its instances say how many.
        SchedulingStrategy::Daemon => Some(DesiredSpec::Constant(0)),
    };
    let written = table.optional("deployment_configuration");
    let configuration = deployment::read_configuration(written, kind, context);
    let bounds = configuration.as_ref().map_or(DeploymentBounds::DEFAULT, |it| it.bounds);
    let is_rebalanced = deployment::read_rebalancing(&table, kind, bounds);
    if let (true, Some(release)) = (kind.is_external, releases.first()) {
        let fault = release.fault("B0129", "with the controller EXTERNAL nothing is released");
        faults.note(fault.help("an `[[event]]` with `create_task_set` brings a new revision"));
    }
    let grace = table.integer("health_check_grace_period_seconds", 0..=2_147_483_647).unwrap_or(0);
    let requests =
        table.optional("requests_per_second").map(|it| reader::decimal(it, traffic::REQUESTS_MAX, faults));
    let millirequests = (requests.map_or(Some(0.0), |it| it)? * 1000.0).round();
    let (traffic, rate) = traffic::read(&table).unzip();
    let bytes = |name| table.integer(name, 0..=MessageBytes::MAX).unwrap_or(0);
    let message_bytes = MessageBytes { request: bytes("request_bytes"), response: bytes("response_bytes") };
    if requests.is_some()
        && let Some(node) = table.optional("traffic")
    {
        let message =
            "the requests of the service are given twice: as `requests_per_second` and in `traffic`";
        faults.note(node.fault("B0170", message));
    }
    let scaling = scaling::read_target(&table, desired.as_ref());
    let (cpu_load, memory_load) = scaling::read_usage(&table);
    if let (Some(_), Some(node)) = (&cpu_load, table.node().get("load"))
        && traffic.is_some_and(|it| it.cpu_us_per_request > 0)
    {
        let message =
            "the CPU of the tasks is given twice: as `load` and as `cpu_ms_per_request` of `traffic`";
        faults.note(node.fault("B0111", message));
    }
    // Read with the events.
    table.optional("scheduled_action");
    table.finish();
    let (name, configuration) = (name?, configuration?);
    Some((
        ServicePolicy {
            name: name.clone(),
            placement: placement?,
            scheduling: kind.scheduling,
            is_external: kind.is_external,
            controller: controller_of(kind.scheduling, kind.is_external, configuration.strategy),
            deployment: configuration,
            availability_zone_rebalancing: is_rebalanced,
            uses_service_connect,
            load_balancers,
            security_groups: network.security_groups,
            health_check_grace_period: SimDuration::from_secs(grace),
            millirequests_per_second: millirequests as u64,
            traffic,
            scaling,
            message_bytes,
        },
        ServiceSpec {
            name,
            definition: definition?,
            desired: desired?,
            releases: read_releases,
            behaviours,
            rate,
            cpu_load,
            memory_load,
            written: PathRef { path: String::new(), node: node.clone() },
        },
    ))
}

/// `"task-definitions/web.json"`, or `{ cpu, memory, host_ports, image, network_mode }`.
pub(super) fn read_definition(
    node: &Node,
    family: &str,
    revision: u32,
    context: &Context<'_>,
) -> Option<DefinitionSpec> {
    if let Value::Text(path) = &node.value {
        return Some(DefinitionSpec::File(PathRef { path: path.clone(), node: node.clone() }));
    }
    let faults = context.faults;
    let table = reader::Table::of(node, faults);
    let cpu = table.required("cpu").and_then(|it| reader::integer(it, 0..=1 << 30, faults));
    let memory = table.required("memory").and_then(|it| reader::integer(it, 1..=1 << 30, faults));
    let mut host_ports = Vec::new();
    for port in table.list("host_ports") {
        if let Some(port) = reader::integer(port, 1..=65_535, faults) {
            host_ports.push(HostPort { port: port as u16, protocol: Protocol::Tcp });
        }
    }
    host_ports.sort_unstable();
    host_ports.dedup();
    let image = table.text("image");
    let network_mode = table.optional("network_mode");
    let network_mode =
        network_mode.and_then(|it| reader::word(it, &["bridge", "host", "awsvpc", "none"], faults));
    table.finish();
    let needs = Needs::of(
        CpuUnits(u32::try_from(cpu?).expect("within the range")),
        MemoryMib(u32::try_from(memory?).expect("within the range")),
    );
    let plain = TaskDefinition::plain(format!("{family}:{revision}"), needs);
    let mut definition = TaskDefinition { host_ports, ..plain };
    if let Some(mode) = network_mode {
        let modes = [NetworkMode::Bridge, NetworkMode::Host, NetworkMode::Awsvpc, NetworkMode::None];
        let blueprint = Blueprint { network_mode: modes[mode], ..Blueprint::plain() };
        // On an instance it is one of its interfaces.
        definition.needs.network_interfaces = u32::from(modes[mode] == NetworkMode::Awsvpc);
        definition.blueprint = Some(Arc::new(blueprint));
    }
    if let Some(image) = image {
        behaviour::set_image(&mut definition, image);
    }
    Some(DefinitionSpec::Given(definition))
}

/// The load that `what` follows: `series` and `from`, or `generate`.
pub(super) fn read_load(table: &reader::Table<'_>, what: &str, faults: &reader::Faults) -> Option<LoadSpec> {
    let from = table.duration("from").unwrap_or_default();
    let path = |name| {
        table.optional(name).and_then(|node| {
            reader::text(node, faults).map(|path| PathRef { path: path.to_owned(), node: node.clone() })
        })
    };
    match (path("series"), path("generate")) {
        (Some(series), None) => Some(LoadSpec::Series(series, from)),
        (None, Some(profile)) => Some(LoadSpec::Generate(profile)),
        _ => {
            let message = format!("{what} is a number, or follows a `series` or `generate`");
            faults.note(table.node().fault("B0105", message));
            None
        }
    }
}

/// A number, or `{ series, per_task, min, from }`, or `{ generate, per_task, min }`.
fn read_desired(node: &Node, context: &Context<'_>) -> Option<DesiredSpec> {
    let faults = context.faults;
    if matches!(node.value, Value::Number(_)) {
        let n = reader::integer(node, 0..=DESIRED_MAX, faults)?;
        return Some(DesiredSpec::Constant(u32::try_from(n).expect("within the range")));
    }
    if !matches!(node.value, Value::Table(_)) {
        let expected = "a whole number, or a table with `series` or `generate`";
        faults.note(node.fault("B0103", format!("expected {expected}, found {}", node.kind())));
        return None;
    }
    let table = reader::Table::of(node, faults);
    let per_task = table.required("per_task").and_then(|node| {
        let per_task = reader::decimal(node, 1e12, faults)?;
        let thousandths = NonZeroU64::new((per_task * 1000.0).round() as u64);
        if thousandths.is_none() {
            faults.note(node.fault("B0107", "per_task is less than a thousandth"));
        }
        thousandths
    });
    let min = table.integer("min", 0..=DESIRED_MAX).unwrap_or(0);
    let load = read_load(&table, "a desired count", context.faults);
    table.finish();
    let load = load?;
    Some(DesiredSpec::Follows {
        load,
        per_task: per_task?,
        min: u32::try_from(min).expect("within the range"),
    })
}

/// `{ at, task_definition }`, or `{ at, image }` with the needs as they were, or
/// `{ at, force_new_deployment = true }` of the same revision; each with what
/// its containers do.
fn read_release(node: &Node, family: &str, revision: u32, context: &Context<'_>) -> Option<ReleaseSpec> {
    let table = reader::Table::of(node, context.faults);
    let at = read_moment(&table, context);
    let definition =
        table.optional("task_definition").map(|it| read_definition(it, family, revision, context));
    let image = table.text("image");
    let behaviours = read_behaviours(&table);
    let fails_health_checks = table.flag("fails_health_checks").unwrap_or(false);
    let is_forced = table.flag("force_new_deployment").unwrap_or(false);
    let gate = table.optional("scan_gate");
    let scan_gate = gate.and_then(|it| read_gate(it, context.is_scanned, context.faults));
    table.finish();
    if definition.is_none() && image.is_none() && !is_forced {
        let expected = "a release names a `task_definition` or an `image`, or is forced";
        let fault = node.fault("B0105", expected);
        context
            .faults
            .note(fault.help("`force_new_deployment = true` replaces all tasks by the same revision"));
    }
    let definition = match definition {
        Some(definition) => Some(definition?),
        None => None,
    };
    let image = image.map(str::to_owned);
    Some(ReleaseSpec { at: at?, definition, image, behaviours, fails_health_checks, scan_gate })
}

/// A moment before the horizon.
pub(super) fn read_moment(table: &reader::Table<'_>, context: &Context<'_>) -> Option<SimTime> {
    let node = table.required("at")?;
    let at = reader::duration(node, context.faults)?;
    if let Some(horizon) = context.horizon
        && at >= horizon
    {
        context.faults.note(node.fault("B0110", format!("{at} is not before the horizon of {horizon}")));
    }
    Some(SimTime::ZERO + SimDuration::from_millis(at.millis()))
}
