//! Tasks as they stand: `[[cluster.task]]`.

use std::collections::BTreeMap;

use super::definitions::Definitions;
use super::found::{Found, Placed};
use super::instances::{Groups, is_fargate};
use super::services;
use super::text::{Text, shown};
use crate::documents::ecs::choices::{HealthStatus, LaunchType};
use crate::documents::ecs::task::Task;

/// The tasks that take part, in order.
pub(super) struct Plan<'a> {
    pub(super) tasks: Vec<PlannedTask<'a>>,
    /// Why others do not, with their number.
    left_out: BTreeMap<String, usize>,
}

/// A task that takes part.
pub(super) struct PlannedTask<'a> {
    pub(super) value: &'a Task,
    pub(super) definition: usize,
    owner: Owner,
    /// `None` on Fargate.
    ec2_id: Option<String>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Service(String),
    /// Of a stand-alone task.
    Group(String),
}

/// Chooses the tasks that take part.
pub(super) fn plan<'a>(
    found: &Found<'a>,
    definitions: &Definitions<'_>,
    groups: &Groups<'_>,
    services: &services::Plan<'_>,
) -> Plan<'a> {
    let mut plan = Plan { tasks: Vec::new(), left_out: BTreeMap::new() };
    for task in &found.tasks {
        match planned(task, definitions, groups, services) {
            Ok(task) => plan.tasks.push(task),
            Err(reason) => *plan.left_out.entry(reason).or_default() += 1,
        }
    }
    plan.tasks.sort_by(|a, b| (&a.owner, &a.value.task_arn).cmp(&(&b.owner, &b.value.task_arn)));
    plan
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
    let definition = definitions.find(written).ok_or_else(|| {
        format!("task definition `{}` is not among the files", shown(super::arn::last(written)))
    })?;
    let owner = match value.group.as_deref() {
        Some(group) => match group.strip_prefix("service:") {
            Some(service) if services.has(service) => Owner::Service(service.to_owned()),
            Some(service) => return Err(format!("service `{}` is not played", shown(service))),
            None => Owner::Group(group.to_owned()),
        },
        // What RunTask gives to those that name none.
        None => Owner::Group(format!("family:{}", definitions.family(definition))),
    };
    let ec2_id = match value.container_instance_arn.as_deref() {
        Some(arn) => match groups.ec2_id(arn) {
            Some(id) => Some(id.to_owned()),
            None => return Err("no container instance of theirs takes part".to_owned()),
        },
        None => {
            let is_on_fargate = value.launch_type == Some(LaunchType::Fargate)
                || value.capacity_provider_name.as_deref().is_some_and(is_fargate)
                || value.platform_version.is_some();
            if !is_on_fargate {
                return Err("they wait for an instance: services ask for them again".to_owned());
            }
            None
        }
    };
    Ok(PlannedTask { value, definition, owner, ec2_id })
}

/// Writes the tasks, and why others are left out.
pub(super) fn write(plan: &Plan<'_>, definitions: &Definitions<'_>, text: &mut Text) {
    if !plan.left_out.is_empty() {
        text.open();
    }
    for (reason, n) in &plan.left_out {
        let tasks = if *n == 1 { "task is" } else { "tasks are" };
        text.note(&format!("{n} {tasks} left out: {reason}"));
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
            Owner::Group(name) => text.field("group", name.as_str()),
        }
        text.field("task_definition", definitions.path(task.definition));
        match (&task.ec2_id, &task.value.availability_zone) {
            (Some(id), _) => text.field("ec2_instance_id", id.as_str()),
            (None, Some(zone)) => text.field("availability_zone", zone.as_str()),
            (None, None) => (),
        }
        text.field("healthy", task.value.health_status != Some(HealthStatus::Unhealthy));
    }
}
