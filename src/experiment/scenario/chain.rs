//! Placement as written: a chain of strategies in the API's shape
//! (`[{ type = "binpack", field = "memory" }]`) or in one string
//! (`"spread:attribute:ecs.availability-zone,binpack:memory"`), constraints
//! likewise, and the capacity provider strategy.

use std::sync::Arc;

use super::capacity::NetworkConfiguration;
use super::{Context, Names};
use crate::base::Diagnostic;
use crate::experiment::reader;
use crate::experiment::tree::{Node, Origin, Value};
use crate::model::capacity::CapacityStrategy;
use crate::placement::request::{self, Api, At, LaunchType, Part, Request, SchedulingStrategy, Written};
use crate::placement::{Chain, PlacementConstraint};
use crate::sim::setup::Placement;

/// Whose default holds where nothing is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// RunTask.
    Standalone,
    /// A service's scheduler.
    Service,
}

/// Reads `placement_strategy` and `placement_constraints` of who runs on
/// `capacity`. `None` after a fault.
pub(super) fn read_placement<'a>(
    table: &reader::Table<'a>,
    asker: Asker,
    capacity: Option<CapacityStrategy>,
    network: &NetworkConfiguration,
    context: &Context<'a>,
    names: &mut Names,
) -> Option<Placement> {
    let is_fargate = capacity.as_ref().is_some_and(CapacityStrategy::is_fargate);
    let launch_type = if is_fargate { LaunchType::Fargate } else { LaunchType::Ec2 };
    let api = match asker {
        Asker::Standalone => Api::Experiment,
        Asker::Service => Api::CreateService,
    };
    let request = Request { api, launch_type, ..REQUEST };
    let written = table.optional("placement_strategy");
    let chain = match written.map(|node| (node, is_default(node))) {
        None | Some((_, true)) => Some(match asker {
            Asker::Standalone => Chain::default_of_run_task(context.tie_break),
            Asker::Service => Chain::default_of_service(&mut names.attributes, context.tie_break),
        }),
        Some((node, false)) => read_chain(node, &request, context, names),
    };
    let constraints = read_constraints(table.optional("placement_constraints"), &request, context, names);
    Some(Placement {
        chain: chain?,
        constraints: constraints?,
        capacity: capacity?,
        zones: network.zones.clone(),
        has_public_ip: network.has_public_ip,
    })
}

/// `"default"` and an empty list name no strategy.
fn is_default(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => text == "default",
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}

/// A kind and what belongs to it, with their places.
struct Link<'a> {
    written: Written<'a>,
    kind_origin: Origin,
    /// The string that holds the detail, and where in it.
    text_origin: Origin,
    detail_start: usize,
    origin: Origin,
}

fn read_chain<'a>(
    node: &'a Node,
    request: &Request<'_>,
    context: &Context<'a>,
    names: &mut Names,
) -> Option<Chain> {
    let links = read_links(node, "field", context.faults)?;
    let strategies: Vec<Written<'_>> = links.iter().map(|it| it.written).collect();
    let is_well = note_faults(&Request { strategies: &strategies, ..*request }, node, &links, context);
    is_well.then(|| request::build_chain(&strategies, &mut names.attributes, context.tie_break))
}

fn read_constraints<'a>(
    node: Option<&'a Node>,
    request: &Request<'_>,
    context: &Context<'a>,
    names: &mut Names,
) -> Option<Vec<Arc<dyn PlacementConstraint>>> {
    let Some(node) = node else { return Some(Vec::new()) };
    let links = read_links(node, "expression", context.faults)?;
    let constraints: Vec<Written<'_>> = links.iter().map(|it| it.written).collect();
    let is_well = note_faults(&Request { constraints: &constraints, ..*request }, node, &links, context);
    is_well.then(|| request::build_constraints(&constraints, &mut names.expressions))
}

/// What an experiment asks for: as many tasks as it likes, on instances. The
/// calls that start them take ten each.
const REQUEST: Request<'static> = Request {
    api: Api::Experiment,
    launch_type: LaunchType::Ec2,
    scheduling: SchedulingStrategy::Replica,
    count: None,
    strategies: &[],
    constraints: &[],
    n_definition_constraints: 0,
};

/// Notes what ECS would refuse of `node`, written as `links`; whether that is
/// nothing.
fn note_faults(request: &Request<'_>, node: &Node, links: &[Link<'_>], context: &Context<'_>) -> bool {
    let found = request::faults(request);
    let is_well = found.is_empty();
    for fault in found {
        let place = match fault.at {
            At::Count | At::Strategies | At::Constraints => node.origin.place(),
            At::Strategy(idx, Part::Kind) | At::Constraint(idx, Part::Kind) => links[idx].kind_origin.place(),
            At::Strategy(idx, Part::Whole) | At::Constraint(idx, Part::Whole) => links[idx].origin.place(),
            At::Strategy(idx, Part::Detail(bytes)) | At::Constraint(idx, Part::Detail(bytes)) => {
                let link = &links[idx];
                let (start, end) = (link.detail_start + bytes.start, link.detail_start + bytes.end);
                link.text_origin.within_text(start, end).place()
            }
        };
        let mut diagnostic = Diagnostic::new(fault.code, fault.message).at(place);
        if let Some((typed, known)) = fault.known {
            diagnostic = diagnostic.help_nearest(&typed, known);
        }
        context.faults.note(diagnostic);
    }
    is_well
}

/// Links from a string, a list of strings, or a list of tables in the API's
/// shape. `None` after a fault.
fn read_links<'a>(node: &'a Node, detail: &'static str, faults: &'a reader::Faults) -> Option<Vec<Link<'a>>> {
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut links = Vec::new();
    let mut is_faulty = false;
    for item in items {
        match &item.value {
            Value::Text(text) => {
                // An expression may have commas of its own.
                let is_expression = detail == "expression" && text.trim_start().starts_with("memberOf:");
                let parts: Vec<&str> = if is_expression { vec![text] } else { text.split(',').collect() };
                let mut start = 0;
                for part in parts {
                    let indent = part.len() - part.trim_start().len();
                    let trimmed = part.trim();
                    let (kind, field) = match trimmed.split_once(':') {
                        Some((kind, field)) => (kind, Some(field)),
                        None => (trimmed, None),
                    };
                    let at = start + indent;
                    links.push(Link {
                        written: Written { kind, detail: field },
                        kind_origin: item.origin.within_text(at, at + kind.len()),
                        text_origin: item.origin.clone(),
                        detail_start: at + kind.len() + 1,
                        origin: item.origin.within_text(at, at + trimmed.len()),
                    });
                    start += part.len() + 1;
                }
            }
            Value::Table(_) => {
                let table = reader::Table::of(item, faults);
                let kind = table
                    .required("type")
                    .and_then(|it| reader::text(it, faults).map(|text| (text, it.origin.clone())));
                let detail_node = table.optional(detail);
                let detail = detail_node.and_then(|it| reader::text(it, faults));
                table.finish();
                match kind {
                    Some((kind, kind_origin)) => {
                        let origin = item.origin.clone();
                        let text_origin = detail_node.map_or_else(|| origin.clone(), |it| it.origin.clone());
                        let written = Written { kind, detail };
                        links.push(Link { written, kind_origin, text_origin, detail_start: 0, origin });
                    }
                    None => is_faulty = true,
                }
            }
            _ => {
                let message = format!("expected a string or a table with `type`, found {}", item.kind());
                faults.note(item.fault("B0103", message));
                is_faulty = true;
            }
        }
    }
    (!is_faulty).then_some(links)
}
