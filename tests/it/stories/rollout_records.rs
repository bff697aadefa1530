//! What is written down of a rollout: its points, phases, surge and skew.

use berthlab::record::{RolloutPoint, SurgeEnd, ZoneBalance};

use super::{plain, play};

/// Two tasks on Fargate, replaced at 120 s. The new ones run 15 + 1 + 10 + 2 =
/// 28 s after their placement and are healthy 40 s later, at 188 s; the old
/// ones are then told to stop and gone 1 + 5 = 6 s later.
#[test]
fn a_rollout_on_fargate_is_told_point_by_point_and_its_surge_has_a_price() {
    let experiment = r#"horizon = "10m"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]
[[service]]
name = "app"
task_definition = "app.json"
launch_type = "FARGATE"
desired_count = 2
release = [{ at = "120s", image = "app:2" }]
"#;
    let json = plain("app", "awsvpc")
        .replace(r#""cpu": "256""#, r#""requiresCompatibilities": ["FARGATE"], "cpu": "256""#);
    let played = play(experiment, &[("app.json", &json)]);
    let rollout = &played.record.rollouts[0];
    assert_eq!((rollout.started_ms, rollout.ended_ms), (120_000, 194_000));

    let begin = RolloutPoint {
        after_ms: 0,
        old: 2,
        new: 2,
        healthy_old: 2,
        healthy_new: 0,
        desired: 2,
        lower: 2,
        upper: 4,
    };
    let middle = RolloutPoint { after_ms: 68_000, healthy_old: 0, healthy_new: 2, ..begin };
    let end = RolloutPoint { after_ms: 74_000, old: 0, ..middle };
    assert_eq!(rollout.timeline.points(), [begin, middle, end]);

    let phases = rollout.phases().map(|(name, it)| (name, it.n_tasks, it.total_ms / 1000));
    let told = [
        ("place", 2, 0),
        ("provision", 2, 2 * 16),
        ("pull", 2, 2 * 10),
        ("start", 2, 2 * 2),
        ("health", 2, 2 * 40),
        ("drain", 2, 0),
        ("stop", 2, 2),
        ("deprovision", 2, 2 * 5),
    ];
    assert_eq!(phases, told);

    // Two more than desired for 74 s, at a quarter of 40,480,000,000 and half
    // of 4,445,000,000 pico-dollars an hour.
    assert_eq!((rollout.surge.task_ms, rollout.surge.instance_ms), (2 * 74_000, 0));
    assert_eq!(rollout.surge.pico_usd, 12_342_500_000 * 148 / 3600 + 1);
    assert_eq!(rollout.left_behind, ZoneBalance { most: 1, least: 0, desired: 2, n_zones: 3 });
    let metric =
        |name| (berthlab::metrics::METRICS[berthlab::metrics::position(name).unwrap()].of)(&played.record);
    assert_eq!(metric("zone_skew_end"), Some(1.0));
    // One of two tasks, from the 68th second on.
    assert_eq!(metric("zone_loss_percent"), Some(100.0 * (600.0 - 68.0) / 1200.0));
    assert_eq!(metric("rollout_pull_seconds_mean"), Some(10.0));
}

/// Each task fills an instance, so a rollout at 100/200 launches two more; they
/// stay until managed scaling has found them idle for long enough. Whoever
/// adds up all instances of the run finds the same.
#[test]
fn the_surge_of_instances_is_counted_until_they_are_gone_and_billed_as_its_type() {
    // 512 steps of 10 s: the release lies at the begin of one.
    let experiment = r#"horizon = "5120s"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b"]
[[cluster.capacity_provider]]
name = "general"
instance_type = "m5.large"
max_size = 10
[[service]]
name = "app"
task_definition = { cpu = 2048, memory = 1024 }
desired_count = 2
release = [{ at = "1200s", image = "app:2" }]
"#;
    let played = play(experiment, &[]);
    let rollout = &played.record.rollouts[0];
    let surge = &rollout.surge;
    let buckets = played.record.instances.buckets();
    assert_eq!(buckets[119].integral, 2 * 10_000, "two instances before");
    assert_eq!(buckets[511].integral, 2 * 10_000, "two instances in the end");
    let above = |it: &berthlab::record::Bucket| it.integral.saturating_sub(2 * 10_000);
    assert_eq!(surge.instance_ms, buckets[120..].iter().map(above).sum::<u64>());
    assert!(surge.instance_ms > 2 * 900_000, "idle for fifteen minutes at least: {surge:?}");
    assert_eq!(surge.until, SurgeEnd::Back);
    assert!(rollout.ended_ms < surge.until_ms && surge.until_ms < 5_120_000, "{surge:?}");
    // 0.096 USD an hour.
    assert_eq!(surge.pico_usd, (96_000_000_000 * surge.instance_ms + 1_800_000) / 3_600_000);
}
