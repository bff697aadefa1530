//! One decision of the placer on a task, with everything in it by name: it
//! outlives the moment it was taken in.

use super::relaxation::{self, Relaxation};
use crate::base::SimTime;
use crate::base::id::InstanceId;
use crate::base::units::counted;
use crate::model::options::TieBreak;
use crate::model::task::TaskOwner;
use crate::model::workload::Workload;
use crate::placement::PlacementView;
use crate::placement::examination::Examination;
use crate::placement::failure::FailureReason;
use crate::placement::placer::Rules;
use crate::sim::{Decision, Setup};

/// A decision and its grounds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// The how-manieth on this task, from 1.
    pub number: u32,
    /// When it was taken.
    pub at: SimTime,
    /// What became of each instance, and the keys at each link.
    pub examination: Examination,
    /// The instances, in the order of the verdicts.
    pub spots: Vec<Spot>,
    /// Each link that had something to decide: its strategy, and what its keys
    /// count.
    pub links: Vec<(String, &'static str)>,
    /// What decides among those left.
    pub tie_break: TieBreak,
    /// Of the instance that passes the most steps, where none will do.
    pub nearest_miss: Option<Miss>,
    /// Single changes that would have let it in, the smallest first.
    pub relaxations: Vec<Relaxation>,
}

/// An instance by its names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spot {
    /// The EC2 instance's.
    pub id: String,
    /// Its zone's.
    pub zone: String,
    /// Its type's.
    pub instance_type: String,
}

/// An instance that nearly did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Miss {
    /// Which.
    pub instance: InstanceId,
    /// What rules it out.
    pub reason: FailureReason,
    /// In words and numbers: `needs 512 CPU units, 384 are left`.
    pub lacks: String,
}

impl Attempt {
    pub(super) fn of(number: u32, at: SimTime, decision: &Decision<'_>, setup: &Setup) -> Self {
        let (rules, view) = (decision.rules, decision.view);
        let examination = Examination::of(rules, view);
        assert_eq!(examination.chosen, decision.chosen, "what is explained is what was done");
        let spots = examination.verdicts.iter().map(|it| Spot::of(it.0, view, setup)).collect();
        let strategies = rules.chain.strategies().iter().take(examination.links.len());
        let links = strategies.map(|it| (it.describe(&setup.attributes), it.key_unit())).collect();
        let is_placed = decision.chosen.is_some();
        Self {
            number,
            at,
            spots,
            links,
            tie_break: rules.chain.tie_break(),
            nearest_miss: if is_placed { None } else { nearest_miss(&examination, rules, view, setup) },
            relaxations: if is_placed { Vec::new() } else { relaxation::all(rules, view) },
            examination,
        }
    }

    /// An instance by its names.
    ///
    /// # Panics
    ///
    /// If it is none of those that were looked at.
    pub fn spot(&self, id: InstanceId) -> &Spot {
        let verdicts = &self.examination.verdicts;
        let idx = verdicts.binary_search_by_key(&id, |it| it.0).expect("the instance was looked at");
        &self.spots[idx]
    }
}

impl Spot {
    fn of(id: InstanceId, view: &PlacementView<'_>, setup: &Setup) -> Self {
        let row = view.cluster.instance(id);
        Self {
            id: view.cluster.identity(id).ec2_instance_id.clone(),
            zone: setup.zones[row.zone].clone(),
            instance_type: view.cluster.instance_type(row.instance_type).name.clone(),
        }
    }
}

/// The instance that passes the most steps; of several the oldest.
fn nearest_miss(
    examination: &Examination,
    rules: &Rules<'_>,
    view: &PlacementView<'_>,
    setup: &Setup,
) -> Option<Miss> {
    let failed = examination.verdicts.iter().filter_map(|&(id, reason)| Some((id, reason?)));
    let (instance, reason) =
        failed.min_by_key(|&(id, reason)| (std::cmp::Reverse(reason), shortfall(reason, view, id), id))?;
    Some(Miss { instance, reason, lacks: lacks(reason, rules, view, instance, setup) })
}

/// By how much an amount falls short: of two that fail alike, the nearer.
fn shortfall(reason: FailureReason, view: &PlacementView<'_>, id: InstanceId) -> u32 {
    let (needs, free) = (view.definition().needs, view.cluster.instance(id).free);
    match reason {
        FailureReason::Cpu => needs.cpu.0 - free.cpu.0,
        FailureReason::Memory => needs.memory.0 - free.memory.0,
        FailureReason::Gpu => needs.gpus - free.gpus,
        FailureReason::Eni => needs.network_interfaces - free.network_interfaces,
        _ => 0,
    }
}

fn lacks(
    reason: FailureReason,
    rules: &Rules<'_>,
    view: &PlacementView<'_>,
    id: InstanceId,
    setup: &Setup,
) -> String {
    let row = view.cluster.instance(id);
    let (needs, free, registered) = (view.definition().needs, row.free, row.registered);
    let amount = |unit: &str, needs: u32, free: u32, registered: u32| {
        let are = if free == 1 { "is" } else { "are" };
        format!("needs {}, {free} {are} left of {registered}", counted(needs.into(), unit))
    };
    match reason {
        FailureReason::Draining => "it drains: nothing new is placed on it".to_owned(),
        FailureReason::Inactive | FailureReason::NoInstance => {
            "it has yet to register, or is gone".to_owned()
        }
        FailureReason::Agent => "its agent is not connected".to_owned(),
        FailureReason::Cpu => amount("CPU unit", needs.cpu.0, free.cpu.0, registered.cpu.0),
        FailureReason::Memory => amount("MiB", needs.memory.0, free.memory.0, registered.memory.0),
        FailureReason::Gpu => amount("GPU", needs.gpus, free.gpus, registered.gpus),
        FailureReason::Eni => {
            let (needs, free) = (needs.network_interfaces, free.network_interfaces);
            amount("network interface", needs, free, registered.network_interfaces)
        }
        FailureReason::Ports => port_lacks(view, id, setup),
        FailureReason::Attribute => "it lacks an attribute that the definition requires".to_owned(),
        FailureReason::Location => {
            format!("its zone {} has none of the subnets", setup.zones[row.zone])
        }
        FailureReason::MemberOf | FailureReason::DistinctInstance => {
            let of_request = rules.constraints.iter().filter(|it| !it.allows(view, id));
            let of_request = of_request.map(|it| it.describe(view));
            let member_of = &view.cluster.demands(view.definition).member_of;
            let of_definition = member_of.iter().filter(|&&it| !view.cluster.matches(it, id));
            let of_definition =
                of_definition.map(|&it| format!("memberOf {}", view.cluster.expression(it).text()));
            let broken: Vec<String> = of_request.chain(of_definition).collect();
            format!("does not satisfy {}", broken.join(" and "))
        }
    }
}

/// The first static port that is taken, and by whom.
fn port_lacks(view: &PlacementView<'_>, id: InstanceId, setup: &Setup) -> String {
    let ports = view.cluster.ports_on(id);
    let mut wanted = view.definition().host_ports.iter();
    let taken = wanted.find_map(|port| ports.statics().find(|it| it.0 == *port));
    match taken {
        Some((port, None)) => format!("needs host port {port}, which the instance keeps for itself"),
        Some((port, Some(holder))) => {
            let task = view.cluster.task(holder);
            let by = match task.owner {
                TaskOwner::Service { launch, .. } => {
                    let service = crate::base::id::ServiceId::new(task.group.number());
                    format!("{}/{launch}", setup.services[service].name)
                }
                TaskOwner::Standalone { arrival: Workload::FOUND } => {
                    "a task that was found there".to_owned()
                }
                TaskOwner::Standalone { arrival } => format!("task/{arrival}"),
            };
            format!("needs host port {port}, which {by} has")
        }
        None => "needs more host ports than are left".to_owned(),
    }
}
