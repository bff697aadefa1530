//! Service auto scaling as a service has it: `scalable_target`,
//! `scheduled_action` and `load`. Its policies stand beside it.

use super::Context;
use super::service::{DESIRED_MAX, read_load, read_moment};
use super::workload::{DesiredSpec, ServiceEventKind, ServiceEventSpec, ServiceSpec, UsageSpec};
use crate::base::{SimDuration, SimTime};
use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::{Node, Value};
use crate::model::scaling::{CapacityBounds, ServiceScaling};
use crate::model::workload::ServiceChangeKind;
use crate::sim::setup::ServicePolicy;

/// CPU units or MiB that a service's tasks want together: beyond any.
const USAGE_MAX: f64 = 1e12;
/// What a series is multiplied with: beyond any use.
const SCALE_MAX: f64 = 1e9;
/// How often a scheduled action comes, at the most often (EventBridge cron: a
/// minute).
const EVERY_MIN: SimDuration = SimDuration::from_secs(60);

/// `scalable_target = { min_capacity, max_capacity }`.
pub(super) fn read_target(
    table: &reader::Table<'_>,
    desired: Option<&DesiredSpec>,
) -> Option<ServiceScaling> {
    let node = table.optional("scalable_target")?;
    let faults = table.faults();
    if table.text("scheduling_strategy") == Some("DAEMON") {
        let message = "a DAEMON has one task on each instance: there is nothing to scale";
        faults.note(node.fault("B0132", message));
    }
    if matches!(desired, Some(DesiredSpec::Follows { .. })) {
        let message = "the desired count follows a load already: it is scaled by that or by policies";
        let fault = node.fault("B0131", message);
        faults.note(fault.help("give `desired_count` as a number: what the service starts with"));
    }
    let fields = reader::Table::of(node, faults);
    let [min_capacity, max_capacity] = ["min_capacity", "max_capacity"].map(|name| {
        let written = fields.required(name)?;
        reader::integer(written, 0..=DESIRED_MAX, faults).map(count)
    });
    fields.finish();
    let bounds = CapacityBounds { min_capacity: min_capacity?, max_capacity: max_capacity? };
    check_bounds(node, Some(bounds.min_capacity), Some(bounds.max_capacity), faults);
    Some(ServiceScaling { bounds, policies: Vec::new() })
}

fn count(number: u64) -> u32 {
    u32::try_from(number).expect("within the range")
}

fn check_bounds(node: &Node, min_capacity: Option<u32>, max_capacity: Option<u32>, faults: &Faults) {
    if let (Some(min), Some(max)) = (min_capacity, max_capacity)
        && min > max
    {
        let message = format!("a min_capacity of {min} is above the max_capacity of {max}");
        faults.note(node.fault("B0130", message));
    }
}

/// `load = { cpu_units, memory_mib }`: what the tasks want together.
pub(super) fn read_usage(table: &reader::Table<'_>) -> (Option<UsageSpec>, Option<UsageSpec>) {
    let Some(node) = table.optional("load") else { return (None, None) };
    let faults = table.faults();
    let fields = reader::Table::of(node, faults);
    let [cpu, memory] =
        ["cpu_units", "memory_mib"].map(|name| fields.optional(name).and_then(|it| read_amount(it, faults)));
    if node.fields().is_empty() && matches!(node.value, Value::Table(_)) {
        faults.note(node.fault("B0105", "a load says `cpu_units` or `memory_mib`"));
    }
    fields.finish();
    (cpu, memory)
}

/// A number, or `{ series, scale, from }`, or `{ generate, scale }`.
fn read_amount(node: &Node, faults: &Faults) -> Option<UsageSpec> {
    if matches!(node.value, Value::Number(_)) {
        let amount = reader::decimal(node, USAGE_MAX, faults)?;
        return Some(UsageSpec::Constant((amount * 1000.0).round() as u64));
    }
    if !matches!(node.value, Value::Table(_)) {
        let expected = "a number, or a table with `series` or `generate`";
        faults.note(node.fault("B0103", format!("expected {expected}, found {}", node.kind())));
        return None;
    }
    let table = reader::Table::of(node, faults);
    let scale = table.optional("scale").map_or(Some(1.0), |it| reader::decimal(it, SCALE_MAX, faults));
    let load = read_load(&table, "what tasks use", faults);
    table.finish();
    Some(UsageSpec::Follows { load: load?, scale_millionths: (scale? * 1e6).round() as u64 })
}

/// The `scheduled_action` of all services, each moment of each by itself.
pub(super) fn read_actions(
    written_services: &[Node],
    services: &[(ServicePolicy, ServiceSpec)],
    context: &Context<'_>,
) -> Vec<ServiceEventSpec> {
    let mut events = Vec::new();
    for node in written_services {
        let name = node.get("name").map(|it| &it.value);
        let service =
            services.iter().position(|it| matches!(name, Some(Value::Text(name)) if *name == it.0.name));
        let table = reader::Table::of(node, context.faults);
        for action in table.list("scheduled_action") {
            let read = read_action(action, node.get("scalable_target").is_some(), context);
            if let (Some(service), Some((moments, kind))) = (service, read) {
                let event = |at| ServiceEventSpec { at, service, kind: ServiceEventKind::Known(kind) };
                events.extend(moments.into_iter().map(event));
            }
        }
    }
    events
}

/// Its moments before the horizon, and what it does.
fn read_action(
    node: &Node,
    is_scaled: bool,
    context: &Context<'_>,
) -> Option<(Vec<SimTime>, ServiceChangeKind)> {
    let faults = context.faults;
    let table = reader::Table::of(node, faults);
    let at = read_moment(&table, context);
    let every = table.optional("every").map(|it| {
        let every = reader::duration(it, faults)?;
        if every < EVERY_MIN {
            faults
                .note(it.fault("B0106", format!("an action comes again after {EVERY_MIN} at the earliest")));
        }
        (every >= EVERY_MIN).then_some(every)
    });
    let [min_capacity, max_capacity] =
        ["min_capacity", "max_capacity"].map(|name| table.integer(name, 0..=DESIRED_MAX).map(count));
    if node.get("min_capacity").is_none() && node.get("max_capacity").is_none() {
        let message = "a scheduled action sets `min_capacity`, `max_capacity` or both";
        faults.note(node.fault("B0105", message));
    }
    check_bounds(node, min_capacity, max_capacity, faults);
    table.finish();
    if !is_scaled {
        faults.note(node.fault("B0132", "a scheduled action needs the `scalable_target` of its service"));
    }
    let (at, horizon) = (at?, SimTime::ZERO + context.horizon?);
    let mut moments = vec![at];
    if let Some(every) = every {
        let (mut next, every) = (at + every?, every?);
        while next < horizon {
            moments.push(next);
            next = next + every;
        }
    }
    Some((moments, ServiceChangeKind::Bounds { min_capacity, max_capacity }))
}
