//! Proofs by counting, for clusters of any size. Each is one-sided: what it does
//! not show may still be so.

use super::question::Question;
use super::state::World;
use super::{Proof, Stand, Verdict};
use crate::base::id::{CapacityProviderId, Id as _, InstanceId, TaskDefinitionId, TaskId};
use crate::deployment::{DeploymentPlan, ServiceView, Standstill};
use crate::model::Cluster;
use crate::model::capacity::Capacity;
use crate::model::service::RevisionCounts;
use crate::model::task::{Needs, TaskDefinition, TaskOwner};
use crate::placement::PlacementView;
use crate::placement::order::RandomOrder;
use crate::placement::placer;
use crate::sim::full_cluster;

/// Rollouts of more tasks are not counted step by step.
const DESIRED_MAX: u32 = 200;

/// Whether the bounds bring the rollout to a standstill though there is room for
/// everything: the controller is asked again and again, and what it asks for
/// happens at once.
pub(super) fn stuck_by_bounds(question: &Question) -> Option<Stand> {
    let options = &question.setup.options;
    let n_source = question.workload.services[question.service].desired_count;
    let (mut source, mut target) = (n_source, 0_u32);
    let healthy = |n| RevisionCounts { healthy: n, ..RevisionCounts::default() };
    // Each step stops or starts a task, and none is started to be stopped.
    let n_steps = 2 * (u64::from(n_source) + u64::from(question.desired_count)) + 2;
    for _ in 0..n_steps {
        let view = ServiceView::new(
            question.desired_count,
            question.policy().deployment.bounds,
            healthy(source),
            healthy(target),
        );
        let plan = question.policy().controller.plan(&ServiceView {
            is_rolling_out: true,
            upper_counts_stopping: options.upper_counts_stopping,
            order: options.order,
            unhealthy_replacement: options.unhealthy_replacement,
            ..view
        });
        if plan.is_complete {
            return None;
        }
        if let Some(standstill @ Standstill::DeploymentConfiguration) = plan.standstill {
            let reasons = Vec::new();
            return Some(Stand {
                standstill,
                n_source: source,
                n_target: target,
                reasons,
                proof: Proof::Bounds,
            });
        }
        let DeploymentPlan { stop_source, stop_target, start_source, start_target, .. } = plan;
        source = source - stop_source + start_source;
        target = target - stop_target + start_target;
    }
    None
}

/// What counting says of a rollout that its bounds allow.
pub(super) fn verdict(question: &Question, provider: CapacityProviderId) -> Verdict {
    let cluster = full_cluster(&question.setup, &question.workload);
    let world = World::new(question, provider, &cluster);
    if world.awaits_company {
        return Verdict::Unknown;
    }
    let counting = Counting { question, provider, world, cluster };
    if counting.always_has_room() || counting.takes_turns() {
        return Verdict::Completes;
    }
    match counting.no_room_at() {
        Some(stand) => Verdict::Deadlocks(stand),
        None => Verdict::Unknown,
    }
}

struct Counting<'a> {
    question: &'a Question,
    provider: CapacityProviderId,
    world: World<'a>,
    cluster: Cluster,
}

impl Counting<'_> {
    /// One instance of each kind, with how many there are.
    fn kinds(&self) -> Vec<(InstanceId, u64)> {
        let mut kinds: Vec<(u32, InstanceId, u64)> = Vec::new();
        for &instance in self.cluster.alive(self.provider) {
            let kind = self.world.kinds[instance.idx()];
            match kinds.iter_mut().find(|it| it.0 == kind) {
                Some(known) => known.2 += 1,
                None => kinds.push((kind, instance, 1)),
            }
        }
        kinds.into_iter().map(|it| (it.1, it.2)).collect()
    }

    fn is_allowed(&self, cluster: &Cluster, definition: TaskDefinitionId, instance: InstanceId) -> bool {
        let placement = &self.question.policy().placement;
        let group = cluster.service(self.question.service).group;
        let order = RandomOrder::new(0, cluster.n_launched());
        let view = PlacementView { cluster, definition, group, order };
        placer::is_allowed(&placement.rules(self.provider), &view, instance)
    }

    /// Places another task of the service on an instance, if it may be there.
    fn place(&self, cluster: &mut Placed, definition: TaskDefinitionId, instance: InstanceId) -> bool {
        if !self.is_allowed(&cluster.0, definition, instance) {
            return false;
        }
        let row = cluster.0.service(self.question.service);
        let (group, deployment, launch) = (row.group, row.primary, row.n_launched);
        let owner = TaskOwner::Service { deployment, launch };
        let capacity = Capacity::Instances(self.provider);
        let task: TaskId = cluster.0.create_task(definition, group, owner, capacity);
        cluster.0.place(task, instance);
        true
    }

    /// Whether the service is alone on its instances.
    fn is_alone(&self) -> bool {
        let workload = &self.question.workload;
        let standalone = self.question.setup.standalone.placement.only_provider() == Some(self.provider);
        self.world.services.len() == 1
            && (workload.arrivals.is_empty() || !standalone)
            && workload.found.is_empty()
    }

    /// For each number of new tasks, the most old ones that fit beside them;
    /// `None` if not even the new ones do.
    fn most_old_beside(&self) -> Vec<Option<u32>> {
        let (question, desired) = (self.question, self.question.desired_count as usize);
        let mut all: Vec<Option<u32>> = vec![None; desired + 1];
        all[0] = Some(0);
        for (instance, n) in self.kinds() {
            let mut one: Vec<Option<u32>> = Vec::new();
            let mut with_new = Placed(self.cluster.clone());
            for _ in 0..=desired {
                let mut with_old = Placed(with_new.0.clone());
                let n_old =
                    (0..desired).take_while(|_| self.place(&mut with_old, question.source(), instance));
                one.push(Some(n_old.count() as u32));
                if !self.place(&mut with_new, question.target, instance) {
                    break;
                }
            }
            all = together(&all, &many(&one, n, desired + 1), desired + 1);
        }
        all
    }

    /// The first number of new tasks beyond which there is no room for another,
    /// wherever tasks are, beside the old ones that have to stay.
    fn no_room_at(&self) -> Option<Stand> {
        let desired = self.question.desired_count;
        let n_source = self.question.workload.services[self.question.service].desired_count;
        if !self.is_alone() || desired > DESIRED_MAX || n_source > desired {
            return None;
        }
        let most = self.most_old_beside();
        // A service that never came up is another lint's.
        if most[0].is_none_or(|it| it < desired) || n_source < desired {
            return None;
        }
        let lower = self.question.policy().deployment.bounds.lower(desired);
        let stuck =
            (0..desired).find(|&n| most[n as usize + 1].is_none_or(|it| it < lower.saturating_sub(n)))?;
        Some(Stand {
            standstill: Standstill::InsufficientCapacity,
            n_source: lower.saturating_sub(stuck),
            n_target: stuck,
            reasons: Vec::new(),
            proof: Proof::Counting,
        })
    }

    /// Whether there is room for one more task, old or new, whatever the others
    /// do: it takes more tasks to shut all instances than there can be.
    fn always_has_room(&self) -> bool {
        let (question, workload) = (self.question, &self.question.workload);
        let neighbours = self.world.services.iter().filter(|it| **it != question.service);
        let of_neighbours: u64 = neighbours
            .map(|&it| {
                let bounds = question.setup.services[it].deployment.bounds;
                u64::from(bounds.upper(workload.services[it].desired_count))
            })
            .sum();
        let desired =
            u64::from(question.desired_count.max(workload.services[question.service].desired_count));
        let upper = u64::from(question.policy().deployment.bounds.upper(question.desired_count)).max(desired);
        let stopping = if question.setup.options.upper_counts_stopping { 0 } else { upper + desired };
        let standing = (workload.arrivals.len() + workload.found.len()) as u64;
        let n_tasks = of_neighbours + upper + stopping + standing;
        [question.source(), question.target].into_iter().all(|definition| {
            let n_to_shut = self.kinds().into_iter().map(|(it, n)| n * self.n_to_shut(definition, it));
            n_to_shut.sum::<u64>() > n_tasks
        })
    }

    /// The fewest tasks that keep a task of a definition from an instance.
    fn n_to_shut(&self, definition: TaskDefinitionId, instance: InstanceId) -> u64 {
        if !self.is_allowed(&self.cluster, definition, instance) {
            return 0;
        }
        let definition = self.cluster.definition(definition);
        let others = self.question.workload.definitions.rows();
        let constraints = &self.question.policy().placement.constraints;
        let shares_ports =
            others.iter().any(|it| it.host_ports.iter().any(|it| definition.host_ports.contains(it)));
        if shares_ports || constraints.iter().any(|it| it.depends_on_group()) {
            return 1;
        }
        let (free, needs) = (amounts(self.cluster.instance(instance).free), amounts(definition.needs));
        (0..free.len())
            .filter(|&idx| needs[idx] > 0)
            .map(|idx| {
                let most = others.iter().map(|it| amounts(it.needs)[idx]).max().unwrap_or(0).max(1);
                (u64::from(free[idx] - needs[idx]) + 1).div_ceil(u64::from(most))
            })
            .min()
            .unwrap_or(u64::MAX >> 16)
    }

    /// Whether an old task may be stopped first, and a new one fits wherever an
    /// old one was.
    fn takes_turns(&self) -> bool {
        let question = self.question;
        let desired = question.desired_count;
        let is_steady = question.workload.services[question.service].desired_count == desired;
        let definition = |id| -> &TaskDefinition { &question.workload.definitions[id] };
        let (old, new) = (definition(question.source()), definition(question.target));
        let required = |it: &TaskDefinition| it.blueprint.as_ref().map(|it| it.required_attributes.clone());
        is_steady
            && self.is_alone()
            && question.policy().deployment.bounds.lower(desired) < desired
            && desired <= DESIRED_MAX
            && self.most_old_beside()[0].is_some_and(|it| it >= desired)
            && new.needs.fits(&old.needs)
            && new.host_ports.iter().all(|it| old.host_ports.contains(it))
            && new.dynamic_ports.len() <= old.dynamic_ports.len()
            && new.placement_constraints.iter().all(|it| old.placement_constraints.contains(it))
            && (required(new).is_none_or(|it| it.is_empty()) || required(new) == required(old))
    }
}

/// A cluster that tasks are placed on to count them.
struct Placed(Cluster);

fn amounts(needs: Needs) -> [u32; 4] {
    [needs.cpu.0, needs.memory.0, needs.gpus, needs.network_interfaces]
}

/// The most old tasks by number of new ones, on two sets of instances together.
fn together(a: &[Option<u32>], b: &[Option<u32>], len: usize) -> Vec<Option<u32>> {
    let mut sum: Vec<Option<u32>> = vec![None; len];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate().take(len.saturating_sub(i)) {
            if let (Some(x), Some(y)) = (x, y) {
                sum[i + j] = sum[i + j].max(Some(x + y));
            }
        }
    }
    sum
}

/// The same on `n` equal instances.
fn many(one: &[Option<u32>], n: u64, len: usize) -> Vec<Option<u32>> {
    let mut sum = vec![Some(0)];
    let (mut power, mut left) = (one.to_vec(), n);
    while left > 0 {
        if left % 2 == 1 {
            sum = together(&sum, &power, len);
        }
        left /= 2;
        if left > 0 {
            power = together(&power, &power, len);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_on_many_is_what_fits_on_each() {
        // Two old, or one new, or neither: on three instances one new leaves
        // room for four old.
        let one = [Some(2), Some(0)];
        assert_eq!(many(&one, 3, 5), [Some(6), Some(4), Some(2), Some(0), None]);
        assert_eq!(many(&one, 0, 2), [Some(0)]);
    }
}
