//! `[[event]]`: what happens at a moment. To a service: another desired count,
//! protected tasks, a change of its task sets. To the instances that an
//! expression selects at that moment: attributes are put or removed, the agent
//! is lost or heard again, they drain or no longer do. To a role: it may more or
//! less.

use super::access::RoleEvents;
use super::service::{DESIRED_MAX, read_moment};
use super::workload::{ServiceEventKind, ServiceEventSpec, ServiceSpec};
use super::{Context, Names, task_set};
use crate::base::{Diagnostic, SimDuration, SimTime};
use crate::experiment::reader;
use crate::experiment::tree::{Node, Value};
use crate::model::deployment::SchedulingStrategy;
use crate::model::workload::ServiceChangeKind;
use crate::placement::strategies::spread::is_attribute_name;
use crate::sim::setup::{InstanceChange, InstanceChangeKind, ServicePolicy};

/// How long a task is protected where nobody says it, and at most (API
/// UpdateTaskProtection).
const PROTECTED_MINUTES: u64 = 120;
const PROTECTED_MINUTES_MAX: u64 = 2880;

/// What was read.
#[derive(Default)]
pub(super) struct Events {
    /// What happens to services, in the order of time.
    pub(super) services: Vec<ServiceEventSpec>,
    /// What happens to instances, in the order of time.
    pub(super) instances: Vec<InstanceChange>,
    /// What happens to roles.
    pub(super) roles: RoleEvents,
}

/// Reads all events.
pub(super) fn read_all(
    items: &[Node],
    written_services: &[Node],
    services: &[(ServicePolicy, ServiceSpec)],
    context: &Context<'_>,
    names: &mut Names,
) -> Events {
    let mut events = Events::default();
    let mut task_sets = Vec::new();
    for node in items {
        let table = reader::Table::of(node, context.faults);
        let at = read_moment(&table, context);
        let of = ["service", "container_instances", "role"].map(|it| table.optional(it));
        match of {
            [Some(service), None, None] => {
                let service = service_of(service, written_services, services, context);
                let is_daemon =
                    service.is_some_and(|it| services[it].0.scheduling == SchedulingStrategy::Daemon);
                let kinds = read_kinds(&table, at, is_daemon, context);
                let sets = task_set::read(&table, context);
                let has_sets = task_set::FIELDS.iter().any(|it| node.get(it).is_some());
                if kinds.is_none_at_all && !has_sets {
                    let expected = "expected `desired_count`, `protect_tasks` or a change of a task set";
                    let message = format!("nothing happens to the service: {expected}");
                    context.faults.note(node.fault("B0105", message));
                }
                if let (Some(at), Some(service)) = (at, service) {
                    let known = kinds.read.into_iter().map(ServiceEventKind::Known);
                    events.services.extend(known.map(|kind| ServiceEventSpec { at, service, kind }));
                    task_sets.extend(sets.into_iter().map(|change| (at, service, change)));
                }
            }
            [None, Some(expression), None] => {
                read_instance_event(expression, at, &table, context, names, &mut events.instances);
            }
            [None, None, Some(role)] => events.roles.read(role, at, &table, context),
            _ => {
                let expected =
                    "an event names a `service`, a `role`, or `container_instances` by an expression";
                context.faults.note(node.fault("B0105", expected));
            }
        }
        table.finish();
    }
    events.services.extend(task_set::number(task_sets, services, context));
    events.services.sort_by_key(|it| it.at);
    events.instances.sort_by_key(|it| it.at);
    events
}

/// What happens to a service but for its task sets.
struct Kinds {
    read: Vec<ServiceChangeKind>,
    is_none_at_all: bool,
}

fn read_kinds(
    table: &reader::Table<'_>,
    at: Option<SimTime>,
    is_daemon: bool,
    context: &Context<'_>,
) -> Kinds {
    let count = |it: u64| u32::try_from(it).expect("within the range");
    let mut read = Vec::new();
    let desired = table.optional("desired_count");
    if let Some(node) = desired {
        if is_daemon {
            let message = "a DAEMON has one task on each instance, and no `desired_count`";
            context.faults.note(node.fault("B0129", message));
        }
        let number = reader::integer(node, 0..=DESIRED_MAX, context.faults);
        read.extend(number.map(|it| ServiceChangeKind::DesiredCount(count(it))));
    }
    let protect = table.optional("protect_tasks");
    let n_tasks = protect.and_then(|it| reader::integer(it, 1..=DESIRED_MAX, context.faults));
    if protect.is_some() {
        let minutes = table.integer("expires_in_minutes", 1..=PROTECTED_MINUTES_MAX);
        let minutes = minutes.unwrap_or(PROTECTED_MINUTES);
        if let (Some(n_tasks), Some(at)) = (n_tasks, at) {
            let until = at + SimDuration::from_secs(60 * minutes);
            read.push(ServiceChangeKind::Protected { n_tasks: count(n_tasks), until });
        }
    }
    Kinds { read, is_none_at_all: desired.is_none() && protect.is_none() }
}

/// A service with a fault is left out of `services`, and yet it is there.
pub(super) fn service_of(
    node: &Node,
    written_services: &[Node],
    services: &[(ServicePolicy, ServiceSpec)],
    context: &Context<'_>,
) -> Option<usize> {
    let known = written_services.iter().filter_map(|it| match it.get("name").map(|it| &it.value) {
        Some(Value::Text(name)) => Some(name.as_str()),
        _ => None,
    });
    let name = reader::text(node, context.faults)?;
    if !known.clone().any(|it| it == name) {
        let fault = node.fault("B0117", format!("there is no service `{name}`"));
        context.faults.note(fault.help_nearest(name, known));
    }
    services.iter().position(|it| it.0.name == name)
}

fn read_instance_event(
    expression: &Node,
    at: Option<SimTime>,
    table: &reader::Table<'_>,
    context: &Context<'_>,
    names: &mut Names,
    changes: &mut Vec<InstanceChange>,
) {
    let faults = context.faults;
    let mut kinds = Vec::new();
    if let Some(attributes) = table.optional("attributes") {
        if !matches!(attributes.value, Value::Table(_)) {
            let message = format!("expected a table of attributes, found {}", attributes.kind());
            faults.note(attributes.fault("B0103", message));
        }
        for field in attributes.fields() {
            check_name(&field.name, &field.origin.place(), context);
            if let Some(value) = reader::text(&field.node, faults) {
                let value = (!value.is_empty()).then(|| value.to_owned());
                kinds.push(InstanceChangeKind::Attribute(field.name.clone(), Some(value)));
            }
        }
    }
    for item in table.list("remove_attributes") {
        if let Some(name) = reader::text(item, faults) {
            check_name(name, &item.origin.place(), context);
            kinds.push(InstanceChangeKind::Attribute(name.to_owned(), None));
        }
    }
    if let Some(is_connected) = table.flag("agent_connected") {
        kinds.push(InstanceChangeKind::AgentConnected(is_connected));
    }
    if let Some(node) = table.optional("status") {
        let idx = reader::word(node, &["ACTIVE", "DRAINING"], faults);
        kinds.extend(idx.map(|it| InstanceChangeKind::Draining(it == 1)));
    }
    if kinds.is_empty() && faults.is_empty() {
        let expected = "expected `attributes`, `remove_attributes`, `agent_connected` or `status`";
        faults.note(table.node().fault("B0105", format!("nothing happens to the instances: {expected}")));
    }
    let Some(text) = reader::text(expression, faults) else { return };
    match names.expressions.intern(text) {
        Ok(expression) => {
            let Some(at) = at else { return };
            changes.push(InstanceChange { at, expression, kinds });
        }
        Err(error) => {
            let place = expression.origin.within_text(error.start, error.end).place();
            faults.note(Diagnostic::new(error.code, error.message).at(place));
        }
    }
}

fn check_name(name: &str, place: &crate::base::Place, context: &Context<'_>) {
    if !is_attribute_name(name) {
        let message = format!("`{name}` is no attribute name: 1 to 128 of letters, digits, - _ / \\ .");
        context.faults.note(Diagnostic::new("B0109", message).at(place.clone()));
    }
}
