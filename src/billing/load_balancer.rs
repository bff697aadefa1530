//! Load balancers: every started hour as a whole one, and capacity units by
//! what passed in the hour, where the dimension that needs the most of them
//! counts and fractions do (Elastic Load Balancing pricing; semantics 8.4).
//! Amounts are in 1e-12 of their unit, so that a third of a unit costs a third.

use crate::base::SimDuration;
use crate::model::network::LoadBalancerType;

/// One of whatever is counted.
pub const ONE: u128 = 1_000_000_000_000;

/// Rules that a request may be matched against without a charge.
const FREE_RULES: u128 = 10 * ONE;

/// What passed a load balancer in an hour, each in 1e-12.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HourUsage {
    /// New connections a second, in the mean.
    pub new_connections_per_second: u128,
    /// Connections that are open, sampled each minute.
    pub active_connections_per_minute: u128,
    /// GB of requests and answers.
    pub processed_gb: u128,
    /// Requests a second, in the mean.
    pub requests_per_second: u128,
    /// Rules that each request is matched against.
    pub rules_processed: u128,
}

/// Hours that are billed of a load balancer that was there for so long.
pub fn billed_hours(running: SimDuration) -> u64 {
    running.millis().div_ceil(3_600_000)
}

/// The capacity units of an hour, in 1e-12: of an Application Load Balancer for
/// EC2 and IP targets, or of a Network Load Balancer for TCP. `None` for more
/// rules and requests than can be multiplied.
pub fn capacity_units(kind: LoadBalancerType, usage: &HourUsage) -> Option<u128> {
    let part = |amount: u128, per: u128| (amount + per / 2) / per;
    let [new, active] = match kind {
        LoadBalancerType::Application => [25, 3_000],
        LoadBalancerType::Network => [800, 100_000],
    };
    let evaluations = match kind {
        LoadBalancerType::Application => {
            let rules = usage.rules_processed.saturating_sub(FREE_RULES);
            usage.requests_per_second.checked_mul(rules)? / ONE
        }
        LoadBalancerType::Network => 0,
    };
    let dimensions = [
        part(usage.new_connections_per_second, new),
        part(usage.active_connections_per_minute, active),
        usage.processed_gb,
        part(evaluations, 1_000),
    ];
    dimensions.into_iter().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_dimension_counts() {
        let usage = |new, active, gb, requests, rules| HourUsage {
            new_connections_per_second: new * ONE,
            active_connections_per_minute: active * ONE,
            processed_gb: gb * ONE,
            requests_per_second: requests * ONE,
            rules_processed: rules * ONE,
        };
        let of = |kind, usage: HourUsage| capacity_units(kind, &usage).unwrap();
        let application = |it| of(LoadBalancerType::Application, it);
        assert_eq!(application(usage(0, 0, 0, 0, 0)), 0);
        assert_eq!(application(usage(100, 3_000, 1, 0, 0)), 4 * ONE);
        assert_eq!(application(usage(0, 1_000, 0, 0, 0)), ONE / 3);
        assert_eq!(application(usage(1, 1, 7, 100, 20)), 7 * ONE);
        // Ten rules are free.
        assert_eq!(application(usage(0, 0, 0, 1_000, 10)), 0);
        assert_eq!(application(usage(0, 0, 0, 1_000, 0)), 0);
        assert_eq!(application(usage(0, 0, 0, 1_000, 60)), 50 * ONE);
        let network = |it| of(LoadBalancerType::Network, it);
        assert_eq!(network(usage(1_600, 0, 1, 1_000, 60)), 2 * ONE);
        assert_eq!(network(usage(0, 300_000, 1, 0, 0)), 3 * ONE);
    }

    #[test]
    fn a_started_hour_is_a_whole_one() {
        for (millis, hours) in [(0, 0), (1, 1), (3_600_000, 1), (3_600_001, 2)] {
            assert_eq!(billed_hours(SimDuration::from_millis(millis)), hours);
        }
    }
}
