//! The loop and the one match. A run of several clusters is several plays that
//! share nothing but their account: each goes on by itself until something is
//! due that is shared.

use crate::base::{Seed, SimTime};
use crate::model::workload::Workload;
use crate::record::RunRecord;
use crate::sim::bill::settle_together;
use crate::sim::event::Event;
use crate::sim::scanning::Scans;
use crate::sim::setup::Setup;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// How many events pass between two questions whether to go on.
const EVENTS_PER_QUESTION: u64 = 1 << 14;

/// Replays `workload` against `setup` and returns what happened.
pub fn run(setup: &Setup, workload: &Workload, seed: Seed) -> RunRecord {
    run_watched(setup, workload, seed, &mut ()).expect("nobody asked to stop")
}

/// The same under the eyes of `watch`; `None` if it did not want to go on.
pub fn run_watched<W: Watch>(
    setup: &Setup,
    workload: &Workload,
    seed: Seed,
    watch: &mut W,
) -> Option<RunRecord> {
    let mut play = Play::new(setup, workload, seed, watch);
    match play.advance() {
        Pause::Ended => Some(play.finish()),
        Pause::Stopped => None,
        Pause::PoliciesDue => unreachable!("only a play that shares pauses"),
    }
}

/// Why a play does not go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// Lifecycle policies are about to be carried out: they look at the pulls of
    /// all clusters. Everything that comes before them has happened.
    PoliciesDue,
    /// The horizon is reached.
    Ended,
    /// Who watches did not want to go on.
    Stopped,
}

/// A run that is being played: of a cluster by itself, or of one of several that
/// share an account.
pub struct Play<'a, W> {
    pub(in crate::sim) sim: Simulation<'a, W>,
    n_events: u64,
    digest: Digest,
    /// It pauses before policies are carried out.
    is_sharing: bool,
    /// They are due.
    is_paused: bool,
}

impl<'a, W: Watch> Play<'a, W> {
    /// A cluster that shares nothing; it never pauses.
    pub fn new(setup: &'a Setup, workload: &'a Workload, seed: Seed, watch: &'a mut W) -> Self {
        let sim = Simulation::new(setup, workload, seed, watch);
        Self { sim, n_events: 0, digest: Digest::new(), is_sharing: false, is_paused: false }
    }

    /// The same as one of several clusters of an account: what is drawn of the
    /// account is drawn by its `seed`.
    #[must_use]
    pub fn sharing(mut self, seed: Seed) -> Self {
        self.is_sharing = true;
        self.sim.scans = Scans::new(self.sim.setup, self.sim.workload, seed);
        self
    }

    /// Goes on until it is over, or until something shared is due.
    pub fn advance(&mut self) -> Pause {
        advance(self)
    }

    /// What happened, at its end.
    pub fn finish(self) -> RunRecord {
        finish_together(vec![self]).pop().expect("one play, one record")
    }
}

/// Tells clusters that share an account what lifecycle policies must know of the
/// others: every image was last pulled when any of them last pulled it, and what
/// any of them needs is lost if it is taken.
pub fn share_images<W: Watch>(plays: &mut [Play<'_, W>]) {
    for Play { sim, .. } in &mut *plays {
        sim.pulls.registry.advance(sim.now);
    }
    let pulled: Vec<_> = plays.iter().flat_map(|it| it.sim.pulls.registry.last_pulls()).collect();
    let needed: Vec<_> = plays.iter().map(|it| it.sim.needed_images()).collect();
    for (idx, Play { sim, .. }) in plays.iter_mut().enumerate() {
        for &(image, at_ms) in &pulled {
            sim.pulls.registry.learn_pull(image, at_ms);
        }
        let others = needed.iter().enumerate().filter(|it| it.0 != idx);
        sim.pulls.registry.needed_elsewhere = others.flat_map(|it| it.1).copied().collect();
    }
}

/// What happened in clusters that share an account, at their end: commitments
/// cover the usage of all of them. What is promised and not used is billed to
/// the first.
pub fn finish_together<W: Watch>(mut plays: Vec<Play<'_, W>>) -> Vec<RunRecord> {
    for Play { sim, n_events, .. } in &mut plays {
        sim.observe();
        sim.look_until(SimTime::ZERO + sim.setup.horizon);
        sim.close_use();
        sim.watch.goes_on(*n_events);
    }
    let settlements = settle_together(&plays);
    let finished = plays.into_iter().zip(settlements);
    finished.map(|(play, settlement)| play.sim.close(play.digest.0, play.n_events, settlement)).collect()
}

fn advance<W: Watch>(play: &mut Play<'_, W>) -> Pause {
    let (mut n_events, mut digest) = (play.n_events, play.digest);
    let sim = &mut play.sim;
    if std::mem::take(&mut play.is_paused) {
        sim.on_lifecycle_policies_run();
        sim.watch.event_handled(sim.now, &sim.cluster);
        n_events += 1;
    }
    while let Some((at, event)) = sim.next() {
        assert!(sim.now <= at, "time runs forward");
        if at > sim.now {
            sim.observe();
            sim.look_until(at);
            if sim.watch.audits_waiting() {
                sim.audit_waiting();
            }
            sim.now = at;
            sim.cluster.advance(at);
        }
        digest.add(at, event);
        match event {
            Event::InstanceFailed(instance) => sim.on_instance_failed(instance),
            Event::InstanceLossNoticed(instance) => sim.on_instance_loss_noticed(instance),
            Event::DrainingTimedOut(instance) => sim.on_draining_timed_out(instance),
            Event::TaskFinished(task, epoch) if sim.is_alive(task, epoch) => sim.on_task_finished(task),
            Event::TaskStopped(task, epoch) if sim.is_alive(task, epoch) => sim.on_task_stopped(task),
            Event::InstanceRegistered(instance) => sim.on_instance_registered(instance),
            Event::TaskStarted(task, epoch) if sim.is_alive(task, epoch) => sim.on_task_started(task),
            Event::TaskBecameHealthy(task, epoch) if sim.is_alive(task, epoch) => {
                sim.on_task_became_healthy(task);
            }
            Event::TaskFailedToStart(task, epoch) if sim.is_alive(task, epoch) => {
                sim.on_task_failed_to_start(task);
            }
            Event::TaskBecameUnhealthy(task, epoch) if sim.is_alive(task, epoch) => {
                sim.on_task_became_unhealthy(task);
            }
            Event::TaskInterrupted(task, epoch, disruption) if sim.is_alive(task, epoch) => {
                sim.on_task_interrupted(task, disruption);
            }
            Event::PullBegan(task, epoch) if sim.is_alive(task, epoch) => sim.on_pull_began(task),
            Event::PullAnswered(task, epoch) if sim.is_alive(task, epoch) => sim.on_pull_answered(task),
            // The task was stopped after this was scheduled, or its instance is gone.
            Event::TaskFinished(..)
            | Event::TaskStopped(..)
            | Event::TaskFailedToStart(..)
            | Event::TaskStarted(..)
            | Event::TaskBecameHealthy(..)
            | Event::TaskBecameUnhealthy(..)
            | Event::TaskInterrupted(..)
            | Event::PullBegan(..)
            | Event::PullAnswered(..) => (),
            Event::LayersArrived(version) => sim.on_layers_arrived(version),
            Event::ImagesCleanedUp(instance) => sim.on_images_cleaned_up(instance),
            Event::LifecyclePoliciesRun if play.is_sharing => {
                play.is_paused = true;
                (play.n_events, play.digest) = (n_events, digest);
                return Pause::PoliciesDue;
            }
            Event::LifecyclePoliciesRun => sim.on_lifecycle_policies_run(),
            Event::InstancesChanged(number) => sim.on_instances_changed(number),
            Event::PlacementDue => sim.on_placement_due(),
            Event::TasksArrived { first, n } => sim.on_tasks_arrived(first, n),
            Event::CallRetried(slot) => sim.on_call_retried(slot),
            Event::ServiceChanged(number) => sim.on_service_changed(number),
            Event::ServiceReviewed(service) => sim.on_service_reviewed(service),
            Event::CapacityReviewed(provider) => sim.on_capacity_reviewed(provider),
            Event::AlarmEvaluated(number) => sim.on_alarm_evaluated(number),
            Event::ServiceScalingReviewed(service) => sim.on_service_scaling_reviewed(service),
            Event::SpotNoticeGiven(instance, disruption) => sim.on_spot_notice_given(instance, disruption),
            Event::SpotInstanceReclaimed(instance) => sim.on_spot_instance_reclaimed(instance),
            Event::AgentLost(instance, disruption) => sim.on_agent_lost(instance, disruption),
            Event::AgentFound(instance, disruption) => sim.on_agent_found(instance, disruption),
            Event::FargateDue => sim.on_fargate_due(),
            Event::ScanGateDecided(number) => sim.on_scan_gate_decided(number),
            Event::DisruptionChanged(number) => sim.on_disruption_changed(number),
        }
        sim.watch.event_handled(sim.now, &sim.cluster);
        n_events += 1;
        if n_events.is_multiple_of(EVENTS_PER_QUESTION) && !sim.watch.goes_on(n_events) {
            return Pause::Stopped;
        }
    }
    (play.n_events, play.digest) = (n_events, digest);
    Pause::Ended
}

/// A hash of every event in order: multiply and rotate, so that order counts.
#[derive(Clone, Copy)]
struct Digest(u64);

impl Digest {
    const PRIME: u64 = 0x9E37_79B9_7F4A_7C15;

    const fn new() -> Self {
        Self(Self::PRIME)
    }

    fn add(&mut self, at: SimTime, event: Event) {
        let [a, b] = event.words();
        for word in [at.millis(), u64::from(event.rank()) << 32 ^ u64::from(a), u64::from(b)] {
            self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(Self::PRIME);
        }
    }
}
