//! `[[alarm]]`: a CloudWatch alarm that deployments heed, in ALARM when
//! somebody wrote it down or when a metric of a service says so.

use super::Context;
use super::event::service_of;
use super::workload::ServiceSpec;
use crate::base::id::{Id as _, ServiceId};
use crate::base::{SimDuration, SimTime};
use crate::experiment::reader;
use crate::experiment::tree::{Node, Value};
use crate::model::deployment::{Alarm, AlarmMetric, AlarmSource};
use crate::sim::setup::ServicePolicy;

/// Beyond any threshold of what is looked at.
const THRESHOLD_MAX: f64 = 1e9;
/// A day of minutes (CloudWatch: period and evaluation periods together are at
/// most a day for most alarms).
const EVALUATION_PERIODS_MAX: u64 = 1440;

/// The names of all alarms that are written, in their order: a service may name
/// one that has a fault. One without a name has an empty one.
pub(super) fn names_of(items: &[Node]) -> Vec<&str> {
    fn text(node: &Node) -> &str {
        match node.get("name").map(|it| &it.value) {
            Some(Value::Text(name)) => name,
            _ => "",
        }
    }
    items.iter().map(text).collect()
}

/// Reads all alarms; faulty ones are left out, and there is no setup then.
pub(super) fn read_all(
    items: &[Node],
    written_services: &[Node],
    services: &[(ServicePolicy, ServiceSpec)],
    context: &Context<'_>,
) -> Vec<Alarm> {
    let mut alarms: Vec<Alarm> = Vec::new();
    for node in items {
        let Some(alarm) = read(node, written_services, services, context) else { continue };
        if alarms.iter().any(|it| it.name == alarm.name) {
            context.faults.note(node.fault("B0111", format!("alarm `{}` is given twice", alarm.name)));
        }
        alarms.push(alarm);
    }
    alarms
}

fn read(
    node: &Node,
    written_services: &[Node],
    services: &[(ServicePolicy, ServiceSpec)],
    context: &Context<'_>,
) -> Option<Alarm> {
    let faults = context.faults;
    let table = reader::Table::of(node, faults);
    let name = table.required("name").and_then(|it| {
        let name = reader::text(it, faults)?;
        if name.is_empty() {
            faults.note(it.fault("B0109", "an alarm has a name that is not empty"));
        }
        Some(name.to_owned())
    });
    let source = match (table.optional("in_alarm"), table.optional("metric")) {
        (Some(_), None) => Some(AlarmSource::Windows(read_windows(table.list("in_alarm"), faults))),
        (None, Some(metric)) => read_metric(&table, metric, written_services, services, context),
        _ => {
            let expected = "an alarm goes off `in_alarm`, or by a `metric` of a `service`";
            faults.note(node.fault("B0105", expected));
            // What belongs to a metric is known, and told no second time.
            for name in ["service", "threshold", "period", "evaluation_periods"] {
                table.optional(name);
            }
            None
        }
    };
    table.finish();
    Some(Alarm { name: name?, source: source? })
}

/// `[{ from = "6h", to = "6h30m" }]`, in the order of time.
fn read_windows(items: &[Node], faults: &reader::Faults) -> Vec<(SimTime, SimTime)> {
    let mut windows = Vec::new();
    for node in items {
        let table = reader::Table::of(node, faults);
        let moment = |name| {
            let duration = table.required(name).and_then(|it| reader::duration(it, faults));
            duration.map(|it| SimTime::ZERO + it)
        };
        let (from, to) = (moment("from"), moment("to"));
        table.finish();
        let (Some(from), Some(to)) = (from, to) else { continue };
        if from >= to {
            faults.note(node.fault("B0110", "an alarm that ends no later than it begins"));
        }
        windows.push((from, to));
    }
    windows.sort_unstable();
    windows
}

/// `service`, `metric`, `threshold`, `period`, `evaluation_periods`.
fn read_metric(
    table: &reader::Table<'_>,
    metric: &Node,
    written_services: &[Node],
    services: &[(ServicePolicy, ServiceSpec)],
    context: &Context<'_>,
) -> Option<AlarmSource> {
    let faults = context.faults;
    let names: Vec<&'static str> = AlarmMetric::NAMES.iter().map(|it| it.0).collect();
    let metric = reader::word(metric, &names, faults);
    let service =
        table.required("service").and_then(|it| service_of(it, written_services, services, context));
    let threshold = table.required("threshold").and_then(|it| read_threshold(it, faults));
    let period = match table.optional("period") {
        Some(node) => reader::duration(node, faults).filter(|period| {
            if *period == SimDuration::ZERO {
                faults.note(node.fault("B0106", "a period of no time has no value"));
            }
            *period > SimDuration::ZERO
        }),
        None => Some(SimDuration::from_secs(60)),
    };
    let evaluation_periods = match table.optional("evaluation_periods") {
        Some(node) => reader::integer(node, 1..=EVALUATION_PERIODS_MAX, faults),
        None => Some(1),
    };
    Some(AlarmSource::Metric {
        service: ServiceId::from_idx(service?),
        metric: AlarmMetric::NAMES[metric?].1,
        threshold_thousandths: threshold?,
        period: period?,
        evaluation_periods: u32::try_from(evaluation_periods?).expect("within the range"),
    })
}

/// A number that may be zero, in thousandths.
fn read_threshold(node: &Node, faults: &reader::Faults) -> Option<u64> {
    let Value::Number(text) = &node.value else {
        faults.note(node.fault("B0103", format!("expected a number, found {}", node.kind())));
        return None;
    };
    match text.parse::<f64>() {
        Ok(number) if (0.0..=THRESHOLD_MAX).contains(&number) => Some((number * 1000.0).round() as u64),
        _ => {
            faults.note(node.fault("B0107", format!("`{text}` is not a number from 0 to {THRESHOLD_MAX}")));
            None
        }
    }
}
