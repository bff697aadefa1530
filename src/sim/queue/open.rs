//! The open slot: its events in order. They are sorted once, as numbers that also
//! tell where the event stands; those that come late are put between.

use crate::sim::event::Event;
use crate::sim::queue::entry::{Entry, Key};
use crate::sim::queue::rungs::{Place, Rungs};

/// A slot with more events than this is dealt out over the rung below, not opened.
pub(super) const OPENED_MAX: usize = 2048;
/// A slot that still has more events than this is closed again when
/// [`LATE_MAX`] have come late: each of them moves half of the others.
const HELD_MAX: usize = 32;
const LATE_MAX: usize = 64;
/// So many events, those taken among them, and it is closed in any case.
const SEEN_MAX: usize = 1 << NUMBER_BITS;

/// Slots wider than this are not opened: an event's place in time, its rank and
/// its number must fit 64 bits.
pub(super) const WIDTH_BITS_MAX: u32 = u64::BITS - Key::RANK_BITS - NUMBER_BITS;
const NUMBER_BITS: u32 = 16;
/// Of a slot of one millisecond: however many they are.
const NUMBER_BITS_AT_ONCE: u32 = 32;

const _: () = assert!(OPENED_MAX < SEEN_MAX);

#[derive(Debug, Default)]
pub(super) struct Open {
    start: u64,
    /// Zero while nothing is open.
    end: u64,
    number_bits: u32,
    /// How many were put between the others.
    n_late: usize,
    /// As they came; a place in it is an event's number.
    events: Vec<Event>,
    /// Distance of the key from the slot's start, then the number: descending, for
    /// what comes late mostly comes soon.
    order: Vec<u64>,
}

impl Open {
    /// Whether an event of this time belongs here.
    #[inline]
    pub(super) const fn has(&self, millis: u64) -> bool {
        millis < self.end
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Key of the earliest event, if there is one.
    #[inline]
    pub(super) fn first(&self) -> Option<Key> {
        self.order.last().map(|&it| Key::after(self.start, it >> self.number_bits))
    }

    #[inline]
    fn event(&self, ordered: u64) -> Event {
        self.events[(ordered & ((1 << self.number_bits) - 1)) as usize]
    }

    /// Opens a slot; nothing else is open.
    pub(super) fn open(&mut self, rungs: &mut Rungs, at: Place, millis: u64) {
        debug_assert!(self.is_empty());
        let width_bits = at.width_bits();
        self.start = millis >> width_bits << width_bits;
        self.end = self.start + (1 << width_bits);
        self.number_bits = if width_bits == 0 { NUMBER_BITS_AT_ONCE } else { NUMBER_BITS };
        self.n_late = 0;
        self.events.clear();
        let (start, number_bits) = (self.start, self.number_bits);
        rungs.take_all(at, |entries| {
            let numbers = self.events.len() as u64..;
            self.order
                .extend(entries.iter().zip(numbers).map(|(it, n)| it.key.since(start) << number_bits | n));
            self.events.extend(entries.iter().map(|it| it.event));
        });
        self.order.sort_unstable_by(|one, other| other.cmp(one));
    }

    /// Nothing is open from now on.
    #[inline]
    pub(super) const fn close(&mut self) {
        self.end = 0;
    }

    /// Takes the earliest event, if there is one.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Event> {
        self.order.pop().map(|it| self.event(it))
    }

    /// Puts an event between the others, and says whether it was not too late:
    /// they are to be given back.
    pub(super) fn insert(&mut self, entry: Entry) -> bool {
        if self.is_empty() {
            self.events.clear();
            self.n_late = 0;
        }
        let it = entry.key.since(self.start) << self.number_bits | self.events.len() as u64;
        self.events.push(entry.event);
        self.n_late += 1;
        let place = self.order.partition_point(|&other| other > it);
        self.order.insert(place, it);
        self.events.len() < SEEN_MAX && (self.n_late <= LATE_MAX || self.order.len() <= HELD_MAX)
    }

    /// Gives its events back to the rungs, whose base is within the slot.
    pub(super) fn give_back(&mut self, rungs: &mut Rungs) {
        self.close();
        for &it in self.order.iter().rev() {
            let key = Key::after(self.start, it >> self.number_bits);
            rungs.push(Entry { key, event: self.event(it) });
        }
        self.order.clear();
    }
}
