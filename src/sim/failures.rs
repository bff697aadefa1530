//! Instances that fail: billing ends at once, the cluster notices later, and
//! until then their tasks count as if they ran.

use crate::base::id::InstanceId;
use crate::model::capacity::Scaling;
use crate::model::instance::InstanceStatus;
use crate::model::task::{StopCode, TaskOwner};
use crate::model::workload::Workload;
use crate::record::RunRecord;
use crate::sim::bill::Settlement;
use crate::sim::event::Event;
use crate::sim::simulation::Simulation;
use crate::sim::watch::{Fact, Watch};

impl<W: Watch> Simulation<'_, W> {
    pub(super) fn on_instance_failed(&mut self, instance: InstanceId) {
        if matches!(self.cluster.instance(instance).status, InstanceStatus::Lost | InstanceStatus::Terminated)
        {
            // It was gone before it could fail.
            return;
        }
        let cause = self.disruptions.cause_of_failures();
        self.note_instance_disrupted(instance, cause);
        self.recorder.instance_failed(self.now);
        self.lose_instance(instance);
    }

    /// An instance goes with its tasks, whatever the reason: billing ends, and the
    /// cluster notices later.
    pub(super) fn lose_instance(&mut self, instance: InstanceId) {
        self.leaving.remove(&instance);
        self.end_billing(instance);
        self.abort_pulls_on(instance);
        self.cluster.lose_instance(instance);
        self.watch.fact(self.now, Fact::InstanceFailed(instance));
        for service in self.setup.services.ids() {
            self.services[service].is_changed = true;
        }
        let noticed_at = self.now + self.setup.options.instance_loss_detection;
        self.queue.schedule(noticed_at, Event::InstanceLossNoticed(instance));
    }

    /// Its tasks are stopped: services replace theirs, stand-alone ones are
    /// lost. A fixed pool launches another instance.
    pub(super) fn on_instance_loss_noticed(&mut self, instance: InstanceId) {
        while let Some(&task) = self.cluster.tasks_on(instance).first() {
            let row = self.cluster.task(task);
            // One that was found was not asked for.
            let is_standalone =
                matches!(row.owner, TaskOwner::Standalone { arrival } if arrival != Workload::FOUND);
            let was_wanted = row.is_desired_running;
            if is_standalone && was_wanted && self.recorder.is_measured(row.requested_at) {
                self.recorder.tasks().failed += 1;
            }
            if was_wanted {
                self.ask_to_stop(task, StopCode::TerminationNotice);
            }
            self.on_task_stopped(task);
        }
        self.cluster.terminate_instance(instance);
        self.volumes.forget(instance);
        let provider = self.cluster.instance(instance).provider;
        if self.setup.providers[provider].scaling == Scaling::Fixed {
            self.queue.schedule(self.now, Event::CapacityReviewed(provider));
        }
    }

    /// The run is over: what is still open ends at the horizon, and its use is
    /// counted.
    pub(super) fn close_use(&mut self) {
        self.close_scans();
        self.close_pulls();
        self.close_rollouts();
        self.close_traffic();
        self.bill_running();
        self.bill_running_on_fargate();
        self.close_registry();
    }

    /// The record, of a run whose use is counted and whose commitments are settled.
    pub(super) fn close(mut self, digest: u64, n_events: u64, settlement: Settlement) -> RunRecord {
        let ledger = self.ledger(settlement);
        let prices = self.recorder.rollouts().iter().map(|it| self.surge_price(it)).collect::<Vec<_>>();
        self.recorder.price_surges(&prices);
        let mut record = self.recorder.finish(digest, n_events, ledger);
        record.floors = self.floors.recorder.finish();
        record
    }
}
