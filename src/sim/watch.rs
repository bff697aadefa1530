//! Someone who looks on while a run is played: a progress bar, a test that
//! tells the story, a hand on the brake. Looking on changes nothing.

use crate::base::SimTime;
use crate::base::id::{InstanceId, ServiceId};
use crate::deployment::DeploymentPlan;
use crate::model::Cluster;
use crate::model::deployment::{LifecycleStage, TrafficShare};
use crate::model::task::{Host, StopCode, Task};
use crate::placement::PlacementView;
use crate::placement::placer::Rules;
use crate::sim::lifecycle_policies::{Evaluation, ImageNeed};

/// An onlooker; every method may be left out.
pub trait Watch {
    /// Something happened to a noun.
    fn fact(&mut self, _now: SimTime, _fact: Fact<'_>) {}

    /// An event was handled; the cluster stands like this.
    fn event_handled(&mut self, _now: SimTime, _cluster: &Cluster) {}

    /// Whether the grounds of decisions are wanted; they are gathered for nobody
    /// else.
    fn wants_grounds(&self) -> bool {
        false
    }

    /// The placer decided on a task. Where tasks of equal needs stand in line,
    /// it is asked for the first of them, and its no is said of all.
    fn decided(&mut self, _now: SimTime, _decision: &Decision<'_>) {}

    /// A lifecycle policy is about to be carried out; what services need stands
    /// beside it.
    fn lifecycle_policy_evaluated(
        &mut self,
        _now: SimTime,
        _evaluation: &Evaluation<'_>,
        _needs: &[ImageNeed],
    ) {
    }

    /// Asked now and then, with the number of events so far: whether to go on.
    fn goes_on(&mut self, _n_events: u64) -> bool {
        true
    }

    /// Whether, before time moves on, every waiting task is held against every
    /// instance: what the waiting line skips must have been hopeless.
    #[doc(hidden)]
    fn audits_waiting(&self) -> bool {
        false
    }
}

/// Nobody.
impl Watch for () {}

/// What the placer decided, and all that it looked at.
#[derive(Clone, Copy)]
pub struct Decision<'a> {
    /// The task; it waits until its decision is carried out.
    pub task: &'a Task,
    /// Who may be asked, and by which rules.
    pub rules: &'a Rules<'a>,
    /// The cluster, the definition and the task's draw.
    pub view: &'a PlacementView<'a>,
    /// Where the task goes; `None` if nowhere.
    pub chosen: Option<InstanceId>,
}

/// Something that happened to a noun.
#[derive(Clone, Copy, Debug)]
pub enum Fact<'a> {
    /// A task found room.
    TaskPlaced(&'a Task, Host),
    /// A task found none and stays in line, or is given back to who asked.
    TaskWithoutRoom(&'a Task),
    /// A task runs.
    TaskStarted(&'a Task),
    /// A task was asked to stop.
    TaskAskedToStop(&'a Task, StopCode),
    /// A placed task has stopped.
    TaskStopped(&'a Task),
    /// An instance was launched.
    InstanceLaunched(InstanceId),
    /// An instance failed.
    InstanceFailed(InstanceId),
    /// A Spot instance was told that it will be taken back.
    SpotNoticeGiven(InstanceId),
    /// An instance was given up.
    InstanceTerminated(InstanceId),
    /// A service's scheduler decided to do something.
    ServicePlanned(ServiceId, DeploymentPlan),
    /// A rollout is over: the service is steady on its newest revision.
    RolloutCompleted(ServiceId),
    /// A rollout is given up, and why.
    RolloutGivenUp(ServiceId, &'a str),
    /// A stage of a rollout begins.
    StageBegan(ServiceId, LifecycleStage),
    /// The newest revision has another share of production traffic.
    TrafficShifted(ServiceId, TrafficShare),
}
