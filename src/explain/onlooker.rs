//! Looks on while a run is played, and notes the decisions on one task and what
//! becomes of it.

use super::attempt::Attempt;
use super::subject::Subject;
use crate::base::SimTime;
use crate::base::id::{TaskDefinitionId, ZoneId};
use crate::model::task::{Host, StopCode};
use crate::sim::{Decision, Fact, Setup, Watch};

/// Waits for one task.
pub(super) struct Onlooker<'a> {
    setup: &'a Setup,
    subject: Subject,
    /// The decisions to take apart, by their numbers from 1.
    numbers: Vec<u32>,
    pub(super) definition: Option<TaskDefinitionId>,
    pub(super) requested_at: Option<SimTime>,
    pub(super) n_attempts: u32,
    pub(super) n_given_back: u32,
    pub(super) attempts: Vec<Attempt>,
    pub(super) placed_at: Option<SimTime>,
    /// The zone, if it went to Fargate.
    pub(super) fargate_zone: Option<ZoneId>,
    pub(super) started_at: Option<SimTime>,
    pub(super) asked_to_stop: Option<(SimTime, StopCode)>,
    pub(super) stopped_at: Option<SimTime>,
}

impl<'a> Onlooker<'a> {
    pub(super) fn new(setup: &'a Setup, subject: Subject, numbers: Vec<u32>) -> Self {
        Self {
            setup,
            subject,
            numbers,
            definition: None,
            requested_at: None,
            n_attempts: 0,
            n_given_back: 0,
            attempts: Vec::new(),
            placed_at: None,
            fargate_zone: None,
            started_at: None,
            asked_to_stop: None,
            stopped_at: None,
        }
    }

    /// Where the last decision is still to be taken apart, what comes after it
    /// is seen then.
    fn has_seen_enough(&self) -> bool {
        let is_played_again = self.numbers.len() == 1 && self.n_attempts > 1;
        self.stopped_at.is_some() || (self.placed_at.is_some() && is_played_again)
    }
}

impl Watch for Onlooker<'_> {
    fn wants_grounds(&self) -> bool {
        self.placed_at.is_none()
    }

    fn decided(&mut self, now: SimTime, decision: &Decision<'_>) {
        if !self.subject.is(decision.task) || self.placed_at.is_some() {
            return;
        }
        self.n_attempts += 1;
        self.requested_at = self.requested_at.or(Some(decision.task.requested_at));
        self.placed_at = decision.chosen.map(|_| now);
        self.definition = self.definition.or(Some(decision.view.definition));
        if self.numbers.contains(&self.n_attempts) {
            self.attempts.push(Attempt::of(self.n_attempts, now, decision, self.setup));
        }
    }

    fn fact(&mut self, now: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::TaskWithoutRoom(task) if self.subject.is(task) => self.n_given_back += 1,
            // No placer is asked there.
            Fact::TaskPlaced(task, Host::Fargate(zone)) if self.subject.is(task) => {
                self.requested_at = self.requested_at.or(Some(task.requested_at));
                self.definition = self.definition.or(Some(task.definition));
                (self.placed_at, self.fargate_zone) = (Some(now), Some(zone));
            }
            Fact::TaskStarted(task) if self.subject.is(task) => {
                self.started_at = self.started_at.or(Some(now));
            }
            Fact::TaskAskedToStop(task, code) if self.subject.is(task) => {
                self.asked_to_stop = self.asked_to_stop.or(Some((now, code)));
            }
            Fact::TaskStopped(task) if self.subject.is(task) => {
                self.stopped_at = self.stopped_at.or(Some(now));
            }
            _ => (),
        }
    }

    fn goes_on(&mut self, _: u64) -> bool {
        !self.has_seen_enough()
    }
}
