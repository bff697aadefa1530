//! Events of a service of the controller EXTERNAL: its task sets, which are
//! named in the file and numbered in a run (API CreateTaskSet, UpdateTaskSet,
//! UpdateServicePrimaryTaskSet, DeleteTaskSet).

use super::Context;
use super::service::read_definition;
use super::workload::{DefinitionSpec, ServiceEventKind, ServiceEventSpec, ServiceSpec};
use crate::base::SimTime;
use crate::experiment::reader;
use crate::experiment::tree::Node;
use crate::model::workload::{ServiceChangeKind, TaskSetChange};
use crate::sim::setup::ServicePolicy;

/// The set that a service starts with; its number is 0.
const INITIAL: &str = "initial";

/// The fields of an event that are of task sets.
pub(super) const FIELDS: [&str; 4] =
    ["create_task_set", "update_task_set", "update_service_primary_task_set", "delete_task_set"];

/// A change of a task set that is still named.
pub(super) struct Named<'a> {
    name: &'a str,
    node: &'a Node,
    kind: NamedKind,
}

enum NamedKind {
    Create { definition: DefinitionSpec, scale: u8 },
    Change(TaskSetChange),
}

/// Reads what an event does to task sets; faulty ones are left out.
pub(super) fn read<'a>(table: &reader::Table<'a>, context: &Context<'_>) -> Vec<Named<'a>> {
    let mut found = Vec::new();
    if let Some(node) = table.optional("create_task_set") {
        let table = reader::Table::of(node, table.faults());
        let name = read_name(&table);
        let definition = table.required("task_definition");
        let family = name.map_or("task-set", |it| it.0);
        let definition = definition.and_then(|it| read_definition(it, family, 1, context));
        let scale = read_scale(&table);
        table.finish();
        if let (Some((name, node)), Some(definition), Some(scale)) = (name, definition, scale) {
            found.push(Named { name, node, kind: NamedKind::Create { definition, scale } });
        }
    }
    if let Some(node) = table.optional("update_task_set") {
        let table = reader::Table::of(node, table.faults());
        let (name, scale) = (read_name(&table), read_scale(&table));
        table.finish();
        if let (Some((name, node)), Some(scale)) = (name, scale) {
            found.push(Named { name, node, kind: NamedKind::Change(TaskSetChange::Scaled(scale)) });
        }
    }
    for (key, change) in [
        ("update_service_primary_task_set", TaskSetChange::MadePrimary),
        ("delete_task_set", TaskSetChange::Deleted),
    ] {
        let Some(node) = table.optional(key) else { continue };
        if let Some(name) = reader::text(node, table.faults()) {
            found.push(Named { name, node, kind: NamedKind::Change(change) });
        }
    }
    found
}

fn read_name<'a>(table: &reader::Table<'a>) -> Option<(&'a str, &'a Node)> {
    let node = table.required("name")?;
    Some((reader::text(node, table.faults())?, node))
}

/// In percent of the desired count (API Scale).
fn read_scale(table: &reader::Table<'_>) -> Option<u8> {
    let scale = table.required("scale").and_then(|it| reader::integer(it, 0..=100, table.faults()))?;
    Some(u8::try_from(scale).expect("within the range"))
}

/// The sets of a service at a moment.
struct Sets<'a> {
    /// Those that are there, with their numbers.
    known: Vec<(&'a str, u32)>,
    n_made: u32,
}

/// Gives each set its number, in the order of time: one that is not there yet,
/// or no longer, is a fault.
pub(super) fn number<'a>(
    mut changes: Vec<(SimTime, usize, Named<'a>)>,
    services: &[(ServicePolicy, ServiceSpec)],
    context: &Context<'_>,
) -> Vec<ServiceEventSpec> {
    let faults = context.faults;
    changes.sort_by_key(|it| it.0);
    let mut sets: Vec<Sets<'a>> =
        services.iter().map(|_| Sets { known: vec![(INITIAL, 0)], n_made: 1 }).collect();
    let mut numbered = Vec::new();
    for (at, service, Named { name, node, kind }) in changes {
        if !services[service].0.is_external {
            let message = format!("service `{}` has no task sets of its own", services[service].0.name);
            let fault = node.fault("B0129", message);
            faults.note(fault.help("those of `deployment_controller = { type = \"EXTERNAL\" }` have"));
            continue;
        }
        let sets = &mut sets[service];
        let found = sets.known.iter().position(|it| it.0 == name);
        let kind = match (kind, found) {
            (NamedKind::Create { .. }, Some(_)) => {
                faults.note(node.fault("B0111", format!("there is a task set `{name}` at {at} already")));
                continue;
            }
            (NamedKind::Create { definition, scale }, None) => {
                let set = sets.n_made;
                sets.known.push((name, set));
                sets.n_made += 1;
                ServiceEventKind::CreateTaskSet { set, definition, scale }
            }
            (NamedKind::Change(_), None) => {
                let fault = node.fault("B0117", format!("there is no task set `{name}` at {at}"));
                faults.note(fault.help_nearest(name, sets.known.iter().map(|it| it.0)));
                continue;
            }
            (NamedKind::Change(change), Some(idx)) => {
                let set = sets.known[idx].1;
                if change == TaskSetChange::Deleted {
                    sets.known.remove(idx);
                }
                ServiceEventKind::Known(ServiceChangeKind::TaskSet { set, change })
            }
        };
        numbered.push(ServiceEventSpec { at, service, kind });
    }
    numbered
}
