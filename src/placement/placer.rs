//! One decision: the documented process as three visible steps, over all
//! instances of the provider. This plain scan stays for ever: it is the
//! reference that a faster index must agree with.

use std::sync::Arc;

use crate::base::id::{CapacityProviderId, InstanceId};
use crate::model::instance::InstanceStatus;
use crate::model::options::TieBreak;
use crate::placement::chain::{Chain, keep_least};
use crate::placement::constraint::PlacementConstraint;
use crate::placement::strategy::PlacementView;

/// Who may be asked, and by which rules.
pub struct Rules<'a> {
    /// Whose instances are looked at.
    pub provider: CapacityProviderId,
    /// All must allow.
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
    let candidates = scratch;
    keep_fitting(rules.provider, view, candidates);
    candidates.retain(|&instance| rules.constraints.iter().all(|it| it.allows(view, instance)));
    for strategy in &rules.chain.strategies {
        if candidates.len() < 2 {
            break;
        }
        keep_least(candidates, |instance| strategy.key(view, instance));
    }
    match rules.chain.tie_break {
        TieBreak::LowestId => candidates.first().copied(),
        TieBreak::Random => candidates.iter().copied().min_by_key(|&instance| view.order.rank(instance)),
    }
}

/// Whether the task could go to this instance now, preferences aside: what a
/// waiting task asks of an instance that changed.
pub fn is_allowed(
    constraints: &[Arc<dyn PlacementConstraint>],
    view: &PlacementView<'_>,
    id: InstanceId,
) -> bool {
    fits(view, id) && constraints.iter().all(|it| it.allows(view, id))
}

/// Step 1: active instances with enough CPU, memory and ports.
fn keep_fitting(provider: CapacityProviderId, view: &PlacementView<'_>, candidates: &mut Vec<InstanceId>) {
    candidates.clear();
    candidates.extend(view.cluster.alive(provider).iter().copied().filter(|&id| fits(view, id)));
}

/// Exactly equal fits.
fn fits(view: &PlacementView<'_>, id: InstanceId) -> bool {
    let needs = view.definition.needs;
    let instance = view.cluster.instance(id);
    instance.free.cpu >= needs.cpu
        && instance.free.memory >= needs.memory
        && instance.status == InstanceStatus::Active
        && view.cluster.are_ports_free(id, &view.definition.host_ports)
}
