//! `[[scaling_policy]]`, in the shapes of Application Auto Scaling's
//! PutScalingPolicy. The fields of its configuration may also stand in the
//! policy itself.

use super::Context;
use super::event::service_of;
use super::workload::ServiceSpec;
use crate::base::SimDuration;
use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::{Node, Value};
use crate::model::deployment::SchedulingStrategy;
use crate::model::options::ModelOptions;
use crate::model::scaling::{
    AdjustmentType, Comparison, PolicyKind, ScalingMetric, ScalingPolicy, StepAdjustment, StepAlarm,
    StepScaling, TargetTracking,
};
use crate::scaling::service::POLICY_TYPES;
use crate::scaling::service::step::{StepFault, ordered};
use crate::sim::setup::ServicePolicy;

/// A target or threshold: beyond any.
const VALUE_MAX: f64 = 1e9;
/// Tasks or percent of a step: beyond any use.
const ADJUSTMENT_MAX: f64 = 100_000.0;
/// Points of an alarm (CloudWatch: periods of less than an hour together are at
/// most a day).
const EVALUATION_PERIODS_MAX: u64 = 1440;
/// Scaling policies of one scalable target (Application Auto Scaling quotas: 50).
const POLICIES_MAX: usize = 50;
const MINUTE: SimDuration = SimDuration::from_secs(60);
/// What a metric of ECS is published in where it is a high-resolution one
/// (developer guide, target-tracking-faster-auto-scaling).
const HIGH_RESOLUTION: SimDuration = SimDuration::from_secs(20);
/// Periods of a metric below a minute (API PutMetricAlarm).
const SHORT_PERIODS: [SimDuration; 3] =
    [SimDuration::from_secs(10), HIGH_RESOLUTION, SimDuration::from_secs(30)];

/// API PredefinedScalingMetricSpecification, with the length of a point.
const METRIC_TYPES: &[(&str, ScalingMetric, SimDuration)] = &[
    ("ECSServiceAverageCPUUtilization", ScalingMetric::CpuUtilization, MINUTE),
    ("ECSServiceAverageMemoryUtilization", ScalingMetric::MemoryUtilization, MINUTE),
    ("ECSServiceAverageCPUUtilizationHighResolution", ScalingMetric::CpuUtilization, HIGH_RESOLUTION),
    ("ECSServiceAverageMemoryUtilizationHighResolution", ScalingMetric::MemoryUtilization, HIGH_RESOLUTION),
    ("ALBRequestCountPerTarget", ScalingMetric::RequestCountPerTarget, MINUTE),
];

/// The metrics of an alarm, as CloudWatch calls them.
const ALARM_METRICS: &[(&str, ScalingMetric)] = &[
    ("CPUUtilization", ScalingMetric::CpuUtilization),
    ("MemoryUtilization", ScalingMetric::MemoryUtilization),
    ("RequestCountPerTarget", ScalingMetric::RequestCountPerTarget),
];

/// Reads all policies and gives them to their services; faulty ones are left
/// out, and there is no setup then.
pub(super) fn read_all(
    items: &[Node],
    written_services: &[Node],
    services: &mut [(ServicePolicy, ServiceSpec)],
    options: &ModelOptions,
    context: &Context<'_>,
) {
    let faults = context.faults;
    for node in items {
        let table = reader::Table::of(node, faults);
        let service =
            table.required("service").and_then(|it| service_of(it, written_services, services, context));
        let policy = read(&table, options);
        table.finish();
        let Some(service) = service else { continue };
        let (setup, spec) = &mut services[service];
        if setup.scheduling == SchedulingStrategy::Daemon {
            let message =
                format!("`{}` is a DAEMON: one task on each instance, and nothing to scale", setup.name);
            faults.note(node.fault("B0132", message));
            continue;
        }
        let Some(policy) = policy else { continue };
        check_metric(node, &policy, setup, spec, faults);
        let Some(scaling) = &mut setup.scaling else {
            // One that is there and has a fault has been told.
            if spec.written.node.get("scalable_target").is_none() {
                let message = format!("the service `{}` has no `scalable_target`", setup.name);
                let help = "`scalable_target = { min_capacity = 1, max_capacity = 10 }` in its `[[service]]`";
                faults.note(node.fault("B0132", message).help(help));
            }
            continue;
        };
        if scaling.policies.iter().any(|it| it.name == policy.name) {
            let message = format!("scaling policy `{}` of `{}` is given twice", policy.name, setup.name);
            faults.note(node.fault("B0111", message));
        }
        if scaling.policies.len() == POLICIES_MAX {
            let message = format!("a service has at most {POLICIES_MAX} scaling policies");
            faults.note(node.fault("B0107", message));
        }
        scaling.policies.push(policy);
    }
}

fn read(table: &reader::Table<'_>, options: &ModelOptions) -> Option<ScalingPolicy> {
    let faults = table.faults();
    let node = table.node();
    let names = [table.optional("policy_name"), table.optional("name")];
    if let [Some(_), Some(second)] = names {
        faults.note(second.fault("B0111", "a policy has a `policy_name` or a `name`, not both"));
    }
    let name = names.into_iter().flatten().next().map(|it| {
        let name = reader::text(it, faults)?;
        if name.is_empty() {
            faults.note(it.fault("B0109", "a policy has a name that is not empty"));
        }
        Some(name)
    });
    let types: Vec<&'static str> = POLICY_TYPES.iter().map(|it| it.name).collect();
    let written = table.optional("policy_type").map(|it| reader::word(it, &types, faults));
    let [tracking, step] = [0, 1].map(|idx: usize| table.optional(POLICY_TYPES[idx].configuration));
    let idx = match (written, tracking, step) {
        (Some(idx), _, _) => idx,
        // What is there tells, in the shorthand too.
        (None, Some(_), None) => Some(0),
        (None, None, Some(_)) => Some(1),
        (None, None, None) if node.get("target_value").is_some() => Some(0),
        (None, None, None) if node.get("step_adjustments").is_some() => Some(1),
        _ => {
            faults.note(node.fault("B0105", format!("a policy has a `policy_type`: {}", types.join(" or "))));
            None
        }
    };
    let Some(idx) = idx else {
        // What belongs to one kind is known, and told no second time.
        for field in TRACKING_FIELDS.iter().chain(STEP_FIELDS) {
            table.optional(field);
        }
        return None;
    };
    if let Some(other) = [step, tracking][idx] {
        let message = format!("a policy of type {} has no such configuration", types[idx]);
        faults.note(other.fault("B0105", message));
    }
    let nested = [tracking, step][idx].map(|it| reader::Table::of(it, faults));
    let fields = nested.as_ref().unwrap_or(table);
    let read = match idx {
        0 => read_tracking(fields),
        _ => read_step(fields),
    };
    if let Some(nested) = nested {
        nested.finish();
    }
    let name = match name {
        Some(name) => name?.to_owned(),
        None => format!("policy-{}", node.get("service").and_then(text_of).unwrap_or_default()),
    };
    let (metric, period, kind) = read?;
    let delay = if period < MINUTE { options.high_resolution_metric_delay } else { options.metric_delay };
    Some(ScalingPolicy { name, metric, period, delay, kind })
}

fn text_of(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

const TRACKING_FIELDS: &[&str] = &[
    "target_value",
    "predefined_metric_specification",
    "predefined_metric_type",
    "customized_metric_specification",
    "metric_resolution",
    "scale_out_cooldown",
    "scale_in_cooldown",
    "disable_scale_in",
];

const STEP_FIELDS: &[&str] = &[
    "adjustment_type",
    "step_adjustments",
    "min_adjustment_magnitude",
    "cooldown",
    "metric_aggregation_type",
    "alarm",
];

/// API TargetTrackingScalingPolicyConfiguration.
fn read_tracking(table: &reader::Table<'_>) -> Option<(ScalingMetric, SimDuration, PolicyKind)> {
    let faults = table.faults();
    let target = table.required("target_value").and_then(|it| {
        let target = (reader::decimal(it, VALUE_MAX, faults)? * 1000.0).round() as u64;
        if target == 0 {
            faults.note(it.fault("B0107", "the target is less than a thousandth"));
        }
        (target > 0).then_some(target)
    });
    if let Some(node) = table.optional("customized_metric_specification") {
        let message = "metrics of one's own are not modelled: there is nobody who publishes them";
        faults.note(node.fault("B0116", message));
    }
    let specification = table.optional("predefined_metric_specification");
    let nested = specification.map(|it| reader::Table::of(it, faults));
    let written = match &nested {
        Some(it) => {
            it.text("resource_label");
            it.required("predefined_metric_type")
        }
        None if table.node().get("customized_metric_specification").is_some() => None,
        None => table.required("predefined_metric_type"),
    };
    if let Some(nested) = nested {
        nested.finish();
    }
    let types: Vec<&'static str> = METRIC_TYPES.iter().map(|it| it.0).collect();
    let found = written.and_then(|it| reader::word(it, &types, faults));
    let resolution = table.optional("metric_resolution").map(|it| read_period(it, faults));
    if let (Some(idx), Some(node)) = (found, table.node().get("metric_resolution"))
        && METRIC_TYPES[idx].1 == ScalingMetric::RequestCountPerTarget
    {
        let message = "load balancers publish their metrics by the minute, at no other resolution";
        faults.note(node.fault("B0133", message));
    }
    let scale_out_cooldown = table.duration("scale_out_cooldown").unwrap_or(TargetTracking::COOLDOWN);
    let scale_in_cooldown = table.duration("scale_in_cooldown").unwrap_or(TargetTracking::COOLDOWN);
    let disable_scale_in = table.flag("disable_scale_in").unwrap_or(false);
    let (_, metric, period) = METRIC_TYPES[found?];
    let period = match resolution {
        Some(resolution) => resolution?,
        None => period,
    };
    let tracking =
        TargetTracking { target_value: target?, scale_out_cooldown, scale_in_cooldown, disable_scale_in };
    Some((metric, period, PolicyKind::TargetTracking(tracking)))
}

/// 10, 20 or 30 seconds, or minutes.
fn read_period(node: &Node, faults: &Faults) -> Option<SimDuration> {
    let period = reader::duration(node, faults)?;
    let is_minutes = period >= MINUTE && period.millis().is_multiple_of(MINUTE.millis());
    if !is_minutes && !SHORT_PERIODS.contains(&period) {
        let message = format!("{period} is no period of a metric: 10, 20 or 30 seconds, or whole minutes");
        faults.note(node.fault("B0135", message));
        return None;
    }
    Some(period)
}

/// API StepScalingPolicyConfiguration, with the alarm that invokes it.
fn read_step(table: &reader::Table<'_>) -> Option<(ScalingMetric, SimDuration, PolicyKind)> {
    let faults = table.faults();
    let word_of = |node: &Node, names: &[(&'static str, AdjustmentType)]| {
        let words: Vec<&'static str> = names.iter().map(|it| it.0).collect();
        reader::word(node, &words, faults).map(|it| names[it].1)
    };
    let adjustment_type = table.required("adjustment_type").and_then(|it| word_of(it, AdjustmentType::NAMES));
    let items = table.list("step_adjustments");
    let steps: Vec<StepAdjustment> = items.iter().filter_map(|it| read_adjustment(it, faults)).collect();
    let steps = match (steps.len() == items.len()).then(|| ordered(&steps)) {
        None => None,
        Some(Ok(steps)) => Some(steps),
        Some(Err(fault)) => {
            note_step_fault(table.node(), items, fault, faults);
            None
        }
    };
    let min_adjustment_magnitude = table.optional("min_adjustment_magnitude").map(|node| {
        if adjustment_type.is_some_and(|it| it != AdjustmentType::PercentChangeInCapacity) {
            let message = "only a PercentChangeInCapacity has a least magnitude";
            faults.note(node.fault("B0135", message));
        }
        reader::integer(node, 1..=ADJUSTMENT_MAX as u64, faults)
    });
    let cooldown = table.duration("cooldown").unwrap_or(TargetTracking::COOLDOWN);
    if let Some(node) = table.optional("metric_aggregation_type")
        && reader::word(node, &["Average", "Minimum", "Maximum"], faults).is_some_and(|it| it > 0)
    {
        let message = "the metric of a service is known as the average of its tasks alone";
        faults.note(node.fault("B0116", message));
    }
    let alarm = table.required("alarm").and_then(|it| read_alarm(it, faults));
    let magnitude = match min_adjustment_magnitude {
        Some(it) => Some(u32::try_from(it?).expect("within the range")),
        None => None,
    };
    let (metric, period, alarm) = alarm?;
    let policy = StepScaling {
        adjustment_type: adjustment_type?,
        steps: steps?,
        min_adjustment_magnitude: magnitude,
        cooldown,
        alarm,
    };
    Some((metric, period, PolicyKind::StepScaling(policy)))
}

fn read_adjustment(node: &Node, faults: &Faults) -> Option<StepAdjustment> {
    let table = reader::Table::of(node, faults);
    let [lower, upper] = ["metric_interval_lower_bound", "metric_interval_upper_bound"]
        .map(|name| table.optional(name).map(|it| signed(it, VALUE_MAX, faults)));
    let adjustment = table.required("scaling_adjustment").and_then(|it| {
        let adjustment = signed(it, ADJUSTMENT_MAX, faults)?;
        if adjustment % 1000 != 0 {
            faults.note(it.fault("B0107", "an adjustment is a whole number of tasks or percent"));
        }
        Some(adjustment / 1000)
    });
    table.finish();
    let bound = |it: Option<Option<i64>>| match it {
        Some(it) => it.map(|it| Some(i128::from(it))),
        None => Some(None),
    };
    Some(StepAdjustment { lower: bound(lower)?, upper: bound(upper)?, adjustment: adjustment? })
}

/// A number of either sign, in thousandths.
fn signed(node: &Node, most: f64, faults: &Faults) -> Option<i64> {
    let Value::Number(text) = &node.value else {
        faults.note(node.fault("B0103", format!("expected a number, found {}", node.kind())));
        return None;
    };
    match text.parse::<f64>() {
        Ok(number) if (-most..=most).contains(&number) => Some((number * 1000.0).round() as i64),
        _ => {
            faults.note(node.fault("B0107", format!("`{text}` is not a number from -{most} to {most}")));
            None
        }
    }
}

fn note_step_fault(node: &Node, items: &[Node], fault: StepFault, faults: &Faults) {
    let nth = |idx: usize| idx + 1;
    let (idx, message) = match fault {
        StepFault::Missing => {
            faults.note(node.fault("B0105", "a step scaling policy has `step_adjustments`"));
            return;
        }
        StepFault::Empty(idx) => (idx, "a step that ends no higher than it begins".to_owned()),
        StepFault::OpenBelow(idx) => (idx, "a second step without a lower bound".to_owned()),
        StepFault::OpenAbove(idx) => (idx, "a second step without an upper bound".to_owned()),
        StepFault::Overlap(one, other) => (other, format!("steps {} and {} overlap", nth(one), nth(other))),
        StepFault::Gap(one, other) => {
            (other, format!("steps {} and {} leave a gap between them", nth(one), nth(other)))
        }
    };
    let help = "a step reaches from its lower to its upper bound, each next one begins where the last ends";
    faults.note(items[idx].fault("B0134", message).help(help));
}

/// `{ metric, threshold, comparison, period, evaluation_periods }`.
fn read_alarm(node: &Node, faults: &Faults) -> Option<(ScalingMetric, SimDuration, StepAlarm)> {
    let table = reader::Table::of(node, faults);
    let metrics: Vec<&'static str> = ALARM_METRICS.iter().map(|it| it.0).collect();
    let metric = table.required("metric").and_then(|it| reader::word(it, &metrics, faults));
    let threshold = table.required("threshold").and_then(|it| {
        let threshold = signed(it, VALUE_MAX, faults)?;
        let read = u64::try_from(threshold).ok();
        if read.is_none() {
            faults.note(it.fault("B0107", "a threshold is not negative: no metric ever is"));
        }
        read
    });
    let comparisons: Vec<&'static str> = Comparison::NAMES.iter().map(|it| it.0).collect();
    let comparison =
        table.optional("comparison").map_or(Some(0), |it| reader::word(it, &comparisons, faults));
    let period = table.optional("period").map_or(Some(MINUTE), |it| read_period(it, faults));
    let evaluation_periods = match table.optional("evaluation_periods") {
        Some(node) => reader::integer(node, 1..=EVALUATION_PERIODS_MAX, faults),
        None => Some(1),
    };
    table.finish();
    let metric = ALARM_METRICS[metric?].1;
    if metric == ScalingMetric::RequestCountPerTarget && period.is_some_and(|it| it < MINUTE) {
        let message = "load balancers publish their metrics by the minute, at no other resolution";
        faults.note(node.fault("B0133", message));
    }
    let alarm = StepAlarm {
        threshold: threshold?,
        comparison: Comparison::NAMES[comparison?].1,
        evaluation_periods: u32::try_from(evaluation_periods?).expect("within the range"),
    };
    Some((metric, period?, alarm))
}

/// A metric has something that makes it.
fn check_metric(
    node: &Node,
    policy: &ScalingPolicy,
    setup: &ServicePolicy,
    spec: &ServiceSpec,
    faults: &Faults,
) {
    let asks_cpu = setup.traffic.is_some_and(|it| it.cpu_us_per_request > 0);
    let (is_made, message, help) = match policy.metric {
        ScalingMetric::CpuUtilization => (
            asks_cpu || spec.cpu_load.is_some(),
            "nothing says what CPU the tasks of",
            "`cpu_ms_per_request` in its `traffic`, or `load = { cpu_units = … }`",
        ),
        ScalingMetric::MemoryUtilization => (
            spec.memory_load.is_some(),
            "nothing says what memory the tasks of",
            "`load = { memory_mib = … }` in its `[[service]]`",
        ),
        ScalingMetric::RequestCountPerTarget => (
            setup.traffic.is_some() && !setup.load_balancers.is_empty(),
            "no load balancer counts requests to",
            "`load_balancers` and `traffic` in its `[[service]]`",
        ),
    };
    if !is_made {
        let end = if policy.metric == ScalingMetric::RequestCountPerTarget { "" } else { " use" };
        let message = format!("{message} `{}`{end}", setup.name);
        faults.note(node.fault("B0133", message).help(help));
    }
}
