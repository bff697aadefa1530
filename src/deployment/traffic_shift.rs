//! When production traffic goes to a new revision, and how much of it
//! (semantics 1.11). The first shift is at the start of the stage, each is
//! instantaneous, and shares are exact in tenths of a percent (MODEL).

use crate::base::SimDuration;
use crate::model::deployment::{DeploymentStrategy, TrafficShare};

/// From a moment on, the new revision has this share.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shift {
    /// How long after the first shift.
    pub after: SimDuration,
    /// Of the production traffic, in all.
    pub share: TrafficShare,
}

/// All shifts of a deployment in their order; the last one is to everything.
/// None for a rolling update, whose traffic goes where the healthy tasks are.
/// A step of nothing never gets there and is none (readers refuse it).
pub fn schedule(strategy: DeploymentStrategy) -> Vec<Shift> {
    let all = |after| Shift { after, share: TrafficShare::ALL };
    match strategy {
        DeploymentStrategy::Rolling => Vec::new(),
        DeploymentStrategy::BlueGreen => vec![all(SimDuration::ZERO)],
        DeploymentStrategy::Linear { step, step_bake } => {
            let n_steps = if step == TrafficShare::NONE { 1 } else { TrafficShare::ALL.0.div_ceil(step.0) };
            // 3 x 33.3 is 99.9: the rest is a step of its own.
            let share = |k: u16| TrafficShare(TrafficShare::ALL.0.min(k.saturating_mul(step.0)));
            let mut shifts: Vec<_> =
                (1..n_steps).map(|k| Shift { after: times(step_bake, k - 1), share: share(k) }).collect();
            shifts.push(all(times(step_bake, n_steps - 1)));
            shifts
        }
        // A canary of everything is one shift, with nothing to wait for.
        DeploymentStrategy::Canary { canary, .. } if canary >= TrafficShare::ALL => {
            vec![all(SimDuration::ZERO)]
        }
        DeploymentStrategy::Canary { canary, canary_bake } => {
            vec![Shift { after: SimDuration::ZERO, share: canary }, all(canary_bake)]
        }
    }
}

/// From the first shift to the clean-up, where both revisions stand together
/// for `bake` after the last one.
pub fn until_clean_up(strategy: DeploymentStrategy, bake: SimDuration) -> SimDuration {
    let last = schedule(strategy).last().map_or(SimDuration::ZERO, |it| it.after);
    SimDuration::from_millis(last.millis().saturating_add(bake.millis()))
}

fn times(duration: SimDuration, n: u16) -> SimDuration {
    SimDuration::from_millis(duration.millis().saturating_mul(n.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(n: u64) -> SimDuration {
        SimDuration::from_secs(60 * n)
    }

    fn check(strategy: DeploymentStrategy, bake: u64, shifts: &[(u64, u16)], clean_up: u64) {
        let found: Vec<_> =
            schedule(strategy).iter().map(|it| (it.after.millis() / 60_000, it.share.0)).collect();
        assert_eq!(found, shifts, "{strategy:?}");
        assert_eq!(until_clean_up(strategy, minutes(bake)), minutes(clean_up), "{strategy:?}");
    }

    fn linear(step: u16, bake: u64) -> DeploymentStrategy {
        DeploymentStrategy::Linear { step: TrafficShare(step), step_bake: minutes(bake) }
    }

    fn canary(canary: u16, bake: u64) -> DeploymentStrategy {
        DeploymentStrategy::Canary { canary: TrafficShare(canary), canary_bake: minutes(bake) }
    }

    #[test]
    fn shifts_are_the_documented_ones() {
        let tenths: Vec<_> = (0..10).map(|k| (6 * k, 100 * (k as u16 + 1))).collect();
        check(linear(100, 6), 5, &tenths, 59);
        check(linear(250, 0), 0, &[(0, 250), (0, 500), (0, 750), (0, 1000)], 0);
        check(linear(400, 1), 1, &[(0, 400), (1, 800), (2, 1000)], 3);
        check(canary(50, 10), 15, &[(0, 50), (10, 1000)], 25);
        check(DeploymentStrategy::BlueGreen, 20, &[(0, 1000)], 20);
        check(DeploymentStrategy::Rolling, 7, &[], 7);
    }

    #[test]
    fn what_is_left_of_thirds_is_a_step_of_its_own() {
        check(linear(333, 1), 0, &[(0, 333), (1, 666), (2, 999), (3, 1000)], 3);
        check(linear(334, 1), 0, &[(0, 334), (1, 668), (2, 1000)], 2);
    }

    #[test]
    fn everything_at_once_waits_for_nothing_but_the_bake_time() {
        check(linear(1000, 6), 5, &[(0, 1000)], 5);
        check(canary(1000, 10), 5, &[(0, 1000)], 5);
        check(canary(999, 10), 5, &[(0, 999), (10, 1000)], 15);
    }

    #[test]
    fn shares_only_grow_and_end_at_everything() {
        for step in 1..=1000 {
            let shifts = schedule(linear(step, 1));
            assert!(shifts.windows(2).all(|it| it[0].share < it[1].share && it[0].after < it[1].after));
            assert_eq!(shifts.last().map(|it| it.share), Some(TrafficShare::ALL), "{step}");
            assert_eq!(shifts[0].share, TrafficShare(step));
        }
    }
}
