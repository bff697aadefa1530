//! `load_balancers` of services, and `[[target_group]]`: by which container and
//! port the tasks are reached, and whether by their own address.

use std::collections::BTreeMap;

use toml::Value;

use super::arn;
use super::text::{Text, inline, shown};
use crate::documents::ecs::network::LoadBalancer;
use crate::model::container::HostSide;
use crate::model::task::TaskDefinition;

/// Of each ARN: its name here, and whether tasks are reached by address.
#[derive(Default)]
pub(super) struct TargetGroups<'a>(BTreeMap<&'a str, (String, bool)>);

/// Target groups of one service (developer guide, register-multiple-targetgroups).
const TARGET_GROUPS_MAX: usize = 5;

/// What can be played of a service's load balancers.
pub(super) fn of_service<'a>(
    balancers: &'a [LoadBalancer],
    definition: &TaskDefinition,
    is_fargate: bool,
    groups: &mut TargetGroups<'a>,
    notes: &mut Vec<String>,
) -> Vec<Value> {
    let mut written = Vec::new();
    for balancer in balancers {
        let Some(group) = balancer.target_group_arn.as_deref().filter(|it| !it.is_empty()) else {
            let name = shown(balancer.load_balancer_name.as_deref().unwrap_or("?"));
            notes.push(format!("its classic load balancer `{name}` is left out"));
            continue;
        };
        if balancer.advanced_configuration.is_some() {
            notes.push("the alternate target group of its load balancer is left out".to_owned());
        }
        let shown_group = shown(arn::target_group(group));
        let is_ip = match is_reached_by_address(balancer, definition) {
            Ok(is_ip) => is_ip || is_fargate,
            Err(reason) => {
                notes.push(format!("its target group `{shown_group}` is left out: {reason}"));
                continue;
            }
        };
        if written.len() == TARGET_GROUPS_MAX {
            notes.push(format!(
                "its target group `{shown_group}` is left out: a service has at most {TARGET_GROUPS_MAX}"
            ));
            continue;
        }
        let Some(name) = groups.name_of(group, is_ip) else {
            notes.push(format!(
                "its target group `{shown_group}` is left out: it also has tasks of another network mode"
            ));
            continue;
        };
        written.push(inline([
            ("target_group", Some(name.into())),
            ("container_name", balancer.container_name.as_deref().map(Value::from)),
            ("container_port", balancer.container_port.map(Value::from)),
        ]));
    }
    written
}

/// Whether the container behind a load balancer has an address of its own; or
/// what it lacks.
fn is_reached_by_address(balancer: &LoadBalancer, definition: &TaskDefinition) -> Result<bool, String> {
    let name = balancer.container_name.as_deref().unwrap_or("");
    let port = balancer.container_port.and_then(|it| u16::try_from(it).ok()).filter(|it| *it > 0);
    let port = port.ok_or("it names no port of a container")?;
    let blueprint = definition.blueprint.as_deref().ok_or("the containers are not known")?;
    let named = blueprint.containers.iter().filter(|it| name.is_empty() || it.name == name);
    let mapping = named.flat_map(|it| &it.ports).find(|it| it.container_port == port);
    let mapping = mapping.ok_or_else(|| {
        let of = if name.is_empty() { String::new() } else { format!(" of container `{}`", shown(name)) };
        format!("`{}` maps no port {port}{of}", shown(&definition.name))
    })?;
    Ok(mapping.host == HostSide::OwnInterface)
}

impl<'a> TargetGroups<'a> {
    /// Its name here; `None` if it is of the other kind already.
    fn name_of(&mut self, group: &'a str, is_ip: bool) -> Option<&str> {
        if !self.0.contains_key(group) {
            let mut name = arn::target_group(group).to_owned();
            while self.0.values().any(|it| it.0 == name) {
                name.push_str("-2");
            }
            self.0.insert(group, (name, is_ip));
        }
        self.0.get(group).filter(|it| it.1 == is_ip).map(|it| it.0.as_str())
    }

    pub(super) fn write(&self, text: &mut Text) {
        for (name, is_ip) in self.0.values() {
            text.open();
            text.head("[[target_group]]");
            text.field("name", name.as_str());
            text.field("target_type", if *is_ip { "ip" } else { "instance" });
        }
    }
}
