//! The lane: events of one moment, mostly the one that is being handled, and
//! mostly a single one. Behind the first is a list for each rank, first in, first
//! out.

use std::collections::VecDeque;

use crate::sim::event::Event;
use crate::sim::queue::entry::{Entry, Key};

/// Ranks are below this: one bit each.
const RANKS: usize = u64::BITS as usize;

/// Invariant: none in the lists comes before the first.
#[derive(Debug)]
pub(super) struct Lane {
    millis: u64,
    /// [`Key::NEVER`] is its key while the lane is empty.
    first: Entry,
    /// Bit `rank` is set where that list is not empty.
    ranks: u64,
    lists: Vec<VecDeque<Event>>,
}

impl Lane {
    pub(super) fn new() -> Self {
        Self { millis: 0, first: Entry::NONE, ranks: 0, lists: vec![VecDeque::new(); RANKS] }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first.key == Key::NEVER
    }

    /// The moment, which is stale while the lane is empty.
    #[inline]
    pub(super) const fn millis(&self) -> u64 {
        self.millis
    }

    /// Key of the first event, or [`Key::NEVER`].
    #[inline]
    pub(super) const fn first(&self) -> Key {
        self.first.key
    }

    /// Lets an empty lane be for the moment of an event.
    #[inline]
    pub(super) fn begin(&mut self, millis: u64, event: Event) {
        debug_assert!(self.is_empty());
        self.millis = millis;
        self.first = Entry { key: Key::new(millis, event.rank()), event };
    }

    /// Adds an event of the moment for which the lane is.
    pub(super) fn push(&mut self, event: Event) {
        let rank = event.rank();
        let first = self.first.key.rank();
        if rank < first {
            let later = std::mem::replace(&mut self.first, Entry { key: Key::new(self.millis, rank), event });
            self.lists[usize::from(first)].push_front(later.event);
            self.ranks |= 1 << first;
        } else {
            self.lists[usize::from(rank)].push_back(event);
            self.ranks |= 1 << rank;
        }
    }

    /// Takes the first event; without one it is anything.
    #[inline]
    pub(super) fn pop(&mut self) -> Event {
        let event = self.first.event;
        if self.ranks == 0 {
            self.first.key = Key::NEVER;
        } else {
            self.advance();
        }
        event
    }

    /// Makes the first of the lists the first of all.
    fn advance(&mut self) {
        let rank = self.ranks.trailing_zeros() as u8;
        let list = &mut self.lists[usize::from(rank)];
        let event = list.pop_front().expect("a list whose bit is set is not empty");
        if list.is_empty() {
            self.ranks &= self.ranks - 1;
        }
        self.first = Entry { key: Key::new(self.millis, rank), event };
    }
}
