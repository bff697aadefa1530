//! `circuit_breaker_sequence`: at which event a breaker gives a deployment up.

use crate::conform::case::{Case, Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::deployment::circuit_breaker::{BreakerEvent, failures_after, has_tripped};
use crate::documents::json::Value;
use crate::model::deployment::{BreakerThreshold, CircuitBreaker};

const EVENTS: &[(&str, BreakerEvent)] = &[("F", BreakerEvent::TaskFailed), ("H", BreakerEvent::TaskHealthy)];

pub(super) fn judge(case: &mut Case<'_>, expect: Sealed<'_>, faults: &mut Faults<'_>) -> Option<Differences> {
    let mut input = case.input.required("input", faults).and_then(|it| Object::of(it, faults))?;
    let events = input.required("events", faults).and_then(|it| faults.list(it));
    let events = events.and_then(|items| {
        let read: Vec<_> = items.iter().filter_map(|it| faults.word(it, EVENTS)).collect();
        (read.len() == items.len()).then_some(read)
    });
    let threshold: Option<u32> = input.number("threshold", faults);
    let resets = input.optional("reset_on_healthy_task").map_or(Some(true), |it| faults.flag(it));
    input.finish(faults);
    let breaker = CircuitBreaker {
        rollback: false,
        resets_on_healthy_task: resets?,
        threshold: BreakerThreshold::Count(threshold?),
    };
    let (failed_at, expect) = expect.open(failed_at(&breaker, &events?));

    let mut expect = Object::of(expect, faults)?;
    let expected = expect.required("failed_at_event_index", faults).and_then(|it| match it.value {
        Value::Null => Some(None),
        _ => faults.number::<usize>(it).map(Some),
    });
    expect.finish(faults);
    let shown = |it: Option<usize>| it.map_or_else(|| "never".to_owned(), |it| it.to_string());
    let mut differences = Differences::default();
    differences.compare("failed_at_event_index", shown(expected?), shown(failed_at));
    Some(differences)
}

/// The position of the event, if there is one. The threshold is a count: it
/// does not depend on how many tasks are desired.
fn failed_at(breaker: &CircuitBreaker, events: &[BreakerEvent]) -> Option<usize> {
    let mut n_failures = 0;
    events.iter().position(|&event| {
        n_failures = failures_after(breaker, n_failures, event);
        has_tripped(breaker, n_failures, 0)
    })
}
