//! `step_scaling`: the count that a step asks for. Steps are taken as they are:
//! whether they may be is for whoever writes a policy.

use super::bounds;
use crate::conform::case::{Differences, Sealed};
use crate::conform::decimal;
use crate::conform::reader::{Faults, Object};
use crate::documents::json::{Json, Value};
use crate::model::scaling::{AdjustmentType, StepAdjustment};
use crate::scaling::service::step::{Adjusting, desired_count};

pub(super) fn judge(
    mut input: Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let current: Option<u32> = input.number("current", faults);
    let adjustment_type = input.required("adjustment_type", faults);
    let adjustment_type = adjustment_type.and_then(|it| faults.word(it, AdjustmentType::NAMES));
    let threshold = input.required("alarm_threshold", faults).and_then(|it| decimal::read(it, faults));
    let metric = input.required("metric", faults).and_then(|it| decimal::read(it, faults));
    let steps = input.required("steps", faults).and_then(|it| faults.list(it));
    let steps = steps.and_then(|items| {
        let read: Vec<_> = items.iter().filter_map(|it| read_step(it, faults)).collect();
        (read.len() == items.len()).then_some(read)
    });
    let magnitude = match given(input.optional("min_adjustment_magnitude")) {
        Some(json) => faults.number(json).map(Some),
        None => Some(None),
    };
    let bounds = bounds::read(&mut input, faults);
    input.finish(faults);
    let steps = steps?;
    let policy =
        Adjusting { adjustment_type: adjustment_type?, steps: &steps, min_adjustment_magnitude: magnitude? };
    let answer = desired_count(current?, &policy, metric? - threshold?, bounds?);
    bounds::compare_count(answer, expect, faults)
}

fn read_step(json: &Json, faults: &mut Faults<'_>) -> Option<StepAdjustment> {
    let mut step = Object::of(json, faults)?;
    let mut bound = |key, faults: &mut Faults<'_>| match given(step.optional(key)) {
        Some(json) => decimal::read(json, faults).map(Some),
        None => Some(None),
    };
    let (lower, upper) = (bound("lower", faults), bound("upper", faults));
    let adjustment = step.number("adjustment", faults);
    step.finish(faults);
    Some(StepAdjustment { lower: lower?, upper: upper?, adjustment: adjustment? })
}

/// What is null is as good as left out.
fn given(json: Option<&Json>) -> Option<&Json> {
    json.filter(|it| !matches!(it.value, Value::Null))
}
