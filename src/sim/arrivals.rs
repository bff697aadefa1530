//! Stand-alone tasks: RunTask calls of at most ten, what is refused, and what
//! is asked for again.

use crate::base::SimTime;
use crate::base::id::TaskDefinitionId;
use crate::model::options::{PROVISIONING_TASKS_MAX, Quotas, RUN_TASK_COUNT_MAX};
use crate::model::task::TaskOwner;
use crate::placement::capacity_strategy;
use crate::record::NeverPlaceable;
use crate::sim::event::Event;
use crate::sim::retries::Call;
use crate::sim::setup::Unplaced;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

impl<W: Watch> Simulation<'_, W> {
    /// The next call of the workload: equal tasks of one batch and moment, at
    /// most ten.
    pub(super) fn next_call(&mut self) -> Event {
        let arrivals = &self.workload.arrivals;
        let (first, at) = (self.next_arrival, self.outside.0);
        // Most of the time the moment tells.
        let is_alike = |it: &usize| {
            arrivals.at(*it) == at
                && arrivals.batch(*it) == arrivals.batch(first)
                && arrivals.definition(*it) == arrivals.definition(first)
        };
        let at_most = (first + RUN_TASK_COUNT_MAX as usize).min(arrivals.len());
        let n = 1 + (first + 1..at_most).take_while(is_alike).count();
        let event = Event::TasksArrived {
            first: u32::try_from(self.next_arrival).expect("fewer than 2^32 arrivals"),
            n: u32::try_from(n).expect("at most ten"),
        };
        self.next_arrival += n;
        event
    }

    pub(super) fn on_tasks_arrived(&mut self, first: u32, n: u32) {
        if self.recorder.is_measured(self.now) {
            self.recorder.tasks().submitted += u64::from(n);
        }
        let definition = self.workload.arrivals.definition(first as usize);
        if let Some(reason) = self.standalone_fits_nowhere(definition) {
            self.note_never_placeable(definition, reason, n);
            for arrival in first..first + n {
                self.recorder.decided(self.now, arrival, u32::MAX);
            }
            return;
        }
        self.run_task(Call { first, n, attempt: 0 }, definition);
    }

    /// Why tasks of the workload fit nowhere: found once for each definition.
    fn standalone_fits_nowhere(&mut self, definition: TaskDefinitionId) -> Option<&'static str> {
        if let Some(known) = self.fits_nowhere_known[definition] {
            return known;
        }
        let found = self.fits_nowhere(&self.setup.standalone.placement.capacity, definition);
        self.fits_nowhere_known[definition] = Some(found);
        found
    }

    pub(super) fn on_call_retried(&mut self, slot: u32) {
        let call = self.retries.take(slot);
        let definition = self.workload.arrivals.definition(call.first as usize);
        self.run_task(call, definition);
    }

    /// Creates the call's tasks, which are alike, or refuses it as a whole.
    fn run_task(&mut self, call: Call, definition: TaskDefinitionId) {
        let setup = self.setup;
        let strategy = &setup.standalone.placement.capacity;
        let first_time = call.attempt == 0;
        let requested_at = if first_time { self.now } else { self.workload.arrivals.at(call.first as usize) };
        let is_queued = self.queues(strategy);
        let n_waiting = self.cluster.totals().n_waiting;
        let is_over_quota = is_queued
            && self.setup.options.quotas == Quotas::Documented
            && n_waiting + call.n > PROVISIONING_TASKS_MAX;
        if is_over_quota {
            if self.recorder.is_measured(requested_at) {
                self.recorder.tasks().calls_refused += 1;
            }
            self.ask_again(call);
            return;
        }
        let group = self.group_of_batch(self.workload.arrivals.batch(call.first as usize));
        let mut n_in_line = 0;
        for arrival in call.first..call.first + call.n {
            let item = capacity_strategy::next(strategy, &self.standalone_counts);
            self.standalone_counts[item] += 1;
            let (owner, capacity) = (TaskOwner::Standalone { arrival }, strategy.items()[item].capacity);
            let task = self.cluster.create_task(definition, group, owner, capacity);
            self.cluster.backdate_request(task, requested_at);
            // Who has the choice between several lines is called with them.
            let is_placed = strategy.items().len() == 1
                && capacity.provider().is_some_and(|it| self.place_at_once(task, it));
            if is_placed {
                continue;
            }
            n_in_line += 1;
            self.stand_in_line(task);
            if call.attempt > 0 && call.n == 1 {
                self.retries.remember(arrival, call.attempt);
            }
        }
        if n_in_line > 0 {
            self.call_for_placement();
        }
    }

    /// A task that found no room is given back to the workload's rule.
    pub(super) fn on_given_back(&mut self, arrival: u32) {
        let attempt = self.retries.n_attempts(arrival);
        self.ask_again(Call { first: arrival, n: 1, attempt });
    }

    fn ask_again(&mut self, call: Call) {
        let Unplaced::Retry { first, longest } = self.setup.standalone.unplaced else {
            for arrival in call.first..call.first + call.n {
                self.recorder.decided(self.now, arrival, u32::MAX);
            }
            return;
        };
        let doubled = first.millis().saturating_mul(1_u64 << call.attempt.min(32));
        let pause_ms = doubled.min(longest.millis()).max(1);
        let call = Call { attempt: call.attempt + 1, ..call };
        let slot = self.retries.keep(call);
        let at = SimTime::from_millis(self.now.millis() + pause_ms);
        self.queue.schedule(at, Event::CallRetried(slot));
    }

    fn note_never_placeable(&mut self, definition: TaskDefinitionId, reason: &str, n: u32) {
        if self.recorder.is_measured(self.now) {
            self.recorder.tasks().never_placeable += u64::from(n);
        }
        let definition = self.cluster.definition(definition);
        self.recorder.never_placeable(NeverPlaceable {
            definition: definition.name.clone(),
            cpu_units: definition.needs.cpu.0,
            memory_mib: definition.needs.memory.0,
            reason: reason.to_owned(),
            n_tasks: n.into(),
        });
    }
}
