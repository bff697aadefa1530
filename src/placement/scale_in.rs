//! Which task a service gives up (developer guide, task-placement-strategies):
//! not yet running before running, unhealthy before healthy, then the oldest
//! revision, what the chain of strategies likes to lose, and chance.

use crate::base::id::{AttributeId, DeploymentId, GroupId, InstanceId, TaskId};
use crate::model::Cluster;
use crate::model::service::RevisionCounts;
use crate::model::task::{Epoch, Health, Host, Task, TaskOwner, TaskStatus};
use crate::placement::chain::{Chain, keep_least};
use crate::placement::strategy::{KeyOrder, StopView};

/// The task to stop among `candidates`, which are all wanted. One at a time:
/// the next choice must see what this one changes. `draw` is a number drawn
/// for each task, asked only of those that nothing else tells apart. `None` if
/// none may be stopped.
pub fn choose(
    cluster: &Cluster,
    chain: &Chain,
    candidates: &mut Vec<TaskId>,
    mut draw: impl FnMut(TaskId) -> u64,
) -> Option<TaskId> {
    prefer(cluster, chain, candidates);
    match candidates[..] {
        [only] => Some(only),
        _ => candidates.iter().copied().min_by_key(|&task| (draw(task), task)),
    }
}

/// How far a task has come, as far as a stop looks at it: the least is given up
/// first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Readiness {
    /// It has no room yet.
    Waiting,
    /// It does not run yet.
    Starting,
    /// It was found unhealthy.
    Unhealthy,
    /// It runs, and its health is not known.
    Running,
    /// It serves.
    Healthy,
}

impl Readiness {
    /// That of a task that is wanted.
    pub const fn of(task: &Task) -> Self {
        match (task.status, task.health) {
            (TaskStatus::Provisioning, _) => Self::Waiting,
            (TaskStatus::Pending | TaskStatus::Activating, _) => Self::Starting,
            (_, Health::Unhealthy) => Self::Unhealthy,
            (_, Health::Unknown) => Self::Running,
            (_, Health::Healthy) => Self::Healthy,
        }
    }

    /// The least of a revision's wanted tasks; `None` if it has none.
    pub fn least(counts: RevisionCounts) -> Option<Self> {
        let RevisionCounts { waiting, starting, unhealthy, settling, healthy, .. } = counts;
        let of = [
            (waiting, Self::Waiting),
            (starting, Self::Starting),
            (unhealthy, Self::Unhealthy),
            (settling, Self::Running),
            (healthy, Self::Healthy),
        ];
        of.into_iter().find(|it| it.0 > 0).map(|it| it.1)
    }
}

/// Wanted tasks of a group that neither their state nor their revision tells
/// apart. None of them is protected, and all are on instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Alike {
    /// Whose.
    pub group: GroupId,
    /// Started for this revision.
    pub revision: DeploymentId,
    /// As far as this.
    pub readiness: Readiness,
}

/// A task with what tells when it goes among those that are alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Drawn {
    /// Where it is.
    pub instance: InstanceId,
    /// The number drawn for it.
    pub draw: u64,
    /// Which.
    pub task: TaskId,
    /// As it was then.
    pub epoch: Epoch,
}

/// What [`choose`] answers of tasks that are alike, where the chain spreads and
/// does nothing else. `drawn` are the tasks of the revision by instance, then
/// draw, all that are wanted among them; `is_wanted` tells who still is. Of each
/// instance only one is looked at. `Err` of any other chain.
pub fn choose_by_counts(
    cluster: &Cluster,
    chain: &Chain,
    alike: &Alike,
    drawn: &[Drawn],
    mut is_wanted: impl FnMut(&Drawn) -> bool,
) -> Result<Option<TaskId>, OtherChain> {
    let links = Links::of(cluster, chain, alike.group)?;
    let mut of_group = cluster.group_instances(alike.group);
    // The fullest, and of equally full ones the least draw.
    let mut best: Option<(u64, Drawn)> = None;
    let mut passed = None;
    for &it in drawn {
        let is_next = passed != Some(it.instance)
            && is_wanted(&it)
            && Readiness::of(cluster.task(it.task)) == alike.readiness;
        if !is_next {
            continue;
        }
        passed = Some(it.instance);
        let here = of_group.find(|of| of.0 == it.instance);
        let (_, n_tasks) = here.expect("a wanted task counts in its group");
        let fullness = links.fullness(cluster, it.instance, n_tasks);
        let is_better = |of: (u64, Drawn)| {
            of.0 < fullness || of.0 == fullness && (it.draw, it.task) < (of.1.draw, of.1.task)
        };
        if best.is_none_or(is_better) {
            best = Some((fullness, it));
        }
    }
    Ok(best.map(|it| it.1.task))
}

/// So many counts of 32 bits are one number.
const LINKS_MAX: usize = 2;

/// A chain that spreads.
struct Links<'a>([Option<Link<'a>>; LINKS_MAX]);

#[derive(Clone, Copy)]
enum Link<'a> {
    OnInstance,
    /// With the tasks of the group by value.
    OnValue(AttributeId, &'a [u32]),
}

impl<'a> Links<'a> {
    fn of(cluster: &'a Cluster, chain: &Chain, group: GroupId) -> Result<Self, OtherChain> {
        let mut links = [None; LINKS_MAX];
        for (idx, strategy) in chain.strategies().iter().enumerate() {
            let link = match strategy.order() {
                KeyOrder::GroupOnInstance => Link::OnInstance,
                KeyOrder::GroupOnValue(attribute) => {
                    Link::OnValue(attribute, cluster.group_by_value(group, attribute))
                }
                _ => return Err(OtherChain),
            };
            *links.get_mut(idx).ok_or(OtherChain)? = Some(link);
        }
        Ok(Self(links))
    }

    /// The more, the sooner one of the group's `n_tasks` there is lost.
    fn fullness(&self, cluster: &Cluster, instance: InstanceId, n_tasks: u32) -> u64 {
        self.0.iter().flatten().fold(0, |sum, link| {
            let n = match *link {
                Link::OnInstance => n_tasks,
                Link::OnValue(attribute, by_value) => {
                    by_value[usize::from(cluster.attribute_value(instance, attribute).0)]
                }
            };
            sum << 32 | u64::from(n)
        })
    }
}

/// The chain does not only spread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OtherChain;

/// The candidates that may be stopped and are equally good to lose. A task that
/// is protected from scale-in is none, and yet counts in the balance.
pub fn prefer(cluster: &Cluster, chain: &Chain, candidates: &mut Vec<TaskId>) {
    candidates.retain(|&task| !cluster.task(task).is_protected);
    let Some(&first) = candidates.first() else { return };
    let view = StopView { cluster, group: cluster.task(first).group };
    // Revisions that are on their way out go oldest first.
    keep_least(candidates, |task| {
        let task = cluster.task(task);
        (Readiness::of(task) as u64) << 32 | revision(task)
    });
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
fn revision(task: &Task) -> u64 {
    match task.owner {
        TaskOwner::Service { deployment, .. } => deployment.number().into(),
        TaskOwner::Standalone { .. } => 0,
    }
}
