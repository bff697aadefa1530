//! `needed`: how many instances a group needs, with tasks that wait.

use crate::base::SimDuration;
use crate::conform::case::{Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::conform::resources::{read_host_ports, read_needs};
use crate::documents::json::Json;
use crate::model::capacity::ManagedScaling;
use crate::model::network::HostPort;
use crate::model::task::Needs;
use crate::scaling::capacity::WaitingGroup;
use crate::scaling::capacity::managed::{self, CapacityView, Waiting};

/// Tasks that wait, as written.
struct Written {
    count: u32,
    needs: Needs,
    host_ports: Vec<HostPort>,
    constraints: Vec<String>,
    is_distinct: bool,
}

pub(super) fn judge(
    mut input: Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let instances = input.list_or_none("instances", faults);
    let busy = instances.and_then(|it| all(it, faults, is_busy));
    let types = input.list_or_none("instance_types", faults).and_then(|it| all(it, faults, read_type));
    let waiting = input.list_or_none("provisioning", faults).and_then(|it| all(it, faults, read_waiting));
    let default = ManagedScaling::default();
    let least = input.number_or("minimum_scaling_step", default.minimum_scaling_step_size, faults);
    let most = input.number_or("maximum_scaling_step", default.maximum_scaling_step_size, faults);
    input.finish(faults);
    let (busy, types, waiting) = (busy?, types?, waiting?);
    let groups: Vec<WaitingGroup> = managed::group(waiting.iter().map(Written::waiting).collect(), &types);
    let n = |it: usize| u32::try_from(it).expect("a case has few instances");
    let view = CapacityView {
        n_in_service: n(busy.len()),
        n_busy: n(busy.iter().filter(|it| **it).count()),
        waiting: &groups,
        min_size: 0,
        max_size: u32::MAX,
        scaling: ManagedScaling {
            minimum_scaling_step_size: least?,
            maximum_scaling_step_size: most?,
            ..default
        },
        youngest_age: Some(SimDuration::FOREVER),
        n_low_points: 0,
    };
    let answer = (managed::calculated_instances(&groups).unwrap_or(0), managed::instances_needed(&view));
    let ((calculated, needed), expect) = expect.open(answer);

    let mut expect = Object::of(expect, faults)?;
    let expected = expect.number::<u32>("instances_needed", faults);
    let expected_calculated = expect.given("calculated_instances").map(|it| faults.number::<u32>(it));
    expect.finish(faults);
    let mut differences = Differences::default();
    if let Some(expected) = expected_calculated {
        differences.compare("calculated_instances", expected?.to_string(), calculated.to_string());
    }
    differences.compare("instances_needed", expected?.to_string(), needed.to_string());
    Some(differences)
}

impl Written {
    fn waiting(&self) -> Waiting<'_> {
        Waiting {
            count: self.count,
            needs: self.needs,
            host_ports: &self.host_ports,
            constraints: self.constraints.clone(),
            is_distinct: self.is_distinct,
        }
    }
}

/// Every item, or none after a fault.
fn all<'a, T>(
    items: &'a [Json],
    faults: &mut Faults<'_>,
    read: impl Fn(&'a Json, &mut Faults<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let read: Vec<_> = items.iter().map(|it| read(it, faults)).collect();
    read.into_iter().collect()
}

/// Whether an instance has a task other than those of daemons.
fn is_busy(json: &Json, faults: &mut Faults<'_>) -> Option<bool> {
    let mut instance = Object::of(json, faults)?;
    instance.optional("id").map(|it| faults.text(it));
    let tasks = instance.list_or_none("tasks", faults);
    // An instance of a placement says more than is asked here; so do the others.
    for name in
        ["az", "cpu", "memory", "gpu", "eni", "reserved_ports", "attributes", "status", "agentConnected"]
    {
        instance.optional(name);
    }
    instance.finish(faults);
    let is_daemon = |json, faults: &mut Faults<'_>| {
        let mut task = Object::of(json, faults)?;
        for name in ["service", "group"] {
            task.optional(name).map(|it| faults.text(it));
        }
        let is_daemon = task.optional("daemon").map_or(Some(false), |it| faults.flag(it));
        for name in ["cpu", "memory", "gpu", "eni", "host_ports", "desired", "protected", "constraints"] {
            task.optional(name);
        }
        task.finish(faults);
        is_daemon
    };
    let daemons = all(tasks?, faults, is_daemon)?;
    Some(daemons.iter().any(|it| !it))
}

fn read_type(json: &Json, faults: &mut Faults<'_>) -> Option<Needs> {
    let mut row = Object::of(json, faults)?;
    row.optional("name").map(|it| faults.text(it));
    let needs = read_needs(&mut row, faults);
    for name in ["id", "az", "reserved_ports", "attributes"] {
        row.optional(name);
    }
    row.finish(faults);
    needs
}

fn read_waiting(json: &Json, faults: &mut Faults<'_>) -> Option<Written> {
    let mut group = Object::of(json, faults)?;
    let count = group.number("count", faults);
    let mut task = group.required("task", faults).and_then(|it| Object::of(it, faults))?;
    let of_group = group.list_or_none("constraints", faults);
    group.finish(faults);
    let needs = read_needs(&mut task, faults);
    let host_ports = read_host_ports(&mut task, faults);
    task.optional("group").map(|it| faults.text(it));
    let of_task = task.list_or_none("constraints", faults);
    for name in ["service", "desired", "protected"] {
        task.optional(name);
    }
    task.finish(faults);
    let mut constraints = all(of_group?, faults, read_constraint)?;
    constraints.extend(all(of_task?, faults, read_constraint)?);
    constraints.sort_unstable();
    let is_distinct = constraints.iter().any(|it| it.0 == "distinctInstance");
    let constraints = constraints.into_iter().map(|it| format!("{} {}", it.0, it.1)).collect();
    Some(Written { count: count?, needs: needs?, host_ports: host_ports?, constraints, is_distinct })
}

/// Its type, and the expression if it has one.
fn read_constraint<'a>(json: &'a Json, faults: &mut Faults<'_>) -> Option<(&'a str, &'a str)> {
    let mut constraint = Object::of(json, faults)?;
    let kind = constraint.text("type", faults);
    let expression = constraint.optional("expression").map_or(Some(""), |it| faults.text(it));
    constraint.finish(faults);
    Some((kind?, expression?))
}
