//! Someone who looks on while a run is played: a progress bar, a test that
//! tells the story, a hand on the brake. Looking on changes nothing.

use crate::base::SimTime;
use crate::base::id::{InstanceId, ServiceId};
use crate::deployment::DeploymentPlan;
use crate::model::Cluster;
use crate::model::task::{Host, StopCode, Task};
use crate::placement::PlacementView;
use crate::placement::placer::Rules;

/// An onlooker; every method may be left out.
pub trait Watch {
    /// Something happened to a noun.
    fn fact(&mut self, _now: SimTime, _fact: Fact<'_>) {}

    /// An event was handled; the cluster stands like this.
    fn event_handled(&mut self, _now: SimTime, _cluster: &Cluster) {}

    /// Whether decisions on this task are to be shown by [`Self::decided`].
    fn wants_decisions(&self, _task: &Task) -> bool {
        false
    }

    /// The placer is about to decide on a task that is wanted: by these rules,
    /// from this view.
    fn decided(&mut self, _now: SimTime, _task: &Task, _rules: &Rules<'_>, _view: &PlacementView<'_>) {}

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
    /// An instance was given up.
    InstanceTerminated(InstanceId),
    /// A service's scheduler decided to do something.
    ServicePlanned(ServiceId, DeploymentPlan),
    /// A rollout is over: the service is steady on its newest revision.
    RolloutCompleted(ServiceId),
}
