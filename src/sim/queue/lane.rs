//! The lane: events of one moment, mostly the one that is being handled. A list
//! for each rank, first in, first out.

use std::collections::VecDeque;

use crate::sim::event::Event;
use crate::sim::queue::entry::Key;

/// Ranks are below this: one bit each.
const RANKS: usize = u64::BITS as usize;

#[derive(Debug)]
pub(super) struct Lane {
    millis: u64,
    /// Key of the first event; [`Key::NEVER`] without one.
    first: Key,
    /// Bit `rank` is set where that list is not empty.
    ranks: u64,
    lists: Vec<VecDeque<Event>>,
}

impl Lane {
    pub(super) fn new() -> Self {
        Self { millis: 0, first: Key::NEVER, ranks: 0, lists: vec![VecDeque::new(); RANKS] }
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.ranks == 0
    }

    /// The moment, which is stale while the lane is empty.
    #[inline]
    pub(super) const fn millis(&self) -> u64 {
        self.millis
    }

    /// Key of the first event, or [`Key::NEVER`].
    #[inline]
    pub(super) const fn first(&self) -> Key {
        self.first
    }

    /// Lets an empty lane be for another moment.
    #[inline]
    pub(super) fn turn_to(&mut self, millis: u64) {
        debug_assert!(self.is_empty());
        self.millis = millis;
    }

    #[inline]
    pub(super) fn push(&mut self, event: Event) {
        let rank = event.rank();
        self.lists[usize::from(rank)].push_back(event);
        self.ranks |= 1 << rank;
        self.first = self.first.min(Key::new(self.millis, rank));
    }

    /// Takes the first event.
    ///
    /// # Panics
    ///
    /// If the lane is empty.
    #[inline]
    pub(super) fn pop(&mut self) -> Event {
        let list = &mut self.lists[self.ranks.trailing_zeros() as usize];
        let event = list.pop_front().expect("a list whose bit is set is not empty");
        if list.is_empty() {
            self.ranks &= self.ranks - 1;
            self.first = match self.ranks {
                0 => Key::NEVER,
                ranks => Key::new(self.millis, ranks.trailing_zeros() as u8),
            };
        }
        event
    }
}
