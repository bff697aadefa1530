//! Which task a service gives up (developer guide, task-placement-strategies):
//! not yet running before running, unhealthy before healthy, then the oldest
//! revision, what the chain of strategies likes to lose, and chance.

use crate::base::id::TaskId;
use crate::model::Cluster;
use crate::model::task::{Health, Host, TaskOwner, TaskStatus};
use crate::placement::chain::{Chain, keep_least};
use crate::placement::strategy::StopView;

/// The task to stop among `candidates`, which are all wanted. One at a time:
/// the next choice must see what this one changes. `draw` is a number drawn
/// for each task. `None` if none may be stopped.
pub fn choose(
    cluster: &Cluster,
    chain: &Chain,
    candidates: &mut Vec<TaskId>,
    draw: impl Fn(TaskId) -> u64,
) -> Option<TaskId> {
    prefer(cluster, chain, candidates);
    candidates.iter().copied().min_by_key(|&task| (draw(task), task))
}

/// The candidates that may be stopped and are equally good to lose. A task that
/// is protected from scale-in is none, and yet counts in the balance.
pub fn prefer(cluster: &Cluster, chain: &Chain, candidates: &mut Vec<TaskId>) {
    candidates.retain(|&task| !cluster.task(task).is_protected);
    let Some(&first) = candidates.first() else { return };
    let view = StopView { cluster, group: cluster.task(first).group };
    keep_least(candidates, |task| readiness(cluster, task));
    // Revisions that are on their way out go oldest first.
    keep_least(candidates, |task| revision(cluster, task));
    for strategy in chain.strategies() {
        if candidates.len() < 2 {
            break;
        }
        keep_least(candidates, |task| match cluster.task(task).instance() {
            Some(instance) => strategy.stop_key(&view, task, instance),
            // Without an instance nothing tells them apart.
            None => 0,
        });
    }
    // On Fargate tasks are spread over zones, whatever the strategies.
    keep_least(candidates, |task| match cluster.task(task).host {
        Some(Host::Fargate(zone)) => u64::from(u32::MAX - cluster.group_on_fargate(view.group, zone)),
        Some(Host::Instance(_)) | None => 0,
    });
}

/// The older the smaller: deployments are numbered as they begin.
fn revision(cluster: &Cluster, task: TaskId) -> u64 {
    match cluster.task(task).owner {
        TaskOwner::Service { deployment, .. } => deployment.number().into(),
        TaskOwner::Standalone { .. } => 0,
    }
}

/// Waiting, then starting, then unhealthy, then running, then healthy.
fn readiness(cluster: &Cluster, task: TaskId) -> u64 {
    let task = cluster.task(task);
    match (task.status, task.health) {
        (TaskStatus::Provisioning, _) => 0,
        (TaskStatus::Pending | TaskStatus::Activating, _) => 1,
        (_, Health::Unhealthy) => 2,
        (_, Health::Unknown) => 3,
        (_, Health::Healthy) => 4,
    }
}
