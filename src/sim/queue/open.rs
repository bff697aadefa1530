//! The open slot: its events in order. They are sorted once, as numbers that also
//! tell where the event stands; those that come late are put between.

use crate::sim::queue::entry::{Entry, Key};
use crate::sim::queue::rungs::{Place, Rungs};

/// A slot with more events than this is spread over the rung below, not opened.
pub(super) const OPENED_MAX: usize = 512;
/// With more events than this in it, or more that ever were, it is closed again.
const HELD_MAX: usize = 2 * OPENED_MAX;
const SEEN_MAX: usize = 8 * OPENED_MAX;

/// Slots wider than this are not opened: an event's place in time, its rank and
/// its number must fit 64 bits.
pub(super) const WIDTH_BITS_MAX: u32 = u64::BITS - Key::RANK_BITS - NUMBER_BITS;
const NUMBER_BITS: u32 = 16;
/// Of a slot of one millisecond: however many they are.
const NUMBER_BITS_AT_ONCE: u32 = 32;

const _: () = assert!(SEEN_MAX < 1 << NUMBER_BITS);

#[derive(Debug, Default)]
pub(super) struct Open {
    start: u64,
    /// Zero while nothing is open.
    end: u64,
    number_bits: u32,
    /// As they came; a place in it is an event's number.
    entries: Vec<Entry>,
    /// Distance of the key from the slot's first, then the number: ascending.
    order: Vec<u64>,
    /// How many of `order` were taken.
    n_taken: usize,
}

impl Open {
    /// Whether an event of this time belongs here.
    #[inline]
    pub(super) const fn has(&self, millis: u64) -> bool {
        millis < self.end
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.n_taken == self.order.len()
    }

    /// Key of the earliest event, if there is one.
    #[inline]
    pub(super) fn first(&self) -> Option<Key> {
        self.order.get(self.n_taken).map(|&it| self.entry(it).key)
    }

    #[inline]
    fn entry(&self, ordered: u64) -> &Entry {
        &self.entries[(ordered & ((1 << self.number_bits) - 1)) as usize]
    }

    #[inline]
    const fn ordered(&self, key: Key, number: usize) -> u64 {
        key.since(self.start) << self.number_bits | number as u64
    }

    /// Opens a slot; nothing else is open.
    pub(super) fn open(&mut self, rungs: &mut Rungs, at: Place, millis: u64) {
        debug_assert!(self.is_empty());
        self.clear();
        let width_bits = at.width_bits();
        self.start = millis >> width_bits << width_bits;
        self.end = self.start + (1 << width_bits);
        self.number_bits = if width_bits == 0 { NUMBER_BITS_AT_ONCE } else { NUMBER_BITS };
        rungs.take_all(at, &mut self.entries);
        for (number, entry) in self.entries.iter().enumerate() {
            self.order.push(self.ordered(entry.key, number));
        }
        self.order.sort_unstable();
    }

    /// Nothing is open from now on.
    #[inline]
    pub(super) const fn close(&mut self) {
        self.end = 0;
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
        self.n_taken = 0;
    }

    /// Takes the earliest event.
    #[inline]
    pub(super) fn pop(&mut self) -> Entry {
        let entry = *self.entry(self.order[self.n_taken]);
        self.n_taken += 1;
        if self.is_empty() {
            self.clear();
        }
        entry
    }

    /// Puts an event between the others, and says whether they are still few.
    pub(super) fn insert(&mut self, entry: Entry) -> bool {
        let it = self.ordered(entry.key, self.entries.len());
        self.entries.push(entry);
        let place = self.n_taken + self.order[self.n_taken..].partition_point(|&other| other < it);
        self.order.insert(place, it);
        self.order.len() - self.n_taken <= HELD_MAX && self.entries.len() <= SEEN_MAX
    }

    /// Gives its events back to the rungs, whose base is within the slot: they are
    /// many for its width.
    pub(super) fn give_back(&mut self, rungs: &mut Rungs) {
        self.close();
        for &it in &self.order[self.n_taken..] {
            rungs.push(*self.entry(it));
        }
        self.clear();
    }
}
