//! An order of all instances, drawn for one task: where chance decides, the
//! first instance of the order that is allowed is taken. A scan and an index
//! agree on it, because a place in the order can be computed from the instance
//! and the instance from the place.

use crate::base::id::InstanceId;

/// A permutation of `0..2^bits`, of which instance numbers are the part below
/// the number of instances.
#[derive(Clone, Copy, Debug)]
pub struct RandomOrder {
    bits: u32,
    /// The steps of the mixing: add, multiply by an odd number, fold. Places are
    /// below 2^32, and the lower bits of a sum or a product depend on lower bits
    /// alone.
    rounds: [(u32, u32); N_ROUNDS],
}

/// Fewer rounds let the chi-squared test below fail for a handful of instances.
const N_ROUNDS: usize = 4;

impl RandomOrder {
    /// For those who never look at it: nothing is drawn.
    pub const UNUSED: Self = Self { bits: 32, rounds: [(0, 1); N_ROUNDS] };

    /// The order of `n_instances` that belongs to `draw`.
    pub fn new(draw: u64, n_instances: usize) -> Self {
        // At least 64 places: with fewer there are too few ways to mix.
        let bits = usize::BITS - n_instances.max(64).saturating_sub(1).leading_zeros();
        let mut state = draw;
        // SplitMix64 (Steele, Lea and Flood 2014).
        let mut next = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let it = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let it = (it ^ it >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
            it ^ it >> 31
        };
        // The upper bits: modulo a small power of two the lower ones are few.
        let mut rounds = [(0, 0); N_ROUNDS];
        for round in &mut rounds {
            *round = ((next() >> 20) as u32, (next() >> 20) as u32 | 1);
        }
        Self { bits, rounds }
    }

    /// The place of an instance; no two have the same: each step can be undone
    /// modulo 2^bits.
    pub fn rank(&self, instance: InstanceId) -> u64 {
        self.of_32().of(instance.number()).into()
    }

    /// How many places there are; those of numbers that no instance has stay
    /// empty.
    pub fn n_places(&self) -> u64 {
        1 << self.bits
    }

    /// The same order for loops over many instances at once.
    #[inline]
    pub(super) fn of_32(&self) -> RankOf32 {
        let mask = ((1_u64 << self.bits) - 1) as u32;
        RankOf32 { mask, half: self.bits.div_ceil(2), rounds: self.rounds }
    }

    /// The same order asked the other way: whose a place is.
    #[inline]
    pub fn inverse(&self) -> InverseOrder {
        let RankOf32 { mask, half, rounds: [a, b, c, d] } = self.of_32();
        let [e, f, g, h] = inverses_of([a.1, b.1, c.1, d.1], self.bits);
        InverseOrder(RankOf32 { mask, half, rounds: [(d.0, h), (c.0, g), (b.0, f), (a.0, e)] })
    }
}

/// What odd numbers are multiplied with to give 1 modulo 2^`bits`, at most 2^32, and
/// so modulo every smaller power of two.
#[inline]
fn inverses_of(odd: [u32; N_ROUNDS], bits: u32) -> [u32; N_ROUNDS] {
    // Correct in the lower 5 bits, and by Newton's iteration in twice as many
    // each time.
    let mut inverses = odd;
    for it in &mut inverses {
        *it = it.wrapping_mul(3) ^ 2;
    }
    let mut n_correct = 5;
    while n_correct < bits {
        for (it, odd) in inverses.iter_mut().zip(odd) {
            *it = it.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(*it)));
        }
        n_correct *= 2;
    }
    inverses
}

/// The places of instances in 32 bits, for loops over many of them at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct RankOf32 {
    mask: u32,
    half: u32,
    rounds: [(u32, u32); N_ROUNDS],
}

impl RankOf32 {
    /// The place of the instance with this number.
    #[inline(always)]
    pub(super) fn of(&self, number: u32) -> u32 {
        let mut it = number;
        for (addend, multiplier) in self.rounds {
            it = it.wrapping_add(addend).wrapping_mul(multiplier) & self.mask;
            it ^= it >> self.half;
        }
        it
    }
}

/// From places to instances: what [`RandomOrder::rank`] is undone by.
#[derive(Clone, Copy, Debug)]
pub struct InverseOrder(RankOf32);

impl InverseOrder {
    /// The number of the instance at a place, which may be one that no instance
    /// has.
    #[inline]
    pub fn at(&self, place: u32) -> u32 {
        let RankOf32 { mask, half, rounds } = self.0;
        let mut it = place;
        for (addend, multiplier) in rounds {
            // Folding the upper half into the lower is its own inverse.
            it ^= it >> half;
            it = it.wrapping_mul(multiplier).wrapping_sub(addend) & mask;
        }
        it
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_instance_has_its_own_place() {
        for n in [1, 2, 3, 10, 64, 65, 1000] {
            for draw in 0..20 {
                let order = RandomOrder::new(draw, n);
                let ranks: BTreeSet<u64> = (0..n as u32).map(|it| order.rank(InstanceId::new(it))).collect();
                assert_eq!(ranks.len(), n, "{n} instances, draw {draw}");
            }
        }
    }

    #[test]
    fn a_place_names_the_instance_that_has_it() {
        for n in [1, 64, 65, 1000, 100_000, 1 << 31] {
            for draw in 0..20 {
                let order = RandomOrder::new(draw, n);
                let inverse = order.inverse();
                for number in [0, 1, 17, n as u32 / 2, n as u32 - 1] {
                    let place = u32::try_from(order.rank(InstanceId::new(number))).unwrap();
                    assert_eq!(inverse.at(place), number);
                }
            }
        }
    }

    /// Pearson's chi-squared over who comes first, for all instances and for a
    /// subset that is clustered at one end.
    #[test]
    fn every_instance_comes_first_as_often() {
        for (n, subset) in [(2_u32, 0..2), (3, 0..3), (10, 0..10), (100, 90..97), (1000, 0..8)] {
            let n_subset = subset.len() as f64;
            let mut firsts = vec![0_u32; subset.len()];
            let n_draws = 40_000;
            for draw in 0..n_draws {
                let order = RandomOrder::new(draw * 7919 + 1, n as usize);
                let first = subset.clone().min_by_key(|&it| order.rank(InstanceId::new(it))).unwrap();
                firsts[(first - subset.start) as usize] += 1;
            }
            let expected = n_draws as f64 / n_subset;
            let chi2: f64 = firsts.iter().map(|&it| (f64::from(it) - expected).powi(2) / expected).sum();
            // Mean n - 1, standard deviation sqrt(2 (n - 1)): five of them.
            let limit = n_subset - 1.0 + 5.0 * (2.0 * (n_subset - 1.0)).sqrt();
            assert!(chi2 < limit, "n {n} subset {subset:?}: chi2 {chi2:.1} over {limit:.1}: {firsts:?}");
        }
    }
}
