//! Placement as written: a chain of strategies in the API's shape
//! (`[{ type = "binpack", field = "memory" }]`) or in one string
//! (`"spread:attribute:ecs.availability-zone,binpack:memory"`), constraints
//! likewise, and the capacity provider strategy.

use std::sync::Arc;

use super::{Context, Names};
use crate::base::id::CapacityProviderId;
use crate::experiment::reader;
use crate::experiment::tree::{Node, Origin, Value};
use crate::placement::constraint::{BuildError, CONSTRAINTS_MAX};
use crate::placement::constraints::CONSTRAINTS;
use crate::placement::strategies::STRATEGIES;
use crate::placement::{Chain, PlacementConstraint, PlacementStrategy};
use crate::sim::setup::Placement;

/// Whose default holds where nothing is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// RunTask.
    Standalone,
    /// A service's scheduler.
    Service,
}

/// Reads `placement_strategy`, `placement_constraints` and
/// `capacity_provider_strategy`. `None` after a fault.
pub(super) fn read_placement<'a>(
    table: &reader::Table<'a>,
    asker: Asker,
    context: &Context<'a>,
    names: &mut Names,
) -> Option<Placement> {
    let written = table.optional("placement_strategy");
    let chain = match written.map(|node| (node, is_default(node))) {
        None | Some((_, true)) => Some(match asker {
            Asker::Standalone => Chain::default_of_run_task(context.tie_break),
            Asker::Service => Chain::default_of_service(&mut names.attributes, context.tie_break),
        }),
        Some((node, false)) => read_chain(node, context, names),
    };
    let constraints = read_constraints(table.optional("placement_constraints"), context, names);
    let provider = read_provider(table.optional("capacity_provider_strategy"), context);
    let zones = Vec::new();
    Some(Placement { chain: chain?, constraints: constraints?, provider: provider?, zones })
}

/// `"default"` and an empty list name no strategy.
fn is_default(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => text == "default",
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}

/// A kind and what belongs to it, with the place of the kind and of the whole.
struct Link<'a> {
    kind: &'a str,
    detail: Option<&'a str>,
    kind_origin: Origin,
    /// Where `detail` is a string of its own; else as `origin`.
    detail_origin: Origin,
    origin: Origin,
}

fn read_chain<'a>(node: &'a Node, context: &Context<'a>, names: &mut Names) -> Option<Chain> {
    let faults = context.faults;
    let links = read_links(node, "field", faults)?;
    if links.len() > Chain::LEN_MAX {
        let message = format!("a chain has at most {} strategies, this one {}", Chain::LEN_MAX, links.len());
        faults.note(node.fault("B0112", message));
        return None;
    }
    let mut strategies: Vec<Arc<dyn PlacementStrategy>> = Vec::new();
    let n_links = links.len();
    for link in links {
        let Some(entry) = STRATEGIES.iter().find(|it| it.name.eq_ignore_ascii_case(link.kind)) else {
            let fault =
                crate::base::Diagnostic::new("B0113", format!("unknown placement strategy `{}`", link.kind))
                    .at(link.kind_origin.place())
                    .help_nearest(link.kind, STRATEGIES.iter().map(|it| it.name));
            faults.note(fault);
            continue;
        };
        match (entry.build)(link.detail, &mut names.attributes) {
            Ok(strategy) => strategies.push(strategy),
            Err(error) => {
                let message = match link.detail {
                    Some(field) => {
                        format!("`{field}` is no field of {}: expected {}", entry.name, error.expected)
                    }
                    None => format!("{} needs {}", entry.name, error.expected),
                };
                let fault = crate::base::Diagnostic::new("B0114", message).at(link.origin.place());
                faults.note(fault.help_nearest(link.detail.unwrap_or(""), error.known.iter().copied()));
            }
        }
    }
    (strategies.len() == n_links).then_some(Chain { strategies, tie_break: context.tie_break })
}

fn read_constraints<'a>(
    node: Option<&'a Node>,
    context: &Context<'a>,
    names: &mut Names,
) -> Option<Vec<Arc<dyn PlacementConstraint>>> {
    let faults = context.faults;
    let Some(node) = node else { return Some(Vec::new()) };
    let links = read_links(node, "expression", faults)?;
    if links.len() > CONSTRAINTS_MAX {
        let message = format!("a task has at most {CONSTRAINTS_MAX} constraints, this one {}", links.len());
        faults.note(node.fault("B0112", message));
        return None;
    }
    let n_links = links.len();
    let mut constraints = Vec::new();
    for link in links {
        let Some(entry) = CONSTRAINTS.iter().find(|it| it.name.eq_ignore_ascii_case(link.kind)) else {
            let fault = crate::base::Diagnostic::new(
                "B0115",
                format!("unknown placement constraint `{}`", link.kind),
            )
            .at(link.kind_origin.place())
            .help_nearest(link.kind, CONSTRAINTS.iter().map(|it| it.name));
            faults.note(fault);
            continue;
        };
        match (entry.build)(link.detail, &mut names.expressions) {
            Ok(constraint) => constraints.push(constraint),
            Err(BuildError::Expected(expected)) => {
                let message = format!("{} takes {expected}", entry.name);
                faults.note(crate::base::Diagnostic::new("B0114", message).at(link.origin.place()));
            }
            Err(BuildError::Query(error)) => {
                let place = link.detail_origin.within_text(error.start, error.end).place();
                faults.note(crate::base::Diagnostic::new(error.code, error.message).at(place));
            }
        }
    }
    (constraints.len() == n_links).then_some(constraints)
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
                        kind,
                        detail: field,
                        kind_origin: item.origin.within_text(at, at + kind.len()),
                        detail_origin: item.origin.within_text(at + kind.len(), at + trimmed.len()),
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
                let detail = table.optional(detail).and_then(|it| Some((reader::text(it, faults)?, it)));
                table.finish();
                match kind {
                    Some((kind, kind_origin)) => {
                        links.push(Link {
                            kind,
                            detail: detail.map(|it| it.0),
                            kind_origin,
                            detail_origin: detail.map_or(&item.origin, |it| &it.1.origin).clone(),
                            origin: item.origin.clone(),
                        });
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

/// The one provider of the strategy, by name; the first where none is named.
fn read_provider(node: Option<&Node>, context: &Context<'_>) -> Option<CapacityProviderId> {
    let providers = context.providers?;
    let Some(node) = node else { return providers.ids().next() };
    let faults = context.faults;
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let [item] = items else {
        let message = format!(
            "expected one capacity provider, found {}: base and weight over several are not modelled yet",
            items.len()
        );
        faults.note(node.fault("B0116", message));
        return None;
    };
    let name_node = if matches!(item.value, Value::Text(_)) {
        Some(item)
    } else {
        let table = reader::Table::of(item, faults);
        table.integer("weight", 0..=1000);
        table.integer("base", 0..=100_000);
        let name = table.required("capacity_provider");
        table.finish();
        name
    }?;
    let name = reader::text(name_node, faults)?;
    let found = providers.iter().find(|(_, it)| it.name == name).map(|(id, _)| id);
    if found.is_none() {
        let fault = name_node.fault("B0117", format!("there is no capacity provider `{name}`"));
        faults.note(fault.help_nearest(name, providers.rows().iter().map(|it| it.name.as_str())));
    }
    found
}
