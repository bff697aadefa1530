//! What is measured of a run: one file a subject, one list of all. A metric
//! sees a [`RunRecord`](crate::record::RunRecord) and nothing else.

pub mod metric;

mod availability;
mod cost;
mod disruptions;
mod images;
mod instance_count;
mod lower_bound;
mod occupancy;
mod replacement;
mod requests;
mod rollout_surge;
mod rollout_time;
mod scaling;
mod scans;
mod stranded;
mod task_failures;
mod tasks;
mod utilization;
mod wait_time;
mod zones;

pub use metric::{Direction, Metric};

/// Every metric: a column of the results each, in this order.
pub const METRICS: &[Metric] = &[
    cost::COST_USD,
    cost::COST_INSTANCES_USD,
    cost::COST_FARGATE_USD,
    cost::COST_STORAGE_USD,
    cost::COST_REGISTRY_USD,
    cost::COST_LOAD_BALANCERS_USD,
    cost::COST_PUBLIC_ADDRESSES_USD,
    cost::COST_TRANSFER_USD,
    scans::SCAN_COST_USD,
    cost::COST_COMMITMENTS_UNUSED_USD,
    instance_count::INSTANCE_HOURS,
    instance_count::INSTANCES_PEAK,
    instance_count::INSTANCES_MEAN,
    instance_count::INSTANCES_LAUNCHED,
    instance_count::INSTANCES_FAILED,
    disruptions::INSTANCES_INTERRUPTED,
    disruptions::TASKS_INTERRUPTED,
    disruptions::TASKS_LOST,
    disruptions::LAUNCH_FAILURES,
    lower_bound::LOWER_BOUND_INSTANCE_HOURS,
    lower_bound::GAP_PERCENT,
    lower_bound::LOWER_BOUND_COST_USD,
    lower_bound::COST_GAP_PERCENT,
    replacement::STRAGGLER_INSTANCE_HOURS,
    replacement::REPLACEMENT_SAVES_INSTANCE_HOURS,
    replacement::REPLACEMENT_SAVES_USD,
    replacement::REPLACEMENT_MOVES,
    availability::AVAILABILITY_PERCENT,
    availability::WORST_MINUTE_PERCENT,
    availability::BELOW_MINIMUM_SECONDS,
    requests::REQUESTS_OFFERED,
    requests::REQUESTS_SERVED,
    requests::REQUESTS_SERVED_PERCENT,
    requests::REQUESTS_SERVED_WORST_5MIN_PERCENT,
    requests::REQUESTS_FAILED_5XX,
    requests::REQUEST_WAIT_MS_MEAN,
    requests::REQUEST_WAIT_MS_WORST_5MIN,
    task_failures::SERVICE_TASK_FAILURES,
    scaling::DESIRED_TASK_HOURS,
    scaling::SCALE_OUTS,
    scaling::SCALE_INS,
    rollout_time::ROLLOUTS,
    rollout_time::ROLLOUTS_COMPLETED,
    rollout_time::ROLLOUTS_DEADLOCKED,
    rollout_time::ROLLOUTS_ROLLED_BACK,
    rollout_time::ROLLOUTS_FAILED,
    scans::RELEASES_BLOCKED,
    rollout_time::ROLLOUT_SECONDS_P50,
    rollout_time::ROLLOUT_SECONDS_P95,
    rollout_time::ROLLOUT_SECONDS_MAX,
    rollout_time::ROLLOUT_PLACE_SECONDS,
    rollout_time::ROLLOUT_PROVISION_SECONDS,
    rollout_time::ROLLOUT_PULL_SECONDS,
    rollout_time::ROLLOUT_START_SECONDS,
    rollout_time::ROLLOUT_HEALTH_SECONDS,
    rollout_time::ROLLOUT_DRAIN_SECONDS,
    rollout_time::ROLLOUT_STOP_SECONDS,
    rollout_time::ROLLOUT_DEPROVISION_SECONDS,
    rollout_surge::ROLLOUT_SURGE_INSTANCE_HOURS,
    rollout_surge::ROLLOUT_SURGE_TASK_HOURS,
    rollout_surge::ROLLOUT_SURGE_USD,
    images::IMAGE_GB_PULLED,
    images::IMAGE_CACHE_HIT_PERCENT,
    images::IMAGE_PULLS,
    images::IMAGE_PULLS_REFUSED,
    images::IMAGE_PULL_SECONDS_MEAN,
    images::IMAGE_PUSHES_REFUSED,
    images::IMAGES_EXPIRED,
    images::IMAGES_LOST,
    images::REGISTRY_CALLS_THROTTLED,
    images::REGISTRY_GB_MEAN,
    zones::ZONE_SKEW_MEAN,
    zones::ZONE_SKEW_END,
    zones::ZONE_LOSS_PERCENT,
    wait_time::WAIT_SECONDS_P50,
    wait_time::WAIT_SECONDS_P95,
    wait_time::WAIT_SECONDS_P99,
    wait_time::WAIT_SECONDS_MAX,
    wait_time::SERVICE_WAIT_SECONDS_P95,
    tasks::TASKS_SUBMITTED,
    tasks::TASKS_PLACED,
    tasks::TASKS_FINISHED,
    tasks::TASKS_FAILED,
    tasks::TASKS_NEVER_PLACED,
    tasks::TASKS_NEVER_PLACEABLE,
    tasks::CALLS_REFUSED,
    utilization::UTILIZATION_CPU_PERCENT,
    utilization::UTILIZATION_MEMORY_PERCENT,
    occupancy::INSTANCE_HOURS_IN_USE,
    occupancy::INSTANCES_IN_USE_PEAK,
    occupancy::INSTANCES_IN_USE_END,
    occupancy::TASKS_PEAK,
    occupancy::TASKS_END,
    occupancy::RESERVED_VCPU_PEAK,
    occupancy::RESERVED_VCPU_END,
    occupancy::RESERVED_GIB_END,
    occupancy::RESERVED_VCPU_HOURS,
    stranded::CPU,
    stranded::CPU_BY_MEMORY,
    stranded::CPU_BY_INTERFACES,
    stranded::CPU_BY_PORTS,
    stranded::CPU_BY_GPUS,
    stranded::CPU_BY_CONSTRAINT,
    stranded::CPU_BY_ZONE,
    stranded::CPU_BY_STATE,
    stranded::CPU_BY_REMAINDER,
    stranded::MEMORY,
    stranded::MEMORY_BY_CPU,
    stranded::MEMORY_BY_REMAINDER,
    stranded::INTERFACES,
    stranded::GPU,
];

/// The position of the metric of this name in [`METRICS`].
pub fn position(name: &str) -> Option<usize> {
    METRICS.iter().position(|metric| metric.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_lower_case_and_explained() {
        for (idx, metric) in METRICS.iter().enumerate() {
            assert_eq!(position(metric.name), Some(idx), "{}", metric.name);
            assert!(
                metric.name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
            );
            assert!(!metric.summary.is_empty() && !metric.unit.is_empty());
        }
    }
}
