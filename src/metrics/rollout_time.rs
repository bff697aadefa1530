//! How long rollouts took and where the time went. Durations are of completed
//! rollouts; the others are counted.

use super::{Direction, Metric};
use crate::record::{DeploymentOutcome, PhaseTime, RolloutRecord, RunRecord};

pub(super) const ROLLOUTS: Metric = Metric {
    name: "rollouts",
    summary: "rollouts that began while measured",
    unit: "rollouts",
    direction: Direction::Neutral,
    decimals: 0,
    of: |record| Some(record.rollouts.len() as f64),
};

pub(super) const ROLLOUTS_COMPLETED: Metric = Metric {
    name: "rollouts_completed",
    summary: "rollouts that became steady on the new revision",
    unit: "rollouts",
    direction: Direction::HigherIsBetter,
    decimals: 0,
    of: |record| Some(completed(record).count() as f64),
};

pub(super) const ROLLOUTS_DEADLOCKED: Metric = Metric {
    name: "rollouts_deadlocked",
    summary: "rollouts that could neither stop nor start a task, until the end or the next release",
    unit: "rollouts",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| {
        let is_deadlock = |it: &&RolloutRecord| {
            matches!(
                it.outcome,
                DeploymentOutcome::DeadlockedByConfiguration
                    | DeploymentOutcome::DeadlockedByCapacity
                    | DeploymentOutcome::DeadlockedByProtection
            )
        };
        Some(record.rollouts.iter().filter(is_deadlock).count() as f64)
    },
};

pub(super) const ROLLOUTS_ROLLED_BACK: Metric = Metric {
    name: "rollouts_rolled_back",
    summary: "rollouts that were given up, and the last completed deployment put back",
    unit: "rollouts",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| Some(with_outcome(record, DeploymentOutcome::RolledBack).count() as f64),
};

pub(super) const ROLLOUTS_FAILED: Metric = Metric {
    name: "rollouts_failed",
    summary: "rollouts that were given up, and nothing put in their place",
    unit: "rollouts",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| Some(with_outcome(record, DeploymentOutcome::Failed).count() as f64),
};

pub(super) const ROLLOUT_SECONDS_P50: Metric = Metric {
    name: "rollout_seconds_p50",
    summary: "median duration of the completed rollouts",
    unit: "s",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| quantile_seconds(record, 50),
};

pub(super) const ROLLOUT_SECONDS_P95: Metric = Metric {
    name: "rollout_seconds_p95",
    summary: "95th percentile of the completed rollouts' durations",
    unit: "s",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| quantile_seconds(record, 95),
};

pub(super) const ROLLOUT_SECONDS_MAX: Metric = Metric {
    name: "rollout_seconds_max",
    summary: "the longest completed rollout",
    unit: "s",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| quantile_seconds(record, 100),
};

pub(super) const ROLLOUT_PLACE_SECONDS: Metric = Metric {
    name: "rollout_place_seconds_mean",
    summary: "from request to placement, per task of a rollout",
    unit: "s",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| mean_seconds(record, |it| &it.place),
};

pub(super) const ROLLOUT_PROVISION_SECONDS: Metric = Metric {
    name: "rollout_provision_seconds_mean",
    summary: "from placement to the begin of the pull (network interface or machine, agent), per task of a rollout",
    unit: "s",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| mean_seconds(record, |it| &it.provision),
};

pub(super) const ROLLOUT_PULL_SECONDS: Metric = Metric {
    name: "rollout_pull_seconds_mean",
    summary: "the image pull, per task of a rollout",
    unit: "s",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| mean_seconds(record, |it| &it.pull),
};

pub(super) const ROLLOUT_START_SECONDS: Metric = Metric {
    name: "rollout_start_seconds_mean",
    summary: "from the end of the pull to running (create and start in order), per task of a rollout",
    unit: "s",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| mean_seconds(record, |it| &it.start),
};

pub(super) const ROLLOUT_HEALTH_SECONDS: Metric = Metric {
    name: "rollout_health_seconds_mean",
    summary: "from running to healthy, per task of a rollout",
    unit: "s",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| mean_seconds(record, |it| &it.health),
};

pub(super) const ROLLOUT_DRAIN_SECONDS: Metric = Metric {
    name: "rollout_drain_seconds_mean",
    summary: "from being asked to stop to the stop signal (deregistration delay), per task that a rollout stopped",
    unit: "s",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| mean_seconds(record, |it| &it.drain),
};

pub(super) const ROLLOUT_STOP_SECONDS: Metric = Metric {
    name: "rollout_stop_seconds_mean",
    summary: "from the stop signal to the exit of all containers, per task that a rollout stopped",
    unit: "s",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| mean_seconds(record, |it| &it.stop),
};

pub(super) const ROLLOUT_DEPROVISION_SECONDS: Metric = Metric {
    name: "rollout_deprovision_seconds_mean",
    summary: "from the exit of all containers to stopped (network interface), per task that a rollout stopped",
    unit: "s",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| mean_seconds(record, |it| &it.deprovision),
};

fn completed(record: &RunRecord) -> impl Iterator<Item = &RolloutRecord> {
    with_outcome(record, DeploymentOutcome::Completed)
}

fn with_outcome(record: &RunRecord, outcome: DeploymentOutcome) -> impl Iterator<Item = &RolloutRecord> {
    record.rollouts.iter().filter(move |it| it.outcome == outcome)
}

/// The nearest-rank quantile, exact.
fn quantile_seconds(record: &RunRecord, percent: usize) -> Option<f64> {
    let mut durations: Vec<u64> = completed(record).map(|it| it.ended_ms - it.started_ms).collect();
    durations.sort_unstable();
    let rank = (durations.len() * percent).div_ceil(100).max(1);
    durations.get(rank - 1).map(|&millis| millis as f64 / 1000.0)
}

fn mean_seconds(record: &RunRecord, phase: fn(&RolloutRecord) -> &PhaseTime) -> Option<f64> {
    let (n_tasks, total_ms) = record
        .rollouts
        .iter()
        .map(phase)
        .fold((0, 0), |(n_tasks, total_ms), it| (n_tasks + it.n_tasks, total_ms + it.total_ms));
    (n_tasks > 0).then(|| total_ms as f64 / n_tasks as f64 / 1000.0)
}
