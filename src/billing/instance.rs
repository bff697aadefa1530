//! EC2, on demand and Spot: per second from running to terminated, a fraction of a second
//! as a whole one, at least a minute a launch (EC2 billing pages).

use crate::base::{Money, SimDuration, SimTime};
use crate::billing::per_second;

/// What every launch costs at least.
pub const MINIMUM: SimDuration = SimDuration::from_secs(60);

/// Seconds billed from `measured_from` on for an instance that was billed from
/// `launched_at` to `ended_at`. A minimum that began before `measured_from`
/// counts for what is left of it.
pub fn billed_seconds(launched_at: SimTime, ended_at: SimTime, measured_from: SimTime) -> u64 {
    per_second::billed_seconds(MINIMUM, launched_at, ended_at, measured_from)
}

/// What the use of an instance comes to whose price changes: the price of an
/// hour, in 1e-12 USD, times the milliseconds from `from` on for so many billed
/// seconds. `steps` are the moments of the changes, ascending; the first price
/// holds before its moment too.
pub fn price_times_millis(steps: &[(SimTime, Money)], from: SimTime, seconds: u64) -> i128 {
    let to = from + SimDuration::from_secs(seconds);
    let mut sum = 0;
    for (idx, (at, price)) in steps.iter().enumerate() {
        let begin = if idx == 0 { from } else { from.max(*at) };
        let end = steps.get(idx + 1).map_or(to, |it| it.0.min(to));
        sum += price.pico_usd() * i128::from(end.since(begin).millis());
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changing_price_is_summed_over_its_steps() {
        let at = SimTime::from_secs;
        let steps = [(at(0), 10), (at(100), 30), (at(200), 20)].map(|it| (it.0, Money::from_pico_usd(it.1)));
        for (from, seconds, sum) in [
            (0, 100, 1000),
            (50, 100, 500 + 1500),
            (90, 200, 100 + 3000 + 1800),
            (500, 60, 1200),
            (100, 0, 0),
            (199, 1, 30),
        ] {
            assert_eq!(price_times_millis(&steps, at(from), seconds), sum * 1000, "{from} {seconds}");
        }
        assert_eq!(price_times_millis(&steps[1..2], at(0), 200), 6_000_000);
        assert_eq!(price_times_millis(&[], at(0), 200), 0);
    }

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
