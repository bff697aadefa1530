//! Decisions without a look at every instance: the same answers as the plain
//! scan of [`placer`](super::placer), which stays the reference.
//!
//! The index is derived from a cluster and nothing else. Before each decision it
//! reads those instances again that changed.
//! What it keeps in order is made when a chain first asks for it.
//!
//! - `binpack`, best and worst fit: the instances by their amount of one
//!   resource, with the most of the other (`shelf.rs`).
//! - `random`, and ties that chance breaks: the drawn order is walked from its
//!   first place until an instance is allowed.
//! - `spread`: the values of the attribute by the group's tasks, then instances
//!   without a task of the group in the order of the rest of the chain, then
//!   those that have some.
//! - All else, and wherever most instances are refused: room is compared for 64
//!   instances at once, and those that have it are asked (`all.rs`).

mod all;
mod ask;
mod bucket;
mod choice;
mod columns;
mod known;
mod lanes;
mod plan;
mod shelf;

#[cfg(test)]
mod tests;

use crate::base::id::{AttributeId, CapacityProviderId, Id as _, InstanceId};
use crate::model::Cluster;
use crate::model::changes::InstanceChange;
use crate::model::options::TieBreak;
use columns::{AMOUNT_MAX, Columns, Rooms};
use known::{Answers, Values};
use lanes::Lanes;
pub(super) use plan::Plan;
use shelf::Shelf;

/// The index of a cluster.
#[derive(Clone, Debug)]
pub struct PlacementIndex {
    lanes: Lanes,
    /// Some instance has more than the columns hold.
    is_beyond: bool,
    columns: Columns,
    answers: Vec<Answers>,
    values: Vec<Values>,
    shelves: Vec<(Option<AttributeId>, Shelf)>,
    scratch: Scratch,
}

/// Memory that outlives a decision and means nothing behind it.
#[derive(Clone, Debug, Default)]
struct Scratch {
    /// Tasks of the group by instance.
    counts: Vec<u32>,
    /// Tasks of the group by value.
    by_value: Vec<(u32, usize)>,
    /// Which values may still be chosen.
    is_open: Vec<bool>,
}

impl Default for PlacementIndex {
    fn default() -> Self {
        Self::new()
    }
}

impl PlacementIndex {
    /// An index that knows no instance.
    pub fn new() -> Self {
        Self {
            lanes: Lanes::new(),
            is_beyond: false,
            columns: Columns::default(),
            answers: Vec::new(),
            values: Vec::new(),
            shelves: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Reads again what changed. All changes of the cluster must be read, each
    /// before the next decision.
    pub fn update(&mut self, cluster: &Cluster) {
        for change in cluster.changed_instances() {
            let id = change.id;
            if change.is_of_identity {
                let registered = cluster.instance(id).registered;
                self.is_beyond |= registered.cpu.0.max(registered.memory.0) > AMOUNT_MAX;
                self.columns.stretch(id);
            }
            if self.is_beyond {
                continue;
            }
            let (before, now) = self.columns.read(self.lanes, cluster.instance(id), id);
            if change.is_of_identity || (before[0] > 0) != (now[0] > 0) {
                self.note_status(cluster, change, before, now);
            } else if before == now {
                continue;
            }
            let provider = cluster.instance(id).provider;
            for (attribute, shelf) in self.shelves.iter_mut().filter(|it| it.1.provider == provider) {
                let part = attribute.map_or(0, |it| cluster.attribute_value(id, it).0.into());
                shelf.note(self.lanes, &self.columns, id.idx(), part, now);
            }
        }
    }

    /// An instance says something else of itself, or takes tasks and did not, or no
    /// longer.
    #[cold]
    fn note_status(&mut self, cluster: &Cluster, change: InstanceChange, before: Rooms, now: Rooms) {
        if change.is_of_identity {
            self.answers.iter_mut().for_each(|it| it.ask(cluster, change.id));
        }
        self.columns.note_status(cluster.instance(change.id).provider, change.id, before, now);
        self.values.iter_mut().for_each(|it| it.note(cluster, change.id, before, now));
    }

    /// The position of what is known of an attribute.
    fn values_of(&mut self, cluster: &Cluster, attribute: AttributeId) -> usize {
        let known = self.values.iter().position(|it| it.attribute == attribute);
        known.unwrap_or_else(|| {
            let mut values = Values::new(attribute);
            for number in 0..self.columns.n_instances() {
                let now = self.columns.rooms_of(number);
                values.note(cluster, InstanceId::from_idx(number), [0; 2], now);
            }
            self.values.push(values);
            self.values.len() - 1
        })
    }

    /// The position of a shelf.
    fn shelf_of(
        &mut self,
        cluster: &Cluster,
        packed: usize,
        provider: CapacityProviderId,
        attribute: Option<AttributeId>,
        tie_break: TieBreak,
    ) -> usize {
        let is_it = |it: &(Option<AttributeId>, Shelf)| {
            let shelf = &it.1;
            it.0 == attribute
                && (shelf.packed, shelf.provider, shelf.tie_break) == (packed, provider, tie_break)
        };
        let known = self.shelves.iter().position(is_it);
        known.unwrap_or_else(|| {
            let mut shelf = Shelf::new(packed, provider, tie_break);
            for number in 0..self.columns.n_instances() {
                let id = InstanceId::from_idx(number);
                if cluster.instance(id).provider == provider {
                    let part = attribute.map_or(0, |it| cluster.attribute_value(id, it).0.into());
                    shelf.note(self.lanes, &self.columns, number, part, self.columns.rooms_of(number));
                }
            }
            self.shelves.push((attribute, shelf));
            self.shelves.len() - 1
        })
    }
}
