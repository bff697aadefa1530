//! Bytes that are paid for on their way (semantics 8.5): between zones in each
//! direction, out to the internet, and through a NAT gateway.
//!
//! What goes from an Application Load Balancer to a target in another zone is
//! free (Elastic Load Balancing guide, cross-zone load balancing); from a
//! Network Load Balancer it is not. The free part of the account for traffic to
//! the internet, 100 GB a month, is not taken off: others of the account use it.

/// Bytes of a GB (MODEL; semantics 8.5).
pub const BYTES_PER_GB: u64 = 1 << 30;

/// Bytes billed for traffic whose two sides are chosen from `n_zones` zones
/// alike, each independent of the other: what crosses is billed twice, once to
/// who sends it and once to who gets it. Rounded down.
pub fn between_zones(bytes: u64, n_zones: u64) -> u64 {
    let crossing = u128::from(bytes) * u128::from(n_zones.saturating_sub(1));
    let billed = 2 * crossing / u128::from(n_zones.max(1));
    u64::try_from(billed).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_crosses_zones_by_chance_and_is_paid_on_both_sides() {
        for (bytes, n_zones, billed) in [(900, 3, 1200), (900, 2, 900), (900, 1, 0), (900, 0, 0), (0, 3, 0)] {
            assert_eq!(between_zones(bytes, n_zones), billed);
        }
        assert_eq!(between_zones(u64::MAX, 3), u64::MAX, "more than can be counted");
    }
}
