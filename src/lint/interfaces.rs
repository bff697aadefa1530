//! Network interfaces (semantics 4.3): tasks in awsvpc mode take one each, and
//! an instance has few, long before CPU or memory run out.

use super::Lint;
use super::finding::{Draft, n_of};
use super::scene::Scene;
use crate::base::id::{CapacityProviderId, ServiceId};

pub(super) const LINT: Lint = Lint {
    name: "interfaces",
    summary: "more tasks with a network interface of their own than the provider has interfaces",
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Draft> {
    scene.setup.providers.ids().filter_map(|it| of_provider(scene, it)).collect()
}

fn of_provider(scene: &Scene<'_>, provider: CapacityProviderId) -> Option<Draft> {
    let row = &scene.setup.providers[provider];
    // Of several types nobody knows which there will be.
    let [instance_type] = row.instance_types[..] else { return None };
    let instance_type = &scene.setup.instance_types[instance_type];
    let per_instance = instance_type.capacity.network_interfaces;
    let mut services: Vec<ServiceId> = Vec::new();
    for revision in scene.revisions() {
        let is_its = revision.policy.placement.only_provider() == Some(provider);
        let needs = revision.definition.needs.network_interfaces;
        // More than one instance has is told as what fits none.
        if is_its && (1..=per_instance).contains(&needs) && !services.contains(&revision.service) {
            services.push(revision.service);
        }
    }
    let n_needed = u64::from(scene.workload.desired_at_most(&services));
    let n_instances = scene.n_instances_at_most(provider);
    let found = scene.setup.found_instances.iter().filter(|it| it.provider == provider);
    let n_of_found: u64 = found.clone().map(|it| u64::from(it.registered.network_interfaces)).sum();
    let n_others = u64::from(n_instances).saturating_sub(found.count() as u64);
    let n_there = n_of_found + n_others * u64::from(per_instance);
    if n_needed <= n_there {
        return None;
    }
    let &most = services.iter().max_by_key(|&&it| scene.workload.desired_at_most(&[it]))?;
    let what = format!(
        "{} are never placed: the services before provider `{}` want {n_needed} with a network interface of \
         their own, and its {} have {n_there} interfaces, {per_instance} each",
        n_of(u32::try_from(n_needed - n_there).unwrap_or(u32::MAX), "task"),
        row.name,
        n_of(n_instances, "instance")
    );
    let more = (n_needed - n_there).div_ceil(per_instance.into());
    let n_enough = u64::from(n_instances) + more;
    let enough = scene.grown(provider, u32::try_from(n_enough).unwrap_or(u32::MAX));
    let trunked = instance_type.trunked_network_interfaces.filter(|it| *it > per_instance);
    let with_trunking = trunked.filter(|it| u64::from(n_instances) * u64::from(*it) >= n_needed);
    let help = match with_trunking {
        Some(n) => {
            format!("awsvpc_trunking = true of provider `{}` ({n} interfaces each), or {enough}", row.name)
        }
        None => enough,
    };
    Some(Draft::of_service("B0717", most, what, help))
}
