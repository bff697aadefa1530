//! Container instances sorted into the groups that launch more of them: who
//! takes part, of which type they are, and what each brought with it.

use std::collections::{BTreeMap, BTreeSet};

use super::arn;
use super::choice::Choice;
use super::definitions::Definitions;
use super::found::{Found, Placed};
use super::text::shown;
use crate::base::{CpuUnits, MemoryMib};
use crate::documents::ecs::capacity_provider::CapacityProvider;
use crate::documents::ecs::container_instance::{ContainerInstance, Resource};
use crate::experiment::catalogue::{Catalogue, Missing, Size};
use crate::model::attribute::{AVAILABILITY_ZONE, INSTANCE_TYPE};
use crate::model::container::NetworkMode;
use crate::model::instance::{registered_cpu, registered_memory};
use crate::model::network::{HostPort, Protocol, reserved_ports};
use crate::model::task::Needs;

/// The groups of a cluster, by name.
pub(super) struct Groups<'a> {
    pub(super) all: Vec<Group<'a>>,
    /// Where those stand that name no zone.
    pub(super) default_zone: String,
    /// Who stands in none, in words.
    pub(super) left_out: Vec<String>,
}

/// Instances with a name in common.
pub(super) struct Group<'a> {
    pub(super) name: String,
    /// By id, at least one.
    pub(super) instances: Vec<Machine<'a>>,
    pub(super) source: Source<'a>,
    pub(super) launches: LaunchedType,
    /// How many there are of each type, if there is more than one type.
    pub(super) mix: Vec<(String, usize)>,
}

/// What scales a group.
pub(super) enum Source<'a> {
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
    /// `None` if it names none.
    pub(super) zone: Option<&'a str>,
    pub(super) instance_type: &'a str,
    pub(super) registered: Needs,
    /// Ports that it keeps for itself; `None` if no answer says which.
    pub(super) ports: Option<Vec<HostPort>>,
    pub(super) value: &'a ContainerInstance,
}

/// What a group launches.
pub(super) struct LaunchedType {
    pub(super) name: String,
    pub(super) capacity: Needs,
    /// Its tasks get trunked interfaces.
    pub(super) has_trunking: bool,
    /// Why it is not taken from the catalogue.
    pub(super) missing: Option<Missing>,
}

/// For instances of no type that is known.
pub(super) const UNKNOWN_TYPE: &str = "unknown";

/// The group of instances without a capacity provider.
const REGISTERED: &str = "registered";

/// An instance has this attribute if it registered with the account setting
/// awsvpcTrunking (developer guide, container-instance-eni).
pub(super) const TRUNK: &str = "ecs.awsvpc-trunk-id";

/// More of anything is no amount of an instance.
const AMOUNT_MAX: i64 = 1 << 30;

impl<'a> Groups<'a> {
    /// The group of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.all.iter().any(|it| it.name == name)
    }

    /// All instances.
    pub(super) fn machines(&self) -> impl Iterator<Item = &Machine<'a>> {
        self.all.iter().flat_map(|it| &it.instances)
    }

    /// The instance with this ARN.
    pub(super) fn machine(&self, arn: &str) -> Option<&Machine<'a>> {
        self.machines().find(|it| it.has_arn(arn))
    }
}

impl Machine<'_> {
    pub(super) fn has_arn(&self, arn: &str) -> bool {
        // Answers of one call may still hold the older form, which names no cluster.
        self.arn.is_some_and(|it| it == arn || arn::last(it) == arn::last(arn))
    }

    fn has_trunk(&self) -> bool {
        self.value.attributes.iter().any(|it| it.name.as_deref() == Some(TRUNK))
    }

    /// What it keeps for itself.
    pub(super) fn kept_ports(&self) -> Vec<HostPort> {
        self.ports.clone().unwrap_or_else(reserved_ports)
    }
}

/// Sorts instances into groups.
pub(super) fn groups<'a>(found: &Found<'a>, definitions: &Definitions<'_>, choice: &Choice) -> Groups<'a> {
    let mut by_name: BTreeMap<Option<&str>, Vec<Machine<'a>>> = BTreeMap::new();
    let mut left_out = Vec::new();
    let mut ids = BTreeSet::new();
    for placed in &found.instances {
        let provider = placed.value.capacity_provider_name.as_deref().filter(|it| !it.is_empty());
        match machine(placed, found, definitions) {
            Ok(machine) if ids.insert(machine.id) => by_name.entry(provider).or_default().push(machine),
            Ok(machine) => left_out.push(format!(
                "container instance `{}` is registered twice: one of the two is left out",
                shown(machine.id)
            )),
            Err(reason) => left_out.push(reason),
        }
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
        let (launches, mix) = launched(&instances, choice);
        all.push(Group { name: name.unwrap_or(&registered).to_owned(), instances, source, launches, mix });
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let named = all.iter().flat_map(|it| &it.instances).filter_map(|it| it.zone);
    let of_tasks = found.tasks.iter().filter_map(|it| it.value.availability_zone.as_deref());
    let first = named.min().or_else(|| of_tasks.filter(|it| !it.is_empty()).min());
    let default_zone = first.map_or_else(|| format!("{}a", choice.region_of_prices()), str::to_owned);
    Groups { all, default_zone, left_out }
}

/// One that takes part, or why it does not.
fn machine<'a>(
    placed: &Placed<'a, ContainerInstance>,
    found: &Found<'_>,
    definitions: &Definitions<'_>,
) -> Result<Machine<'a>, String> {
    let value = placed.value;
    let arn = value.container_instance_arn.as_deref();
    let id = value.ec2_instance_id.as_deref().filter(|it| !it.is_empty()).or(arn.map(arn::last));
    let Some(id) = id else {
        return Err("a container instance without id and ARN is left out".to_owned());
    };
    let status = value.status.as_deref().unwrap_or("ACTIVE");
    if !matches!(status, "ACTIVE" | "DRAINING") {
        return Err(format!("container instance `{}` is {}: left out", shown(id), shown(status)));
    }
    if id.starts_with("mi-") {
        return Err(format!(
            "container instance `{}` is a machine outside of EC2 (ECS Anywhere): left out",
            shown(id)
        ));
    }
    let attribute = |name: &str| {
        let found = value.attributes.iter().find(|it| it.name.as_deref() == Some(name));
        found.and_then(|it| it.value.as_deref()).filter(|it| !it.is_empty())
    };
    let instance_type = attribute(INSTANCE_TYPE).unwrap_or(UNKNOWN_TYPE);
    let size = Catalogue::built_in().size(instance_type);
    let cpu = integer(value, "CPU").or(size.map(|it| registered_cpu(it.vcpus).0));
    let memory = integer(value, "MEMORY").or(size.map(|it| registered_memory(it.memory).0));
    let (Some(cpu), Some(memory)) = (cpu, memory) else {
        return Err(format!(
            "container instance `{}` is left out: neither its registered CPU and memory nor its type are known",
            shown(id)
        ));
    };
    let n_gpus = resource(value, "GPU").map_or(0, |it| it.string_set_value.len());
    let mut machine = Machine {
        id,
        arn,
        zone: attribute(AVAILABILITY_ZONE),
        instance_type,
        registered: Needs {
            gpus: u32::try_from(n_gpus).unwrap_or(0),
            ..Needs::of(CpuUnits(cpu), MemoryMib(memory))
        },
        ports: ports(value),
        value,
    };
    machine.registered.network_interfaces = interfaces(&machine, size, found, definitions);
    Ok(machine)
}

/// How many tasks in awsvpc mode it can hold: no answer says it. Its type does;
/// of one that is unknown it is what it holds, and one at least.
fn interfaces(
    machine: &Machine<'_>,
    size: Option<Size>,
    found: &Found<'_>,
    definitions: &Definitions<'_>,
) -> u32 {
    if let Some(size) = size {
        let trunking = size.awsvpc_tasks_trunking.filter(|_| machine.has_trunk());
        return trunking.unwrap_or(size.awsvpc_tasks);
    }
    let is_held = |arn: Option<&str>, definition: Option<&str>| {
        let row = definition.and_then(|it| definitions.find(it));
        let mode = row.and_then(|it| definitions.played(it).blueprint.as_ref()).map(|it| it.network_mode);
        arn.is_some_and(|it| machine.has_arn(it)) && mode == Some(NetworkMode::Awsvpc)
    };
    let tasks = found.tasks.iter().map(|it| it.value);
    let n_held = tasks
        .filter(|it| is_held(it.container_instance_arn.as_deref(), it.task_definition_arn.as_deref()))
        .count();
    u32::try_from(n_held).unwrap_or(u32::MAX).clamp(1, AMOUNT_MAX as u32)
}

/// The type that most of them are of, and the numbers of all if there are
/// several.
fn launched(instances: &[Machine<'_>], choice: &Choice) -> (LaunchedType, Vec<(String, usize)>) {
    let mut types: BTreeMap<&str, Vec<&Machine<'_>>> = BTreeMap::new();
    for instance in instances {
        types.entry(instance.instance_type).or_default().push(instance);
    }
    let most = types.values().map(Vec::len).max().unwrap_or_default();
    let (name, members) = types.iter().find(|it| it.1.len() == most).expect("a group has a member");
    let n_trunks = members.iter().filter(|it| it.has_trunk()).count();
    let is_trunked = 2 * n_trunks > members.len();
    let launches = match Catalogue::built_in().instance_type(choice.region_of_prices(), name) {
        Ok(it) => {
            let trunking = it.trunked_network_interfaces.filter(|_| is_trunked);
            LaunchedType {
                name: it.name,
                capacity: Needs {
                    network_interfaces: trunking.unwrap_or(it.capacity.network_interfaces),
                    ..it.capacity
                },
                has_trunking: trunking.is_some(),
                missing: None,
            }
        }
        Err(missing) => LaunchedType {
            name: (*name).to_owned(),
            // What one of them registered is what the next one will.
            capacity: members
                .iter()
                .find(|it| it.has_trunk() == is_trunked)
                .unwrap_or(&members[0])
                .registered,
            has_trunking: false,
            missing: Some(missing),
        },
    };
    let mix = types.iter().map(|it| ((*it.0).to_owned(), it.1.len()));
    (launches, if types.len() > 1 { mix.collect() } else { Vec::new() })
}

fn resource<'a>(instance: &'a ContainerInstance, name: &str) -> Option<&'a Resource> {
    instance.registered_resources.iter().find(|it| it.name.as_deref() == Some(name))
}

/// An amount that an instance can have.
fn integer(instance: &ContainerInstance, name: &str) -> Option<u32> {
    let resource = resource(instance, name)?;
    let amount = match resource.kind.as_deref() {
        Some("LONG") => resource.long_value,
        Some("DOUBLE") => resource.double_value.map(|it| it as i64),
        _ => resource.integer_value.map(i64::from),
    };
    amount.filter(|it| (1..=AMOUNT_MAX).contains(it)).and_then(|it| u32::try_from(it).ok())
}

fn ports(instance: &ContainerInstance) -> Option<Vec<HostPort>> {
    let of = |name| {
        let written = resource(instance, name)?.string_set_value.iter();
        Some(written.filter_map(|it| it.trim().parse::<u16>().ok()).filter(|it| *it > 0).collect::<Vec<_>>())
    };
    let (tcp, udp) = (of("PORTS"), of("PORTS_UDP"));
    if tcp.is_none() && udp.is_none() {
        return None;
    }
    let all = [(tcp, Protocol::Tcp), (udp, Protocol::Udp)].into_iter().flat_map(|(ports, protocol)| {
        ports.unwrap_or_default().into_iter().map(move |port| HostPort { port, protocol })
    });
    let mut all: Vec<HostPort> = all.collect();
    all.sort_unstable();
    all.dedup();
    Some(all)
}
