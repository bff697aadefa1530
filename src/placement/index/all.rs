//! Where no order helps: room is compared for 64 instances at once, and those
//! that have it are asked the rest, each link of the chain in turn.

use crate::base::id::{Id as _, InstanceId};
use crate::model::options::TieBreak;
use crate::placement::chain::keep_least;
use crate::placement::index::ask::Ask;
use crate::placement::index::bucket::bits;
use crate::placement::index::columns::{Columns, Rooms};
use crate::placement::index::known::Masks;
use crate::placement::index::lanes::{LANES, Lanes};
use crate::placement::placer::Rules;
use crate::placement::strategy::{KeyOrder, PlacementView};

/// The blocks that have an instance of the provider with this room which the
/// masks allow, each with a bit for every such instance.
pub(super) fn roomy<'a>(
    lanes: Lanes,
    columns: &'a Columns,
    available: &'a [u64],
    masks: Masks<'a>,
    rooms: Rooms,
) -> impl Iterator<Item = (usize, u64)> + 'a {
    let mut blocks = Blocks { lanes, columns, rooms, at: 0, word: 0 };
    std::iter::from_fn(move || {
        loop {
            let (block, word) = blocks.next_roomy()?;
            let word = word & available.get(block).copied().unwrap_or(0) & masks.word(block);
            if word != 0 {
                return Some((block, word));
            }
        }
    })
}

/// The blocks that have an instance with this room.
struct Blocks<'a> {
    lanes: Lanes,
    columns: &'a Columns,
    rooms: Rooms,
    /// The next block; or the next 64, and which of those before are left.
    at: usize,
    word: u64,
}

impl Blocks<'_> {
    fn next_roomy(&mut self) -> Option<(usize, u64)> {
        let [cpu, memory] = &self.columns.rooms;
        let [most_cpu, most_memory] = &self.columns.most;
        if most_cpu.is_empty() {
            let found = self.lanes.next_both_at_least(cpu, memory, self.at, self.rooms)?;
            self.at = found.0 + 1;
            return Some(found);
        }
        loop {
            if self.word == 0 {
                let found = self.lanes.next_both_at_least(most_cpu, most_memory, self.at, self.rooms)?;
                (self.at, self.word) = (found.0 + 1, found.1);
            }
            let block = (self.at - 1) * LANES + self.word.trailing_zeros() as usize;
            self.word &= self.word - 1;
            // The most of both need not be of the same instance.
            let (cpu, memory) = (std::slice::from_ref(&cpu[block]), std::slice::from_ref(&memory[block]));
            let found = self.lanes.next_both_at_least(cpu, memory, 0, self.rooms);
            if let Some((_, word)) = found {
                return Some((block, word));
            }
        }
    }
}

/// The choice by a look at all instances. `candidates` and `counts` are
/// overwritten; `counts` is left all 0.
pub(super) fn choose(
    rules: &Rules<'_>,
    view: &PlacementView<'_>,
    ask: &Ask<'_>,
    roomy: impl Iterator<Item = (usize, u64)>,
    candidates: &mut Vec<InstanceId>,
    counts: &mut Vec<u32>,
) -> Option<InstanceId> {
    candidates.clear();
    for (block, word) in roomy {
        let numbers = bits(word).map(|lane| (block * LANES + lane) as u32);
        candidates.extend(numbers.filter(|&it| ask.allows(it)).map(InstanceId::new));
    }
    for strategy in rules.chain.strategies() {
        if candidates.len() < 2 {
            break;
        }
        if strategy.order() == KeyOrder::GroupOnInstance {
            counts.resize(view.cluster.n_launched().max(counts.len()), 0);
            view.cluster.group_instances(view.group).for_each(|(id, n)| counts[id.idx()] = n);
            keep_least(candidates, |it| counts[it.idx()].into());
            view.cluster.group_instances(view.group).for_each(|(id, _)| counts[id.idx()] = 0);
        } else {
            keep_least(candidates, |it| strategy.key(view, it));
        }
    }
    match rules.chain.tie_break() {
        TieBreak::LowestId => candidates.first().copied(),
        TieBreak::Random => candidates.iter().copied().min_by_key(|&it| view.order.rank(it)),
    }
}
