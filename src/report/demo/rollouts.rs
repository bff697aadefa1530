//! How the demo's rollouts went.

use crate::record::{RolloutFailure, RolloutPoint, RolloutRecord, StageTime, Surge, Timeline, ZoneBalance};

const DESIRED: u32 = 10;

/// The rollout with its points, stages, traffic and surge: ten tasks, at most
/// `surge` times as many; given up for a reason, if there is one.
pub(super) fn with_course(mut rollout: RolloutRecord, surge: f64, gives_up: Option<&str>) -> RolloutRecord {
    let took_ms = rollout.ended_ms - rollout.started_ms;
    let at = |percent: u64| rollout.started_ms + took_ms * percent / 100;
    let upper = (f64::from(DESIRED) * surge) as u32;
    let mut timeline = Timeline::default();
    for step in 0..=40_u64 {
        let done = (step as f64 / 40.0 * f64::from(DESIRED)) as u32;
        let (old, new) = (DESIRED - done, (done + 2).min(DESIRED));
        let new = new.min(upper - old);
        timeline.push(RolloutPoint {
            after_ms: took_ms * step / 40,
            old,
            new: if gives_up.is_some() && step > 30 { 0 } else { new },
            healthy_old: old,
            healthy_new: if gives_up.is_some() { 0 } else { done.min(new) },
            desired: DESIRED,
            lower: DESIRED - 1,
            upper,
        });
    }
    rollout.timeline = timeline;
    rollout.failure =
        gives_up.map(|it| RolloutFailure { at_ms: at(75), reason: format!("{it} (circuit breaker)") });
    // One of the strategies that shift traffic.
    if surge > 1.4 && surge < 1.6 {
        let stage = |stage: &str, from_ms, to_ms| StageTime { stage: stage.to_owned(), from_ms, to_ms };
        rollout.stages = vec![
            stage("SCALE_UP", at(0), at(40)),
            stage("PRODUCTION_TRAFFIC_SHIFT", at(40), at(42)),
            stage("BAKE_TIME", at(42), at(85)),
            stage("CLEAN_UP", at(85), at(100)),
        ];
        rollout.traffic = vec![(at(0), 0), (at(40), 100), (at(60), 500), (at(80), 1000)];
    }
    let above = u64::from(upper - DESIRED);
    rollout.surge = Surge {
        task_ms: above * took_ms,
        instance_ms: above * took_ms / 2,
        until_ms: rollout.ended_ms,
        pico_usd: above * took_ms * 16_000,
        ..Surge::default()
    };
    rollout.left_behind = ZoneBalance { most: 5, least: 2, desired: DESIRED, n_zones: 3 };
    rollout
}
