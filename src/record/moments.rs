//! Moments that were told and are not summed up yet. A run tells of as many moments
//! as it has events; that some dozens are summed up at once, one number after the
//! other, takes a fraction of what each by itself would.

use crate::base::SimTime;

/// So many are summed up at once.
const AT_ONCE: usize = 64;

/// How something stands from each of these moments on, until the next.
#[derive(Debug)]
pub(super) struct Moments<T> {
    told: Vec<(SimTime, T)>,
}

impl<T: Copy> Moments<T> {
    /// It stands like this from the start.
    pub(super) fn new(from_start: T) -> Self {
        let mut told = Vec::with_capacity(AT_ONCE + 2);
        told.push((SimTime::ZERO, from_start));
        Self { told }
    }

    /// How it stands now.
    pub(super) fn last(&self) -> &T {
        &self.told[self.told.len() - 1].1
    }

    /// It stands like this from `now` on, which is no earlier than what was told
    /// before. Whether there are enough to be summed up.
    #[inline]
    pub(super) fn tell(&mut self, now: SimTime, row: T) -> bool {
        self.told.push((now, row));
        self.told.len() > AT_ONCE
    }

    /// Those that are not summed up yet, in the order of time.
    pub(super) fn told(&self) -> &[(SimTime, T)] {
        &self.told
    }

    /// All are summed up to `until`: only the last still holds.
    pub(super) fn settle(&mut self, until: SimTime) {
        let last = *self.last();
        self.told.clear();
        self.told.push((until, last));
    }

    /// Calls `each` with the stretches of time from one moment to the next, the last
    /// until `until`.
    #[inline(always)]
    pub(super) fn stretches(&mut self, until: SimTime, mut each: impl FnMut(SimTime, SimTime, &T)) {
        let last = *self.last();
        self.told.push((until, last));
        for pair in self.told.windows(2) {
            each(pair[0].0, pair[1].0, &pair[0].1);
        }
        self.told.pop();
    }
}

/// Divides by one number again and again: by a multiplication with its inverse,
/// which is made once, and then exactly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Divisor {
    by: u64,
    /// 2^64 parts of one over `by`, rounded down.
    inverse: u64,
}

impl Divisor {
    /// # Panics
    ///
    /// If it is zero.
    pub(super) const fn new(by: u64) -> Self {
        Self { by, inverse: u64::MAX / by }
    }

    /// `number` over the divisor, rounded down.
    #[inline]
    pub(super) fn quotient_of(self, number: u64) -> u64 {
        // Below the quotient by two at most, since the inverse was rounded.
        let mut quotient = ((u128::from(number) * u128::from(self.inverse)) >> 64) as u64;
        while number - quotient * self.by >= self.by {
            quotient += 1;
        }
        quotient
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotient_is_what_a_division_gives() {
        let interesting = |of: u64| [of.saturating_sub(1), of, of.saturating_add(1), of / 2, of / 3];
        let numbers: Vec<u64> = [0, 1, 2, 10_000, 65_536_000, 1 << 32, 1 << 53, u64::MAX]
            .into_iter()
            .flat_map(interesting)
            .collect();
        for &by in numbers.iter().filter(|it| **it > 0) {
            for &number in &numbers {
                for number in [number, number.wrapping_mul(by), number.wrapping_mul(by).wrapping_sub(1)] {
                    assert_eq!(Divisor::new(by).quotient_of(number), number / by, "{number} / {by}");
                }
            }
        }
    }

    #[test]
    fn each_moment_lasts_until_the_next() {
        let at = SimTime::from_secs;
        let mut moments = Moments::new(0);
        assert!(!moments.tell(at(3), 7));
        let mut told = Vec::new();
        moments.stretches(at(9), |from, until, row| told.push((from, until, *row)));
        assert_eq!(told, [(at(0), at(3), 0), (at(3), at(9), 7)]);
        moments.settle(at(9));
        assert_eq!(moments.told(), [(at(9), 7)]);
        assert_eq!((0..64).filter(|it| moments.tell(at(10 + it), *it)).count(), 1);
    }
}
