//! How the life of every task of a revision goes once it has its place, as far
//! as its definition, its roles and its workload decide it. Found once, before
//! a run; what depends on others (room, targets, deployments) is not in it.

use std::sync::Arc;

use crate::base::SimDuration;

/// The life of a task between its placement and its end, if nobody stops it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskLife {
    /// From placement to RUNNING.
    pub start: Start,
    /// What container health checks find, counted from RUNNING.
    pub container_health: ContainerHealth,
    /// When all of them pass, where one was found unhealthy before: what comes
    /// within a grace period counts. `None` if never.
    pub recovers_after: Option<SimDuration>,
    /// When an essential container ends by itself, counted from RUNNING.
    pub exit: Option<EssentialExit>,
    /// When the container behind the load balancer answers, counted from
    /// RUNNING; `None` if it never does.
    pub answers_after: Option<SimDuration>,
    /// Why it answers every request with an error, role and action named.
    pub answers_errors: Option<Arc<str>>,
    /// From the stop signal until all containers have exited.
    pub stop: SimDuration,
    /// The same after an essential container ended by itself: the others.
    pub stop_others: SimDuration,
    /// What is given back after that: the network interface.
    pub deprovision: SimDuration,
}

/// From placement to RUNNING, or not to RUNNING.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Start {
    /// From placement to the begin of the image pull: the network interface or
    /// the Fargate machine, the agent.
    pub before_pull: SimDuration,
    /// The image pull; zero if the start fails before it.
    pub pull: SimDuration,
    /// From the end of the pull to RUNNING or to the failure; for ever if
    /// containers wait for an end that never comes.
    pub after_pull: SimDuration,
    /// Why it never comes to RUNNING, as ECS names it.
    pub failure: Option<Arc<str>>,
}

impl Start {
    /// From placement to RUNNING, or to the failure.
    pub fn total(&self) -> SimDuration {
        self.before_pull + self.pull + self.after_pull
    }
}

/// What container health checks find of a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContainerHealth {
    /// No essential container has a check.
    Unchecked,
    /// Every essential container with a check passes it by then.
    HealthyAfter(SimDuration),
    /// Some essential container is found unhealthy then.
    UnhealthyAfter(SimDuration),
}

/// An essential container ends by itself: the task with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EssentialExit {
    /// Counted from RUNNING.
    pub after: SimDuration,
    /// Which container, and why.
    pub reason: Arc<str>,
}
