//! Memory for many lists that grow and vanish: chunks of a fixed size, given back
//! when they are read and handed out again while they are still in the cache.

use crate::sim::queue::entry::{Entry, Key};

/// Entries of a chunk. Smaller ones cost more links, larger ones stand emptier.
pub(super) const CHUNK: usize = 32;

/// A list of entries in the order in which they came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// The least key; [`Key::NEVER`] without entries.
    pub(super) first: Key,
    /// Index of the last entry, if there is one.
    last: u32,
    pub(super) n: u32,
}

impl Slot {
    pub(super) const EMPTY: Self = Self { first: Key::NEVER, last: 0, n: 0 };
}

/// Invariant: the chunks of a list are a ring: behind the last stands the first.
/// All but the last are full.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    entries: Vec<Entry>,
    next: Vec<u32>,
    free: Vec<u32>,
}

/// What is yet to be read of a list.
#[derive(Debug)]
pub(super) struct Reading {
    chunk: u32,
    left: usize,
}

impl Chunks {
    #[inline]
    pub(super) fn push(&mut self, slot: &mut Slot, entry: Entry) {
        let at = if (slot.n as usize).is_multiple_of(CHUNK) { self.extend(slot) } else { slot.last + 1 };
        self.entries[at as usize] = entry;
        slot.last = at;
        slot.n += 1;
        slot.first = slot.first.min(entry.key);
    }

    /// Adds a chunk to a list and returns the index of its first entry.
    fn extend(&mut self, slot: &Slot) -> u32 {
        let chunk = self.free.pop().unwrap_or_else(|| {
            let chunk = self.next.len();
            self.entries.extend_from_slice(&[Entry::NONE; CHUNK]);
            self.next.push(0);
            assert!(self.entries.len() <= u32::MAX as usize, "fewer than 2^32 events are pending");
            chunk as u32
        });
        if slot.n == 0 {
            self.next[chunk as usize] = chunk;
        } else {
            let last = slot.last as usize / CHUNK;
            self.next[chunk as usize] = std::mem::replace(&mut self.next[last], chunk);
        }
        chunk * CHUNK as u32
    }

    /// Begins to read a list, which then is no more.
    #[inline]
    pub(super) fn reading(&self, slot: Slot) -> Reading {
        let chunk = if slot.n == 0 { 0 } else { self.next[slot.last as usize / CHUNK] };
        Reading { chunk, left: slot.n as usize }
    }

    /// The next entries of a list, `None` at the end; their chunk is free from
    /// then on.
    #[inline]
    pub(super) fn read(&mut self, reading: &mut Reading) -> Option<&[Entry]> {
        if reading.left == 0 {
            return None;
        }
        let n = reading.left.min(CHUNK);
        let from = reading.chunk as usize * CHUNK;
        self.free.push(reading.chunk);
        reading.chunk = self.next[reading.chunk as usize];
        reading.left -= n;
        Some(&self.entries[from..from + n])
    }

    /// How many entries there is room for.
    #[cfg(test)]
    pub(super) const fn n_reserved(&self) -> usize {
        self.entries.len()
    }

    /// Takes the only entry of a list.
    #[inline]
    pub(super) fn take_one(&mut self, slot: Slot) -> Entry {
        debug_assert_eq!(slot.n, 1);
        self.free.push(slot.last / CHUNK as u32);
        self.entries[slot.last as usize]
    }
}
