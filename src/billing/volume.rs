//! EBS volumes: what is provisioned, not what is written on it, per second and
//! at least a minute (EBS pricing; semantics 8.3). A price is of a GiB for a
//! month; how long a month is, is a choice (MODEL: 30 days). gp3 has 3000 IOPS
//! and 125 MB/s without a charge; more than that is left out.

use crate::base::{Money, SimDuration, SimTime};
use crate::billing::per_second;

/// What every volume costs at least.
pub const MINIMUM: SimDuration = SimDuration::from_secs(60);

/// Seconds billed from `measured_from` on for a volume that was there from
/// `created_at` to `deleted_at`.
pub fn billed_seconds(created_at: SimTime, deleted_at: SimTime, measured_from: SimTime) -> u64 {
    per_second::billed_seconds(MINIMUM, created_at, deleted_at, measured_from)
}

/// What so many GiB cost for so many billed seconds; `None` beyond any amount
/// that can be written.
pub fn cost(gib: u64, seconds: u64, usd_per_gib_month: Money, seconds_of_month: u64) -> Option<Money> {
    let gib_seconds = i128::from(gib).checked_mul(seconds.into())?;
    usd_per_gib_month.checked_times(gib_seconds, seconds_of_month.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_costs_its_share_of_the_month_and_a_minute_at_least() {
        let price = Money::parse_usd("0.08").unwrap();
        let month = 30 * 86_400;
        for (gib, seconds, usd) in [(30, 86_400, "0.08"), (1, month, "0.08"), (100, 0, "0"), (0, 60, "0")] {
            assert_eq!(cost(gib, seconds, price, month).unwrap().to_string(), usd);
        }
        let at = SimTime::from_millis;
        assert_eq!(billed_seconds(at(0), at(1500), at(0)), 60);
        assert_eq!(billed_seconds(at(0), at(90_001), at(0)), 91);
        assert_eq!(billed_seconds(at(0), at(90_000), at(80_000)), 10);
        assert_eq!(cost(u64::MAX, u64::MAX, price, month), None);
    }
}
