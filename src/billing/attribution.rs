//! What of a line is whose: parts of an amount that sum to it exactly.
//!
//! Of a line for instances each service has the share that its tasks reserved
//! of the line's instance-time: the greater of its share of the CPU units and of
//! the MiB. Shares that together are more than everything (one service takes the
//! CPU, another the memory) are cut in proportion; what they leave is idle.

use crate::base::Money;

/// What was reserved, or was there, over time: an amount times milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reserved {
    /// CPU units.
    pub cpu_ms: u128,
    /// MiB.
    pub memory_ms: u128,
}

/// Parts in which shares are counted.
const WHOLE: u128 = 1 << 40;

/// Splits an amount by weights, by the largest remainder: each part is rounded
/// down to 1e-12 USD, and what is missing goes, one each, to the parts that lost
/// the most, of equal ones to the first. All to the last where no weight is
/// above zero.
///
/// # Panics
///
/// Without a weight, or for weights of 2^48 and more.
pub fn split(amount: Money, weights: &[u128]) -> Vec<Money> {
    assert!(weights.iter().all(|it| *it < 1 << 48), "weights are parts of a whole");
    let total = i128::try_from(weights.iter().sum::<u128>()).expect("few weights");
    let mut parts = vec![0_i128; weights.len()];
    let last = parts.last_mut().expect("someone has the amount");
    if total == 0 {
        *last = amount.pico_usd();
        return parts.into_iter().map(Money::from_pico_usd).collect();
    }
    let mut lost: Vec<(i128, usize)> = Vec::new();
    for (idx, weight) in weights.iter().enumerate() {
        let exact = amount.pico_usd() * i128::try_from(*weight).expect("below 2^48");
        parts[idx] = exact.div_euclid(total);
        lost.push((-exact.rem_euclid(total), idx));
    }
    let missing = amount.pico_usd() - parts.iter().sum::<i128>();
    lost.sort_unstable();
    for (_, idx) in lost.into_iter().take(usize::try_from(missing).expect("fewer than there are parts")) {
        parts[idx] += 1;
    }
    parts.into_iter().map(Money::from_pico_usd).collect()
}

/// Weights of those who reserved something of what was there, and last of what
/// is idle, for [`split`].
pub fn shares(there: Reserved, reserved: &[Reserved]) -> Vec<u128> {
    // 2^40 parts of 2^87 still fit.
    let of = |part: u128, whole: u128| (part * WHOLE).checked_div(whole).unwrap_or(0).min(WHOLE);
    let mut shares: Vec<u128> = reserved
        .iter()
        .map(|it| of(it.cpu_ms, there.cpu_ms).max(of(it.memory_ms, there.memory_ms)))
        .collect();
    shares.push(WHOLE.saturating_sub(shares.iter().sum()));
    shares
}

/// Weights in proportion to amounts used, for [`split`].
pub fn in_proportion(used: &[u128]) -> Vec<u128> {
    let total: u128 = used.iter().sum();
    used.iter().map(|it| (it * WHOLE).checked_div(total).unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_sum_to_the_whole_and_the_greatest_losers_are_rounded_up() {
        let split = |pico, weights: &[u128]| -> Vec<i128> {
            super::split(Money::from_pico_usd(pico), weights).iter().map(|it| it.pico_usd()).collect()
        };
        assert_eq!(split(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split(100, &[1, 2, 4]), [14, 29, 57]);
        assert_eq!(split(5, &[0, 0]), [0, 5]);
        assert_eq!(split(0, &[3, 4]), [0, 0]);
        assert_eq!(split(-7, &[1, 1]), [-3, -4], "a credit too");
        let mut draw = 5_u64;
        for _ in 0..1000 {
            let mut next = || {
                draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                draw >> 20
            };
            let weights: Vec<u128> = (0..1 + next() % 9).map(|_| u128::from(next() % (1 << 40))).collect();
            let amount = i128::from(next()) * 1_000_003;
            assert_eq!(split(amount, &weights).iter().sum::<i128>(), amount);
        }
    }

    #[test]
    fn the_greater_share_counts_and_the_rest_is_idle() {
        let of = |cpu_ms, memory_ms| Reserved { cpu_ms, memory_ms };
        let parts = |there, reserved: &[Reserved]| -> Vec<String> {
            let dollar = Money::from_pico_usd(1_000_000_000_000);
            split(dollar, &shares(there, reserved)).iter().map(Money::to_string).collect()
        };
        assert_eq!(parts(of(100, 1000), &[of(25, 500), of(25, 0)]), ["0.5", "0.25", "0.25"]);
        // One has three quarters of the CPU, another of the memory.
        assert_eq!(parts(of(100, 1000), &[of(75, 0), of(0, 750)]), ["0.5", "0.5", "0"]);
        assert_eq!(parts(of(100, 1000), &[]), ["1"]);
        assert_eq!(parts(of(0, 0), &[of(0, 0)]), ["0", "1"]);
    }
}
