//! `spot_interruption`: Spot capacity is taken back at a constant rate, per hour
//! of an instance or of a task on Fargate Spot. Which of them and when is drawn
//! for the n-th launch in a zone, or for the task: the same under every policy.
//!
//! MODEL (semantics 7.7): the rate is an input. The vendor's advisor publishes
//! the share of instances that were interrupted in the last month; [`Rate`]
//! turns it into a rate.

use super::{Entry, Launched, drawn};
use crate::base::{Domain, Seed, SimDuration};

/// Its line in the list.
pub const ENTRY: Entry =
    Entry { name: "spot_interruption", summary: "Spot instances and tasks are interrupted at a rate" };

/// From the notice until a Spot instance is gone (semantics 7.8).
pub const NOTICE: SimDuration = SimDuration::from_secs(120);

/// The hours of a month of the advisor: a twelfth of a year of 365 days.
const HOURS_A_MONTH: f64 = 730.0;

/// How often a machine is taken back.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rate {
    /// The mean time until the notice.
    pub mean: SimDuration,
}

impl Rate {
    /// So many interruptions in an hour of a machine; more than zero.
    pub fn per_hour(interruptions: f64) -> Self {
        Self { mean: drawn(3_600_000.0 / interruptions) }
    }

    /// At which this share of the machines, above 0 and below 1, is interrupted
    /// within a month.
    pub fn of_monthly_share(share: f64) -> Self {
        Self::per_hour(-(1.0 - share).ln() / HOURS_A_MONTH)
    }

    /// How long after its launch this instance is given notice.
    pub fn draw_instance(self, seed: Seed, of: Launched, ordinal: u32) -> SimDuration {
        let mut stream = of.stream(seed, Domain::SpotInterruption, ordinal, 1);
        drawn(stream.exponential(self.mean.millis() as f64))
    }

    /// How long after its placement a task on Fargate Spot is interrupted;
    /// `entity` names the task.
    pub fn draw_task(self, seed: Seed, entity: u64, ordinal: u32) -> SimDuration {
        let mut stream = seed.stream(Domain::TaskInterruption, entity).behind(ordinal.into());
        drawn(stream.exponential(self.mean.millis() as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::{CapacityProviderId, ZoneId};

    /// 5 % a month: one in twenty is interrupted within 730 hours, and the mean
    /// time is 730 / -ln 0.95 = 14,232 (14,231.97) hours.
    #[test]
    fn the_share_of_a_month_comes_out() {
        let rate = Rate::of_monthly_share(0.05);
        assert_eq!(rate.mean.millis() / 3_600_000, 14_231);
        let month = SimDuration::from_secs(730 * 3600);
        let n_interrupted = (0..40_000).filter(|&entity| rate.draw_task(Seed(1), entity, 0) < month).count();
        assert!((1900..2100).contains(&n_interrupted), "{n_interrupted}");
    }

    #[test]
    fn an_hourly_rate_of_two_leaves_half_an_hour() {
        let rate = Rate::per_hour(2.0);
        assert_eq!(rate.mean, SimDuration::from_secs(1800));
        let of = |launch| Launched { provider: CapacityProviderId::new(0), zone: ZoneId::new(0), launch };
        let sum: f64 = (0..20_000).map(|it| rate.draw_instance(Seed(2), of(it), 0).as_secs_f64()).sum();
        assert!((sum / 20_000.0 - 1800.0).abs() < 50.0, "{sum}");
    }
}
