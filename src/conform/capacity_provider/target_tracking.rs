//! `target_tracking`: the count that brings a service's metric to its target.

use super::bounds;
use crate::conform::case::{Differences, Sealed};
use crate::conform::decimal;
use crate::conform::reader::{Faults, Object};
use crate::scaling::service::target_tracking;

pub(super) fn judge(
    mut input: Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let running: Option<u32> = input.number("running_tasks", faults);
    let metric = input.required("metric", faults);
    let metric = metric.and_then(|it| Some((it, decimal::read(it, faults)?)));
    let target = input.required("target", faults);
    let target = target.and_then(|it| Some((it, decimal::read(it, faults)?)));
    let bounds = bounds::read(&mut input, faults);
    input.finish(faults);
    let ((metric_json, metric), (target_json, target)) = (metric?, target?);
    if target <= 0 {
        faults.note("B0607", target_json, "a target is above zero");
    }
    if metric < 0 {
        faults.note("B0607", metric_json, "no metric of a service is below zero");
    }
    let (metric, target) = (u128::try_from(metric).ok()?, u128::try_from(target).ok().filter(|it| *it > 0)?);
    let answer = target_tracking::desired_count(running?, metric, target, bounds?);
    bounds::compare_count(answer, expect, faults)
}
