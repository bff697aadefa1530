//! Storage of a registry: the compressed layers of a repository's images, each
//! counted once however many images share it (Amazon ECR pricing; semantics
//! 8.5). MODEL: once a repository, and a GB is 2^30 bytes.

use std::collections::BTreeMap;

use crate::base::{Money, SimDuration};
use crate::billing::transfer::BYTES_PER_GB;

/// Bytes that the layers of one repository take, given as digest and size,
/// repeated as often as images refer to them. A digest stands for one content:
/// where its sizes differ, the greatest counts. `None` beyond 2^64 bytes.
pub fn stored_bytes<'a>(layers: impl IntoIterator<Item = (&'a str, u64)>) -> Option<u64> {
    let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
    for (digest, bytes) in layers {
        let known = sizes.entry(digest).or_default();
        *known = bytes.max(*known);
    }
    sizes.into_values().try_fold(0, u64::checked_add)
}

/// What they cost for the time they are stored; `None` beyond any amount that
/// can be written. A month is not empty.
pub fn cost(bytes: u64, stored: SimDuration, month: SimDuration, usd_per_gb_month: Money) -> Option<Money> {
    let byte_millis = i128::from(bytes).checked_mul(stored.millis().into())?;
    usd_per_gb_month.checked_times(byte_millis, i128::from(BYTES_PER_GB) * i128::from(month.millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_layer_is_stored_once() {
        let layers = [("a", 100), ("b", 7), ("a", 100), ("c", 0), ("a", 100)];
        assert_eq!(stored_bytes(layers), Some(107));
        assert_eq!(stored_bytes([]), Some(0));
        assert_eq!(stored_bytes([("a", u64::MAX), ("b", 1)]), None);
    }

    #[test]
    fn storage_costs_by_the_day() {
        let days = |n| SimDuration::from_secs(n * 86_400);
        let price = Money::parse_usd("0.10").unwrap();
        assert_eq!(cost(6 << 30, days(15), days(30), price).unwrap().to_string(), "0.3");
        assert_eq!(cost(1 << 30, days(31), days(31), price).unwrap().to_string(), "0.1");
        assert_eq!(cost(1 << 30, SimDuration::ZERO, days(30), price), Some(Money::ZERO));
        assert_eq!(cost(u64::MAX, days(u64::from(u32::MAX)), days(30), price), None);
    }
}
