//! The contract of a deployment controller. It remembers nothing: asked again
//! at each review, it says from where the service stands what to do next.

use crate::model::options::{RolloutOrder, UnhealthyReplacement};
use crate::model::service::{DeploymentBounds, RevisionCounts};

/// A service at the moment of a review.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServiceView {
    /// How many tasks it should run.
    pub desired_count: u32,
    /// Its bounds.
    pub bounds: DeploymentBounds,
    /// Tasks of the newest revision.
    pub target: RevisionCounts,
    /// Of those wanted: the marked ones.
    pub target_marked: Marked,
    /// Tasks of all earlier revisions together.
    pub source: RevisionCounts,
    /// Of those wanted: the marked ones.
    pub source_marked: Marked,
    /// How many tasks of earlier revisions are still to be kept.
    pub source_keep: u32,
    /// Whether a rollout is under way.
    pub is_rolling_out: bool,
    /// The rollout was given up and nothing put in its place: no more tasks of
    /// the newest revision.
    pub is_halted: bool,
    /// Earlier revisions have requests sent to them until the deployment lets
    /// go of them: none of their tasks is stopped for the newest one's sake.
    pub is_source_serving: bool,
    /// The deployment has not come to the stage in which its tasks start.
    pub awaits_scale_up: bool,
    /// Tasks of the newest revision that are started beyond the desired count,
    /// for the balance of zones.
    pub n_rebalancing: u32,
    /// It found no room a moment ago: nothing is started for now.
    pub is_paused: bool,
    /// Its pause is for tasks of the newest revision that did not start.
    pub is_backing_off: bool,
    /// The option of the same name.
    pub upper_counts_stopping: bool,
    /// The option of the same name.
    pub order: RolloutOrder,
    /// The option of the same name.
    pub unhealthy_replacement: UnhealthyReplacement,
}

/// Wanted tasks with a mark, by where they stand; no task has two.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marked {
    /// Protected from scale-in and deployments (API UpdateTaskProtection).
    pub protected: RevisionCounts,
    /// On instances that drain, and not protected.
    pub draining: RevisionCounts,
}

impl ServiceView {
    /// A service within `bounds` with these tasks and the default options, in
    /// the middle of a rollout if it has tasks of earlier revisions.
    pub fn new(
        desired_count: u32,
        bounds: DeploymentBounds,
        source: RevisionCounts,
        target: RevisionCounts,
    ) -> Self {
        Self {
            desired_count,
            bounds,
            target,
            target_marked: Marked::default(),
            source,
            source_marked: Marked::default(),
            source_keep: source.wanted(),
            is_rolling_out: source.not_stopped() > 0,
            is_halted: false,
            is_source_serving: false,
            awaits_scale_up: false,
            n_rebalancing: 0,
            is_paused: false,
            is_backing_off: false,
            upper_counts_stopping: true,
            order: RolloutOrder::StopFirst,
            unhealthy_replacement: UnhealthyReplacement::StartFirst,
        }
    }
}

/// What to do now. Everything is a count; which tasks go is the placement's
/// second question.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DeploymentPlan {
    /// Stop so many tasks of earlier revisions.
    pub stop_source: u32,
    /// Stop so many tasks of the newest revision.
    pub stop_target: u32,
    /// Stop so many of earlier revisions that were found unhealthy; the same
    /// revision replaces them.
    pub stop_source_unhealthy: u32,
    /// Stop so many of the newest revision that were found unhealthy.
    pub stop_target_unhealthy: u32,
    /// Stop so many of earlier revisions on instances that drain; the same
    /// revision replaces them.
    pub stop_source_draining: u32,
    /// Stop so many of the newest revision on instances that drain.
    pub stop_target_draining: u32,
    /// Replace so many tasks of earlier revisions by the same revision.
    pub start_source: u32,
    /// Start so many tasks of the newest revision.
    pub start_target: u32,
    /// The service is steady on the newest revision.
    pub is_complete: bool,
    /// Nothing can be done, and nothing is under way that could change that.
    pub standstill: Option<Standstill>,
}

/// Why a service that is not where it should be cannot move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standstill {
    /// The bounds allow neither a stop nor a start.
    DeploymentConfiguration,
    /// Its tasks wait for room.
    InsufficientCapacity,
    /// What it would stop is protected.
    Protection,
}

/// Something that can lead a service from one revision to another.
pub trait DeploymentController: Send + Sync {
    /// What to do now.
    fn plan(&self, view: &ServiceView) -> DeploymentPlan;
}

/// A controller as the list has it.
pub struct Entry {
    /// What a user writes, as in the API.
    pub name: &'static str,
    /// One line of help.
    pub summary: &'static str,
    /// The controller.
    pub controller: &'static dyn DeploymentController,
}
