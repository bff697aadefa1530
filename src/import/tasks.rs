//! Tasks as they stand: `[[cluster.task]]`.

use std::collections::BTreeMap;

use super::arn;
use super::capacity::{FargatePrices, no_fargate};
use super::definitions::Definitions;
use super::found::{Found, Placed};
use super::groups::{Groups, Machine};
use super::instances::is_fargate;
use super::services;
use super::text::{Text, shown};
use crate::documents::ecs::choices::{HealthStatus, LaunchType};
use crate::documents::ecs::task::Task;
use crate::model::network::HostPort;
use crate::model::task::{Needs, TaskDefinition};

/// The tasks that take part, in order.
pub(super) struct Plan<'a> {
    pub(super) tasks: Vec<PlannedTask<'a>>,
    /// Why others do not, with their number.
    left_out: BTreeMap<String, usize>,
    /// Tasks for which there was no room where they ran, in words.
    crowded: Vec<String>,
}

/// A task that takes part.
pub(super) struct PlannedTask<'a> {
    pub(super) value: &'a Task,
    pub(super) definition: usize,
    owner: Owner,
    host: Host,
    /// It was not yet running.
    is_starting: bool,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Service(String),
    /// Of a stand-alone task.
    Group(String),
    /// Of a task of a DAEMON: its service takes no part.
    Daemon(String),
}

enum Host {
    /// By its EC2 id.
    Instance(String),
    /// In this zone.
    Fargate(String),
}

/// What the tasks of an instance leave free.
struct Room {
    free: Needs,
    ports: Vec<HostPort>,
}

/// Chooses the tasks that take part.
pub(super) fn plan<'a>(
    found: &Found<'a>,
    definitions: &Definitions<'_>,
    groups: &Groups<'_>,
    services: &services::Plan<'_>,
    region: &str,
    prices: &mut FargatePrices,
) -> Plan<'a> {
    let mut plan = Plan { tasks: Vec::new(), left_out: BTreeMap::new(), crowded: Vec::new() };
    for task in &found.tasks {
        match planned(task, definitions, groups, services) {
            Ok(task) => plan.tasks.push(task),
            Err(reason) => *plan.left_out.entry(reason).or_default() += 1,
        }
    }
    plan.tasks.sort_by(|a, b| (&a.owner, &a.value.task_arn).cmp(&(&b.owner, &b.value.task_arn)));

    // A snapshot is taken while tasks come and go: its sums may not fit.
    let room = |it: &Machine<'_>| (it.id.to_owned(), Room { free: it.registered, ports: it.kept_ports() });
    let mut rooms: BTreeMap<String, Room> = groups.machines().map(room).collect();
    let Plan { tasks, crowded, .. } = &mut plan;
    tasks.retain(|task| {
        let definition = definitions.played(task.definition);
        let Host::Instance(id) = &task.host else {
            let is_spot = match &task.owner {
                Owner::Service(name) => services.find(name).and_then(|it| it.runs_on.fargate()),
                Owner::Group(_) | Owner::Daemon(_) => None,
            };
            prices.need(region, definition, is_spot.unwrap_or(false));
            return true;
        };
        let room = rooms.get_mut(id).expect("the instance takes part");
        let Some(lacks) = take(room, definition) else { return true };
        crowded.push(format!(
            "task `{}` is left out: `{}` has no room on `{}` beside what else is found there: {lacks}",
            shown(arn::last(task.value.task_arn.as_deref().unwrap_or("?"))),
            shown(&definition.name),
            shown(id)
        ));
        false
    });
    plan
}

/// Takes the room of a task, or says what is lacking.
fn take(room: &mut Room, definition: &TaskDefinition) -> Option<String> {
    let (needs, free) = (definition.needs, room.free);
    if let Some(port) = definition.host_ports.iter().find(|it| room.ports.contains(it)) {
        return Some(format!("port {port} is in use"));
    }
    if !needs.fits(&free) {
        let pairs = [
            ("CPU units", needs.cpu.0, free.cpu.0),
            ("MiB", needs.memory.0, free.memory.0),
            ("GPUs", needs.gpus, free.gpus),
            ("network interfaces", needs.network_interfaces, free.network_interfaces),
        ];
        let lacks = pairs.iter().filter(|it| it.1 > it.2);
        let lacks = lacks.map(|(unit, needed, free)| format!("{needed} {unit} of {free} free"));
        return Some(lacks.collect::<Vec<_>>().join(", "));
    }
    room.free -= needs;
    room.ports.extend(&definition.host_ports);
    None
}

fn planned<'a>(
    task: &Placed<'a, Task>,
    definitions: &Definitions<'_>,
    groups: &Groups<'_>,
    services: &services::Plan<'_>,
) -> Result<PlannedTask<'a>, String> {
    let value = task.value;
    let last_status = value.last_status.as_deref().unwrap_or("RUNNING");
    let is_up = matches!(last_status, "PROVISIONING" | "PENDING" | "ACTIVATING" | "RUNNING");
    if !is_up || value.desired_status.as_deref().is_some_and(|it| it != "RUNNING") {
        return Err("stopping or stopped".to_owned());
    }
    let written = value.task_definition_arn.as_deref().unwrap_or("");
    let definition = definitions
        .find(written)
        .ok_or_else(|| format!("task definition `{}` is not among the files", shown(arn::last(written))))?;
    let owner = match value.group.as_deref() {
        Some(group) => match group.strip_prefix("service:") {
            Some(service) if services.find(service).is_some() => Owner::Service(service.to_owned()),
            Some(service) if services.is_daemon(service) => Owner::Daemon(group.to_owned()),
            Some(service) => return Err(format!("service `{}` is not played", shown(service))),
            None => Owner::Group(group.to_owned()),
        },
        // What RunTask gives to those that name none.
        None => Owner::Group(format!("family:{}", definitions.family(definition))),
    };
    let host = match value.container_instance_arn.as_deref() {
        Some(arn) => match groups.machine(arn) {
            Some(machine) => Host::Instance(machine.id.to_owned()),
            None => return Err("no container instance of theirs takes part".to_owned()),
        },
        None => {
            let is_on_fargate = value.launch_type == Some(LaunchType::Fargate)
                || value.capacity_provider_name.as_deref().is_some_and(is_fargate)
                || value.platform_version.is_some();
            if !is_on_fargate {
                return Err("they wait for an instance: services ask for them again".to_owned());
            }
            if let Some(reason) = no_fargate(definitions.played(definition)) {
                return Err(format!("they run on Fargate, and {reason}"));
            }
            let zone = value.availability_zone.as_deref().filter(|it| !it.is_empty());
            Host::Fargate(zone.unwrap_or(&groups.default_zone).to_owned())
        }
    };
    if let Owner::Service(name) = &owner {
        let service = services.find(name).expect("it takes part");
        let name = shown(name);
        match (service.runs_on.fargate().is_some(), &host) {
            (true, Host::Instance(_)) => {
                return Err(format!("they run on an instance, and their service `{name}` on Fargate"));
            }
            (false, Host::Fargate(_)) => {
                return Err(format!("they run on Fargate, and their service `{name}` on instances"));
            }
            (true, Host::Fargate(_)) | (false, Host::Instance(_)) => (),
        }
    }
    Ok(PlannedTask { value, definition, owner, host, is_starting: last_status != "RUNNING" })
}

impl PlannedTask<'_> {
    /// Where it runs, if that is on Fargate.
    pub(super) fn fargate_zone(&self) -> Option<&str> {
        match &self.host {
            Host::Fargate(zone) => Some(zone),
            Host::Instance(_) => None,
        }
    }
}

/// Writes the tasks, and why others are left out.
pub(super) fn write(plan: &Plan<'_>, definitions: &Definitions<'_>, text: &mut Text) {
    if !(plan.left_out.is_empty() && plan.crowded.is_empty()) {
        text.open();
    }
    for (reason, n) in &plan.left_out {
        let tasks = if *n == 1 { "task is" } else { "tasks are" };
        text.note(&format!("{n} {tasks} left out: {reason}"));
    }
    for note in &plan.crowded {
        text.note(note);
    }
    let n_starting = plan.tasks.iter().filter(|it| it.is_starting).count();
    if n_starting > 0 {
        text.open();
        let tasks = if n_starting == 1 { "task was" } else { "tasks were" };
        text.note(&format!("{n_starting} {tasks} about to start: here they run from the first moment on"));
    }
    if plan.tasks.iter().any(|it| matches!(it.owner, Owner::Daemon(_))) {
        text.open();
        text.note("tasks of DAEMON services hold their room as stand-alone tasks; new instances get none");
    }
    if plan.tasks.iter().any(|it| matches!(it.owner, Owner::Group(_))) {
        text.open();
        text.note("stand-alone tasks run at the start; when they end is not in the answers");
    }
    for task in &plan.tasks {
        text.open();
        text.head("[[cluster.task]]");
        match &task.owner {
            Owner::Service(name) => text.field("service", name.as_str()),
            Owner::Group(name) | Owner::Daemon(name) => text.field("group", name.as_str()),
        }
        text.field("task_definition", definitions.path(task.definition));
        match &task.host {
            Host::Instance(id) => text.field("ec2_instance_id", id.as_str()),
            Host::Fargate(zone) => text.field("availability_zone", zone.as_str()),
        }
        text.field("healthy", task.value.health_status != Some(HealthStatus::Unhealthy));
    }
}
