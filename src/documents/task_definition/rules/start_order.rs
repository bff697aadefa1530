//! What containers say of each other: links and dependencies.

use super::super::choices::{Condition, NetworkMode};
use super::super::shapes::TaskDefinition;
use super::{Report, Rule, container_idx, containers, named, quoted, root, text};

/// TD-20: on Fargate TD-29 speaks.
pub(super) const LINKS: Rule = Rule {
    id: "TD-20",
    code: "B0320",
    words: "`links` are for bridge mode, name containers of the task and form no cycle",
    check: check_links,
};

fn check_links(definition: &TaskDefinition, report: &mut Report<'_, '_>) {
    if definition.is_for_fargate() {
        return;
    }
    // An unknown mode is TD-15's, Windows' own goes by another name.
    let is_bridge =
        matches!(definition.network_mode(), None | Some(NetworkMode::Bridge | NetworkMode::Other(_)));
    let names_are_known = are_names_known(definition, report);
    let mut edges: Vec<Vec<usize>> = Vec::new();
    for (at, container) in containers(definition) {
        if !is_bridge && !container.links.is_empty() {
            let message = format!("{} has links, which are for the network mode bridge", named(container));
            report.fault(at.key("links"), message);
        }
        let mut targets = Vec::new();
        for (idx, link) in container.links.iter().enumerate() {
            let name = link.split(':').next().unwrap_or("");
            match container_idx(definition, name) {
                Some(target) => targets.push(target),
                None if is_bridge && names_are_known => {
                    let message =
                        format!("{} links to {}, which is no container", named(container), quoted(name));
                    let field = at.key("links");
                    report.fault_seen_at(field.clone(), &field.idx(idx), None, message);
                }
                None => (),
            }
        }
        edges.push(targets);
    }
    if is_bridge && has_cycle(&edges) {
        let message = "the links of the containers form a cycle";
        let says = "Container links should not have a cycle";
        report.fault_saying(root().key("containerDefinitions"), message, says);
    }
}

/// TD-21 (API ContainerDependency).
pub(super) const DEPENDS_ON: Rule = Rule {
    id: "TD-21",
    code: "B0321",
    words: "`dependsOn` names containers of the task; HEALTHY needs their health check, COMPLETE and SUCCESS \
            that they are not essential; no cycle",
    check: check_depends_on,
};

fn check_depends_on(definition: &TaskDefinition, report: &mut Report<'_, '_>) {
    let names_are_known = are_names_known(definition, report);
    let list = root().key("containerDefinitions");
    let mut edges: Vec<Vec<usize>> = Vec::new();
    for (at, container) in containers(definition) {
        let mut targets = Vec::new();
        for (idx, dependency) in container.depends_on.iter().enumerate() {
            let at = at.key("dependsOn").idx(idx);
            let name = text(&dependency.container_name);
            let target = name.and_then(|it| container_idx(definition, it));
            targets.extend(target);
            if target.is_none() && names_are_known {
                let message = match name {
                    Some(name) => {
                        format!("{} depends on {}, which is no container", named(container), quoted(name))
                    }
                    None => format!("a dependency of {} names no container", named(container)),
                };
                report.fault(at.key("containerName"), message);
            }
            let on = |idx: usize| &definition.container_definitions[idx];
            let lacks_check = |idx: usize| {
                on(idx).health_check.is_none() && !report.is_malformed(&list.idx(idx).key("healthCheck"))
            };
            let message = match (&dependency.condition, target) {
                (None, _) => "a dependency without a condition".to_owned(),
                (Some(Condition::Other(other)), _) => {
                    format!("the condition {} is none of START, COMPLETE, SUCCESS, HEALTHY", quoted(other))
                }
                (Some(Condition::Healthy), Some(idx)) if lacks_check(idx) => {
                    format!("HEALTHY is awaited of {}, which has no health check", named(on(idx)))
                }
                (Some(it @ (Condition::Complete | Condition::Success)), Some(idx))
                    if on(idx).is_essential() =>
                {
                    format!("{} is awaited of {}, which is essential", it.as_str(), named(on(idx)))
                }
                _ => continue,
            };
            let says =
                "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container";
            match &dependency.condition {
                Some(Condition::Complete | Condition::Success) => {
                    report.fault_saying(at.key("condition"), message, says);
                }
                _ => report.fault(at.key("condition"), message),
            }
        }
        edges.push(targets);
    }
    if has_cycle(&edges) {
        report.fault(list, "the dependencies of the containers form a cycle");
    }
}

/// Whether every container says who it is; else nobody can be missed.
fn are_names_known(definition: &TaskDefinition, report: &Report<'_, '_>) -> bool {
    let list = root().key("containerDefinitions");
    !report.is_malformed(&list) && !containers(definition).any(|(at, _)| report.is_malformed(&at.key("name")))
}

/// Takes away who waits for nobody, until none is left or all wait for another.
fn has_cycle(edges: &[Vec<usize>]) -> bool {
    let mut is_done = vec![false; edges.len()];
    loop {
        let next = (0..edges.len()).find(|&it| !is_done[it] && edges[it].iter().all(|&to| is_done[to]));
        match next {
            Some(idx) => is_done[idx] = true,
            None => return is_done.contains(&false),
        }
    }
}
