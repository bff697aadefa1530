//! What would have let a task in: one thing changed at a time, and the placer
//! asked again. Amounts are lowered as far as it takes and no further.

use crate::base::id::InstanceId;
use crate::base::units::counted;
use crate::base::{CpuUnits, MemoryMib};
use crate::model::identity::Demands;
use crate::model::options::TieBreak;
use crate::model::task::{Needs, TaskDefinition};
use crate::placement::placer::{self, Rules};
use crate::placement::{Chain, PlacementView};

/// A single change after which some instance would have done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Relaxation {
    /// The change: `128 CPU units less`.
    pub change: String,
    /// How much of what was asked for is given up, in thousandths.
    pub share: u32,
    /// How many instances would have done.
    pub n_instances: usize,
    /// The first of them.
    pub instance: InstanceId,
}

/// All of it, in thousandths.
const WHOLE: u32 = 1000;

/// An amount that a task could do with less of.
struct Amount {
    unit: &'static str,
    get: fn(&Needs) -> u32,
    set: fn(&mut Needs, u32),
}

const AMOUNTS: &[Amount] = &[
    Amount { unit: "CPU unit", get: |it| it.cpu.0, set: |it, n| it.cpu = CpuUnits(n) },
    Amount { unit: "MiB", get: |it| it.memory.0, set: |it, n| it.memory = MemoryMib(n) },
    Amount { unit: "GPU", get: |it| it.gpus, set: |it, n| it.gpus = n },
    Amount {
        unit: "network interface",
        get: |it| it.network_interfaces,
        set: |it, n| it.network_interfaces = n,
    },
];

/// Every single change that lets the task in, the smallest first; of equal ones
/// in the order in which the placer asks.
pub(super) fn all(rules: &Rules<'_>, view: &PlacementView<'_>) -> Vec<Relaxation> {
    let mut found = Vec::new();
    for amount in AMOUNTS {
        found.extend(of_amount(amount, rules, view));
    }
    for idx in 0..view.definition().host_ports.len() {
        let allowed = allowed_like(rules, view, |it, _| {
            it.host_ports.remove(idx);
        });
        let change = format!("host port {} free", view.definition().host_ports[idx]);
        found.extend(whole(change, &allowed));
    }
    if !rules.zones.is_empty() {
        let allowed = allowed(&Rules { zones: &[], ..*rules }, view);
        found.extend(whole("subnets in every zone".to_owned(), &allowed));
    }
    for idx in 0..rules.constraints.len() {
        let mut constraints = rules.constraints.to_vec();
        let dropped = constraints.remove(idx);
        let allowed = allowed(&Rules { constraints: &constraints, ..*rules }, view);
        found.extend(whole(format!("without {}", dropped.describe(view)), &allowed));
    }
    let member_of = &view.cluster.demands(view.definition).member_of;
    for (idx, &expression) in member_of.iter().enumerate() {
        let allowed = allowed_like(rules, view, |_, demands| {
            demands.member_of.remove(idx);
        });
        let text = view.cluster.expression(expression).text();
        found.extend(whole(format!("without memberOf {text} of its definition"), &allowed));
    }
    found.sort_by_key(|it| it.share);
    found
}

fn of_amount(amount: &Amount, rules: &Rules<'_>, view: &PlacementView<'_>) -> Option<Relaxation> {
    let needs = (amount.get)(&view.definition().needs);
    if needs == 0 {
        return None;
    }
    // With none of it at all: where most of it is left, least must be given up.
    let hopeful = allowed_like(rules, view, |it, _| (amount.set)(&mut it.needs, 0));
    let most = hopeful.iter().map(|&it| (amount.get)(&view.cluster.instance(it).free)).max()?;
    let enough = most.min(needs);
    let allowed = allowed_like(rules, view, |it, _| (amount.set)(&mut it.needs, enough));
    let share = u64::from(needs - enough) * u64::from(WHOLE) / u64::from(needs);
    Some(Relaxation {
        change: format!("{} less", counted((needs - enough).into(), amount.unit)),
        share: u32::try_from(share).expect("at most the whole"),
        n_instances: allowed.len(),
        instance: *allowed.first()?,
    })
}

/// A change of which there is no more or less.
fn whole(change: String, allowed: &[InstanceId]) -> Option<Relaxation> {
    let instance = *allowed.first()?;
    Some(Relaxation { change, share: WHOLE, n_instances: allowed.len(), instance })
}

/// The instances that would do if the definition were another.
fn allowed_like(
    rules: &Rules<'_>,
    view: &PlacementView<'_>,
    change: impl FnOnce(&mut TaskDefinition, &mut Demands),
) -> Vec<InstanceId> {
    let (cluster, definition) = view.cluster.with_definition_like(view.definition, change);
    allowed(rules, &PlacementView { cluster: &cluster, definition, group: view.group, order: view.order })
}

/// The instances that would do, preferences aside.
fn allowed(rules: &Rules<'_>, view: &PlacementView<'_>) -> Vec<InstanceId> {
    let chain = Chain::new(Vec::new(), TieBreak::LowestId);
    let mut allowed = Vec::new();
    placer::prefer(&Rules { chain: &chain, ..*rules }, view, &mut allowed);
    allowed
}
