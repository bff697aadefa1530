//! What the settings of a run and the files that it names must agree on: found
//! when both are read, before the first run.

use crate::base::id::{Id as _, ServiceId};
use crate::base::units::counted;
use crate::billing::fargate::FREE_STORAGE_GIB;
use crate::experiment::inputs::Inputs;
use crate::experiment::reader::Faults;
use crate::experiment::scenario::{DefinitionSpec, TasksSpec, WorkloadSpec};
use crate::model::capacity::{Capacity, CapacityStrategy};
use crate::model::container::{Blueprint, HostSide, NetworkMode};
use crate::model::fargate_sizes::FARGATE_SIZES;
use crate::model::network::TargetType;
use crate::model::task::{Needs, TaskDefinition};
use crate::model::workload::FoundHost;
use crate::sim::Setup;
use crate::sim::setup::{ServiceLoadBalancer, ServicePolicy};

/// Notes what does not go together. Everything that `spec` names must have been
/// read.
pub(super) fn check(setup: &Setup, spec: &WorkloadSpec, inputs: &Inputs, faults: &Faults) {
    for (policy, service) in setup.services.rows().iter().zip(&spec.services) {
        let releases = service.releases.iter().filter_map(|it| it.definition.as_ref());
        for written in std::iter::once(&service.definition).chain(releases) {
            let definition = inputs.definition(written);
            let note = |code: &'static str, message: String| {
                let node = match written {
                    DefinitionSpec::File(file) => &file.node,
                    DefinitionSpec::Given(_) => &service.written.node,
                };
                faults.note(node.fault(code, message));
            };
            for item in policy.placement.capacity.items() {
                if let Capacity::Fargate { is_spot } = item.capacity {
                    check_fargate(setup, definition, is_spot, &note);
                }
            }
            for balancer in &policy.load_balancers {
                check_target(setup, policy, definition, balancer, &note);
            }
        }
    }
    if let TasksSpec::Trace { file, .. } | TasksSpec::Generate { profile: file, .. } = &spec.tasks {
        for item in setup.standalone.placement.capacity.items() {
            if let Capacity::Fargate { is_spot } = item.capacity {
                check_price(setup, &Blueprint::plain(), is_spot, &|code, message| {
                    faults.note(file.node.fault(code, message));
                });
            }
        }
    }
    check_found(setup, spec, inputs, faults);
    // Requests are counted in millionths, over all services.
    let rates = setup.services.rows().iter().map(|it| u128::from(it.millirequests_per_second));
    let n = rates.sum::<u128>() * u128::from(setup.horizon.millis());
    if n > u128::from(u64::MAX / 4)
        && let Some(service) = spec.services.first()
    {
        let message = "the requests of all services over the horizon are more than can be counted";
        faults.note(service.written.node.fault("B0153", message));
    }
}

/// A size that Fargate has, in its network mode, with a price.
fn check_fargate(
    setup: &Setup,
    definition: &TaskDefinition,
    is_spot: bool,
    note: &dyn Fn(&'static str, String),
) {
    let (cpu, memory) = (definition.needs.cpu.0, definition.needs.memory.0);
    let size = FARGATE_SIZES.iter().find(|it| it.cpu_units == u64::from(cpu));
    if !size.is_some_and(|it| it.memory.allows(memory.into())) {
        note(
            "B0123",
            format!(
                "`{}` has {cpu} CPU units and {memory} MiB: Fargate has no such size{}",
                definition.name,
                size.map_or_else(String::new, |it| format!(
                    "; with this CPU it has {}",
                    it.memory.describe()
                ))
            ),
        );
    }
    let plain = Blueprint::plain();
    let blueprint = definition.blueprint.as_deref();
    if blueprint.is_some_and(|it| it.network_mode != NetworkMode::Awsvpc) {
        note("B0123", format!("`{}` is not of network mode awsvpc, as Fargate asks", definition.name));
    }
    let blueprint = blueprint.unwrap_or(&plain);
    if blueprint.platform.is_windows && is_spot {
        note("B0123", format!("`{}` runs Windows, which Fargate Spot does not", definition.name));
        return;
    }
    check_price(setup, blueprint, is_spot, note);
}

/// What runs on Fargate has a price there.
fn check_price(setup: &Setup, blueprint: &Blueprint, is_spot: bool, note: &dyn Fn(&'static str, String)) {
    let rates = setup.fargate_rates.of(blueprint.platform, is_spot);
    let kind = match (blueprint.platform.is_arm, is_spot) {
        _ if blueprint.platform.is_windows => "Windows on Fargate",
        (false, false) => "Fargate",
        (false, true) => "Fargate Spot",
        (true, false) => "Fargate on ARM64",
        (true, true) => "Fargate Spot on ARM64",
    };
    match rates {
        None => note("B0119", format!("there is no price of {kind} in this region: `prices` can give one")),
        Some(rates) if blueprint.ephemeral_gib > FREE_STORAGE_GIB && rates.storage_gib_hour.is_none() => {
            note("B0119", format!("there is no price of ephemeral storage of {kind} in this region"));
        }
        Some(_) => (),
    }
}

/// The container behind the load balancer has the port, and the target group is
/// of the kind that the network mode asks for.
fn check_target(
    setup: &Setup,
    policy: &ServicePolicy,
    definition: &TaskDefinition,
    balancer: &ServiceLoadBalancer,
    note: &dyn Fn(&'static str, String),
) {
    let group = &setup.network.target_groups[balancer.target_group];
    let Some(blueprint) = &definition.blueprint else { return };
    let port = balancer.container_port;
    let named = blueprint
        .containers
        .iter()
        .filter(|it| balancer.container_name.is_empty() || it.name == balancer.container_name);
    if named.clone().next().is_none() {
        note("B0124", format!("`{}` has no container `{}`", definition.name, balancer.container_name));
        return;
    }
    let mapping = named.flat_map(|it| &it.ports).find(|it| it.container_port == port);
    let Some(mapping) = mapping else {
        note(
            "B0124",
            format!("`{}` maps no port {port} of the container behind the target group", definition.name),
        );
        return;
    };
    let is_ip = mapping.host == HostSide::OwnInterface || policy.placement.capacity.is_fargate();
    let expected = if is_ip { TargetType::Ip } else { TargetType::Instance };
    if group.target_type != expected {
        let (mode, kind) = if is_ip { ("awsvpc", "ip") } else { ("bridge or host", "instance") };
        note(
            "B0124",
            format!(
                "target group `{}` must have target_type = \"{kind}\" for tasks in {mode} mode",
                group.name
            ),
        );
    }
}

/// Tasks that run already have room where they run.
fn check_found(setup: &Setup, spec: &WorkloadSpec, inputs: &Inputs, faults: &Faults) {
    let mut free: Vec<Needs> = setup.found_instances.iter().map(|it| it.registered).collect();
    let mut ports: Vec<_> = setup.found_instances.iter().map(|it| it.ports.clone()).collect();
    for task in &spec.found {
        let definition = inputs.definition(&task.definition);
        let node = &task.written.node;
        let capacity = task.service.map(|it| &setup.services[ServiceId::from_idx(it)].placement.capacity);
        let is_fargate = capacity.map(CapacityStrategy::is_fargate);
        match task.host {
            FoundHost::Fargate(_) => {
                if is_fargate == Some(false) {
                    faults
                        .note(node.fault("B0125", "the task runs on Fargate, and its service on instances"));
                }
                // Its service may have gone on to another definition.
                let capacity = capacity.unwrap_or(&setup.standalone.placement.capacity).first();
                let is_spot = matches!(capacity, Capacity::Fargate { is_spot: true });
                let note = |code: &'static str, message: String| faults.note(node.fault(code, message));
                check_fargate(setup, definition, is_spot, &note);
            }
            FoundHost::Instance(idx) => {
                if is_fargate == Some(true) {
                    faults.note(
                        node.fault("B0125", "the task runs on an instance, and its service on Fargate"),
                    );
                }
                let taken = definition.host_ports.iter().find(|it| ports[idx].contains(it));
                if !definition.needs.fits(&free[idx]) || taken.is_some() {
                    let id = &setup.found_instances[idx].identity.ec2_instance_id;
                    let lacks = match taken {
                        Some(port) => format!("port {port} is in use"),
                        None => format!("{} are free", describe(free[idx])),
                    };
                    let message = format!(
                        "`{}` needs {}: on `{id}` {lacks}",
                        definition.name,
                        describe(definition.needs)
                    );
                    faults.note(node.fault("B0125", message));
                    continue;
                }
                free[idx] -= definition.needs;
                ports[idx].extend(&definition.host_ports);
            }
        }
    }
}

fn describe(needs: Needs) -> String {
    let mut parts = vec![counted(needs.cpu.0.into(), "CPU unit"), counted(needs.memory.0.into(), "MiB")];
    if needs.gpus > 0 {
        parts.push(counted(needs.gpus.into(), "GPU"));
    }
    if needs.network_interfaces > 0 {
        parts.push(counted(needs.network_interfaces.into(), "network interface"));
    }
    parts.join(", ")
}
