//! Events not yet in order, in slots by time. A rung has a slot for each value of
//! one digit of the time, and an event stands on the rung of the highest digit in
//! which its time differs from that of the base: near events on low rungs with
//! narrow slots, far ones on high rungs with wide ones.

use crate::sim::queue::chunks::{CHUNK, Chunks, Slot};
use crate::sim::queue::entry::{Entry, Key};

/// Bits of a digit. The ends of a rung's slots are the lines that are written to:
/// 256 stay in the first cache, and an hour's timers are moved once on their way
/// down.
const DIGIT: u32 = 8;
const SLOTS: usize = 1 << DIGIT;
const WORDS: usize = SLOTS / u64::BITS as usize;
const RUNGS: usize = ((u64::BITS - Key::RANK_BITS) / DIGIT) as usize;

/// Invariant: every event's time is at or after the base, and only slots from the
/// base's digit on are occupied; so the first slot of the lowest rung in use has
/// the earliest events. In a slot those of equal keys stand as scheduled.
#[derive(Debug)]
pub(super) struct Rungs {
    base: u64,
    slots: Vec<Slot>,
    chunks: Chunks,
    /// Bit by bit which slots of a rung are occupied.
    occupied: [[u64; WORDS]; RUNGS],
    /// Bit by bit which rungs are in use.
    in_use: u32,
}

/// Where a slot is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    rung: usize,
    digit: usize,
}

impl Place {
    const fn idx(self) -> usize {
        self.rung << DIGIT | self.digit
    }

    /// How many bits of a time an event's place in the slot leaves open.
    pub(super) const fn width_bits(self) -> u32 {
        self.rung as u32 * DIGIT
    }
}

impl Rungs {
    pub(super) fn new() -> Self {
        Self {
            base: 0,
            slots: vec![Slot::EMPTY; RUNGS << DIGIT],
            chunks: Chunks::default(),
            occupied: [[0; WORDS]; RUNGS],
            in_use: 0,
        }
    }

    /// Key of the earliest event, or [`Key::NEVER`].
    #[inline]
    pub(super) fn first(&self) -> Key {
        self.first_slot().map_or(Key::NEVER, |it| self.slots[it.idx()].first)
    }

    /// The slot with the earliest event.
    #[inline]
    pub(super) fn first_slot(&self) -> Option<Place> {
        if self.in_use == 0 {
            return None;
        }
        let rung = self.in_use.trailing_zeros() as usize;
        let words = &self.occupied[rung];
        let word = words.iter().position(|&it| it != 0).expect("a rung in use has an occupied slot");
        Some(Place { rung, digit: word << 6 | words[word].trailing_zeros() as usize })
    }

    /// How many events a slot has.
    #[inline]
    pub(super) fn len(&self, at: Place) -> usize {
        self.slots[at.idx()].n as usize
    }

    /// How many entries the memory of the slots has room for.
    #[cfg(test)]
    pub(super) const fn n_reserved(&self) -> usize {
        self.chunks.n_reserved()
    }

    /// Moves the base to a time of the first slot, at or before all events; or
    /// within what that slot was, while no rung below is in use.
    #[inline]
    pub(super) const fn set_base(&mut self, millis: u64) {
        self.base = millis;
    }

    #[inline]
    pub(super) fn push(&mut self, entry: Entry) {
        let millis = entry.key.millis();
        let differs = millis ^ self.base;
        let rung = ((u64::BITS - 1 - (differs | 1).leading_zeros()) / DIGIT) as usize;
        let digit = (millis >> (rung as u32 * DIGIT)) as usize % SLOTS;
        self.chunks.push(&mut self.slots[rung << DIGIT | digit], entry);
        self.occupied[rung][digit >> 6] |= 1 << (digit & 63);
        self.in_use |= 1 << rung;
    }

    /// Takes the only event of a slot.
    #[inline]
    pub(super) fn take_one(&mut self, at: Place) -> Entry {
        let slot = self.take(at);
        self.chunks.take_one(slot)
    }

    /// Takes all events of a slot, in the order in which they came.
    pub(super) fn take_all(&mut self, at: Place, into: &mut Vec<Entry>) {
        let slot = self.take(at);
        let mut reading = self.chunks.reading(slot);
        let mut buffer = [Entry::NONE; CHUNK];
        while let Some(n) = self.chunks.read(&mut reading, &mut buffer) {
            into.extend_from_slice(&buffer[..n]);
        }
    }

    /// Moves the events of a slot to lower rungs; the base is within the slot.
    pub(super) fn spread(&mut self, at: Place) {
        let slot = self.take(at);
        let mut reading = self.chunks.reading(slot);
        let mut buffer = [Entry::NONE; CHUNK];
        while let Some(n) = self.chunks.read(&mut reading, &mut buffer) {
            for &entry in &buffer[..n] {
                self.push(entry);
            }
        }
    }

    #[inline]
    fn take(&mut self, at: Place) -> Slot {
        let words = &mut self.occupied[at.rung];
        words[at.digit >> 6] &= !(1 << (at.digit & 63));
        if *words == [0; WORDS] {
            self.in_use &= !(1 << at.rung);
        }
        std::mem::replace(&mut self.slots[at.idx()], Slot::EMPTY)
    }
}
