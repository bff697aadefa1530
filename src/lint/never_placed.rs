//! Tasks that no instance could ever take (semantics 5.1 to 5.3): the placer is
//! asked about an empty instance of every kind that the provider launches or
//! that was found. What a task beside it or an attribute that is put during the
//! run could mend is not told.

use super::Lint;
use super::finding::{Draft, listed, n_of};
use super::scene::{Revision, Scene};
use crate::base::id::{CapacityProviderId, GroupId, InstanceId};
use crate::model::Cluster;
use crate::model::task::Needs;
use crate::placement::failure::FailureReason;
use crate::placement::order::RandomOrder;
use crate::placement::placer::{self, Rules};
use crate::placement::{PlacementConstraint, PlacementView};
use crate::sim::sample_cluster;
use crate::sim::setup::InstanceChangeKind;

pub(super) const LINT: Lint = Lint {
    name: "never-placed",
    summary: "a task that fits no instance of its provider, or is allowed on none",
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Draft> {
    let cluster = sample_cluster(scene.setup, scene.workload);
    scene.revisions().filter_map(|it| of_revision(scene, &cluster, &it)).collect()
}

fn of_revision(scene: &Scene<'_>, cluster: &Cluster, revision: &Revision<'_>) -> Option<Draft> {
    // A strategy gives each provider its share, whether it fits there or not.
    let items = revision.policy.placement.capacity.items().iter();
    let mut used = items.filter(|it| it.base > 0 || it.weight > 0).filter_map(|it| it.capacity.provider());
    used.find_map(|it| on_provider(scene, cluster, revision, it))
}

fn on_provider(
    scene: &Scene<'_>,
    cluster: &Cluster,
    revision: &Revision<'_>,
    provider: CapacityProviderId,
) -> Option<Draft> {
    let placement = &revision.policy.placement;
    let name = &scene.setup.providers[provider].name;
    let of_tasks = |it: &&std::sync::Arc<dyn PlacementConstraint>| !it.may_be_helped_by_tasks();
    let constraints: Vec<_> = placement.constraints.iter().filter(of_tasks).cloned().collect();
    let rules = Rules { constraints: &constraints, ..placement.rules(provider) };
    let (cluster, definition) = cluster.with_definition_like(revision.id, |_, demands| {
        demands.member_of.retain(|&it| cluster.expression(it).is_static());
    });
    let group = GroupId::new(revision.service.number());
    let view = PlacementView {
        cluster: &cluster,
        definition,
        group,
        order: RandomOrder::new(0, cluster.n_launched()),
    };
    let alive = cluster.alive(provider);
    if alive.is_empty() {
        let what =
            format!("none of its tasks is ever placed: provider `{name}` has no instance and launches none");
        return Some(Draft::of_revision("B0713", revision, what, scene.grown(provider, 1)));
    }
    let verdicts: Option<Vec<_>> =
        alive.iter().map(|&it| Some((it, placer::reason(&rules, &view, it)?))).collect();
    // The instance that passes the most steps.
    let (nearest, reason) = verdicts?.into_iter().max_by_key(|it| (it.1, std::cmp::Reverse(it.0)))?;
    let start = "none of its tasks is ever placed";
    let (code, what, help) = match reason {
        FailureReason::Cpu | FailureReason::Memory | FailureReason::Gpu | FailureReason::Eni => {
            let (needs, registered) = (view.definition().needs, cluster.instance(nearest).registered);
            let lacks = lacks(needs, registered);
            let too_much: Vec<String> = lacks.iter().map(|it| it.too_much.clone()).collect();
            let enough: Vec<String> = lacks.iter().map(|it| it.enough.clone()).collect();
            (
                "B0712",
                format!(
                    "{start}: an empty instance of provider `{name}` has too little, {reason}: {}",
                    listed(&too_much)
                ),
                format!("let a task do with {}, or let the provider launch a larger type", listed(&enough)),
            )
        }
        FailureReason::Ports => (
            "B0712",
            format!(
                "{start}: an instance of provider `{name}` keeps a static host port of theirs for itself, {reason}"
            ),
            "use another host port, or 0 for a dynamic one".to_owned(),
        ),
        FailureReason::Location => (
            "B0713",
            format!(
                "{start}: no instance of provider `{name}` is in a zone of the service's subnets, {reason}"
            ),
            format!("give the service a subnet in {}", listed(&zones_of(scene, &cluster, alive))),
        ),
        _ if is_put_later(scene) => return None,
        FailureReason::Attribute => {
            let blueprint = view.definition().blueprint.as_deref();
            let required = blueprint.map_or(&[][..], |it| it.required_attributes.as_slice());
            (
                "B0713",
                format!(
                    "{start}: no instance of provider `{name}` has all of {}, {reason}",
                    quoted(required)
                ),
                format!("give the instances of `{name}` these attributes"),
            )
        }
        FailureReason::MemberOf => {
            let broken = broken(&rules, &view, nearest);
            if broken.iter().any(|it| it.contains("ec2InstanceId") || it.contains("registeredAt")) {
                // What is launched later may be called so.
                return None;
            }
            (
                "B0713",
                format!("{start}: {} selects no instance of provider `{name}`", listed(&broken)),
                format!("let `{name}` launch what the expression selects, or leave the constraint out"),
            )
        }
        FailureReason::Agent => (
            "B0713",
            format!("{start}: the agents of the instances of provider `{name}` are not connected"),
            "connect them".to_owned(),
        ),
        FailureReason::Draining
        | FailureReason::Inactive
        | FailureReason::DistinctInstance
        | FailureReason::NoInstance => return None,
    };
    Some(Draft::of_revision(code, revision, what, help))
}

/// Whether instances are given attributes, or agents come back, during the run.
fn is_put_later(scene: &Scene<'_>) -> bool {
    let mut kinds = scene.setup.instance_changes.iter().flat_map(|it| &it.kinds);
    kinds.any(|it| match *it {
        InstanceChangeKind::Attribute(..) => true,
        InstanceChangeKind::AgentConnected(is_connected) => is_connected,
        InstanceChangeKind::Draining(is_draining) => !is_draining,
    })
}

struct Lack {
    too_much: String,
    enough: String,
}

/// What is asked for beyond what there is.
fn lacks(needs: Needs, registered: Needs) -> Vec<Lack> {
    let rows = [
        ("CPU unit", needs.cpu.0, registered.cpu.0),
        ("MiB", needs.memory.0, registered.memory.0),
        ("GPU", needs.gpus, registered.gpus),
        ("network interface", needs.network_interfaces, registered.network_interfaces),
    ];
    let lacking = rows.into_iter().filter(|(_, needs, has)| needs > has);
    let lack = |(unit, needs, has): (&str, u32, u32)| Lack {
        too_much: format!("{} of {needs} beyond the {has} that there are", n_of(needs - has, unit)),
        enough: format!("{} less", n_of(needs - has, unit)),
    };
    lacking.map(lack).collect()
}

/// The constraints that rule an instance out, as they were written.
fn broken(rules: &Rules<'_>, view: &PlacementView<'_>, id: InstanceId) -> Vec<String> {
    let of_service = rules.constraints.iter().filter(|it| !it.allows(view, id)).map(|it| it.describe(view));
    let member_of = &view.cluster.demands(view.definition).member_of;
    let of_definition = member_of.iter().filter(|&&it| !view.cluster.matches(it, id));
    let of_definition = of_definition
        .map(|&it| format!("memberOf {} of the task definition", view.cluster.expression(it).text()));
    of_service.chain(of_definition).collect()
}

fn zones_of(scene: &Scene<'_>, cluster: &Cluster, instances: &[InstanceId]) -> Vec<String> {
    let mut zones: Vec<_> = instances.iter().map(|&it| cluster.instance(it).zone).collect();
    zones.sort_unstable();
    zones.dedup();
    zones.into_iter().map(|it| scene.setup.zones[it].clone()).collect()
}

fn quoted(names: &[String]) -> String {
    listed(&names.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>())
}
