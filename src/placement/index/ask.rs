//! What one decision asks of an instance beside room of the two resources, and
//! what tells those apart that are equal.

use crate::base::id::{Id as _, InstanceId};
use crate::model::options::TieBreak;
use crate::placement::index::known::Masks;
use crate::placement::index::lanes::LANES;
use crate::placement::order::RankOf32;
use crate::placement::placer::{self, Rules};
use crate::placement::strategy::PlacementView;

/// One decision's questions.
pub(super) struct Ask<'a> {
    rules: &'a Rules<'a>,
    view: &'a PlacementView<'a>,
    /// What must be free of the packed resource and of the other, one more than
    /// it is, as the columns have it.
    pub(super) packed: u32,
    pub(super) other: u32,
    /// Whether the most of the packed resource is best, not the least.
    is_most_first: bool,
    tie_break: TieBreak,
    /// Expressions and required attributes that are known of every instance.
    pub(super) masks: Masks<'a>,
    /// Whether the instance must be asked for more than is in columns and masks.
    is_more_asked: bool,
    /// Only instances without a task of the group: at this step, and throughout.
    is_without_group: bool,
    is_distinct: bool,
    /// How many instances may still be refused before it is cheaper to look at
    /// all of them.
    n_refusals_left: u32,
}

/// The best so far: less is better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Found {
    key: u32,
    /// The number, or the place in the order drawn.
    tie: u32,
    number: u32,
}

impl Found {
    /// The instance that was found.
    pub(super) fn instance(self) -> InstanceId {
        InstanceId::new(self.number)
    }
}

impl<'a> Ask<'a> {
    /// What `rules` and `view` ask; `masks` are known of every instance.
    pub(super) fn new(
        rules: &'a Rules<'a>,
        view: &'a PlacementView<'a>,
        tie_break: TieBreak,
        masks: Masks<'a>,
        is_more_asked: bool,
        is_distinct: bool,
    ) -> Self {
        Self {
            rules,
            view,
            packed: 0,
            other: 0,
            is_most_first: false,
            tie_break,
            masks,
            is_more_asked,
            is_without_group: is_distinct,
            is_distinct,
            n_refusals_left: u32::try_from(64 + view.cluster.n_launched() / 16).unwrap_or(u32::MAX),
        }
    }

    /// Asks for room of the two resources and nothing else.
    pub(super) fn of_room_alone(
        rules: &'a Rules<'a>,
        view: &'a PlacementView<'a>,
        tie_break: TieBreak,
    ) -> Self {
        Self::new(rules, view, tie_break, Masks { answers: &[], needed: &[] }, false, false)
    }

    /// Asks for this much of the packed resource and the other; the least, or
    /// the most, of the packed one is best.
    pub(super) fn packing(&mut self, [packed, other]: [u32; 2], is_most_first: bool) {
        (self.packed, self.other, self.is_most_first) = (packed, other, is_most_first);
    }

    /// From now on only instances without a task of the group, or all of them
    /// unless a constraint forbids it. Says whether it does.
    pub(super) fn without_group(&mut self, is_without_group: bool) -> bool {
        self.is_without_group = is_without_group || self.is_distinct;
        self.is_distinct
    }

    /// Whether room of the two resources is all that is asked.
    pub(super) fn is_free(&self) -> bool {
        self.masks.is_empty() && !self.is_more_asked && !self.is_without_group
    }

    pub(super) fn is_most_first(&self) -> bool {
        self.is_most_first
    }

    /// Whether an instance with room is allowed, exactly.
    pub(super) fn accepts(&mut self, number: u32) -> bool {
        let is_accepted = self.is_free() || self.allows(number);
        if !is_accepted {
            self.n_refusals_left = self.n_refusals_left.saturating_sub(1);
        }
        is_accepted
    }

    /// The same, and nobody counts.
    pub(super) fn allows(&self, number: u32) -> bool {
        let id = InstanceId::new(number);
        (self.masks.is_empty() || self.masks.word(id.idx() / LANES) >> (id.idx() % LANES) & 1 == 1)
            && (!self.is_without_group || self.view.cluster.group_on_instance(self.view.group, id) == 0)
            && (!self.is_more_asked || placer::is_allowed(self.rules, self.view, id))
    }

    /// Whether so many were refused that the search is to be given up.
    pub(super) fn is_exhausted(&self) -> bool {
        self.n_refusals_left == 0
    }

    /// Where chance breaks ties, the order that was drawn.
    pub(super) fn rank(&self) -> Option<RankOf32> {
        (self.tie_break == TieBreak::Random).then(|| self.view.order.of_32())
    }

    /// What tells an instance from its equals.
    pub(super) fn tie_of(&self, number: u32) -> u32 {
        match self.tie_break {
            TieBreak::LowestId => number,
            TieBreak::Random => self.view.order.rank(InstanceId::new(number)) as u32,
        }
    }

    /// How many places the order has.
    pub(super) fn n_places(&self) -> u64 {
        self.view.order.n_places()
    }

    /// The first `n` places of the order with the numbers that have them, which
    /// may be those of no instance.
    pub(super) fn places(&self, n: u64) -> impl Iterator<Item = (u32, u32)> + use<> {
        let inverse = self.view.order.inverse();
        let last = n.min(self.n_places()) - 1;
        (0..=last as u32).map(move |place| (place, inverse.at(place)))
    }

    /// An instance with so much of the packed resource, and what tells it from
    /// its equals.
    pub(super) fn found(&self, packed: u32, tie: u32, number: u32) -> Found {
        Found { key: if self.is_most_first { !packed } else { packed }, tie, number }
    }

    /// The same of the instance that this tells from its equals.
    pub(super) fn found_by_tie(&self, packed: u32, tie: u32) -> Found {
        let number = match self.tie_break {
            TieBreak::LowestId => tie,
            TieBreak::Random => self.view.order.inverse().at(tie),
        };
        self.found(packed, tie, number)
    }

    /// Takes an instance if it has the packed resource, is better than the best
    /// and is allowed.
    pub(super) fn improve(&mut self, best: &mut Option<Found>, packed: u32, number: u32) {
        if packed < self.packed {
            return;
        }
        let found = self.found(packed, self.tie_of(number), number);
        if best.is_none_or(|it| found < it) && self.accepts(number) {
            *best = Some(found);
        }
    }
}
