//! A deployment from its begin to its end: what it counts against itself, when
//! it is given up and what is put back, how long it bakes, its stages.

use crate::base::id::{DeploymentId, Id as _, ServiceId};
use crate::base::{SimDuration, SimTime};
use crate::deployment::circuit_breaker::BreakerEvent;
use crate::deployment::stages::{self, StageStep, StageView};
use crate::deployment::{alarm, circuit_breaker, early_success, traffic_shift};
use crate::model::deployment::{DeploymentStrategy, LifecycleStage, TrafficShare};
use crate::record::{DeploymentOutcome, RolloutFailure, StageTime};
use crate::sim::event::Event;
use crate::sim::simulation::Simulation;
use crate::sim::watch::{Fact, Watch};

/// What is remembered of the deployment of a service's newest revision.
#[derive(Default)]
pub(super) struct Rollout {
    started_at: SimTime,
    /// What its circuit breaker counts.
    n_failures: u32,
    /// One of its tasks has reached RUNNING.
    has_run: bool,
    /// Some alarm was in ALARM when it began (semantics 1.10).
    ignores_alarms: bool,
    /// Since when all is as it should be.
    pub(super) bakes_since: Option<SimTime>,
    /// Since when it is a success by its criteria.
    succeeds_since: Option<SimTime>,
    /// When its stage will be looked at again, if nothing else happens.
    looks_again_at: Option<SimTime>,
    /// It puts an earlier revision back.
    pub(super) is_rollback: bool,
    /// It was given up, and nothing put in its place.
    pub(super) is_halted: bool,
    /// Its stage and since when; of one that shifts traffic.
    stage: Option<(LifecycleStage, SimTime)>,
    /// The revision that has had the production traffic.
    serving: Option<DeploymentId>,
}

impl<W: Watch> Simulation<'_, W> {
    /// The deployment whose tasks production traffic goes to.
    pub(super) fn serving_deployment(&self, service: ServiceId) -> DeploymentId {
        let rollout = &self.services[service].rollout;
        match rollout.serving {
            Some(serving) if self.is_source_serving(service) => serving,
            _ => self.cluster.service(service).primary,
        }
    }

    /// Whether the tasks of the old revision are kept whole for what has not
    /// been shifted, or could come back.
    pub(super) fn is_source_serving(&self, service: ServiceId) -> bool {
        let rollout = &self.services[service].rollout;
        self.services[service].is_rolling_out
            && rollout.stage.is_some_and(|(stage, _)| stage < LifecycleStage::CleanUp)
    }

    /// Whether none of the new tasks is started yet.
    pub(super) fn awaits_scale_up(&self, service: ServiceId) -> bool {
        let stage = self.services[service].rollout.stage;
        self.services[service].is_rolling_out && stage.is_some_and(|it| it.0 < LifecycleStage::ScaleUp)
    }

    /// A deployment has just been opened; before it the requests went to
    /// `serving`.
    pub(super) fn begin_rollout(&mut self, service: ServiceId, serving: DeploymentId) {
        let strategy = self.setup.services[service].deployment.strategy;
        let shifts = strategy != DeploymentStrategy::Rolling && !self.setup.services[service].is_external;
        let mut rollout = Rollout {
            started_at: self.now,
            ignores_alarms: self.is_any_alarm_on(service),
            ..Rollout::default()
        };
        self.services[service].rebalancing = None;
        self.services[service].new_revision_share = None;
        if shifts {
            // Whatever came in between is on its way out.
            for idx in 0..self.cluster.service(service).older.len() {
                let older = self.cluster.service(service).older[idx];
                if older != serving {
                    self.cluster.set_keep(older, 0);
                }
            }
            rollout.serving = Some(serving);
            let first = stages::first(self.has_other_revisions(service, serving));
            rollout.stage = Some((first, self.now));
            self.watch.fact(self.now, Fact::StageBegan(service, first));
            self.services[service].new_revision_share = Some(TrafficShare::NONE);
        }
        self.services[service].rollout = rollout;
        self.schedule_alarm_looks(service);
    }

    fn has_other_revisions(&self, service: ServiceId, serving: DeploymentId) -> bool {
        let older = &self.cluster.service(service).older;
        older.iter().any(|&it| it != serving && self.cluster.deployment(it).counts.not_stopped() > 0)
    }

    fn is_unfinished(&self, service: ServiceId) -> bool {
        let primary = self.cluster.service(service).primary;
        !self.cluster.deployment(primary).is_completed && !self.services[service].rollout.is_halted
    }

    // --- failures ------------------------------------------------------------

    /// A task of `deployment` reached RUNNING.
    pub(super) fn note_running_task(&mut self, service: ServiceId, deployment: DeploymentId) {
        if self.cluster.service(service).primary == deployment {
            self.services[service].rollout.has_run = true;
        }
    }

    /// A task of `deployment` became healthy.
    pub(super) fn note_healthy_task(&mut self, service: ServiceId, deployment: DeploymentId) {
        self.count_for_breaker(service, deployment, BreakerEvent::TaskHealthy);
    }

    /// A task of `deployment` could not be launched, or stopped before it ran:
    /// a failure as long as none of the deployment has run (semantics 1.9).
    pub(super) fn note_failed_launch(&mut self, service: ServiceId, deployment: DeploymentId) {
        if self.cluster.service(service).primary == deployment {
            self.note_phase_of(service, deployment, |rollout| rollout.n_failed += 1);
            if !self.services[service].rollout.has_run {
                self.count_for_breaker(service, deployment, BreakerEvent::TaskFailed);
            }
        }
    }

    /// A task of `deployment` was stopped because its health failed.
    pub(super) fn note_failed_task(&mut self, service: ServiceId, deployment: DeploymentId) {
        if self.cluster.service(service).primary == deployment {
            self.note_phase_of(service, deployment, |rollout| rollout.n_failed += 1);
            self.count_for_breaker(service, deployment, BreakerEvent::TaskFailed);
        }
    }

    fn count_for_breaker(&mut self, service: ServiceId, deployment: DeploymentId, event: BreakerEvent) {
        let Some(breaker) = &self.setup.services[service].deployment.circuit_breaker else { return };
        if self.cluster.service(service).primary == deployment && self.is_unfinished(service) {
            let rollout = &mut self.services[service].rollout;
            rollout.n_failures = circuit_breaker::failures_after(breaker, rollout.n_failures, event);
            self.review_service(service);
        }
    }

    /// Before the scheduler plans: whether the deployment is given up, or has
    /// come to another stage.
    pub(super) fn review_rollout(&mut self, service: ServiceId) {
        if !self.is_unfinished(service) {
            return;
        }
        let configuration = &self.setup.services[service].deployment;
        let desired_count = self.cluster.service(service).desired_count;
        let rollout = &self.services[service].rollout;
        if let Some(breaker) = &configuration.circuit_breaker
            && circuit_breaker::has_tripped(breaker, rollout.n_failures, desired_count)
        {
            let reason = "deployment failed: tasks failed to start";
            let reason =
                if rollout.has_run { "deployment failed: tasks failed health checks" } else { reason };
            let (n, rollback) = (rollout.n_failures, breaker.rollback);
            self.give_up(service, format!("ECS deployment circuit breaker: {reason} ({n})"), rollback);
            return;
        }
        if let Some(alarms) = &configuration.alarms
            && self.services[service].is_rolling_out
            && !rollout.ignores_alarms
            && !rollout.is_rollback
            // What it would put back is on its way out.
            && rollout.stage.is_none_or(|(stage, _)| stage < LifecycleStage::CleanUp)
            && let Some(&on) = alarms.alarms.iter().find(|&&it| self.is_alarm_on(it))
        {
            let name = &self.setup.alarms[on].name;
            let reason = format!("CloudWatch alarm {name} is in ALARM");
            self.give_up(service, reason, alarms.rollback);
            return;
        }
        self.advance_stages(service);
        self.note_early_success(service);
    }

    /// The deployment fails. The last completed one is put back, or nothing
    /// more happens.
    fn give_up(&mut self, service: ServiceId, reason: String, rollback: bool) {
        self.watch.fact(self.now, Fact::RolloutGivenUp(service, &reason));
        self.end_stage(service);
        let was_rollback = self.services[service].rollout.is_rollback;
        if let Some(rollout) = self.recorder.rollout(service.idx())
            && rollout.failure.is_none()
        {
            rollout.failure = Some(RolloutFailure { at_ms: self.now.millis(), reason });
        }
        let older = &self.cluster.service(service).older;
        let completed = older.iter().rev().copied().find(|&it| self.cluster.deployment(it).is_completed);
        // Traffic goes back to what had it, whatever became of that.
        let serving = self.services[service].rollout.serving.filter(|it| older.contains(it));
        let back_to = completed.filter(|_| rollback).or(serving);
        self.services[service].is_changed = true;
        if self.services[service].new_revision_share.is_some_and(|it| it > TrafficShare::NONE) {
            self.shift_traffic(service, TrafficShare::NONE);
        }
        self.services[service].new_revision_share = None;
        match back_to.filter(|_| !was_rollback) {
            Some(to) => {
                let shifts = serving.is_some();
                self.cluster.roll_back(service, to);
                let state = &mut self.services[service];
                state.rollout = Rollout { started_at: self.now, is_rollback: true, ..Rollout::default() };
                if shifts {
                    state.new_revision_share = Some(TrafficShare::ALL);
                }
                state.n_failed_starts = 0;
                state.retry_at = None;
                state.standstill = None;
            }
            None => {
                self.services[service].rollout.is_halted = true;
                self.cancel_waiting_tasks(service);
                self.recorder.close_rollout(self.now, service.idx(), DeploymentOutcome::Failed);
                self.scale_in_at_last(service);
            }
        }
    }

    /// No new task of a deployment that failed is launched: those that wait for
    /// room do not wait any longer.
    fn cancel_waiting_tasks(&mut self, service: ServiceId) {
        let primary = self.cluster.service(service).primary;
        for task in self.cluster.service(service).tasks.clone() {
            let row = self.cluster.task(task);
            if row.host.is_none() && self.service_of(task).is_some_and(|it| it.1 == primary) {
                self.give_up_task(service, crate::sim::service_tasks::Side::Target, task);
            }
        }
    }

    // --- success -------------------------------------------------------------

    /// The service is steady on its newest revision; the deployment is over
    /// when its bake time is.
    pub(super) fn on_steady(&mut self, service: ServiceId) {
        if self.is_source_serving(service) || self.source_counts(service).not_stopped() > 0 {
            return;
        }
        let primary = self.cluster.service(service).primary;
        let has_cleaned_up = self.cluster.service(service).older.is_empty();
        if self.cluster.deployment(primary).is_completed && has_cleaned_up {
            self.balance_zones(service);
            return;
        }
        if self.services[service].rollout.is_halted || !self.is_baked(service) {
            return;
        }
        self.cluster.complete_deployment(service);
        self.finish_rollout(service);
        self.balance_zones(service);
    }

    /// Whether what bakes has baked.
    fn is_baked(&mut self, service: ServiceId) -> bool {
        let configuration = &self.setup.services[service].deployment;
        let state = &self.services[service];
        // Deployments that shift traffic bake in a stage of their own.
        if !state.is_rolling_out || state.rollout.is_rollback || state.rollout.stage.is_some() {
            return true;
        }
        let bake_time = self.bake_time(configuration);
        let since = state.rollout.bakes_since;
        let since = since.unwrap_or_else(|| {
            self.services[service].rollout.bakes_since = Some(self.now);
            self.look_again(service, bake_time);
            self.now
        });
        self.now - since >= bake_time
    }

    fn look_again(&mut self, service: ServiceId, after: SimDuration) {
        if after > SimDuration::ZERO {
            self.queue.schedule(self.now + after, Event::ServiceReviewed(service));
        }
    }

    fn bake_time(&self, configuration: &crate::model::deployment::DeploymentConfiguration) -> SimDuration {
        configuration.bake_time.unwrap_or_else(|| match &configuration.alarms {
            Some(alarms) => {
                alarm::default_bake_time(alarms.alarms.iter().map(|&it| &self.setup.alarms[it].source))
            }
            None => SimDuration::ZERO,
        })
    }

    /// `earlySuccessCriteria`: the deployment is a success while the service
    /// goes on to what is desired.
    fn note_early_success(&mut self, service: ServiceId) {
        let Some(criteria) = self.setup.services[service].deployment.early_success else { return };
        let state = &self.services[service];
        if !state.is_rolling_out || state.rollout.is_rollback {
            return;
        }
        let n_healthy = self.target_counts(service).healthy;
        let is_met = early_success::is_met(criteria, self.cluster.service(service).desired_count, n_healthy);
        let awaits = criteria.awaits_cleanup && self.source_counts(service).not_stopped() > 0;
        if !is_met || awaits {
            self.services[service].rollout.succeeds_since = None;
            return;
        }
        let bake_time = self.bake_time(&self.setup.services[service].deployment);
        let since = self.services[service].rollout.succeeds_since.unwrap_or_else(|| {
            self.services[service].rollout.succeeds_since = Some(self.now);
            self.look_again(service, bake_time);
            self.now
        });
        if self.now - since >= bake_time {
            self.cluster.succeed_early(service);
            self.finish_rollout(service);
        }
    }

    fn finish_rollout(&mut self, service: ServiceId) {
        if std::mem::take(&mut self.services[service].is_rolling_out) {
            let is_rollback = self.services[service].rollout.is_rollback;
            let outcome =
                if is_rollback { DeploymentOutcome::RolledBack } else { DeploymentOutcome::Completed };
            self.close_rollout(service, outcome);
            self.watch.fact(self.now, Fact::RolloutCompleted(service));
        }
        self.services[service].new_revision_share = None;
        self.services[service].is_changed = true;
        self.scale_in_at_last(service);
    }

    /// What the scaling policy wanted meanwhile.
    fn scale_in_at_last(&mut self, service: ServiceId) {
        if let Some(desired_count) = self.services[service].scales_in_to.take() {
            self.cluster.set_desired_count(service, desired_count);
            self.note_lowered(service);
            self.services[service].is_changed = true;
            self.review_service(service);
        }
    }

    /// The record of the rollout ends.
    pub(super) fn close_rollout(&mut self, service: ServiceId, outcome: DeploymentOutcome) {
        self.end_stage(service);
        self.recorder.close_rollout(self.now, service.idx(), outcome);
    }

    // --- stages --------------------------------------------------------------

    /// As many stages as are over at this moment.
    fn advance_stages(&mut self, service: ServiceId) {
        while let Some((stage, since)) = self.services[service].rollout.stage {
            let (step, share) = self.stage_step(service, stage, since);
            if self.services[service].new_revision_share != Some(share) {
                self.shift_traffic(service, share);
            }
            match step {
                StageStep::Lasts(look_again) => {
                    let at = look_again.map(|it| since + it);
                    if let Some(at) = at
                        && self.services[service].rollout.looks_again_at != Some(at)
                    {
                        self.services[service].rollout.looks_again_at = Some(at);
                        self.queue.schedule(at, Event::ServiceReviewed(service));
                    }
                    return;
                }
                StageStep::Next(next) => {
                    self.end_stage(service);
                    self.services[service].rollout.stage = Some((next, self.now));
                    self.watch.fact(self.now, Fact::StageBegan(service, next));
                }
                // What is left to be done is done as soon as the service is
                // steady.
                StageStep::Done => return,
                StageStep::Fails(reason) => {
                    self.give_up(service, reason, true);
                    return;
                }
            }
        }
    }

    fn stage_step(
        &self,
        service: ServiceId,
        stage: LifecycleStage,
        since: SimTime,
    ) -> (StageStep, TrafficShare) {
        let configuration = &self.setup.services[service].deployment;
        let rollout = &self.services[service].rollout;
        let desired_count = self.cluster.service(service).desired_count;
        let serving = rollout.serving.expect("a deployment with stages has something to replace");
        let shifts = traffic_shift::schedule(configuration.strategy);
        let view = StageView {
            stage,
            elapsed: self.now - since,
            deployment_elapsed: self.now - rollout.started_at,
            is_scaled_up: self.target_counts(service).healthy >= desired_count,
            has_other_revisions: self.has_other_revisions(service, serving),
            is_cleaned_up: self.source_counts(service).not_stopped() == 0,
            hooks: &configuration.lifecycle_hooks,
            shifts: &shifts,
            bake_time: self.bake_time(configuration),
        };
        (stages::step(&view), stages::share(&view))
    }

    fn shift_traffic(&mut self, service: ServiceId, share: TrafficShare) {
        self.services[service].new_revision_share = Some(share);
        self.services[service].is_changed = true;
        if let Some(rollout) = self.recorder.rollout(service.idx()) {
            rollout.traffic.push((self.now.millis(), share.0));
        }
        self.watch.fact(self.now, Fact::TrafficShifted(service, share));
    }

    fn end_stage(&mut self, service: ServiceId) {
        if let Some((stage, since)) = self.services[service].rollout.stage.take()
            && let Some(rollout) = self.recorder.rollout(service.idx())
        {
            let stage = stage.name().to_owned();
            rollout.stages.push(StageTime { stage, from_ms: since.millis(), to_ms: self.now.millis() });
        }
    }
}
