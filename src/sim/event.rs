//! Everything that can happen. Events of one moment are handled in the order of
//! these variants, so that room is freed before it is asked for, and each call
//! finds what the one before it left.

use crate::base::id::{CapacityProviderId, InstanceId, ServiceId, TaskId};
use crate::model::task::Epoch;

/// Something that happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// An instance is gone; nobody knows yet.
    InstanceFailed(InstanceId),
    /// The cluster has noticed.
    InstanceLossNoticed(InstanceId),
    /// The time to drain an instance that is given back is over.
    DrainingTimedOut(InstanceId),
    /// A stand-alone task's work is done.
    TaskFinished(TaskId, Epoch),
    /// A task that was asked to stop has stopped.
    TaskStopped(TaskId, Epoch),
    /// A new instance takes tasks.
    InstanceRegistered(InstanceId),
    /// A task did not come to RUNNING.
    TaskFailedToStart(TaskId, Epoch),
    /// A task's containers have all started.
    TaskStarted(TaskId, Epoch),
    /// A service's task counts as healthy.
    TaskBecameHealthy(TaskId, Epoch),
    /// A service's task was found unhealthy.
    TaskBecameUnhealthy(TaskId, Epoch),
    /// Something happens to instances from outside: the change's number.
    InstancesChanged(u32),
    /// Tasks that wait look for room.
    PlacementDue,
    /// A RunTask call for equal tasks of the workload.
    TasksArrived {
        /// The first arrival's number.
        first: u32,
        /// How many.
        n: u32,
    },
    /// A RunTask call is made again.
    CallRetried(u32),
    /// A service is changed from outside: the change's number.
    ServiceChanged(u32),
    /// A service's scheduler looks at its service.
    ServiceReviewed(ServiceId),
    /// A capacity provider's metric has a point.
    CapacityReviewed(CapacityProviderId),
    /// A period of a CloudWatch alarm is over: the alarm's number.
    AlarmEvaluated(u32),
    /// The metric of a service's scaling policies has a point, or one can be
    /// seen.
    ServiceScalingReviewed(ServiceId),
    /// A Spot instance is told that it will be taken back: the disruption's number.
    SpotNoticeGiven(InstanceId, u32),
    /// The two minutes of that notice are over.
    SpotInstanceReclaimed(InstanceId),
    /// A task on Fargate Spot is interrupted: the disruption's number.
    TaskInterrupted(TaskId, Epoch, u32),
    /// An agent is no longer heard: the disruption's number.
    AgentLost(InstanceId, u32),
    /// It is heard again.
    AgentFound(InstanceId, u32),
    /// Tasks that wait for Fargate look again.
    FargateDue,
    /// A disruption begins, ends or changes: the number of its moment.
    DisruptionChanged(u32),
    /// What a release waits for is known: the change's number.
    ScanGateDecided(u32),
    /// The agent asks the registry for a task's images.
    PullBegan(TaskId, Epoch),
    /// The registry has answered: layers begin to move.
    PullAnswered(TaskId, Epoch),
    /// Layers have arrived; the number tells whether that still holds.
    LayersArrived(u32),
    /// An agent looks for images that nobody needs.
    ImagesCleanedUp(InstanceId),
    /// Lifecycle policies are carried out.
    LifecyclePoliciesRun,
}

impl Event {
    /// Its place among the events of one moment.
    pub const fn rank(self) -> u8 {
        match self {
            Self::InstanceFailed(_) => 0,
            Self::InstanceLossNoticed(_) => 1,
            Self::DrainingTimedOut(_) => 2,
            Self::TaskFinished(..) => 3,
            Self::TaskStopped(..) => 4,
            Self::InstanceRegistered(_) => 5,
            Self::TaskFailedToStart(..) => 6,
            Self::TaskStarted(..) => 7,
            Self::TaskBecameHealthy(..) => 8,
            Self::TaskBecameUnhealthy(..) => 9,
            Self::InstancesChanged(_) => 10,
            Self::PlacementDue => 11,
            Self::TasksArrived { .. } => 12,
            Self::CallRetried(_) => 13,
            Self::ServiceChanged(_) => 14,
            Self::ServiceReviewed(_) => 15,
            Self::CapacityReviewed(_) => 16,
            Self::AlarmEvaluated(_) => 17,
            Self::ServiceScalingReviewed(_) => 18,
            // What happens at the moment of a disruption happens before it.
            Self::SpotNoticeGiven(..) => 40,
            Self::SpotInstanceReclaimed(_) => 41,
            Self::TaskInterrupted(..) => 42,
            Self::AgentLost(..) => 43,
            Self::AgentFound(..) => 44,
            Self::DisruptionChanged(_) => 45,
            Self::FargateDue => 46,
            Self::PullBegan(..) => 47,
            Self::PullAnswered(..) => 48,
            Self::LayersArrived(_) => 49,
            Self::ImagesCleanedUp(_) => 50,
            // What is pulled at this moment is there.
            Self::LifecyclePoliciesRun => 51,
            Self::ScanGateDecided(_) => 57,
        }
    }

    /// Two numbers that tell it from others of its kind, for the digest.
    pub(super) const fn words(self) -> [u32; 2] {
        match self {
            Self::InstanceFailed(instance)
            | Self::InstanceLossNoticed(instance)
            | Self::DrainingTimedOut(instance)
            | Self::SpotInstanceReclaimed(instance)
            | Self::ImagesCleanedUp(instance)
            | Self::InstanceRegistered(instance) => [instance.number(), 0],
            Self::SpotNoticeGiven(instance, disruption)
            | Self::AgentLost(instance, disruption)
            | Self::AgentFound(instance, disruption) => [instance.number(), disruption],
            Self::TaskFinished(task, epoch)
            | Self::TaskStopped(task, epoch)
            | Self::TaskFailedToStart(task, epoch)
            | Self::TaskStarted(task, epoch)
            | Self::TaskBecameHealthy(task, epoch)
            | Self::TaskBecameUnhealthy(task, epoch)
            | Self::PullBegan(task, epoch)
            | Self::PullAnswered(task, epoch)
            | Self::TaskInterrupted(task, epoch, _) => [task.number(), epoch.0],
            Self::PlacementDue | Self::FargateDue | Self::LifecyclePoliciesRun => [0, 0],
            Self::TasksArrived { first, n } => [first, n],
            Self::CallRetried(number)
            | Self::ServiceChanged(number)
            | Self::InstancesChanged(number)
            | Self::AlarmEvaluated(number)
            | Self::LayersArrived(number)
            | Self::ScanGateDecided(number)
            | Self::DisruptionChanged(number) => [number, 0],
            Self::ServiceReviewed(service) | Self::ServiceScalingReviewed(service) => [service.number(), 0],
            Self::CapacityReviewed(provider) => [provider.number(), 0],
        }
    }
}

// Many events are pending at once: a small one is a fast one.
const _: () = assert!(size_of::<Event>() <= 16);
