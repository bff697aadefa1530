//! Instances with about as much of the packed resource, and how much each has
//! of the other. A few are a list; many are a row with the most that any of 64
//! neighbours has, for then a list would be long and the row has no gaps.

use crate::placement::index::ask::{Ask, Found};
use crate::placement::index::lanes::{Block, LANES, Lanes};

/// What all buckets of a shelf look at.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) lanes: Lanes,
    /// What each instance has of the packed resource and of the other.
    pub(super) packed: &'a [Block],
    pub(super) other: &'a [Block],
    /// More than these are many.
    pub(super) few_max: usize,
}

impl Ground<'_> {
    fn n_blocks(&self) -> usize {
        self.packed.len()
    }

    fn other(&self, block: usize, lane: usize) -> u32 {
        self.other[block][lane]
    }
}

/// Where an instance stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its cell.
    pub(super) cell: u32,
    /// Its position in the list of that, where it lists them.
    pub(super) slot: u32,
}

/// The instances of a cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Bucket {
    len: u32,
    /// What they have of the packed resource, if all have the same.
    exactly: Option<u32>,
    is_many: bool,
    /// If they are few: their numbers, and what each has of the other resource.
    numbers: Vec<u32>,
    rooms: Vec<u32>,
    /// If they are many: of each block of instances which are in the cell, and no
    /// less than any of these has of the other resource. The limit is lowered
    /// where a search meets it in vain, not when an instance goes: most limits
    /// are never met.
    words: Vec<u64>,
    limits: Vec<Block>,
}

impl Bucket {
    /// An instance comes, with so much of both resources.
    #[inline]
    pub(super) fn insert(
        &mut self,
        ground: &Ground<'_>,
        places: &mut [Place],
        number: u32,
        [packed, other]: [u32; 2],
    ) {
        if self.len == 0 {
            self.exactly = Some(packed);
        } else if self.exactly != Some(packed) {
            self.exactly = None;
        }
        self.len += 1;
        if self.is_many {
            self.stretch(ground);
            self.mark(number, other);
        } else {
            places[number as usize].slot = self.numbers.len() as u32;
            self.numbers.push(number);
            self.rooms.push(other);
            if self.numbers.len() > ground.few_max {
                self.become_many(ground);
            }
        }
    }

    /// An instance goes.
    #[inline]
    pub(super) fn remove(&mut self, ground: &Ground<'_>, places: &mut [Place], number: u32) {
        self.len -= 1;
        if self.is_many {
            let (block, lane) = (number as usize / LANES, number as usize % LANES);
            self.words[block] &= !(1 << lane);
            // Not at the same number at which they become many, lest they
            // change at every step.
            if (self.len as usize) < ground.few_max / 4 {
                self.become_few(ground, places);
            }
        } else {
            let slot = places[number as usize].slot;
            self.numbers.swap_remove(slot as usize);
            self.rooms.swap_remove(slot as usize);
            if let Some(&moved) = self.numbers.get(slot as usize) {
                places[moved as usize].slot = slot;
            }
        }
    }

    /// How many instances it has, and how many it lists.
    #[cfg(test)]
    pub(super) fn counted(&self) -> (usize, usize) {
        let n_marked: u32 = self.words.iter().map(|it| it.count_ones()).sum();
        (self.len as usize, self.numbers.len() + n_marked as usize)
    }

    /// No less than any has of the other resource; 0 if there is none.
    pub(super) fn limit(&self, lanes: Lanes) -> u32 {
        match (self.len, self.is_many) {
            (0, _) => 0,
            (_, true) => lanes.greatest(self.limits.as_flattened()),
            (_, false) => lanes.greatest(&self.rooms),
        }
    }

    fn stretch(&mut self, ground: &Ground<'_>) {
        let n_blocks = ground.n_blocks();
        if self.words.len() < n_blocks {
            self.words.resize(n_blocks, 0);
            self.limits.resize(n_blocks.div_ceil(LANES), [0; LANES]);
        }
    }

    fn mark(&mut self, number: u32, other: u32) {
        let (block, lane) = (number as usize / LANES, number as usize % LANES);
        self.words[block] |= 1 << lane;
        let limit = &mut self.limits[block / LANES][block % LANES];
        *limit = other.max(*limit);
    }

    #[cold]
    fn become_many(&mut self, ground: &Ground<'_>) {
        self.stretch(ground);
        for idx in 0..self.numbers.len() {
            self.mark(self.numbers[idx], self.rooms[idx]);
        }
        self.numbers.clear();
        self.rooms.clear();
        self.is_many = true;
    }

    #[cold]
    fn become_few(&mut self, ground: &Ground<'_>, places: &mut [Place]) {
        for (block, word) in self.words.iter_mut().enumerate() {
            for lane in bits(std::mem::take(word)) {
                places[block * LANES + lane].slot = self.numbers.len() as u32;
                self.numbers.push((block * LANES + lane) as u32);
                self.rooms.push(ground.other(block, lane));
            }
        }
        self.limits.iter_mut().for_each(|it| it.fill(0));
        self.is_many = false;
    }

    /// The best of those that qualify.
    pub(super) fn best(&mut self, ground: &Ground<'_>, ask: &mut Ask<'_>) -> Option<Found> {
        if self.exactly.is_some_and(|it| it < ask.packed) {
            return None;
        }
        match (self.is_many, self.exactly) {
            (false, Some(packed)) if ask.is_free() => {
                let tie = match ask.rank() {
                    None => ground.lanes.least_with_room(&self.numbers, &self.rooms, ask.other),
                    Some(rank) => {
                        ground.lanes.least_rank_with_room(&self.numbers, &self.rooms, ask.other, &rank)
                    }
                };
                (tie < u32::MAX).then(|| ask.found_by_tie(packed, tie))
            }
            (false, _) => self.best_of_few(ground, ask),
            (true, Some(packed)) if ask.rank().is_none() => {
                let number = self.first_of_many(ground, ask)?;
                Some(ask.found(packed, number, number))
            }
            (true, Some(packed)) => {
                let drawn = self.drawn_of_many(ground, ask, packed);
                drawn.or_else(|| self.best_of_many(ground, ask))
            }
            (true, None) => self.best_of_many(ground, ask),
        }
    }

    fn best_of_few(&self, ground: &Ground<'_>, ask: &mut Ask<'_>) -> Option<Found> {
        let mut best = None;
        for (&number, &room) in self.numbers.iter().zip(&self.rooms) {
            if room >= ask.other {
                let packed = ground.packed[number as usize / LANES][number as usize % LANES];
                ask.improve(&mut best, packed, number);
            }
        }
        best
    }

    fn best_of_many(&mut self, ground: &Ground<'_>, ask: &mut Ask<'_>) -> Option<Found> {
        let mut best = None;
        let mut at = 0;
        while let Some(block) = ground.lanes.first_at_least(&self.limits, at, ask.other) {
            for lane in bits(self.fitting(ground, block, ask.other)) {
                ask.improve(&mut best, ground.packed[block][lane], (block * LANES + lane) as u32);
            }
            if ask.is_exhausted() {
                break;
            }
            at = block + 1;
        }
        best
    }

    fn first_of_many(&mut self, ground: &Ground<'_>, ask: &mut Ask<'_>) -> Option<u32> {
        let mut at = 0;
        while let Some(block) = ground.lanes.first_at_least(&self.limits, at, ask.other) {
            for lane in bits(self.fitting(ground, block, ask.other)) {
                let number = (block * LANES + lane) as u32;
                if ask.accepts(number) {
                    return Some(number);
                }
            }
            if ask.is_exhausted() {
                break;
            }
            at = block + 1;
        }
        None
    }

    /// Those of a block with so much of the other resource. Lowers the limit of
    /// the block where there is none.
    fn fitting(&mut self, ground: &Ground<'_>, block: usize, least: u32) -> u64 {
        let (mut fitting, mut most) = (0, 0);
        for lane in bits(self.words[block]) {
            let has = ground.other(block, lane);
            most = has.max(most);
            fitting |= u64::from(has >= least) << lane;
        }
        if fitting == 0 {
            self.limits[block / LANES][block % LANES] = most;
        }
        fitting
    }

    /// The first in the order drawn, if it comes soon.
    fn drawn_of_many(&self, ground: &Ground<'_>, ask: &mut Ask<'_>, packed: u32) -> Option<Found> {
        let n_tries = 8 * ask.n_places() / u64::from(self.len);
        for (place, number) in ask.places(n_tries) {
            let (block, lane) = (number as usize / LANES, number as usize % LANES);
            if self.words.get(block).is_some_and(|it| it >> lane & 1 == 1)
                && ground.other(block, lane) >= ask.other
                && ask.accepts(number)
            {
                return Some(ask.found(packed, place, number));
            }
        }
        None
    }
}

/// The positions of the bits of a word, ascending.
pub(super) fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lane = word.trailing_zeros() as usize;
        word &= word.wrapping_sub(1);
        (lane < LANES).then_some(lane)
    })
}
