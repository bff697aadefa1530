//! Step scaling (API StepScalingPolicyConfiguration, StepAdjustment; Application
//! Auto Scaling user guide, step-scaling-policy-overview): how far the metric is
//! from the alarm's threshold chooses a step, and the step says by how much.

use super::{PolicyView, ServiceView, Wish};
use crate::model::scaling::{AdjustmentType, CapacityBounds, StepAdjustment, StepScaling};

/// Why steps are refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StepFault {
    /// There is none.
    Missing,
    /// This one ends no higher than it begins.
    Empty(usize),
    /// More than one is open below: this is the second of them.
    OpenBelow(usize),
    /// The same above.
    OpenAbove(usize),
    /// These two share a stretch.
    Overlap(usize, usize),
    /// Between these two is a stretch of none.
    Gap(usize, usize),
}

/// Brings steps into their order, or says what is wrong with them (API
/// StepAdjustment: no overlap, no gap, at most one open lower and one open
/// upper bound). Positions are those of the list.
///
/// # Errors
///
/// The first fault in the order of [`StepFault`].
pub fn ordered(steps: &[StepAdjustment]) -> Result<Vec<StepAdjustment>, StepFault> {
    if steps.is_empty() {
        return Err(StepFault::Missing);
    }
    let is_empty = |it: &StepAdjustment| it.lower.zip(it.upper).is_some_and(|(lower, upper)| lower >= upper);
    if let Some(idx) = steps.iter().position(is_empty) {
        return Err(StepFault::Empty(idx));
    }
    let second =
        |is_open: fn(&StepAdjustment) -> bool| steps.iter().enumerate().filter(|it| is_open(it.1)).nth(1);
    if let Some((idx, _)) = second(|it| it.lower.is_none()) {
        return Err(StepFault::OpenBelow(idx));
    }
    if let Some((idx, _)) = second(|it| it.upper.is_none()) {
        return Err(StepFault::OpenAbove(idx));
    }
    let mut order: Vec<usize> = (0..steps.len()).collect();
    // What is open below comes first: `None` is less than any number.
    order.sort_by_key(|&it| steps[it].lower);
    for pair in order.windows(2) {
        // What is open above reaches over all that begins higher.
        match (steps[pair[0]].upper, steps[pair[1]].lower) {
            (Some(end), Some(begin)) if end == begin => (),
            (Some(end), Some(begin)) if end < begin => return Err(StepFault::Gap(pair[0], pair[1])),
            _ => return Err(StepFault::Overlap(pair[0], pair[1])),
        }
    }
    Ok(order.into_iter().map(|it| steps[it]).collect())
}

/// The step of a difference between metric and threshold. From zero up a
/// step's lower bound belongs to it, below zero its upper one (documented).
pub fn find(steps: &[StepAdjustment], difference: i128) -> Option<&StepAdjustment> {
    steps.iter().find(|step| {
        let (lower, upper) = (step.lower, step.upper);
        if difference >= 0 {
            lower.is_none_or(|it| it <= difference) && upper.is_none_or(|it| difference < it)
        } else {
            lower.is_none_or(|it| it < difference) && upper.is_none_or(|it| difference <= it)
        }
    })
}

/// The count after an adjustment, before any bound. A percentage rounds towards
/// zero, but to no less than one task; then it is at least the magnitude
/// (documented). Of nothing a percentage is nothing, unless a magnitude is said.
pub fn adjusted(
    current: u32,
    adjustment_type: AdjustmentType,
    adjustment: i64,
    min_adjustment_magnitude: Option<u32>,
) -> i128 {
    let (current, adjustment) = (i128::from(current), i128::from(adjustment));
    match adjustment_type {
        AdjustmentType::ChangeInCapacity => current + adjustment,
        AdjustmentType::ExactCapacity => adjustment,
        AdjustmentType::PercentChangeInCapacity => {
            let hundredths = current * adjustment;
            let least = i128::from(hundredths != 0);
            let least = least.max(min_adjustment_magnitude.unwrap_or(0).into());
            // Division is towards zero.
            current + adjustment.signum() * (hundredths / 100).abs().max(least)
        }
    }
}

/// The count that a policy asks for at a difference, within the bounds; as it
/// is if no step matches (MODEL).
pub fn desired_count(current: u32, policy: &Adjusting<'_>, difference: i128, bounds: CapacityBounds) -> u32 {
    let Some(step) = find(policy.steps, difference) else { return current };
    let count = adjusted(current, policy.adjustment_type, step.adjustment, policy.min_adjustment_magnitude);
    bounds.clamp(u128::try_from(count).unwrap_or(0))
}

/// What of a policy says by how much.
#[derive(Clone, Copy, Debug)]
pub struct Adjusting<'a> {
    /// What an adjustment is of.
    pub adjustment_type: AdjustmentType,
    /// The steps.
    pub steps: &'a [StepAdjustment],
    /// The least change in percent.
    pub min_adjustment_magnitude: Option<u32>,
}

impl<'a> Adjusting<'a> {
    /// Of a policy.
    pub fn of(policy: &'a StepScaling) -> Self {
        Self {
            adjustment_type: policy.adjustment_type,
            steps: &policy.steps,
            min_adjustment_magnitude: policy.min_adjustment_magnitude,
        }
    }
}

/// What the policy wants now. During its scale-out cooldown what it added is
/// part of the count that a more aggressive step adds to (documented: of 3 after
/// 2 only one more is added).
pub(super) fn wish(policy: &StepScaling, of: &PolicyView<'_>, service: &ServiceView<'_>) -> Wish {
    if !of.is_new {
        return Wish::Abstain;
    }
    let alarm = &policy.alarm;
    let n = alarm.evaluation_periods as usize;
    let Some(skipped) = of.points.len().checked_sub(n) else { return Wish::Abstain };
    let breaches = |it: &Option<u64>| it.is_some_and(|it| alarm.comparison.holds(it, alarm.threshold));
    let Some(&Some(metric)) = of.points.last().filter(|_| of.points[skipped..].iter().all(breaches)) else {
        return Wish::Abstain;
    };
    let difference = i128::from(metric) - i128::from(alarm.threshold);
    let count = |from| desired_count(from, &Adjusting::of(policy), difference, service.bounds);
    let wanted = count(service.desired);
    if wanted < service.desired {
        return Wish::In(wanted);
    }
    let wanted = of.cooling.map_or(wanted, |it| count(it.from));
    if wanted > service.desired { Wish::Out(wanted) } else { Wish::Abstain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AdjustmentType::{ChangeInCapacity, ExactCapacity, PercentChangeInCapacity};

    fn step(lower: Option<i128>, upper: Option<i128>, adjustment: i64) -> StepAdjustment {
        StepAdjustment { lower, upper, adjustment }
    }

    #[test]
    fn a_bound_belongs_to_the_step_that_is_farther_from_the_threshold() {
        let above = [step(Some(0), Some(10), 1), step(Some(10), None, 3)];
        let below = [step(None, Some(-10), -2), step(Some(-10), Some(0), -1)];
        let found = |steps: &[StepAdjustment], difference| find(steps, difference).map(|it| it.adjustment);
        for (difference, adjustment) in [(0, Some(1)), (9, Some(1)), (10, Some(3)), (99, Some(3)), (-1, None)]
        {
            assert_eq!(found(&above, difference), adjustment, "{difference}");
        }
        for (difference, adjustment) in [(-1, Some(-1)), (-9, Some(-1)), (-10, Some(-2)), (-11, Some(-2))] {
            assert_eq!(found(&below, difference), adjustment, "{difference}");
        }
        assert_eq!(found(&below, 0), None, "from zero up the upper bound is outside");
    }

    #[test]
    fn percent_rounds_towards_zero_and_never_to_nothing() {
        let percent = |current, adjustment, magnitude| {
            adjusted(current, PercentChangeInCapacity, adjustment, magnitude)
        };
        for (current, adjustment, count) in [
            (4, 25, 5),
            (10, 25, 12),
            (10, 29, 12),
            (10, 9, 11),
            (10, 1, 11),
            (10, -25, 8),
            (10, -29, 8),
            (10, -3, 9),
            (10, 0, 10),
            (0, 50, 0),
            (3, -100, 0),
            (3, -200, -3),
        ] {
            assert_eq!(percent(current, adjustment, None), count, "{current} {adjustment}");
        }
        // The user guide's own example: 25 percent of four, at least two.
        assert_eq!(percent(4, 25, Some(2)), 6);
        assert_eq!(percent(100, 25, Some(2)), 125);
        assert_eq!(percent(4, -25, Some(2)), 2);
        assert_eq!(percent(0, 50, Some(2)), 2);
    }

    #[test]
    fn only_percentages_know_a_magnitude() {
        assert_eq!(adjusted(4, ChangeInCapacity, 1, Some(3)), 5);
        assert_eq!(adjusted(4, ExactCapacity, 5, Some(3)), 5);
    }

    #[test]
    fn steps_neither_overlap_nor_leave_a_gap() {
        let well = [step(Some(10), None, 3), step(Some(0), Some(10), 1), step(None, Some(0), 0)];
        let order: Vec<_> = ordered(&well).unwrap().iter().map(|it| it.adjustment).collect();
        assert_eq!(order, [0, 1, 3]);
        for (steps, fault) in [
            (vec![], StepFault::Missing),
            (vec![step(Some(5), Some(5), 1)], StepFault::Empty(0)),
            (vec![step(None, Some(1), 1), step(None, Some(2), 1)], StepFault::OpenBelow(1)),
            (vec![step(Some(1), None, 1), step(Some(2), None, 1)], StepFault::OpenAbove(1)),
            (vec![step(Some(0), Some(10), 1), step(Some(9), None, 1)], StepFault::Overlap(0, 1)),
            (vec![step(Some(0), None, 1), step(Some(10), Some(20), 1)], StepFault::Overlap(0, 1)),
            (vec![step(Some(11), None, 1), step(Some(0), Some(10), 1)], StepFault::Gap(1, 0)),
        ] {
            assert_eq!(ordered(&steps), Err(fault), "{steps:?}");
        }
    }
}
