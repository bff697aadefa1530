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
const RUNGS: u32 = (u64::BITS - Key::RANK_BITS) / DIGIT;
/// Slots of all rungs, and of one more that makes the number a power of two.
const SLOTS: usize = (RUNGS as usize).next_power_of_two() << DIGIT;
const WORDS: usize = SLOTS / u64::BITS as usize;

/// Invariant: every event's time is at or after the base, and only slots from the
/// base's digit on are occupied; so the first slot of the lowest rung in use has
/// the earliest events, and that is the first occupied slot of all. In a slot
/// those of equal keys stand as scheduled.
#[derive(Debug)]
pub(super) struct Rungs {
    base: u64,
    /// Rung by rung.
    slots: Box<[Slot; SLOTS]>,
    chunks: Chunks,
    /// Bit by bit which slots are occupied.
    occupied: [u64; WORDS],
    /// Bit by bit which words of `occupied` are not zero.
    summary: u32,
}

const _: () = assert!(WORDS <= u32::BITS as usize);

/// Where a slot is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(usize);

impl Place {
    /// How many bits of a time an event's place in the slot leaves open.
    #[inline]
    pub(super) const fn width_bits(self) -> u32 {
        (self.0 >> DIGIT) as u32 * DIGIT
    }
}

impl Rungs {
    pub(super) fn new() -> Self {
        let slots = vec![Slot::EMPTY; SLOTS].into_boxed_slice();
        Self {
            base: 0,
            slots: slots.try_into().expect("as many slots as there are"),
            chunks: Chunks::default(),
            occupied: [0; WORDS],
            summary: 0,
        }
    }

    /// Key of the earliest event, or [`Key::NEVER`].
    #[inline]
    pub(super) fn first(&self) -> Key {
        self.first_slot().map_or(Key::NEVER, |it| self.slots[it.0].first)
    }

    /// The slot with the earliest event.
    #[inline]
    pub(super) const fn first_slot(&self) -> Option<Place> {
        if self.summary == 0 {
            return None;
        }
        let word = self.summary.trailing_zeros() as usize % WORDS;
        Some(Place((word << 6 | self.occupied[word].trailing_zeros() as usize) % SLOTS))
    }

    /// How many events a slot has.
    #[inline]
    pub(super) fn len(&self, at: Place) -> usize {
        self.slots[at.0].n as usize
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
        let rung = (u64::BITS - 1 - ((millis ^ self.base) | 1).leading_zeros()) / DIGIT;
        let digit = (millis >> (rung * DIGIT)) as usize % (1 << DIGIT);
        let at = ((rung as usize) << DIGIT | digit) % SLOTS;
        let slot = &mut self.slots[at];
        if slot.n == 0 {
            self.occupied[at >> 6] |= 1 << (at & 63);
            self.summary |= 1 << (at >> 6);
        }
        self.chunks.push(slot, entry);
    }

    /// Takes the only event of a slot.
    #[inline]
    pub(super) fn take_one(&mut self, at: Place) -> Entry {
        let slot = self.take(at);
        self.chunks.take_one(slot)
    }

    /// Takes all events of a slot, in the order in which they came.
    #[inline]
    pub(super) fn take_all(&mut self, at: Place, mut each: impl FnMut(&[Entry])) {
        let slot = self.take(at);
        let mut reading = self.chunks.reading(slot);
        while let Some(entries) = self.chunks.read(&mut reading) {
            each(entries);
        }
    }

    /// Moves the events of a slot to lower rungs; the base is within the slot.
    pub(super) fn deal_out(&mut self, at: Place) {
        let slot = self.take(at);
        let mut reading = self.chunks.reading(slot);
        let mut buffer = [Entry::NONE; CHUNK];
        while let Some(entries) = self.chunks.read(&mut reading) {
            // The chunk is free: the first push may be to where it was.
            let n = entries.len();
            buffer[..n].copy_from_slice(entries);
            for &entry in &buffer[..n] {
                self.push(entry);
            }
        }
    }

    #[inline]
    fn take(&mut self, at: Place) -> Slot {
        let word = at.0 >> 6;
        self.occupied[word] &= !(1 << (at.0 & 63));
        if self.occupied[word] == 0 {
            self.summary &= !(1 << word);
        }
        std::mem::replace(&mut self.slots[at.0], Slot::EMPTY)
    }

    /// How many entries the memory of the slots has room for.
    #[cfg(test)]
    pub(super) const fn n_reserved(&self) -> usize {
        self.chunks.n_reserved()
    }
}
