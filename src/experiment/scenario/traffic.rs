//! `[service.traffic]`.

use super::service::read_load;
use super::workload::RateSpec;
use crate::base::SimDuration;
use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::{Node, Value};
use crate::model::traffic::{RoutingAlgorithm, Traffic, TrafficModel};

/// Requests a second of one service: beyond any.
pub(super) const REQUESTS_MAX: f64 = 100_000.0;
/// What a series is multiplied with: beyond any use.
const SCALE_MAX: f64 = 1e9;

/// CPU time of one answer: beyond any, as long as it may take at most.
const CPU_MS_MAX: f64 = 4e6;

/// Reads how a service's requests are answered, and how many come.
pub(super) fn read(table: &reader::Table<'_>) -> Option<(Traffic, RateSpec)> {
    let node = table.optional("traffic")?;
    let faults = table.faults();
    let fields = reader::Table::of(node, faults);
    let rate = fields.required("requests_per_second").and_then(|it| read_rate(it, faults));
    let service_time = read_time(&fields, "service_time", SimDuration::ZERO, SimDuration::ZERO);
    let concurrency = fields.integer("concurrency", 1..=u64::from(Traffic::SLOTS_MAX)).unwrap_or(16);
    let queue = fields.integer("queue", 0..=u64::from(Traffic::SLOTS_MAX)).unwrap_or(64);
    let second = SimDuration::from_secs(1);
    let timeout = read_time(&fields, "timeout", SimDuration::from_secs(60), second);
    let word = |name: &'static str, names: &[&'static str]| {
        fields.optional(name).and_then(|it| reader::word(it, names, faults)).unwrap_or(0)
    };
    let algorithms: Vec<_> = RoutingAlgorithm::NAMES.iter().map(|it| it.0).collect();
    let models: Vec<_> = TrafficModel::NAMES.iter().map(|it| it.0).collect();
    let algorithm = RoutingAlgorithm::NAMES[word("algorithm", &algorithms)].1;
    let model = TrafficModel::NAMES[word("model", &models)].1;
    let cpu_ms = fields.optional("cpu_ms_per_request").map(|it| reader::decimal(it, CPU_MS_MAX, faults));
    let cpu_us_per_request = cpu_ms.flatten().map_or(0, |it| (it * 1000.0).round() as u64);
    let fails_open = fields.flag("fail_open").unwrap_or(true);
    fields.finish();
    let slots = |it: u64| u32::try_from(it).expect("within the range");
    let (concurrency, queue) = (slots(concurrency), slots(queue));
    let traffic = Traffic {
        service_time,
        concurrency,
        queue,
        timeout,
        algorithm,
        fails_open,
        model,
        cpu_us_per_request,
    };
    Some((traffic, rate?))
}

/// A time of at most [`Traffic::TIME_MAX`].
fn read_time(
    fields: &reader::Table<'_>,
    name: &'static str,
    default: SimDuration,
    least: SimDuration,
) -> SimDuration {
    let Some(node) = fields.optional(name) else { return default };
    let Some(found) = reader::duration(node, fields.faults()) else { return default };
    if !(least..=Traffic::TIME_MAX).contains(&found) {
        let message = format!("`{name}` is {found}, expected {least} to {}", Traffic::TIME_MAX);
        fields.faults().note(node.fault("B0107", message));
        return default;
    }
    found
}

/// A number, or `{ series, per, scale, from }`, or `{ generate, per, scale }`.
fn read_rate(node: &Node, faults: &Faults) -> Option<RateSpec> {
    if matches!(node.value, Value::Number(_)) {
        let per_second = reader::decimal(node, REQUESTS_MAX, faults)?;
        return Some(RateSpec::Constant((per_second * 1e6).round() as u64));
    }
    if !matches!(node.value, Value::Table(_)) {
        let expected = "a number, or a table with `series` or `generate`";
        faults.note(node.fault("B0103", format!("expected {expected}, found {}", node.kind())));
        return None;
    }
    let table = reader::Table::of(node, faults);
    let second = SimDuration::from_secs(1);
    let per = table.optional("per").map_or(Some(second), |node| {
        let per = reader::duration(node, faults)?;
        if per == SimDuration::ZERO {
            faults.note(node.fault("B0107", "a value counts the requests of some time, not of none"));
        }
        (per > SimDuration::ZERO).then_some(per)
    });
    let scale = table.optional("scale").map_or(Some(1.0), |it| reader::decimal(it, SCALE_MAX, faults));
    let load = read_load(&table, "a rate", faults);
    table.finish();
    Some(RateSpec::Follows { load: load?, per: per?, scale_millionths: (scale? * 1e6).round() as u64 })
}
