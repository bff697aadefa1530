//! One decision: the documented process as three visible steps, over all
//! instances of the provider. This plain scan stays for ever: it is the
//! reference that a faster index must agree with.

use std::sync::Arc;

use crate::base::id::{CapacityProviderId, InstanceId, ZoneId};
use crate::model::instance::{InstanceStatus, InstanceType};
use crate::model::network::{HostPort, Protocol, RESERVED_TCP_PORTS};
use crate::model::options::TieBreak;
use crate::model::task::TaskDefinition;
use crate::placement::chain::{Chain, keep_least};
use crate::placement::constraint::PlacementConstraint;
use crate::placement::failure::{FailureReason, Tally};
use crate::placement::strategy::PlacementView;

/// Who may be asked, and by which rules.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Whose instances are looked at.
    pub provider: CapacityProviderId,
    /// Zones of the subnets, ascending, for a task with an interface of its
    /// own; all if empty.
    pub zones: &'a [ZoneId],
    /// All must allow, and those of the definition.
    pub constraints: &'a [Arc<dyn PlacementConstraint>],
    /// Each decides what those before left equal.
    pub chain: &'a Chain,
}

/// The instance that the task of `view` goes to, or `None` if no instance
/// satisfies its needs and constraints now. `scratch` is overwritten.
pub fn choose(
    rules: &Rules<'_>,
    view: &PlacementView<'_>,
    scratch: &mut Vec<InstanceId>,
) -> Option<InstanceId> {
    prefer(rules, view, scratch);
    decide(rules, view, scratch)
}

/// The instances that constraints allow and strategies leave equal, ascending:
/// any of them would do.
pub fn prefer(rules: &Rules<'_>, view: &PlacementView<'_>, candidates: &mut Vec<InstanceId>) {
    candidates.clear();
    let alive = view.cluster.alive(rules.provider).iter().copied();
    candidates.extend(alive.filter(|&id| fits(rules, view, id)));
    // Most tasks have none: nothing to ask of thousands.
    if !rules.constraints.is_empty() || !view.cluster.demands(view.definition).member_of.is_empty() {
        candidates.retain(|&id| are_constraints_met(rules, view, id));
    }
    like(rules, view, candidates);
}

/// Step 3: each strategy decides what those before left equal.
fn like(rules: &Rules<'_>, view: &PlacementView<'_>, candidates: &mut Vec<InstanceId>) {
    for strategy in rules.chain.strategies() {
        if candidates.len() < 2 {
            break;
        }
        keep_least(candidates, |instance| strategy.key(view, instance));
    }
}

/// The tie break.
fn decide(rules: &Rules<'_>, view: &PlacementView<'_>, candidates: &[InstanceId]) -> Option<InstanceId> {
    match rules.chain.tie_break() {
        TieBreak::LowestId => candidates.first().copied(),
        TieBreak::Random => candidates.iter().copied().min_by_key(|&instance| view.order.rank(instance)),
    }
}

/// Whether the task could go to this instance now, preferences aside: what a
/// waiting task asks of an instance that changed.
pub fn is_allowed(rules: &Rules<'_>, view: &PlacementView<'_>, id: InstanceId) -> bool {
    fits(rules, view, id) && are_constraints_met(rules, view, id)
}

/// Whether an instance is one of those where a daemon of `view` should run:
/// ACTIVE, able, and allowed; whatever room it has.
pub fn is_qualified(rules: &Rules<'_>, view: &PlacementView<'_>, id: InstanceId) -> bool {
    let instance = view.cluster.instance(id);
    instance.status == InstanceStatus::Active
        && view.cluster.is_capable(view.definition, id)
        && is_in_subnets(rules, view, instance.zone)
        && are_constraints_met(rules, view, id)
}

/// The one of these instances, all of them allowed, that the chain likes best.
pub fn among(
    rules: &Rules<'_>,
    view: &PlacementView<'_>,
    mut candidates: Vec<InstanceId>,
) -> Option<InstanceId> {
    like(rules, view, &mut candidates);
    decide(rules, view, &candidates)
}

/// Step 1: active instances with enough of everything. Exactly equal fits.
fn fits(rules: &Rules<'_>, view: &PlacementView<'_>, id: InstanceId) -> bool {
    let instance = view.cluster.instance(id);
    let definition = view.definition();
    definition.needs.fits(&instance.free)
        && instance.takes_tasks()
        && (!definition.takes_ports() || view.cluster.ports_on(id).have_room_for(definition))
        && view.cluster.is_capable(view.definition, id)
        && is_in_subnets(rules, view, instance.zone)
}

fn is_in_subnets(rules: &Rules<'_>, view: &PlacementView<'_>, zone: ZoneId) -> bool {
    rules.zones.is_empty() || view.definition().needs.network_interfaces == 0 || rules.zones.contains(&zone)
}

/// Step 2: constraints of the request and of the definition.
fn are_constraints_met(rules: &Rules<'_>, view: &PlacementView<'_>, id: InstanceId) -> bool {
    rules.constraints.iter().all(|it| it.allows(view, id))
        && view.cluster.demands(view.definition).member_of.iter().all(|&it| view.cluster.matches(it, id))
}

/// Why the task cannot go to this instance; `None` if it can. The first reason
/// that applies, in their order.
pub fn reason(rules: &Rules<'_>, view: &PlacementView<'_>, id: InstanceId) -> Option<FailureReason> {
    let instance = view.cluster.instance(id);
    let definition = view.definition();
    let (needs, free) = (definition.needs, instance.free);
    let has_ports = || view.cluster.ports_on(id).have_room_for(definition);
    match instance.status {
        InstanceStatus::Active => (),
        InstanceStatus::Draining => return Some(FailureReason::Draining),
        InstanceStatus::Registering | InstanceStatus::Lost | InstanceStatus::Terminated => {
            return Some(FailureReason::Inactive);
        }
    }
    let of_resource = [
        (!instance.is_agent_connected, FailureReason::Agent),
        (needs.cpu > free.cpu, FailureReason::Cpu),
        (needs.memory > free.memory, FailureReason::Memory),
        (needs.gpus > free.gpus, FailureReason::Gpu),
        (definition.takes_ports() && !has_ports(), FailureReason::Ports),
        (needs.network_interfaces > free.network_interfaces, FailureReason::Eni),
        (!view.cluster.is_capable(view.definition, id), FailureReason::Attribute),
        (!is_in_subnets(rules, view, instance.zone), FailureReason::Location),
    ];
    if let Some(&(_, reason)) = of_resource.iter().find(|it| it.0) {
        return Some(reason);
    }
    let of_definition = &view.cluster.demands(view.definition).member_of;
    let is_excluded = of_definition.iter().any(|&it| !view.cluster.matches(it, id));
    let broken = rules.constraints.iter().filter(|it| !it.allows(view, id)).map(|it| it.reason());
    broken.chain(is_excluded.then_some(FailureReason::MemberOf)).min()
}

/// Why the task fits no instance of this type even while that is empty; `None`
/// if it would.
pub fn never_fits(instance_type: &InstanceType, definition: &TaskDefinition) -> Option<FailureReason> {
    let (needs, capacity) = (definition.needs, instance_type.capacity);
    let is_reserved = |it: &HostPort| it.protocol == Protocol::Tcp && RESERVED_TCP_PORTS.contains(&it.port);
    let lacks = [
        (needs.cpu > capacity.cpu, FailureReason::Cpu),
        (needs.memory > capacity.memory, FailureReason::Memory),
        (needs.gpus > capacity.gpus, FailureReason::Gpu),
        // A port that every instance keeps for itself.
        (definition.host_ports.iter().any(is_reserved), FailureReason::Ports),
        (needs.network_interfaces > capacity.network_interfaces, FailureReason::Eni),
    ];
    lacks.into_iter().find(|it| it.0).map(|it| it.1)
}

/// The same, where mostly it is one of the two that come first of an instance that
/// takes tasks.
pub(super) fn likely_reason(
    rules: &Rules<'_>,
    view: &PlacementView<'_>,
    id: InstanceId,
) -> Option<FailureReason> {
    let instance = view.cluster.instance(id);
    let needs = view.definition().needs;
    if instance.takes_tasks() && needs.cpu > instance.free.cpu {
        Some(FailureReason::Cpu)
    } else if instance.takes_tasks() && needs.memory > instance.free.memory {
        Some(FailureReason::Memory)
    } else {
        reason(rules, view, id)
    }
}

/// The reasons of all instances of the provider, counted: asked where no
/// instance would do.
pub fn tally(rules: &Rules<'_>, view: &PlacementView<'_>) -> Tally {
    let mut tally = Tally::default();
    let alive = view.cluster.alive(rules.provider).iter();
    alive.filter_map(|&it| likely_reason(rules, view, it)).for_each(|it| tally.add(it));
    tally
}
