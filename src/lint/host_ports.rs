//! Static host ports (semantics 4.2): each allows one task an instance, so a
//! service needs as many instances as tasks; and a port of the dynamic range may
//! be taken already. That a rollout may need one more is told with the rollouts.

use super::Lint;
use super::finding::{Draft, listed, n_of};
use super::scene::Scene;
use crate::base::id::{CapacityProviderId, ServiceId};
use crate::model::network::{DYNAMIC_PORTS, HostPort};

pub(super) const LINT: Lint = Lint {
    name: "host-ports",
    summary: "static host ports: more tasks than instances, the dynamic range",
    find,
};

/// Who wants a port of the instances of a provider.
struct Claim {
    provider: CapacityProviderId,
    port: HostPort,
    services: Vec<ServiceId>,
}

fn find(scene: &Scene<'_>) -> Vec<Draft> {
    let mut found = Vec::new();
    let mut claims: Vec<Claim> = Vec::new();
    for revision in scene.revisions() {
        let Some(provider) = revision.policy.placement.only_provider() else { continue };
        for &port in &revision.definition.host_ports {
            if DYNAMIC_PORTS.contains(&port.port) {
                let what = format!(
                    "its static host port {port} is in the dynamic range {}-{}: a task with dynamic ports may \
                     have taken it",
                    DYNAMIC_PORTS.start(),
                    DYNAMIC_PORTS.end()
                );
                let help = format!("a host port below {}, or 0 for a dynamic one", DYNAMIC_PORTS.start());
                found.push(Draft::of_revision("B0714", &revision, what, help));
            }
            match claims.iter_mut().find(|it| it.provider == provider && it.port == port) {
                Some(claim) if !claim.services.contains(&revision.service) => {
                    claim.services.push(revision.service);
                }
                Some(_) => (),
                None => claims.push(Claim { provider, port, services: vec![revision.service] }),
            }
        }
    }
    found.extend(claims.iter().filter_map(|it| of_claim(scene, it)));
    found
}

fn of_claim(scene: &Scene<'_>, claim: &Claim) -> Option<Draft> {
    let name = &scene.setup.providers[claim.provider].name;
    let n_instances = scene.n_instances_at_most(claim.provider);
    let n_tasks = scene.workload.desired_at_most(&claim.services);
    let port = claim.port;
    let &last = claim.services.last()?;
    if n_tasks > n_instances {
        let who = match claim.services.as_slice() {
            [_] => format!("{} wanted", n_of(n_tasks, "task")),
            several => {
                let names: Vec<String> =
                    several.iter().map(|&it| format!("`{}`", scene.setup.services[it].name)).collect();
                format!("{} wanted together by {}", n_of(n_tasks, "task"), listed(&names))
            }
        };
        let what = format!(
            "host port {port} allows one task an instance, and provider `{name}` has at most {}: of {who}, {} \
             never placed",
            n_of(n_instances, "instance"),
            match n_tasks - n_instances {
                1 => "1 is".to_owned(),
                n => format!("{n} are"),
            }
        );
        let help = format!("{}, or dynamic host ports", scene.grown(claim.provider, n_tasks));
        return Some(Draft::of_service("B0715", last, what, help));
    }
    None
}
