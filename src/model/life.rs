//! How the life of every task of a revision goes once it has its place, as far
//! as its definition, its roles and its workload decide it. Found once, before
//! a run; what depends on others (room, targets, deployments) is not in it.

use std::sync::Arc;

use crate::base::{SimDuration, SimTime};
use crate::model::task::{StopCode, TaskStatus};

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
    /// the Fargate machine, the agent, what it reads.
    pub before_pull: SimDuration,
    /// Of that: the network interface or the Fargate machine. The task is
    /// PROVISIONING for so long, and then PENDING.
    pub provision: SimDuration,
    /// The image pull; zero if the start fails before it, and without those images
    /// that are pulled in the run.
    pub pull: SimDuration,
    /// From the end of the pull to RUNNING or to the failure; for ever if
    /// containers wait for an end that never comes.
    pub after_pull: SimDuration,
    /// Why it never comes to RUNNING, as ECS names it.
    pub failure: Option<Arc<str>>,
    /// Whether that is something before the pull: what it reads, or the registry's
    /// token.
    pub fails_before_pull: bool,
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

/// Where the time of a stop went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StopPhases {
    /// Its targets were drained: DEACTIVATING.
    pub drain: SimDuration,
    /// From the stop signal until its containers had exited: STOPPING.
    pub stop: SimDuration,
    /// Its network interface was given back: DEPROVISIONING.
    pub deprovision: SimDuration,
}

impl TaskLife {
    /// Where the time from being asked to stop to STOPPED went. A task whose
    /// containers had exited, or that was lost with its instance, takes less
    /// than its life has for each phase, and the later phases have it.
    pub fn stop_phases(&self, took: SimDuration) -> StopPhases {
        let deprovision = took.min(self.deprovision);
        let left = less(took, deprovision);
        let stop = left.min(self.stop);
        StopPhases { drain: less(left, stop), stop, deprovision }
    }
}

/// When something happened to a task; `None` for what did not by the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TaskMoments {
    /// It was asked for.
    pub requested_at: SimTime,
    /// It found its place.
    pub placed_at: Option<SimTime>,
    /// It came to RUNNING.
    pub started_at: Option<SimTime>,
    /// Its desired status became STOPPED (`stoppingAt`), and why.
    pub asked_to_stop: Option<(SimTime, StopCode)>,
    /// It was gone (`stoppedAt`).
    pub stopped_at: Option<SimTime>,
    /// How long its targets are drained once its service's scheduler stops it.
    pub drain: SimDuration,
    /// Nobody looked any longer: the horizon.
    pub until: SimTime,
}

/// A status of a task and how long it had it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stay {
    /// The last status, as ECS names it.
    pub status: TaskStatus,
    /// From when on.
    pub from: SimTime,
    /// Until when: the next status, or the end of the run.
    pub to: SimTime,
}

/// The statuses of a task in their order with their times, as DescribeTasks
/// would have told them (developer guide, task-lifecycle-explanation). What
/// took no time is left out.
///
/// MODEL: waiting for an instance and for the network interface is
/// PROVISIONING, the agent and what it reads is PENDING, and whatever follows
/// before RUNNING, a failed start among it, is ACTIVATING.
pub fn stays(life: &TaskLife, moments: &TaskMoments) -> Vec<Stay> {
    let until = moments.until;
    let mut stays: Vec<Stay> = Vec::new();
    let mut push = |status, from: SimTime, to: SimTime| {
        if from < to {
            stays.push(Stay { status, from, to });
        }
    };
    let asked = moments.asked_to_stop.map_or(until, |it| it.0);
    let Some(placed_at) = moments.placed_at else {
        // It was given up before it had a place, or waits to the end.
        let gone = moments.stopped_at.unwrap_or(asked);
        push(TaskStatus::Provisioning, moments.requested_at, gone);
        push(TaskStatus::Stopped, gone, until);
        return stays;
    };
    // Whatever stops it before RUNNING cuts its start short.
    let running = moments.started_at.unwrap_or(asked).min(asked);
    let after = |duration: SimDuration| (placed_at + duration).min(running);
    let (provisioned, pull_begins) = (after(life.start.provision), after(life.start.before_pull));
    push(TaskStatus::Provisioning, moments.requested_at, provisioned);
    push(TaskStatus::Pending, provisioned, pull_begins);
    push(TaskStatus::Activating, pull_begins, running);
    push(TaskStatus::Running, running, asked);
    let Some((_, code)) = moments.asked_to_stop else { return stays };

    let stopped = moments.stopped_at.unwrap_or(until);
    let (drained, exited) = match moments.stopped_at {
        Some(at) => {
            let phases = life.stop_phases(at - asked);
            (asked + phases.drain, asked + phases.drain + phases.stop)
        }
        None => {
            let is_drained = code == StopCode::ServiceSchedulerInitiated && moments.started_at.is_some();
            let drained = asked + if is_drained { moments.drain } else { SimDuration::ZERO };
            let exits = match code {
                StopCode::ServiceSchedulerInitiated | StopCode::SpotInterruption => life.stop,
                StopCode::EssentialContainerExited => life.stop_others,
                StopCode::TaskFailedToStart | StopCode::TerminationNotice => SimDuration::ZERO,
            };
            (drained.min(until), (drained + exits).min(until))
        }
    };
    push(TaskStatus::Deactivating, asked, drained);
    push(TaskStatus::Stopping, drained, exited);
    push(TaskStatus::Deprovisioning, exited, stopped);
    push(TaskStatus::Stopped, stopped, until);
    stays
}

fn less(duration: SimDuration, other: SimDuration) -> SimDuration {
    SimDuration::from_millis(duration.millis().saturating_sub(other.millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Interface 10 s, agent 1 s, pull 20 s, start 2 s; stops in 5 s, gives its
    /// interface back in 3 s.
    fn life() -> TaskLife {
        let secs = SimDuration::from_secs;
        TaskLife {
            start: Start {
                before_pull: secs(11),
                provision: secs(10),
                pull: secs(20),
                after_pull: secs(2),
                failure: None,
                fails_before_pull: false,
            },
            container_health: ContainerHealth::Unchecked,
            recovers_after: None,
            exit: None,
            answers_after: None,
            answers_errors: None,
            stop: secs(5),
            stop_others: secs(1),
            deprovision: secs(3),
        }
    }

    fn at(secs: u64) -> SimTime {
        SimTime::from_secs(secs)
    }

    /// Asked for at 100 s, placed at 160 s, looked at until 1000 s.
    fn placed() -> TaskMoments {
        TaskMoments {
            requested_at: at(100),
            placed_at: Some(at(160)),
            started_at: Some(at(193)),
            asked_to_stop: None,
            stopped_at: None,
            drain: SimDuration::from_secs(30),
            until: at(1000),
        }
    }

    /// `PROVISIONING 100-170`, one a line.
    fn told(moments: &TaskMoments) -> String {
        let stays = stays(&life(), moments);
        assert!(stays.windows(2).all(|it| it[0].to == it[1].from), "without a gap: {stays:?}");
        let told = stays.iter().map(|it| {
            let (from, to) = (it.from.millis() / 1000, it.to.millis() / 1000);
            format!("{} {from}-{to}", it.status.name())
        });
        told.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_task_goes_through_its_statuses_in_their_order() {
        let start = "PROVISIONING 100-170, PENDING 170-171, ACTIVATING 171-193, ";
        assert_eq!(told(&placed()), format!("{start}RUNNING 193-1000"));
        let asked = Some((at(500), StopCode::ServiceSchedulerInitiated));
        let stopped = TaskMoments { asked_to_stop: asked, stopped_at: Some(at(538)), ..placed() };
        let end = "RUNNING 193-500, DEACTIVATING 500-530, STOPPING 530-535, DEPROVISIONING 535-538, STOPPED 538-1000";
        assert_eq!(told(&stopped), format!("{start}{end}"));
        // The horizon comes while it drains, or while it stops.
        let cut = TaskMoments { stopped_at: None, until: at(520), ..stopped };
        assert_eq!(told(&cut), format!("{start}RUNNING 193-500, DEACTIVATING 500-520"));
        let cut = TaskMoments { until: at(532), ..cut };
        assert_eq!(told(&cut), format!("{start}RUNNING 193-500, DEACTIVATING 500-530, STOPPING 530-532"));
    }

    #[test]
    fn what_has_exited_or_never_ran_is_not_drained() {
        let start = "PROVISIONING 100-170, PENDING 170-171, ACTIVATING 171-";
        let exited = Some((at(500), StopCode::EssentialContainerExited));
        let exited = TaskMoments { asked_to_stop: exited, stopped_at: Some(at(504)), ..placed() };
        let end = "193, RUNNING 193-500, STOPPING 500-501, DEPROVISIONING 501-504, STOPPED 504-1000";
        assert_eq!(told(&exited), format!("{start}{end}"));
        let asked = Some((at(180), StopCode::ServiceSchedulerInitiated));
        let early =
            TaskMoments { started_at: None, asked_to_stop: asked, stopped_at: Some(at(188)), ..placed() };
        let end = "180, STOPPING 180-185, DEPROVISIONING 185-188, STOPPED 188-1000";
        assert_eq!(told(&early), format!("{start}{end}"));
        let failed = Some((at(193), StopCode::TaskFailedToStart));
        let failed = TaskMoments { asked_to_stop: failed, stopped_at: Some(at(196)), ..early };
        assert_eq!(told(&failed), format!("{start}193, DEPROVISIONING 193-196, STOPPED 196-1000"));
        let lost = Some((at(500), StopCode::TerminationNotice));
        let lost = TaskMoments { asked_to_stop: lost, stopped_at: Some(at(500)), ..placed() };
        assert_eq!(told(&lost), format!("{start}193, RUNNING 193-500, STOPPED 500-1000"));
    }

    #[test]
    fn a_task_without_a_place_is_provisioning() {
        let waits = TaskMoments { placed_at: None, started_at: None, ..placed() };
        assert_eq!(told(&waits), "PROVISIONING 100-1000");
        let given_up = TaskMoments { stopped_at: Some(at(130)), ..waits };
        assert_eq!(told(&given_up), "PROVISIONING 100-130, STOPPED 130-1000");
    }

    #[test]
    fn the_parts_of_a_stop_are_its_whole() {
        for took in 0..60 {
            let phases = life().stop_phases(SimDuration::from_secs(took));
            assert_eq!(phases.drain + phases.stop + phases.deprovision, SimDuration::from_secs(took));
        }
    }
}
