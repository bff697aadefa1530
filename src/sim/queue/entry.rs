//! A pending event and the number that orders it.

use crate::base::SimTime;
use crate::sim::event::Event;

/// Time in milliseconds, and in the lowest [`Key::RANK_BITS`] bits the rank of
/// the kind: one comparison decides by time and then by kind. What was scheduled
/// first is not in it; equal keys stand in that order wherever they are kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key(u64);

impl Key {
    pub(super) const RANK_BITS: u32 = 8;
    /// Times from here on have no key: two million years.
    pub(super) const TIMES: u64 = 1 << (u64::BITS - Self::RANK_BITS);
    /// After every key of an event: no kind has the highest rank.
    pub(super) const NEVER: Self = Self(u64::MAX);

    /// # Panics
    ///
    /// Without overflow checks a time from [`Key::TIMES`] on would be cut off:
    /// the caller looks first.
    pub(super) const fn new(millis: u64, rank: u8) -> Self {
        debug_assert!(millis < Self::TIMES);
        Self(millis << Self::RANK_BITS | rank as u64)
    }

    pub(super) const fn millis(self) -> u64 {
        self.0 >> Self::RANK_BITS
    }

    pub(super) const fn rank(self) -> u8 {
        (self.0 & ((1 << Self::RANK_BITS) - 1)) as u8
    }

    pub(super) const fn time(self) -> SimTime {
        SimTime::from_millis(self.millis())
    }

    /// The key this far behind the first one of a millisecond.
    pub(super) const fn after(millis: u64, distance: u64) -> Self {
        Self((millis << Self::RANK_BITS) + distance)
    }

    /// How far it is behind the first key of a millisecond.
    pub(super) const fn since(self, millis: u64) -> u64 {
        self.0 - (millis << Self::RANK_BITS)
    }
}

/// An event that is pending.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) event: Event,
}

impl Entry {
    /// What stands where no entry is.
    pub(super) const NONE: Self = Self { key: Key::NEVER, event: Event::PlacementDue };
}

// Past the second cache the time of an event is the time to move its bytes.
const _: () = assert!(size_of::<Entry>() == 24);
