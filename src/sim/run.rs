//! The loop and the one match.

use crate::base::{Seed, SimTime};
use crate::model::workload::Workload;
use crate::record::RunRecord;
use crate::sim::event::Event;
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
    let mut sim = Simulation::new(setup, workload, seed, watch);
    let mut n_events: u64 = 0;
    let mut digest = Digest::new();
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
            return None;
        }
    }
    sim.observe();
    sim.look_until(SimTime::ZERO + setup.horizon);
    let record = sim.close(digest.0, n_events);
    watch.goes_on(n_events);
    Some(record)
}

/// A hash of every event in order: multiply and rotate, so that order counts.
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
