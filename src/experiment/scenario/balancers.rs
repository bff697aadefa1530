//! `load_balancers` of a service: which target groups its tasks join, and by
//! which container and port (API LoadBalancer).

use super::Context;
use crate::experiment::reader;
use crate::sim::setup::ServiceLoadBalancer;

/// Target groups of one service (developer guide, register-multiple-targetgroups).
const TARGET_GROUPS_MAX: usize = 5;

/// Reads the list; faulty ones are left out.
pub(super) fn read(table: &reader::Table<'_>, context: &Context<'_>) -> Vec<ServiceLoadBalancer> {
    let faults = context.faults;
    let items = table.list("load_balancers");
    if items.len() > TARGET_GROUPS_MAX {
        let message =
            format!("a service has at most {TARGET_GROUPS_MAX} target groups, this one {}", items.len());
        faults.note(items[TARGET_GROUPS_MAX].fault("B0112", message));
    }
    let mut found = Vec::new();
    for node in items {
        let table = reader::Table::of(node, faults);
        let target_group = table.required("target_group").and_then(|node| {
            let name = reader::text(node, faults)?;
            let groups = &context.network?.target_groups;
            let position = groups.iter().position(|it| it.name == name);
            if position.is_none() {
                let fault = node.fault("B0117", format!("there is no target group `{name}`"));
                faults.note(fault.help_nearest(name, groups.iter().map(|it| it.name.as_str())));
            }
            position
        });
        let container_name = table.text("container_name").unwrap_or("").to_owned();
        let port = table.required("container_port").and_then(|it| reader::integer(it, 1..=65_535, faults));
        table.finish();
        if let (Some(target_group), Some(port)) = (target_group, port) {
            let container_port = u16::try_from(port).expect("within the range");
            found.push(ServiceLoadBalancer { target_group, container_name, container_port });
        }
    }
    found
}
