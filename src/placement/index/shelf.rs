//! The instances of a provider in the order of one resource, with what they have
//! of the other: the first that has enough of both is found without meeting
//! those that have enough of one. By value of an attribute where a spread comes
//! first.

use crate::base::id::CapacityProviderId;
use crate::model::options::TieBreak;
use crate::placement::index::ask::{Ask, Found};
use crate::placement::index::bucket::{Bucket, Ground, Place};
use crate::placement::index::columns::{Columns, Rooms};
use crate::placement::index::lanes::{Block, LANES, Lanes};

/// Amounts below 512 have a level each, from there on each doubling has 256.
const N_LEVELS: usize = 256 * (32 - 8 + 1);
const _: () = assert!(N_LEVELS < 1 << LEVEL_BITS);

/// A cell is a part and a level.
const LEVEL_BITS: u32 = 13;
/// The most parts that are worth their tables.
pub(super) const PARTS_MAX: usize = 256;
/// Of an instance that is in no cell.
const NOWHERE: u32 = u32::MAX;

/// The level of an amount; never less for more.
fn level_of(amount: u32) -> usize {
    let n_dropped = (u32::BITS - amount.leading_zeros()).saturating_sub(9);
    (n_dropped as usize * 256) + (amount >> n_dropped) as usize
}

/// The shelf.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    /// Which resource it is in the order of, as the columns count them.
    pub(super) packed: usize,
    pub(super) provider: CapacityProviderId,
    /// What decides between equal instances.
    pub(super) tie_break: TieBreak,
    /// More instances of a cell than these are many.
    few_max: usize,
    /// Where each instance stands.
    places: Vec<Place>,
    parts: Vec<Part>,
}

/// The instances of a part, by level; levels that no instance ever had are not
/// there.
#[derive(Clone, Debug)]
struct Part {
    /// For each level how many that are there are below it.
    n_below: Vec<u16>,
    /// The levels that are there, ascending, with their instances.
    levels: Vec<u16>,
    buckets: Vec<Bucket>,
    /// No less than any instance of each of them has of the other resource;
    /// lowered where a search meets it in vain.
    limits: Vec<Block>,
}

impl Part {
    fn new() -> Self {
        Self { n_below: vec![0; N_LEVELS], levels: Vec::new(), buckets: Vec::new(), limits: Vec::new() }
    }

    /// The position of a level, which is there from now on.
    fn position(&mut self, level: usize) -> usize {
        let position = usize::from(self.n_below[level]);
        if self.levels.get(position).is_none_or(|&it| usize::from(it) != level) {
            self.insert_level(position, level);
        }
        position
    }

    #[cold]
    fn insert_level(&mut self, position: usize, level: usize) {
        self.n_below[level + 1..].iter_mut().for_each(|it| *it += 1);
        self.levels.insert(position, u16::try_from(level).expect("levels are few"));
        self.buckets.insert(position, Bucket::default());
        if self.levels.len() > self.limits.len() * LANES {
            self.limits.push([0; LANES]);
        }
        let limits = self.limits.as_flattened_mut();
        let end = limits.len() - 1;
        limits.copy_within(position..end, position + 1);
        limits[position] = 0;
    }

    fn limit(&mut self, position: usize) -> &mut u32 {
        &mut self.limits[position / LANES][position % LANES]
    }
}

impl Shelf {
    /// An empty shelf.
    pub(super) fn new(packed: usize, provider: CapacityProviderId, tie_break: TieBreak) -> Self {
        Self { packed, provider, tie_break, few_max: LANES, places: Vec::new(), parts: Vec::new() }
    }

    /// There are so many instances. A list costs by its length, a row by all
    /// blocks; where chance decides, a row is tried place by place of the order
    /// drawn, which costs by instances to one of the cell.
    fn stretch(&mut self, n_blocks: usize) {
        self.places.resize(n_blocks * LANES, Place { cell: NOWHERE, slot: 0 });
        self.few_max = match self.tie_break {
            TieBreak::LowestId => n_blocks / 2,
            TieBreak::Random => (16 * self.places.len()).isqrt(),
        };
        self.few_max = self.few_max.max(LANES);
    }

    /// Takes note of an instance that belongs to `part` and has what the columns
    /// say.
    pub(super) fn note(&mut self, lanes: Lanes, columns: &Columns, number: usize, part: usize, now: Rooms) {
        let (packed, other) = (self.packed, 1 - self.packed);
        if self.places.len() <= number {
            self.stretch(columns.n_blocks());
        }
        let few_max = self.few_max;
        let ground = Ground { lanes, packed: &columns.rooms[packed], other: &columns.rooms[other], few_max };
        let level = level_of(now[packed]);
        let cell = match now[packed] {
            0 => NOWHERE,
            _ => (part as u32) << LEVEL_BITS | level as u32,
        };
        let before = std::mem::replace(&mut self.places[number].cell, cell);
        if before != NOWHERE {
            let part = &mut self.parts[(before >> LEVEL_BITS) as usize];
            let position = usize::from(part.n_below[(before & ((1 << LEVEL_BITS) - 1)) as usize]);
            part.buckets[position].remove(&ground, &mut self.places, number as u32);
        }
        if cell != NOWHERE {
            if self.parts.len() <= part {
                self.parts.resize_with(part + 1, Part::new);
            }
            let part = &mut self.parts[part];
            let position = part.position(level);
            let rooms = [now[packed], now[other]];
            part.buckets[position].insert(&ground, &mut self.places, number as u32, rooms);
            let limit = part.limit(position);
            *limit = now[other].max(*limit);
        }
    }

    /// The best instance of a part that `ask` accepts.
    pub(super) fn best(
        &mut self,
        lanes: Lanes,
        columns: &Columns,
        part: usize,
        ask: &mut Ask<'_>,
    ) -> Option<Found> {
        let part = self.parts.get_mut(part)?;
        let (packed, other) = (&columns.rooms[self.packed], &columns.rooms[1 - self.packed]);
        let ground = Ground { lanes, packed, other, few_max: self.few_max };
        let least = usize::from(part.n_below[level_of(ask.packed)]);
        let mut at = if ask.is_most_first() { part.levels.len().checked_sub(1)? } else { least };
        loop {
            let position = if ask.is_most_first() {
                lanes.last_at_least(&part.limits, at, ask.other).filter(|&it| it >= least)?
            } else {
                lanes.first_at_least(&part.limits, at, ask.other)?
            };
            let best = part.buckets[position].best(&ground, ask);
            if best.is_some() || ask.is_exhausted() {
                return best;
            }
            *part.limit(position) = part.buckets[position].limit(lanes);
            at = if ask.is_most_first() { position.checked_sub(1)? } else { position + 1 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_that_changes_within_its_level_is_listed_once() {
        let lanes = Lanes::new();
        let mut columns = Columns::default();
        columns.rooms = [vec![[0; LANES]; 2], vec![[0; LANES]; 2]];
        let mut shelf = Shelf::new(0, CapacityProviderId::new(0), TieBreak::LowestId);
        let mut set = |number: usize, now: Rooms| {
            for (column, now) in columns.rooms.iter_mut().zip(now) {
                column[number / LANES][number % LANES] = now;
            }
            shelf.note(lanes, &columns, number, 0, now);
            for bucket in &shelf.parts[0].buckets {
                let (len, n_listed) = bucket.counted();
                assert_eq!(len, n_listed, "after {number} has {now:?}");
            }
        };
        (0..100).for_each(|it| set(it, [4097, 8193]));
        (16..100).for_each(|it| set(it, [1, 1]));
        // One of the last sixteen, with which many become few: its CPU stays.
        set(3, [4097, 7681]);
        set(3, [4097, 1]);
        set(3, [1, 1]);
        (0..16).for_each(|it| set(it, [4097, 8193]));
    }

    #[test]
    fn more_never_has_a_lower_level_and_levels_have_no_gaps() {
        let mut before = 0;
        for amount in (0..4_000_000).chain((22..32).map(|it| (1_u32 << it) - 1)).chain([u32::MAX]) {
            let level = level_of(amount);
            assert!(level < N_LEVELS, "{amount}");
            assert!(level >= before, "{amount}");
            if amount < 4_000_000 {
                assert!(level <= before + 1, "{amount}");
            }
            before = level;
        }
    }
}
