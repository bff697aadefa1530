//! `zone_balance`: whether tasks are spread evenly over zones.

use crate::conform::case::{Case, Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::deployment::zone_balance::{is_balanced, targets};
use crate::documents::json::Json;

/// More zones are no region's.
const ZONES_MAX: usize = 1000;

pub(super) fn judge(case: &mut Case<'_>, expect: Sealed<'_>, faults: &mut Faults<'_>) -> Option<Differences> {
    let mut input = case.input.required("input", faults).and_then(|it| Object::of(it, faults))?;
    let desired: Option<u32> = input.number("desired", faults);
    let zones = input.required("tasks_per_zone", faults);
    let counts = zones.and_then(|zones| numbers(zones, faults));
    if let (Some(zones), Some(counts)) = (zones, &counts)
        && counts.len() > ZONES_MAX
    {
        faults.note("B0607", zones, format!("a cluster has at most {ZONES_MAX} zones"));
        return None;
    }
    input.finish(faults);
    let (desired, counts) = (desired?, counts?);
    // Tasks that are missing, or too many, are no balance yet (semantics 1.13:
    // the counts are those of the desired tasks).
    let n_tasks: u64 = counts.iter().map(|&it| u64::from(it)).sum();
    let is_even = is_balanced(&counts) && n_tasks == u64::from(desired);
    let ((is_even, targets), expect) = expect.open((is_even, targets(desired, counts.len())));

    let mut expect = Object::of(expect, faults)?;
    let expected_even = expect.required("balanced", faults).and_then(|it| faults.flag(it));
    let expected = expect.required("target_counts_sorted", faults).and_then(|it| numbers(it, faults));
    expect.finish(faults);
    let mut differences = Differences::default();
    differences.compare("balanced", expected_even?.to_string(), is_even.to_string());
    differences.compare("target_counts_sorted", shown(&expected?), shown(&targets));
    Some(differences)
}

fn numbers(json: &Json, faults: &mut Faults<'_>) -> Option<Vec<u32>> {
    let items = faults.list(json)?;
    let read: Vec<u32> = items.iter().filter_map(|it| faults.number(it)).collect();
    (read.len() == items.len()).then_some(read)
}

fn shown(counts: &[u32]) -> String {
    counts.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}
