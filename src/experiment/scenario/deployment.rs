//! How the deployments of a service go: `scheduling_strategy`,
//! `deployment_controller`, `availability_zone_rebalancing` and
//! `deployment_configuration`, in the shape of the API (CreateService,
//! DeploymentConfiguration). What a strategy does not know is a fault: it would
//! be read and change nothing.

use super::Context;
use super::hooks::read_hooks;
use crate::base::SimDuration;
use crate::base::units::Tenths;
use crate::deployment::request;
use crate::experiment::reader;
use crate::experiment::tree::{Node, Value};
use crate::model::attribute::AVAILABILITY_ZONE;
use crate::model::deployment::{
    BreakerThreshold, CircuitBreaker, DeploymentAlarms, DeploymentConfiguration, DeploymentStrategy,
    EarlySuccessCriteria, SchedulingStrategy, TrafficShare,
};
use crate::model::service::DeploymentBounds;

/// A day: the longest bake time (API DeploymentConfiguration).
const BAKE_MINUTES_MAX: u64 = 1440;
/// The smallest step of LINEAR and part of CANARY, in tenths of a percent (API
/// LinearConfiguration, CanaryConfiguration).
const STEP_MIN: u64 = 30;
const CANARY_MIN: u64 = 1;
/// Failures that a breaker may take; no service has as many tasks.
const FAILURES_MAX: u64 = 100_000;

/// What a service is, beside its tasks.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) scheduling: SchedulingStrategy,
    /// Whether its task sets are somebody else's (EXTERNAL).
    pub(super) is_external: bool,
    /// Whether requests come by a load balancer or by Service Connect.
    pub(super) has_traffic: bool,
}

/// Reads scheduling strategy and controller of a service.
pub(super) fn read_kind(table: &reader::Table<'_>, has_traffic: bool, is_fargate: bool) -> Kind {
    let faults = table.faults();
    let names: Vec<&'static str> = SchedulingStrategy::NAMES.iter().map(|it| it.0).collect();
    let node = table.optional("scheduling_strategy");
    let scheduling = node.and_then(|it| reader::word(it, &names, faults));
    let scheduling = scheduling.map_or(SchedulingStrategy::Replica, |idx| SchedulingStrategy::NAMES[idx].1);
    let controller = table.optional("deployment_controller");
    let is_external = controller.is_some_and(|it| read_controller(it, faults));
    let kind = Kind { scheduling, is_external, has_traffic };
    if let (SchedulingStrategy::Daemon, Some(node)) = (scheduling, node) {
        if is_external {
            faults.note(node.fault("B0129", "with the controller EXTERNAL there is no DAEMON"));
        }
        if is_fargate {
            faults.note(node.fault("B0129", "on Fargate there is no DAEMON: it has no instances"));
        }
        for name in ["desired_count", "placement_strategy"] {
            if let Some(node) = table.optional(name) {
                let message = format!("a DAEMON has one task on each instance, and no `{name}`");
                faults.note(node.fault("B0129", message));
            }
        }
    }
    kind
}

/// `{ type = "EXTERNAL" }`, or its type alone; whether it is EXTERNAL.
fn read_controller(node: &Node, faults: &reader::Faults) -> bool {
    const WORDS: [&str; 3] = ["ECS", "EXTERNAL", "CODE_DEPLOY"];
    let (node, idx) = match &node.value {
        Value::Table(_) => {
            let table = reader::Table::of(node, faults);
            let kind = table.required("type");
            table.finish();
            let Some(kind) = kind else { return false };
            (kind, reader::word(kind, &WORDS, faults))
        }
        _ => (node, reader::word(node, &WORDS, faults)),
    };
    if idx == Some(2) {
        let fault = node.fault("B0116", "the controller CODE_DEPLOY is not modelled");
        faults.note(fault.help("ECS with the strategy BLUE_GREEN, LINEAR or CANARY shifts traffic likewise"));
    }
    idx == Some(1)
}

/// Reads `availability_zone_rebalancing`: what is written, or ENABLED where the
/// service may be rebalanced (developer guide, service-rebalancing).
pub(super) fn read_rebalancing(table: &reader::Table<'_>, kind: Kind, bounds: DeploymentBounds) -> bool {
    let faults = table.faults();
    let reason = why_not_rebalanced(table, kind, bounds);
    let Some(node) = table.optional("availability_zone_rebalancing") else { return reason.is_none() };
    let is_enabled = reader::word(node, &["ENABLED", "DISABLED"], faults) == Some(0);
    if let (true, Some(reason)) = (is_enabled, reason) {
        faults.note(node.fault("B0129", format!("zones are not rebalanced {reason}")));
    }
    is_enabled
}

/// Why the tasks of a service are not moved for the balance of zones.
fn why_not_rebalanced(
    table: &reader::Table<'_>,
    kind: Kind,
    bounds: DeploymentBounds,
) -> Option<&'static str> {
    let constraints = table.optional("placement_constraints").map(Node::canonical).unwrap_or_default();
    if kind.scheduling == SchedulingStrategy::Daemon {
        Some("with the scheduling strategy DAEMON")
    } else if kind.is_external {
        Some("with the controller EXTERNAL")
    } else if bounds.maximum_percent <= 100 {
        Some("with a maximum of 100 percent: there is no room for a task beside the others")
    } else if constraints.contains(AVAILABILITY_ZONE) {
        Some("with a placement constraint on the zone")
    } else if table.optional("placement_strategy").is_some_and(|it| !begins_with_zones(it)) {
        Some("where spread over zones is not the first placement strategy")
    } else {
        None
    }
}

/// Whether the first strategy is spread over zones, or there is none.
fn begins_with_zones(node: &Node) -> bool {
    let first = match &node.value {
        Value::List(items) => match items.first() {
            None => return true,
            Some(first) => first,
        },
        _ => node,
    };
    let text = |node: &Node| match &node.value {
        Value::Text(text) => text.clone(),
        _ => String::new(),
    };
    let (kind, field) = match &first.value {
        Value::Table(_) => {
            let of = |name| first.get(name).map(text).unwrap_or_default();
            (of("type"), of("field"))
        }
        _ => {
            let written = text(first);
            let link = written.split(',').next().unwrap_or_default().trim();
            if link == "default" {
                return true;
            }
            let (kind, field) = link.split_once(':').unwrap_or((link, ""));
            (kind.to_owned(), field.to_owned())
        }
    };
    kind == "spread" && field.strip_prefix("attribute:").unwrap_or(&field) == AVAILABILITY_ZONE
}

/// Reads `deployment_configuration`: a table, or `"50/100"`. `None` after a
/// fault of its bounds or its strategy.
pub(super) fn read_configuration(
    node: Option<&Node>,
    kind: Kind,
    context: &Context<'_>,
) -> Option<DeploymentConfiguration> {
    let faults = context.faults;
    let default = match kind.scheduling {
        SchedulingStrategy::Replica => DeploymentBounds::DEFAULT,
        SchedulingStrategy::Daemon => DeploymentBounds::DEFAULT_DAEMON,
    };
    let Some(node) = node else { return Some(DeploymentConfiguration::rolling(default)) };
    if let Value::Text(text) = &node.value {
        let parts =
            text.split_once('/').and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
        let Some((minimum, maximum)) = parts else {
            faults.note(node.fault("B0107", format!("`{text}` is not of the form \"50/100\"")));
            return None;
        };
        return check_bounds(node, minimum, maximum, kind, faults).map(DeploymentConfiguration::rolling);
    }
    let table = reader::Table::of(node, faults);
    let minimum = table.integer("minimum_healthy_percent", 0..=1000);
    let maximum = table.integer("maximum_percent", 0..=1000);
    let bounds = check_bounds(
        node,
        minimum.unwrap_or(default.minimum_healthy_percent.into()),
        maximum.unwrap_or(default.maximum_percent.into()),
        kind,
        faults,
    );
    let strategy = read_strategy(&table, kind);
    let bake_time = minutes(&table, "bake_time_in_minutes");
    if strategy == Some(DeploymentStrategy::BlueGreen) && node.get("bake_time_in_minutes").is_none() {
        let message = "the field `bake_time_in_minutes` is missing: BLUE_GREEN does not go without";
        faults.note(node.fault("B0105", message));
    }
    let is_rolling = strategy.is_none_or(|it| it == DeploymentStrategy::Rolling);
    let circuit_breaker = table.optional("deployment_circuit_breaker").and_then(|it| {
        refuse(it, !is_rolling, "`deployment_circuit_breaker` is of the strategy ROLLING", faults);
        read_breaker(it, faults)
    });
    let alarms = table.optional("alarms").and_then(|it| read_alarms(it, context));
    let early_success = table.optional("early_success_criteria").and_then(|it| {
        refuse(it, !is_rolling, "`early_success_criteria` are of the strategy ROLLING", faults);
        read_early_success(it, minimum.unwrap_or(default.minimum_healthy_percent.into()), faults)
    });
    let hooks = table.list("lifecycle_hooks");
    if let (Some(first), true) = (hooks.first(), is_rolling) {
        let message = "`lifecycle_hooks` are of the strategies BLUE_GREEN, LINEAR and CANARY";
        refuse(first, true, message, faults);
    }
    let lifecycle_hooks = read_hooks(hooks, faults);
    table.finish();
    Some(DeploymentConfiguration {
        bounds: bounds?,
        strategy: strategy?,
        bake_time,
        circuit_breaker,
        alarms,
        early_success,
        lifecycle_hooks,
    })
}

fn refuse(node: &Node, is_wrong: bool, message: &str, faults: &reader::Faults) {
    if is_wrong {
        faults.note(node.fault("B0127", message));
    }
}

fn check_bounds(
    node: &Node,
    minimum: u64,
    maximum: u64,
    kind: Kind,
    faults: &reader::Faults,
) -> Option<DeploymentBounds> {
    let percent = |it: u64| i64::try_from(it).unwrap_or(i64::MAX);
    let (minimum, maximum) = (percent(minimum), percent(maximum));
    let checked = match kind.scheduling {
        SchedulingStrategy::Replica => request::replica_bounds(minimum, maximum),
        SchedulingStrategy::Daemon => request::daemon_bounds(minimum, maximum),
    };
    match checked {
        Ok(bounds) => Some(bounds),
        Err(found) => {
            found.into_iter().for_each(|message| faults.note(node.fault("B0107", message)));
            None
        }
    }
}

/// `strategy` with what belongs to it.
fn read_strategy(table: &reader::Table<'_>, kind: Kind) -> Option<DeploymentStrategy> {
    const WORDS: [&str; 4] = ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"];
    let faults = table.faults();
    let node = table.optional("strategy");
    let idx = match node {
        None => Some(0),
        Some(node) => reader::word(node, &WORDS, faults),
    };
    if let (Some(1..), Some(node)) = (idx, node) {
        if kind.scheduling == SchedulingStrategy::Daemon || kind.is_external {
            let what = if kind.is_external { "the controller EXTERNAL" } else { "a DAEMON" };
            faults.note(node.fault("B0129", format!("{what} goes with the strategy ROLLING alone")));
        } else if !kind.has_traffic {
            let fault = node.fault("B0127", "a service without requests has no traffic to shift");
            faults.note(fault.help("give it `load_balancers`, or `service_connect = true`"));
        }
    }
    let linear = table.optional("linear_configuration");
    let canary = table.optional("canary_configuration");
    if let Some(node) = linear {
        refuse(
            node,
            idx.is_some_and(|it| it != 2),
            "`linear_configuration` is of the strategy LINEAR",
            faults,
        );
    }
    if let Some(node) = canary {
        refuse(
            node,
            idx.is_some_and(|it| it != 3),
            "`canary_configuration` is of the strategy CANARY",
            faults,
        );
    }
    let linear = read_shift(linear, "step_percent", "step_bake_time_in_minutes", STEP_MIN, faults);
    let canary = read_shift(canary, "canary_percent", "canary_bake_time_in_minutes", CANARY_MIN, faults);
    Some(match idx? {
        0 => DeploymentStrategy::Rolling,
        1 => DeploymentStrategy::BlueGreen,
        2 => DeploymentStrategy::Linear {
            step: linear.0.unwrap_or(TrafficShare::LINEAR_DEFAULT),
            step_bake: linear.1.unwrap_or(DeploymentStrategy::LINEAR_BAKE),
        },
        _ => DeploymentStrategy::Canary {
            canary: canary.0.unwrap_or(TrafficShare::CANARY_DEFAULT),
            canary_bake: canary.1.unwrap_or(DeploymentStrategy::CANARY_BAKE),
        },
    })
}

/// A share and how long it is watched; what is not written is `None`.
fn read_shift(
    node: Option<&Node>,
    percent: &'static str,
    bake: &'static str,
    least: u64,
    faults: &reader::Faults,
) -> (Option<TrafficShare>, Option<SimDuration>) {
    let Some(node) = node else { return (None, None) };
    let table = reader::Table::of(node, faults);
    let share = table.optional(percent).and_then(|it| read_share(it, least, faults));
    let bake = minutes(&table, bake);
    table.finish();
    (share, bake)
}

fn read_share(node: &Node, least: u64, faults: &reader::Faults) -> Option<TrafficShare> {
    let Value::Number(text) = &node.value else {
        faults.note(node.fault("B0103", format!("expected a number of percent, found {}", node.kind())));
        return None;
    };
    let most = u64::from(TrafficShare::ALL.0);
    match Tenths::parse(text) {
        Some(tenths) if (least..=most).contains(&tenths.0) => {
            Some(TrafficShare(u16::try_from(tenths.0).expect("within the range")))
        }
        _ => {
            let least = Tenths(least);
            let message = format!("`{text}` is not a multiple of 0.1 from {least} to 100 percent");
            faults.note(node.fault("B0126", message));
            None
        }
    }
}

fn minutes(table: &reader::Table<'_>, name: &'static str) -> Option<SimDuration> {
    table.integer(name, 0..=BAKE_MINUTES_MAX).map(|it| SimDuration::from_secs(60 * it))
}

/// `{ enable, rollback, reset_on_healthy_task, threshold_configuration }`.
fn read_breaker(node: &Node, faults: &reader::Faults) -> Option<CircuitBreaker> {
    let table = reader::Table::of(node, faults);
    let (enable, rollback) = read_switches(&table);
    let resets = table.flag("reset_on_healthy_task").unwrap_or(true);
    let threshold = match table.optional("threshold_configuration") {
        Some(node) => read_threshold(node, faults),
        None => Some(CircuitBreaker::new(false).threshold),
    };
    table.finish();
    let breaker =
        CircuitBreaker { rollback: rollback?, resets_on_healthy_task: resets, threshold: threshold? };
    enable?.then_some(breaker)
}

/// `enable` and `rollback`, both required.
fn read_switches(table: &reader::Table<'_>) -> (Option<bool>, Option<bool>) {
    let flag = |name| table.required(name).and_then(|it| reader::flag(it, table.faults()));
    (flag("enable"), flag("rollback"))
}

/// `{ type = "COUNT", value = 5 }`.
fn read_threshold(node: &Node, faults: &reader::Faults) -> Option<BreakerThreshold> {
    let table = reader::Table::of(node, faults);
    let kind = table.required("type");
    let kind =
        kind.and_then(|it| reader::word(it, &["BOUNDED_PERCENT", "UNBOUNDED_PERCENT", "COUNT"], faults));
    let most = if kind == Some(2) { FAILURES_MAX } else { 100 };
    let value = table.required("value").and_then(|it| reader::integer(it, 1..=most, faults));
    table.finish();
    let value = u32::try_from(value?).expect("within the range");
    let percent = || u16::try_from(value).expect("within the range");
    Some(match kind? {
        0 => BreakerThreshold::BoundedPercent(percent()),
        1 => BreakerThreshold::UnboundedPercent(percent()),
        _ => BreakerThreshold::Count(value),
    })
}

/// `{ alarm_names, enable, rollback }`.
fn read_alarms(node: &Node, context: &Context<'_>) -> Option<DeploymentAlarms> {
    let faults = context.faults;
    let table = reader::Table::of(node, faults);
    table.required("alarm_names");
    let mut alarms = Vec::new();
    for node in table.list("alarm_names") {
        let Some(name) = reader::text(node, faults) else { continue };
        match context.alarm_names.iter().position(|it| *it == name) {
            Some(idx) if alarms.contains(&idx) => {
                faults.note(node.fault("B0111", format!("alarm `{name}` is given twice")));
            }
            Some(idx) => alarms.push(idx),
            None => {
                let fault = node.fault("B0117", format!("there is no alarm `{name}`"));
                faults.note(fault.help_nearest(name, context.alarm_names.iter().copied()));
            }
        }
    }
    let (enable, rollback) = read_switches(&table);
    table.finish();
    let alarms = DeploymentAlarms { alarms, rollback: rollback? };
    enable?.then_some(alarms)
}

/// `{ healthy_percent, source_service_revision_cleanup }`.
fn read_early_success(node: &Node, minimum: u64, faults: &reader::Faults) -> Option<EarlySuccessCriteria> {
    let table = reader::Table::of(node, faults);
    let percent = table.required("healthy_percent").and_then(|it| {
        let percent = reader::integer(it, 0..=100, faults)?;
        if percent < minimum {
            let message = format!("{percent} is below minimum_healthy_percent {minimum}");
            faults.note(it.fault("B0110", message));
        }
        Some(percent)
    });
    let cleanup = table.optional("source_service_revision_cleanup");
    let cleanup = cleanup.and_then(|it| reader::word(it, &["BLOCKING", "DEFERRED"], faults));
    table.finish();
    Some(EarlySuccessCriteria {
        healthy_percent: u16::try_from(percent?).expect("within the range"),
        awaits_cleanup: cleanup != Some(1),
    })
}
