//! Finer than a run counts: parts of a millisecond and of a byte, as integers.
//! Pulls that share a link re-time each other at moments that no millisecond
//! hits, and a slow link needs many milliseconds for one byte.

use crate::base::SimTime;

/// A moment in parts of a millisecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Moment(u128);

/// Parts of a byte.
pub(super) type Bytes = u128;

/// How many bits of a [`Moment`] are parts of a millisecond.
const MOMENT_BITS: u32 = 16;
/// How many bits of [`Bytes`] are parts of a byte.
const BYTE_BITS: u32 = 40;
/// What lies at most this far behind a whole millisecond, about a microsecond,
/// is taken for that millisecond: it is what rounding left of it.
const ROUNDING: u128 = 1 << 6;

impl Moment {
    /// The begin of this millisecond.
    pub(super) fn of(time: SimTime) -> Self {
        Self(u128::from(time.millis()) << MOMENT_BITS)
    }

    /// The first whole millisecond that is not before this.
    pub(super) fn millis_up(self) -> SimTime {
        let millis = self.0.div_ceil(1 << MOMENT_BITS);
        SimTime::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    /// The whole millisecond where rounding has gone past it, else itself.
    pub(super) fn snapped(self) -> Self {
        let part = self.0 % (1 << MOMENT_BITS);
        if part <= ROUNDING { Self(self.0 - part) } else { self }
    }
}

/// Whole bytes as [`Bytes`].
pub(super) fn bytes(whole: u64) -> Bytes {
    Bytes::from(whole) << BYTE_BITS
}

/// The whole bytes nearest to it.
pub(super) fn whole_bytes(bytes: Bytes) -> u64 {
    u64::try_from(bytes.saturating_add(1 << (BYTE_BITS - 1)) >> BYTE_BITS).unwrap_or(u64::MAX)
}

/// Bytes a second: a quotient, because a share of a rate is seldom whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rate {
    numerator: u64,
    denominator: u64,
}

impl Rate {
    /// `numerator / denominator` bytes a second, neither of them zero.
    pub(super) fn new(numerator: u64, denominator: u64) -> Self {
        assert!(numerator > 0 && denominator > 0, "bytes move, if slowly");
        Self { numerator, denominator }
    }

    /// What has moved from `start` to `stop`, rounded down.
    pub(super) fn moved(self, start: Moment, stop: Moment) -> Bytes {
        let (times, over) = self.bytes_per_part();
        let elapsed = stop.0.saturating_sub(start.0);
        let (whole, rest) = (elapsed / over, elapsed % over);
        whole.saturating_mul(times).saturating_add(rest * times / over)
    }

    /// When so many bytes have moved since `start`, rounded up.
    pub(super) fn moment(self, start: Moment, bytes: Bytes) -> Moment {
        let (times, over) = self.bytes_per_part();
        let (whole, rest) = (bytes / times, bytes % times);
        let elapsed = whole.saturating_mul(over).saturating_add((rest * over).div_ceil(times));
        Moment(start.0.saturating_add(elapsed))
    }

    /// Parts of a byte in parts of a millisecond. With a numerator of at most
    /// 2^60 and a denominator of at most 2^32 these have less than 84 and 42
    /// bits, and the products above fit.
    fn bytes_per_part(self) -> (u128, u128) {
        (u128::from(self.numerator) << (BYTE_BITS - MOMENT_BITS), u128::from(self.denominator) * 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_in_a_time_takes_that_time() {
        let start = Moment::of(SimTime::from_millis(77));
        for (numerator, denominator) in
            [(1, 1), (1, 10_000), (60_000_000, 7), (1 << 60, 3), (1 << 60, 1 << 32)]
        {
            let rate = Rate::new(numerator, denominator);
            for whole in [0, 1, 999, 54_525_952_000, 1 << 50, u64::MAX] {
                let stop = rate.moment(start, bytes(whole));
                assert!(rate.moved(start, stop) >= bytes(whole), "{rate:?} {whole}");
                if stop > start {
                    assert!(rate.moved(start, Moment(stop.0 - 1)) < bytes(whole), "{rate:?} {whole}");
                }
            }
        }
    }

    #[test]
    fn a_second_has_the_rate_in_bytes() {
        let seconds = |it| Moment::of(SimTime::from_secs(it));
        assert_eq!(Rate::new(60_000_000, 1).moved(seconds(0), seconds(1)), bytes(60_000_000));
        assert_eq!(Rate::new(1, 1).moment(seconds(5), bytes(7)), seconds(12));
        assert_eq!(Rate::new(1, 3).moment(seconds(0), bytes(7)), seconds(21));
    }

    #[test]
    fn a_moment_is_rounded_up_and_rounding_is_taken_back() {
        let third = Rate::new(3, 1).moment(Moment::default(), bytes(1));
        assert_eq!(third.millis_up(), SimTime::from_millis(334));
        let late = Moment(Moment::of(SimTime::from_millis(9)).0 + ROUNDING);
        assert_eq!(late.snapped(), Moment::of(SimTime::from_millis(9)));
        assert_eq!(Moment(late.0 + 1).snapped().millis_up(), SimTime::from_millis(10));
        assert_eq!(Moment(u128::MAX).millis_up(), SimTime::from_millis(u64::MAX));
    }
}
