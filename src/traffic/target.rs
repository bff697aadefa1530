//! The targets of a service as traffic sees them: who is sent requests, and how
//! many each has in flight. Both models work on these rows.

use std::collections::VecDeque;

use super::counts::Counts;
use crate::base::SimTime;
use crate::base::id::TaskId;
use crate::model::traffic::RequestFailure;

/// How a target stands with its load balancer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Healthy: it is sent requests and answers.
    Healthy,
    /// Registered and unhealthy: it is sent requests only where all are. From
    /// this moment on it answers all the same.
    Unhealthy {
        /// [`SimTime::ZERO`] plus for ever if it never does.
        answers_from: SimTime,
    },
    /// Deregistered: what is in flight goes on until then, nothing new comes.
    Draining {
        /// What is in flight then fails.
        until: SimTime,
    },
    /// Its task has ended; it is sent requests until that is found out.
    Gone {
        /// When it is.
        until: SimTime,
    },
    /// No target at all: the row waits for the next one.
    Vacant,
}

/// Requests at one target, in millionths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Occupancy {
    /// In slots.
    pub busy: u64,
    /// Waiting for one.
    pub queued: u64,
}

impl Occupancy {
    /// All in flight.
    pub fn total(self) -> u64 {
        self.busy + self.queued
    }
}

/// A task as a target.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its task; another may have taken that row since, so `launch` tells.
    pub task: TaskId,
    /// It is the n-th that its service launched.
    pub launch: u32,
    /// Which part of the traffic it shares in: 0 of the source revision, 1 of
    /// the target revision; all 0 where the revisions are not told apart.
    pub side: usize,
    /// How it stands.
    pub standing: Standing,
    /// Whether it answers with errors alone.
    pub is_erring: bool,
    /// What is in flight there.
    pub occupancy: Occupancy,
    /// Those that wait, one by one: arrival and service time in microseconds.
    /// Only where requests are played one by one.
    pub(super) waiting: VecDeque<(u64, u64)>,
    /// Tells the end of a request that it comes too late.
    pub(super) generation: u32,
}

impl Target {
    /// Whether it has a task that may take requests now or later.
    pub fn is_registered(&self) -> bool {
        matches!(self.standing, Standing::Healthy | Standing::Unhealthy { .. })
    }

    /// Whether requests sent to it fail at once, and why.
    pub(super) fn refuses(&self, now: SimTime) -> Option<RequestFailure> {
        match self.standing {
            Standing::Gone { .. } => Some(RequestFailure::TargetGone),
            Standing::Unhealthy { answers_from } if now < answers_from => Some(RequestFailure::NotAnswering),
            _ => None,
        }
    }

    /// What is in flight fails.
    fn cut(&mut self, failure: RequestFailure, counts: &mut Counts) {
        counts.fail(failure, self.occupancy.total());
        self.occupancy = Occupancy::default();
        self.waiting.clear();
        self.generation = self.generation.wrapping_add(1);
    }
}

/// The targets of a service, each in its row as long as it is one.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    rows: Vec<Target>,
    vacant: Vec<u32>,
    /// By launch: the row, plus one.
    row_of: Vec<u32>,
    /// For each side the rows that are sent requests.
    pub(super) routed: [Vec<u32>; 2],
    fails_open: bool,
}

impl Targets {
    /// None yet. Where `fails_open`, unhealthy targets are sent requests if
    /// there are no others.
    pub fn new(fails_open: bool) -> Self {
        Self { fails_open, ..Self::default() }
    }

    /// The rows, vacant ones among them.
    pub fn rows(&self) -> &[Target] {
        &self.rows
    }

    pub(super) fn rows_mut(&mut self) -> &mut [Target] {
        &mut self.rows
    }

    /// The row of the n-th task that the service launched.
    pub fn find(&self, launch: u32) -> Option<usize> {
        let row = *self.row_of.get(launch as usize)?;
        row.checked_sub(1).map(|it| it as usize)
    }

    /// Requests in flight at all targets, in millionths.
    pub fn in_flight(&self) -> u64 {
        self.rows.iter().map(|it| it.occupancy.total()).sum()
    }

    /// A task becomes a target.
    pub fn join(&mut self, task: TaskId, launch: u32, side: usize, standing: Standing, is_erring: bool) {
        assert!(self.find(launch).is_none(), "a task is a target once");
        let row = match self.vacant.pop() {
            Some(row) => {
                let target = &mut self.rows[row as usize];
                (target.task, target.launch, target.side) = (task, launch, side);
                (target.standing, target.is_erring) = (standing, is_erring);
                row
            }
            None => {
                self.rows.push(Target {
                    task,
                    launch,
                    side,
                    standing,
                    is_erring,
                    occupancy: Occupancy::default(),
                    waiting: VecDeque::new(),
                    generation: 0,
                });
                u32::try_from(self.rows.len() - 1).expect("fewer than 2^32 targets")
            }
        };
        if self.row_of.len() <= launch as usize {
            self.row_of.resize(launch as usize + 1, 0);
        }
        self.row_of[launch as usize] = row + 1;
    }

    /// A target stands otherwise from now on. What is in flight at a task that
    /// ended has failed.
    pub fn set_standing(&mut self, row: usize, standing: Standing, counts: &mut Counts) {
        if matches!(standing, Standing::Gone { .. }) {
            self.rows[row].cut(RequestFailure::TaskEnded, counts);
        }
        self.rows[row].standing = standing;
    }

    /// A target shares in another part of the traffic.
    pub fn set_side(&mut self, row: usize, side: usize) {
        self.rows[row].side = side;
    }

    /// The next moment at which a target changes by itself.
    pub fn next_change(&self, now: SimTime) -> Option<SimTime> {
        let moments = self.rows.iter().filter_map(|it| match it.standing {
            Standing::Draining { until } | Standing::Gone { until } => Some(until),
            Standing::Unhealthy { answers_from } => Some(answers_from),
            Standing::Healthy | Standing::Vacant => None,
        });
        moments.filter(|&it| it > now).min()
    }

    /// Whatever has come to its end by `now` goes; then it is found anew who is
    /// sent requests. To be called whenever a target has changed.
    pub fn settle(&mut self, now: SimTime, counts: &mut Counts) {
        for idx in 0..self.rows.len() {
            let target = &mut self.rows[idx];
            match target.standing {
                Standing::Draining { until } if until <= now => {
                    target.cut(RequestFailure::DelayElapsed, counts);
                }
                Standing::Gone { until } if until <= now => (),
                _ => continue,
            }
            target.standing = Standing::Vacant;
            self.row_of[target.launch as usize] = 0;
            self.vacant.push(u32::try_from(idx).expect("fewer than 2^32 targets"));
        }
        for side in 0..self.routed.len() {
            let routed = &mut self.routed[side];
            routed.clear();
            let rows = || self.rows.iter().enumerate().filter(|it| it.1.side == side);
            let row = |it: (usize, &Target)| u32::try_from(it.0).expect("fewer than 2^32 targets");
            routed.extend(
                rows()
                    .filter(|it| matches!(it.1.standing, Standing::Healthy | Standing::Gone { .. }))
                    .map(row),
            );
            if routed.is_empty() && self.fails_open {
                routed
                    .extend(rows().filter(|it| matches!(it.1.standing, Standing::Unhealthy { .. })).map(row));
            }
        }
    }
}
