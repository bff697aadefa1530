//! `[[event]]`: what happens at a moment. To a service: another desired count.
//! To the instances that an expression selects at that moment: attributes are
//! put or removed, the agent is lost or heard again.

use super::service::{DESIRED_MAX, read_moment};
use super::workload::ServiceSpec;
use super::{Context, Names};
use crate::base::{Diagnostic, SimTime};
use crate::experiment::reader;
use crate::experiment::tree::{Node, Value};
use crate::placement::strategies::spread::is_attribute_name;
use crate::sim::setup::{InstanceChange, InstanceChangeKind, ServicePolicy};

/// What was read.
#[derive(Default)]
pub(super) struct Events {
    /// New desired counts: when, of which service, how many.
    pub(super) desired_counts: Vec<(SimTime, usize, u32)>,
    /// What happens to instances, in the order of time.
    pub(super) instances: Vec<InstanceChange>,
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
    for node in items {
        let table = reader::Table::of(node, context.faults);
        let at = read_moment(&table, context);
        match (table.optional("service"), table.optional("container_instances")) {
            (Some(service), None) => {
                let service = service_of(service, written_services, services, context);
                let desired = table
                    .required("desired_count")
                    .and_then(|it| reader::integer(it, 0..=DESIRED_MAX, context.faults));
                if let (Some(at), Some(service), Some(desired)) = (at, service, desired) {
                    let desired = u32::try_from(desired).expect("within the range");
                    events.desired_counts.push((at, service, desired));
                }
            }
            (None, Some(expression)) => {
                read_instance_event(expression, at, &table, context, names, &mut events.instances);
            }
            _ => {
                let expected = "an event names a `service`, or `container_instances` by an expression";
                context.faults.note(node.fault("B0105", expected));
            }
        }
        table.finish();
    }
    events.instances.sort_by_key(|it| it.at);
    events
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
    if kinds.is_empty() && faults.is_empty() {
        let expected = "expected `attributes`, `remove_attributes` or `agent_connected`";
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
