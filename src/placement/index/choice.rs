//! One decision by the index.

use crate::base::id::{Id as _, InstanceId};
use crate::model::Cluster;
use crate::model::options::TieBreak;
use crate::model::task::TaskDefinition;
use crate::placement::constraint::ConstraintKind;
use crate::placement::index::PlacementIndex;
use crate::placement::index::all;
use crate::placement::index::ask::{Ask, Found};
use crate::placement::index::bucket::bits;
use crate::placement::index::columns::{AMOUNT_MAX, Columns};
use crate::placement::index::known::{Answers, Masks, Question, Values};
use crate::placement::index::lanes::{LANES, Lanes};
use crate::placement::index::plan::{Last, Plan};
use crate::placement::index::shelf::{PARTS_MAX, Shelf};
use crate::placement::placer::{self, Rules};
use crate::placement::strategy::PlacementView;

/// So many were refused that it is cheaper to look at all instances.
struct GivenUp;

/// The most answers that one decision combines; whatever is beyond is asked of
/// each candidate.
const MASKS_MAX: usize = 8;

/// In so many blocks of 64 instances all are looked at.
const SMALL_BLOCKS: usize = 32;

/// Which of the known answers a decision needs.
#[derive(Default)]
struct Needed {
    answers: [u16; MASKS_MAX],
    len: usize,
    /// Whether there are questions that nobody knows the answers to.
    is_more_asked: bool,
    /// Whether a task of the group on the instance forbids it.
    is_distinct: bool,
}

impl PlacementIndex {
    /// What [`placer::choose`] answers, of a cluster all changes of which this index
    /// has read. `scratch` is overwritten.
    pub fn choose(
        &mut self,
        rules: &Rules<'_>,
        view: &PlacementView<'_>,
        scratch: &mut Vec<InstanceId>,
    ) -> Option<InstanceId> {
        let needs = view.definition().needs;
        let is_beyond = self.is_beyond || needs.cpu.0 > AMOUNT_MAX || needs.memory.0 > AMOUNT_MAX;
        // An order of fewer instances has no place for all.
        let is_ordered = view.order.n_places() >= self.columns.n_instances() as u64;
        if is_beyond || !is_ordered {
            return placer::choose(rules, view, scratch);
        }
        let rooms = [needs.cpu.0 + 1, needs.memory.0 + 1];
        if asks_for_room_alone(rules, view)
            && let Some(plan) = rules.chain.plan()
            && let Some(chosen) = self.by_room_alone(plan, rules, view, rooms)
        {
            return chosen;
        }
        self.by_all_that_is_asked(rules, view, rooms, scratch)
    }

    /// The choice where room of the two resources is all that is asked and no task
    /// of the group is counted, if that is found soon.
    #[inline]
    fn by_room_alone(
        &mut self,
        plan: Plan,
        rules: &Rules<'_>,
        view: &PlacementView<'_>,
        rooms: [u32; 2],
    ) -> Option<Option<InstanceId>> {
        if plan.spread_over.is_some() || plan.is_spread_over_instances {
            return None;
        }
        match plan.last {
            Last::Nothing if plan.tie_break == TieBreak::Random => {
                let found = drawn(&self.columns, rules, view, rooms, |_| true).ok()?;
                Some(found.map(|it| InstanceId::new(it.1)))
            }
            Last::Nothing => None,
            Last::Least(packed) | Last::Most(packed) => {
                let is_most_first = matches!(plan.last, Last::Most(_));
                let least = [rooms[packed], rooms[1 - packed]];
                if let Some(chosen) = self.small(plan, rules, packed, least) {
                    return Some(chosen);
                }
                let shelf = self.shelf_of(view.cluster, packed, rules.provider, None, plan.tie_break);
                let mut ask = Ask::of_room_alone(rules, view, plan.tie_break);
                ask.packing(least, is_most_first);
                let found = self.shelves[shelf].1.best(self.lanes, &self.columns, 0, &mut ask);
                Some(found.map(Found::instance))
            }
        }
    }

    /// The choice whatever is asked.
    #[inline(never)]
    fn by_all_that_is_asked(
        &mut self,
        rules: &Rules<'_>,
        view: &PlacementView<'_>,
        rooms: [u32; 2],
        scratch: &mut Vec<InstanceId>,
    ) -> Option<InstanceId> {
        let needed = self.needed(rules, view);
        let plan = rules.chain.plan();
        let attribute = plan.and_then(|it| it.spread_over);
        let values = attribute.map(|it| self.values_of(view.cluster, it));
        // Of more values than cells tell apart no order is kept.
        let n_values = values.map_or(0, |it| self.values[it].n_available(rules.provider).len());
        let plan = plan.filter(|_| n_values <= PARTS_MAX);
        let tie_break = plan.map_or(TieBreak::LowestId, |it| it.tie_break);
        let shelf = match plan.map(|it| it.last) {
            Some(Last::Least(packed) | Last::Most(packed)) => {
                Some(self.shelf_of(view.cluster, packed, rules.provider, attribute, tie_break))
            }
            Some(Last::Nothing) | None => None,
        };
        if plan.is_none_or(|it| it.last == Last::Nothing && it.tie_break == TieBreak::LowestId) {
            self.columns.know_most(self.lanes);
        }
        let masks = Masks { answers: &self.answers, needed: &needed.answers[..needed.len] };
        let mut ask = Ask::new(rules, view, tie_break, masks, needed.is_more_asked, needed.is_distinct);
        let mut decision = Decision {
            lanes: self.lanes,
            columns: &self.columns,
            rules,
            view,
            rooms,
            values: values.map(|it| &self.values[it]),
            shelf: shelf.map(|it| &mut self.shelves[it].1),
        };
        let chosen = match plan {
            Some(plan) => decision.follow(plan, &mut ask, &mut self.scratch),
            None => Err(GivenUp),
        };
        chosen.unwrap_or_else(|GivenUp| {
            ask.without_group(false);
            let counts = &mut self.scratch.counts;
            all::choose(rules, view, &ask, decision.roomy(masks), scratch, counts)
        })
    }

    /// The answer of a look at the columns where that is done sooner than an order
    /// is kept: few instances, ties to the lowest number.
    #[inline]
    fn small(
        &self,
        plan: Plan,
        rules: &Rules<'_>,
        packed: usize,
        least: [u32; 2],
    ) -> Option<Option<InstanceId>> {
        let is_small = self.columns.n_blocks() <= SMALL_BLOCKS;
        let is_first = plan.tie_break == TieBreak::LowestId;
        if !is_small || !is_first || !self.columns.is_alone(rules.provider) {
            return None;
        }
        let (a, b) = (&self.columns.rooms[packed], &self.columns.rooms[1 - packed]);
        let found = match plan.last {
            Last::Most(_) => self.lanes.first_of_greatest(a, b, least),
            _ => self.lanes.first_of_least(a, b, least),
        };
        Some(found.map(InstanceId::from_idx))
    }

    /// What a decision must ask beside room of the two resources.
    fn needed(&mut self, rules: &Rules<'_>, view: &PlacementView<'_>) -> Needed {
        let definition = view.definition();
        let demands = view.cluster.demands(view.definition);
        let mut needed = Needed { is_more_asked: !asks_for_two_resources(definition), ..Needed::default() };
        if demands.requires_attributes() {
            needed.add(self.answers_to(view.cluster, Question::IsCapable(view.definition)));
        }
        let of_request = rules.constraints.iter().map(|it| it.kind());
        let of_definition = demands.member_of.iter().map(|&it| ConstraintKind::MemberOf(it));
        for kind in of_request.chain(of_definition) {
            match kind {
                ConstraintKind::MemberOf(it) if view.cluster.expression(it).is_static() => {
                    needed.add(self.answers_to(view.cluster, Question::IsSelected(it)));
                }
                ConstraintKind::NoneOfGroup => needed.is_distinct = true,
                ConstraintKind::MemberOf(_) | ConstraintKind::Opaque => needed.is_more_asked = true,
            }
        }
        needed
    }

    /// The position of the answers to a question.
    fn answers_to(&mut self, cluster: &Cluster, question: Question) -> usize {
        let known = self.answers.iter().position(|it| it.question == question);
        known.unwrap_or_else(|| {
            self.answers.push(Answers::new(cluster, question));
            self.answers.len() - 1
        })
    }
}

/// Whether nothing but room of the two resources is asked of an instance.
fn asks_for_room_alone(rules: &Rules<'_>, view: &PlacementView<'_>) -> bool {
    rules.constraints.is_empty()
        && asks_for_two_resources(view.definition())
        && view.cluster.demands(view.definition).is_empty()
}

/// Whether a task needs nothing that the columns do not hold.
fn asks_for_two_resources(definition: &TaskDefinition) -> bool {
    definition.needs.gpus == 0 && definition.needs.network_interfaces == 0 && !definition.takes_ports()
}

impl Needed {
    fn add(&mut self, answers: usize) {
        // Questions are as many as expressions and definitions that ask something.
        let answers = u16::try_from(answers).ok();
        if answers.is_some_and(|it| self.answers[..self.len].contains(&it)) {
            return;
        }
        let Some(answers) = answers.filter(|_| self.len < MASKS_MAX) else {
            self.is_more_asked = true;
            return;
        };
        self.answers[self.len] = answers;
        self.len += 1;
    }
}

/// A decision under way.
struct Decision<'a> {
    lanes: Lanes,
    columns: &'a Columns,
    rules: &'a Rules<'a>,
    view: &'a PlacementView<'a>,
    rooms: [u32; 2],
    /// What is known of the attribute that tasks are spread over.
    values: Option<&'a Values>,
    shelf: Option<&'a mut Shelf>,
}

impl Decision<'_> {
    fn roomy<'b>(&'b self, masks: Masks<'b>) -> impl Iterator<Item = (usize, u64)> + 'b {
        let available = self.columns.available(self.rules.provider);
        all::roomy(self.lanes, self.columns, available, masks, self.rooms)
    }

    fn follow(
        &mut self,
        plan: Plan,
        ask: &mut Ask<'_>,
        scratch: &mut super::Scratch,
    ) -> Result<Option<InstanceId>, GivenUp> {
        if let Last::Least(packed) | Last::Most(packed) = plan.last {
            let rooms = [self.rooms[packed], self.rooms[1 - packed]];
            ask.packing(rooms, matches!(plan.last, Last::Most(_)));
        }
        let Some(values) = self.values else {
            return self.within(plan, ask, None);
        };
        let attribute = values.attribute;
        let n_available = values.n_available(self.rules.provider);
        let inhabited = n_available.iter().enumerate().filter(|it| *it.1 > 0).map(|it| it.0);
        let cluster = self.view.cluster;
        let count = |value| (cluster.group_on_attribute(self.view.group, attribute, value_of(value)), value);
        scratch.by_value.clear();
        scratch.by_value.extend(inhabited.map(count));
        scratch.by_value.sort_unstable();
        for equal in scratch.by_value.chunk_by(|a, b| a.0 == b.0) {
            scratch.is_open.clear();
            scratch.is_open.resize(n_available.len(), false);
            equal.iter().for_each(|it| scratch.is_open[it.1] = true);
            if let Some(chosen) = self.within(plan, ask, Some(&scratch.is_open))? {
                return Ok(Some(chosen));
            }
        }
        Ok(None)
    }

    /// The choice among the instances with an open value, all of them if there
    /// is no attribute.
    fn within(
        &mut self,
        plan: Plan,
        ask: &mut Ask<'_>,
        is_open: Option<&[bool]>,
    ) -> Result<Option<InstanceId>, GivenUp> {
        let is_distinct = ask.without_group(plan.is_spread_over_instances);
        if plan.is_spread_over_instances && !is_distinct && self.has_group_everywhere(is_open) {
            ask.without_group(false);
            return Ok(self.with_group(plan, ask, is_open));
        }
        let found = self.best(plan, ask, is_open)?;
        ask.without_group(false);
        match found {
            Some(found) => Ok(Some(found.instance())),
            None if plan.is_spread_over_instances && !is_distinct => Ok(self.with_group(plan, ask, is_open)),
            None => Ok(None),
        }
    }

    /// The best by the last link and the tie break.
    fn best(
        &mut self,
        plan: Plan,
        ask: &mut Ask<'_>,
        is_open: Option<&[bool]>,
    ) -> Result<Option<Found>, GivenUp> {
        let Some(shelf) = &mut self.shelf else {
            return match plan.tie_break {
                TieBreak::Random => self.drawn(ask, is_open),
                TieBreak::LowestId => self.first(ask, is_open),
            };
        };
        let (lanes, columns) = (self.lanes, self.columns);
        let best = match is_open {
            None => shelf.best(lanes, columns, 0, ask),
            Some(is_open) => {
                let parts = (0..is_open.len()).filter(|&it| is_open[it]);
                parts.filter_map(|it| shelf.best(lanes, columns, it, ask)).min()
            }
        };
        if ask.is_exhausted() { Err(GivenUp) } else { Ok(best) }
    }

    /// The first of the drawn order that has an open value.
    fn drawn(&self, ask: &mut Ask<'_>, is_open: Option<&[bool]>) -> Result<Option<Found>, GivenUp> {
        let found = drawn(self.columns, self.rules, self.view, self.rooms, |number| {
            is_open.is_none_or(|it| it[self.value(number as usize)]) && ask.accepts(number)
        })?;
        Ok(found.map(|(place, number)| ask.found(0, place, number)))
    }

    /// The lowest number.
    fn first(&self, ask: &mut Ask<'_>, is_open: Option<&[bool]>) -> Result<Option<Found>, GivenUp> {
        for (block, word) in self.roomy(ask.masks) {
            for number in bits(word).map(|it| block * LANES + it) {
                let tie = number as u32;
                if is_open.is_none_or(|it| it[self.value(number)]) && ask.accepts(tie) {
                    return Ok(Some(ask.found(0, tie, tie)));
                }
            }
            if ask.is_exhausted() {
                return Err(GivenUp);
            }
        }
        Ok(None)
    }

    fn value(&self, number: usize) -> usize {
        self.values.expect("a value is open").of(number)
    }

    /// Whether all instances that take tasks and have an open value have tasks of the
    /// group: where a service has more tasks than there are instances.
    fn has_group_everywhere(&self, is_open: Option<&[bool]>) -> bool {
        let (provider, group) = (self.rules.provider, self.view.group);
        let n = match (is_open, self.values) {
            (Some(is_open), Some(values)) => {
                let of_values = values.n_available(provider).iter().zip(is_open);
                of_values.filter(|it| *it.1).map(|it| *it.0 as usize).sum()
            }
            _ => self.columns.n_available(provider),
        };
        // Those that take no tasks may have some still.
        let of_group = self.view.cluster.group_instances(group);
        let is_meant = |number: usize| {
            self.columns.is_of(provider, number) && is_open.is_none_or(|it| it[self.value(number)])
        };
        of_group.len() >= n && of_group.filter(|it| is_meant(it.0.idx())).count() == n
    }

    /// Every instance that would do has tasks of the group: the best of those
    /// with the fewest.
    fn with_group(&self, plan: Plan, ask: &Ask<'_>, is_open: Option<&[bool]>) -> Option<InstanceId> {
        let columns = self.columns;
        let mut best: Option<(u32, Found)> = None;
        for (id, n_tasks) in self.view.cluster.group_instances(self.view.group) {
            if best.is_some_and(|it| it.0 < n_tasks) {
                continue;
            }
            let number = id.idx();
            let has = columns.rooms_of(number);
            let is_here = columns.is_of(self.rules.provider, number);
            let is_roomy = has[0] >= self.rooms[0] && has[1] >= self.rooms[1];
            if !is_here || !is_roomy || is_open.is_some_and(|it| !it[self.value(number)]) {
                continue;
            }
            let key = match plan.last {
                Last::Nothing => 0,
                Last::Least(packed) | Last::Most(packed) => has[packed],
            };
            let found = ask.found(key, ask.tie_of(id.number()), id.number());
            if best.is_none_or(|it| (n_tasks, found) < it) && ask.allows(id.number()) {
                best = Some((n_tasks, found));
            }
        }
        best.map(|it| it.1.instance())
    }
}

/// Place and number of the first of the drawn order with this room that is
/// accepted, if it comes before a look at all instances would be done.
#[inline(always)]
fn drawn(
    columns: &Columns,
    rules: &Rules<'_>,
    view: &PlacementView<'_>,
    rooms: [u32; 2],
    mut accepts: impl FnMut(u32) -> bool,
) -> Result<Option<(u32, u32)>, GivenUp> {
    let is_alone = columns.is_alone(rules.provider);
    let available = columns.available(rules.provider);
    let (inverse, n_places) = (view.order.inverse(), view.order.n_places());
    let n_tries = (n_places / 64).max(64).min(n_places);
    for place in 0..n_tries as u32 {
        let number = inverse.at(place);
        let idx = number as usize;
        // What no instance has is no room at all.
        let has = columns.rooms_of(idx);
        let is_here = || available.get(idx / LANES).is_some_and(|it| it >> (idx % LANES) & 1 == 1);
        if has[0] >= rooms[0] && has[1] >= rooms[1] && (is_alone || is_here()) && accepts(number) {
            return Ok(Some((place, number)));
        }
    }
    if n_tries == n_places { Ok(None) } else { Err(GivenUp) }
}

fn value_of(idx: usize) -> crate::model::attribute::AttributeValue {
    crate::model::attribute::AttributeValue(u16::try_from(idx).expect("a value has a 16-bit number"))
}
