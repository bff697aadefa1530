//! The instances of a provider in the order of one resource, with what they have
//! of the other: the first that has enough of both is found without meeting
//! those that have enough of one. By value of an attribute where a spread comes
//! first.
//!
//! ```text
//! tops      most of the other resource in 64 leaves
//! leaves    the same of the instances with about so much of the packed one
//! bucket    these instances
//! ```

use crate::base::id::CapacityProviderId;
use crate::placement::index::ask::{Ask, Found};
use crate::placement::index::bucket::{Bucket, Ground};
use crate::placement::index::columns::{Columns, Rooms};
use crate::placement::index::lanes::{Block, LANES, Lanes};

/// Amounts below 512 have a leaf each, from there on each doubling has 256.
const N_LEAVES: usize = 256 * (32 - 8 + 1);
const N_TOPS: usize = N_LEAVES / LANES;
const _: () = assert!(N_LEAVES % LANES == 0 && N_LEAVES < 1 << LEAF_BITS);

/// A cell is a part and a leaf.
const LEAF_BITS: u32 = 13;
/// The most parts that cells can tell apart.
pub(super) const PARTS_MAX: usize = 1 << (31 - LEAF_BITS);
/// Of an instance that is in no cell.
const NOWHERE: u32 = u32::MAX;

/// The leaf of an amount; never less for more.
fn leaf_of(amount: u32) -> usize {
    let n_dropped = (u32::BITS - amount.leading_zeros()).saturating_sub(9);
    (n_dropped as usize * 256) + (amount >> n_dropped) as usize
}

/// The shelf.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    /// Which resource it is in the order of, as the columns count them.
    pub(super) packed: usize,
    pub(super) provider: CapacityProviderId,
    cells: Vec<Block>,
    parts: Vec<Part>,
}

/// The instances of a part, by leaf.
#[derive(Clone, Debug)]
struct Part {
    tops: [Block; N_TOPS.div_ceil(LANES)],
    leaves: Vec<Block>,
    /// Which bucket each leaf has, one more than its position.
    slots: Vec<u16>,
    buckets: Vec<Bucket>,
}

impl Part {
    fn new() -> Self {
        Self {
            tops: [[0; LANES]; N_TOPS.div_ceil(LANES)],
            leaves: vec![[0; LANES]; N_TOPS],
            slots: vec![0; N_LEAVES],
            buckets: Vec::new(),
        }
    }

    fn bucket(&mut self, leaf: usize) -> &mut Bucket {
        if self.slots[leaf] == 0 {
            self.buckets.push(Bucket::default());
            self.slots[leaf] = u16::try_from(self.buckets.len()).expect("fewer buckets than leaves");
        }
        &mut self.buckets[usize::from(self.slots[leaf]) - 1]
    }

    fn set_most(&mut self, lanes: Lanes, leaf: usize, most: u32) {
        let (top, lane) = (leaf / LANES, leaf % LANES);
        let before = std::mem::replace(&mut self.leaves[top][lane], most);
        let of_top = &mut self.tops[top / LANES][top % LANES];
        if most >= *of_top {
            *of_top = most;
        } else if before == *of_top {
            *of_top = lanes.greatest(&self.leaves[top]);
        }
    }

    /// The next leaf from `from` on that has an instance with so much room.
    fn next(&self, lanes: Lanes, from: usize, room: u32) -> Option<usize> {
        let top = from / LANES;
        let in_top = |top: usize, from| {
            let lane = lanes.first_at_least(std::slice::from_ref(&self.leaves[top]), from, room);
            lane.map(|it| top * LANES + it)
        };
        in_top(top, from % LANES).or_else(|| {
            let top = lanes.first_at_least(&self.tops, top + 1, room)?;
            in_top(top, 0)
        })
    }

    /// The same downwards, up to and with `to`.
    fn next_below(&self, lanes: Lanes, to: usize, room: u32) -> Option<usize> {
        let top = to / LANES;
        let in_top = |top: usize, to| {
            let lane = lanes.last_at_least(std::slice::from_ref(&self.leaves[top]), to, room);
            lane.map(|it| top * LANES + it)
        };
        in_top(top, to % LANES).or_else(|| {
            let top = lanes.last_at_least(&self.tops, top.checked_sub(1)?, room)?;
            in_top(top, LANES - 1)
        })
    }
}

impl Shelf {
    /// An empty shelf.
    pub(super) fn new(packed: usize, provider: CapacityProviderId) -> Self {
        Self { packed, provider, cells: Vec::new(), parts: Vec::new() }
    }

    /// Takes note of an instance that had `before` of both resources, belongs to
    /// `part` and has what the columns say.
    pub(super) fn note(
        &mut self,
        lanes: Lanes,
        columns: &Columns,
        number: usize,
        before: Rooms,
        part: usize,
    ) {
        let (block, lane) = (number / LANES, number % LANES);
        let (packed, other) = (self.packed, 1 - self.packed);
        let now = columns.rooms_of(number);
        if self.cells.len() < columns.n_blocks() {
            self.cells.resize(columns.n_blocks(), [NOWHERE; LANES]);
        }
        let cell = match now[packed] {
            0 => NOWHERE,
            amount => (part as u32) << LEAF_BITS | leaf_of(amount) as u32,
        };
        let cell_before = std::mem::replace(&mut self.cells[block][lane], cell);
        let ground = Ground {
            lanes,
            cells: &self.cells,
            packed: &columns.rooms[packed],
            other: &columns.rooms[other],
        };
        if cell_before != NOWHERE {
            let part = &mut self.parts[(cell_before >> LEAF_BITS) as usize];
            let leaf = (cell_before & ((1 << LEAF_BITS) - 1)) as usize;
            let bucket = part.bucket(leaf);
            bucket.remove(&ground, cell_before, number as u32, before[other]);
            if part.leaves[leaf / LANES][leaf % LANES] == before[other] {
                let most = part.bucket(leaf).most(lanes);
                part.set_most(lanes, leaf, most);
            }
        }
        if cell != NOWHERE {
            if self.parts.len() <= part {
                self.parts.resize_with(part + 1, Part::new);
            }
            let part = &mut self.parts[part];
            let leaf = leaf_of(now[packed]);
            part.bucket(leaf).insert(&ground, cell, number as u32, [now[packed], now[other]]);
            if now[other] > part.leaves[leaf / LANES][leaf % LANES] {
                part.set_most(lanes, leaf, now[other]);
            }
        }
    }

    /// The best instance of a part that `ask` accepts.
    pub(super) fn best(
        &self,
        lanes: Lanes,
        columns: &Columns,
        part_idx: usize,
        ask: &mut Ask<'_>,
    ) -> Option<Found> {
        let part = self.parts.get(part_idx)?;
        let ground = Ground {
            lanes,
            cells: &self.cells,
            packed: &columns.rooms[self.packed],
            other: &columns.rooms[1 - self.packed],
        };
        let least = leaf_of(ask.packed);
        let mut at = if ask.is_most_first() { N_LEAVES - 1 } else { least };
        loop {
            let leaf = if ask.is_most_first() {
                part.next_below(lanes, at, ask.other).filter(|&it| it >= least)?
            } else {
                part.next(lanes, at, ask.other)?
            };
            let bucket = &part.buckets[usize::from(part.slots[leaf]) - 1];
            let cell = (part_idx as u32) << LEAF_BITS | leaf as u32;
            let best = bucket.best(&ground, cell, ask);
            if best.is_some() || ask.is_exhausted() {
                return best;
            }
            at = if ask.is_most_first() { leaf.checked_sub(1)? } else { leaf + 1 };
            if at >= N_LEAVES {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_never_has_a_lower_leaf_and_leaves_have_no_gaps() {
        let mut before = 0;
        for amount in (0..4_000_000).chain((22..32).map(|it| (1_u32 << it) - 1)).chain([u32::MAX]) {
            let leaf = leaf_of(amount);
            assert!(leaf < N_LEAVES, "{amount}");
            assert!(leaf >= before, "{amount}");
            if amount < 4_000_000 {
                assert!(leaf <= before + 1, "{amount}");
            }
            before = leaf;
        }
    }
}
