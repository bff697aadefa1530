//! What the recorder is told of the cluster as a whole.

use crate::base::SimTime;
use crate::record::ClusterReading;
use crate::record::recorder::Recorder;

impl Recorder {
    /// The cluster stands like this from `now` on.
    #[inline]
    pub fn cluster(&mut self, now: SimTime, reading: ClusterReading) {
        if *self.moments.last() != reading && self.moments.tell(now, reading) {
            self.settle_cluster(now);
        }
    }

    /// Sums up how the cluster stood until `until`.
    pub(super) fn settle_cluster(&mut self, until: SimTime) {
        let (record, measured_from, horizon) = (&mut self.record, self.measured_from, self.horizon);
        self.moments.stretches(until, |from, until, reading| {
            let measured_ms = until.min(horizon).since(from.max(measured_from)).millis();
            if measured_ms == 0 {
                return;
            }
            record.occupancy.hold(reading, measured_ms);
            record.instance_ms += reading.n_instances * measured_ms;
            record.instances_peak = record.instances_peak.max(reading.n_instances);
            record.lower_bound_instance_ms += reading.lower_bound * measured_ms;
            record.reserved_cpu_ms += reading.reserved_cpu * measured_ms;
            record.reserved_memory_ms += reading.reserved_memory * measured_ms;
            record.registered_cpu_ms += reading.registered_cpu * measured_ms;
            record.registered_memory_ms += reading.registered_memory * measured_ms;
        });
        let told = self.moments.told();
        record.instances.set_each(told, |it| it.n_instances);
        record.lower_bound.set_each(told, |it| it.lower_bound);
        record.waiting_tasks.set_each(told, |it| it.n_waiting);
        record.placed_tasks.set_each(told, |it| it.n_placed);
        self.moments.settle(until);
    }
}
