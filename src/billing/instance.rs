//! EC2 on demand: per second from running to terminated, a fraction of a second
//! as a whole one, at least a minute a launch (EC2 billing pages).

use crate::base::{SimDuration, SimTime};
use crate::billing::per_second;

/// What every launch costs at least.
pub const MINIMUM: SimDuration = SimDuration::from_secs(60);

/// Seconds billed from `measured_from` on for an instance that was billed from
/// `launched_at` to `ended_at`. A minimum that began before `measured_from`
/// counts for what is left of it.
pub fn billed_seconds(launched_at: SimTime, ended_at: SimTime, measured_from: SimTime) -> u64 {
    per_second::billed_seconds(MINIMUM, launched_at, ended_at, measured_from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_whole_and_a_minute_is_the_least() {
        let at = SimTime::from_millis;
        for (launched, ended, measured_from, seconds) in [
            (0, 3_600_000, 0, 3600),
            (0, 12_000, 0, 60),
            (0, 0, 0, 60),
            (0, 60_001, 0, 61),
            (0, 100_000, 40_000, 60),
            (0, 10_000, 40_000, 20),
            (0, 10_000, 90_000, 0),
        ] {
            assert_eq!(billed_seconds(at(launched), at(ended), at(measured_from)), seconds);
        }
    }
}
