//! `alarm`: what a metric sets off first, and in which minute.

use super::desired_capacity::read_target;
use crate::conform::case::{Differences, Sealed};
use crate::conform::decimal;
use crate::conform::reader::{Faults, Object};
use crate::documents::json::Value;
use crate::scaling::capacity::managed::{Action, Reservation, act};

pub(super) fn judge(
    mut input: Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let target = read_target(&mut input, faults);
    let points = input.required("metric_per_minute", faults).and_then(|it| faults.list(it))?;
    let points: Vec<Option<i128>> = points.iter().map(|it| decimal::read(it, faults)).collect();
    input.finish(faults);
    let (points, target): (Vec<i128>, u32) = (points.into_iter().collect::<Option<_>>()?, target?);
    let mut n_low_points = 0;
    let mut first = None;
    for (minute, point) in points.into_iter().enumerate() {
        // Below zero is below any target.
        let numerator = point.max(0).unsigned_abs();
        let point = Reservation { numerator, denominator: decimal::ONE.unsigned_abs() };
        let (action, n) = act(n_low_points, &point, target);
        n_low_points = n;
        if let Some(action) = action {
            first = Some((action, minute));
            break;
        }
    }
    let (first, expect) = expect.open(first);

    let mut expect = Object::of(expect, faults)?;
    let null_or = |it: Option<String>| it.unwrap_or_else(|| "none".to_owned());
    let action = expect.required("first_action", faults)?;
    let minute = expect.required("minute_index", faults)?;
    expect.finish(faults);
    let action = match action.value {
        Value::Null => None,
        _ => Some(faults.word(action, &[("scale_out", "scale_out"), ("scale_in", "scale_in")])?.to_owned()),
    };
    let minute = match minute.value {
        Value::Null => None,
        _ => Some(faults.number::<usize>(minute)?.to_string()),
    };
    let name = |it| match it {
        Action::ScaleOut => "scale_out".to_owned(),
        Action::ScaleIn => "scale_in".to_owned(),
    };
    let mut differences = Differences::default();
    differences.compare("first_action", null_or(action), null_or(first.map(|it| name(it.0))));
    differences.compare("minute_index", null_or(minute), null_or(first.map(|it| it.1.to_string())));
    Some(differences)
}
