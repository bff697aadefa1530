//! The ways of requests (semantics 4.4): a load balancer that does not reach
//! tasks finds them unhealthy for ever; one that nobody reaches has healthy
//! tasks without work.

use std::ops::RangeInclusive;

use super::Lint;
use super::finding::{Draft, listed};
use super::scene::Scene;
use crate::model::network::{LoadBalancer, Protocol};
use crate::reach::Unreachable;
use crate::reach::path::{Direction, MissingRule};
use crate::sim::paths;
use crate::sim::setup::ServicePolicy;

pub(super) const LINT: Lint = Lint {
    name: "closed-ways",
    summary: "security groups or zones keep requests from a load balancer, or it from its targets",
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Draft> {
    let mut found = Vec::new();
    for revision in scene.revisions() {
        let zones = scene.zones_of(&revision);
        for balancer in &revision.policy.load_balancers {
            let group = &scene.setup.network.target_groups[balancer.target_group].name;
            let missing_in = |zone| {
                paths::missing_to_task(scene.setup, revision.policy, revision.definition, balancer, zone)
            };
            // Zones that lack the same are told together.
            let mut lacking: Vec<(Unreachable, Vec<String>)> = Vec::new();
            for &zone in &zones {
                let Some(missing) = missing_in(zone) else { continue };
                let name = scene.setup.zones[zone].clone();
                match lacking.iter_mut().find(|it| it.0 == missing) {
                    Some((_, names)) => names.push(name),
                    None => lacking.push((missing, vec![name])),
                }
            }
            for (missing, names) in lacking {
                let reason = missing.reason_code().unwrap_or_default();
                let what = format!(
                    "its tasks in {} never become healthy in target group `{group}` ({reason}) and are \
                     replaced for ever",
                    listed(&names)
                );
                let code = match missing {
                    Unreachable::Rule(_) => "B0701",
                    Unreachable::Zone { .. } => "B0702",
                };
                found.push(Draft::of_revision(code, &revision, what, help(&missing)));
            }
        }
    }
    for (service, policy) in scene.services() {
        if let Some(missing) = paths::missing_from_web(scene.setup, policy)
            && is_for_the_web(scene, policy)
        {
            let what = "its tasks become healthy, and no request from the web reaches them: clients time out";
            found.push(Draft::of_service("B0703", service, what.to_owned(), help(&missing)));
        }
    }
    found
}

/// What nobody sends requests to, and what lets somebody else in, may be meant
/// for the inside.
fn is_for_the_web(scene: &Scene<'_>, policy: &ServicePolicy) -> bool {
    let listeners =
        policy.load_balancers.iter().flat_map(|it| paths::listeners(scene.setup, it.target_group));
    let mut listeners = listeners.map(|(it, port)| lets_somebody_in(scene, it, port));
    policy.millirequests_per_second > 0 || policy.traffic.is_some() || !listeners.any(|it| it)
}

fn lets_somebody_in(scene: &Scene<'_>, balancer: &LoadBalancer, port: u16) -> bool {
    let groups = scene.setup.network.security_groups.iter();
    let rules = groups.filter(|it| balancer.security_groups.contains(&it.name)).flat_map(|it| &it.inbound);
    let mut rules = rules.filter(|it| it.protocol.is_none_or(|it| it == Protocol::Tcp));
    rules.any(|it| it.ports.contains(&port))
}

fn help(missing: &Unreachable) -> String {
    match missing {
        Unreachable::Rule(rule) => rule_to_add(rule),
        Unreachable::Zone { load_balancer, zone } => {
            format!("enable load balancer `{load_balancer}` in availability zone `{zone}`")
        }
    }
}

/// As it is written in an experiment.
fn rule_to_add(rule: &MissingRule) -> String {
    let (direction, side) = match rule.direction {
        Direction::Inbound => ("inbound", "source"),
        Direction::Outbound => ("outbound", "destination"),
    };
    let protocol = match rule.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    format!(
        "add to security group `{}` the {direction} rule {{ protocol = \"{protocol}\", ports = {}, {side} = \
         \"{}\" }}",
        rule.group,
        written(&rule.ports),
        rule.peer
    )
}

fn written(ports: &RangeInclusive<u16>) -> String {
    match ports.start() == ports.end() {
        true => ports.start().to_string(),
        false => format!("\"{}-{}\"", ports.start(), ports.end()),
    }
}
