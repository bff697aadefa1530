//! Instances with about as much of the packed resource, and how much each has
//! of the other. A few are a list; many are a row with the most that any of 64
//! neighbours has, for then a list would be long and the row has no gaps.

use crate::placement::index::ask::{Ask, Found};
use crate::placement::index::lanes::{Block, LANES, Lanes};

/// What all buckets of a shelf look at.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) lanes: Lanes,
    /// Which cell each instance is in.
    pub(super) cells: &'a [Block],
    /// What each has of the packed resource and of the other.
    pub(super) packed: &'a [Block],
    pub(super) other: &'a [Block],
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
    /// If they are many: the most of the other resource in each block of
    /// instances.
    row: Vec<Block>,
}

impl Bucket {
    /// More than these are many: a list costs by its length, a row by all
    /// instances, and there are at most so many rows as instances by this.
    fn few_max(ground: &Ground<'_>) -> usize {
        (ground.cells.len() / 2).max(LANES)
    }

    /// An instance comes, with so much of both resources.
    pub(super) fn insert(&mut self, ground: &Ground<'_>, cell: u32, number: u32, [packed, other]: [u32; 2]) {
        self.exactly = if self.len == 0 { Some(packed) } else { self.exactly.filter(|&it| it == packed) };
        self.len += 1;
        if self.is_many {
            let block = number as usize / LANES;
            self.stretch(ground);
            let most = &mut self.row[block / LANES][block % LANES];
            *most = other.max(*most);
        } else {
            self.numbers.push(number);
            self.rooms.push(other);
            if self.numbers.len() > Self::few_max(ground) {
                self.become_many(ground);
            }
        }
        debug_assert!(self.is_many || ground.cells[number as usize / LANES][number as usize % LANES] == cell);
    }

    /// An instance goes, which had so much of the other resource; it is in no cell,
    /// and its room is already what it is now.
    pub(super) fn remove(&mut self, ground: &Ground<'_>, cell: u32, number: u32, other: u32) {
        self.len -= 1;
        if self.is_many {
            let block = number as usize / LANES;
            let most = &mut self.row[block / LANES][block % LANES];
            if *most == other {
                *most = ground.lanes.greatest_where(&ground.cells[block], cell, &ground.other[block]);
            }
            // Not at the same number at which they become many, lest they
            // change at every step.
            if (self.len as usize) < Self::few_max(ground) / 4 {
                self.become_few(ground, cell);
            }
        } else {
            let idx = ground.lanes.position_of(&self.numbers, number).expect("an instance is in its cell");
            self.numbers.swap_remove(idx);
            self.rooms.swap_remove(idx);
        }
    }

    /// How many instances it has, and how many it lists where it lists them.
    #[cfg(test)]
    pub(super) fn counted(&self) -> (usize, usize) {
        let len = self.len as usize;
        (len, if self.is_many { len } else { self.numbers.len() })
    }

    /// The most that any has of the other resource; 0 if there is none.
    pub(super) fn most(&self, lanes: Lanes) -> u32 {
        lanes.greatest(if self.is_many { self.row.as_flattened() } else { &self.rooms })
    }

    fn stretch(&mut self, ground: &Ground<'_>) {
        let n_blocks = ground.cells.len().div_ceil(LANES);
        if self.row.len() < n_blocks {
            self.row.resize(n_blocks, [0; LANES]);
        }
    }

    fn become_many(&mut self, ground: &Ground<'_>) {
        self.stretch(ground);
        for (&number, &room) in self.numbers.iter().zip(&self.rooms) {
            let block = number as usize / LANES;
            let most = &mut self.row[block / LANES][block % LANES];
            *most = room.max(*most);
        }
        self.numbers.clear();
        self.rooms.clear();
        self.is_many = true;
    }

    fn become_few(&mut self, ground: &Ground<'_>, cell: u32) {
        let mut at = 0;
        while let Some(block) = ground.lanes.first_at_least(&self.row, at, 1) {
            for lane in
                bits(ground.lanes.equal_and_at_least(&ground.cells[block], &ground.other[block], cell, 1))
            {
                self.numbers.push((block * LANES + lane) as u32);
                self.rooms.push(ground.other[block][lane]);
            }
            at = block + 1;
        }
        self.row.iter_mut().for_each(|it| it.fill(0));
        self.is_many = false;
    }

    /// The best of those that qualify.
    pub(super) fn best(&self, ground: &Ground<'_>, cell: u32, ask: &mut Ask<'_>) -> Option<Found> {
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
                (tie < u32::MAX).then(|| ask.found(packed, tie))
            }
            (false, _) => self.best_of_few(ground, ask),
            (true, Some(packed)) if ask.rank().is_none() => {
                let number = self.first_of_many(ground, cell, ask)?;
                Some(ask.found(packed, number))
            }
            (true, Some(packed)) => match self.drawn_of_many(ground, cell, ask) {
                Some(tie) => Some(ask.found(packed, tie)),
                None => self.best_of_many(ground, cell, ask),
            },
            (true, None) => self.best_of_many(ground, cell, ask),
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

    fn best_of_many(&self, ground: &Ground<'_>, cell: u32, ask: &mut Ask<'_>) -> Option<Found> {
        let mut best = None;
        let mut at = 0;
        while let Some(block) = ground.lanes.first_at_least(&self.row, at, ask.other) {
            for lane in self.fitting(ground, cell, block, ask) {
                ask.improve(&mut best, ground.packed[block][lane], (block * LANES + lane) as u32);
            }
            if ask.is_exhausted() {
                break;
            }
            at = block + 1;
        }
        best
    }

    fn first_of_many(&self, ground: &Ground<'_>, cell: u32, ask: &mut Ask<'_>) -> Option<u32> {
        let mut at = 0;
        while let Some(block) = ground.lanes.first_at_least(&self.row, at, ask.other) {
            for lane in self.fitting(ground, cell, block, ask) {
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

    fn fitting(
        &self,
        ground: &Ground<'_>,
        cell: u32,
        block: usize,
        ask: &Ask<'_>,
    ) -> impl Iterator<Item = usize> + use<> {
        let (cells, other) = (&ground.cells[block], &ground.other[block]);
        bits(ground.lanes.equal_and_at_least(cells, other, cell, ask.other))
    }

    /// The place of the first in the order drawn, if it comes soon.
    fn drawn_of_many(&self, ground: &Ground<'_>, cell: u32, ask: &mut Ask<'_>) -> Option<u32> {
        let n_tries = 8 * ask.n_places() / u64::from(self.len);
        let n_instances = ground.cells.len() * LANES;
        for (place, number) in ask.places().take_while(|it| it.0 < n_tries) {
            if number >= n_instances {
                continue;
            }
            let (block, lane) = (number / LANES, number % LANES);
            if ground.cells[block][lane] == cell
                && ground.other[block][lane] >= ask.other
                && ask.accepts(number as u32)
            {
                return Some(place as u32);
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
