//! The stories about images under `workloads/stories/`, played as they stand
//! there. Expectations are derived from the layers and the default rates: 60 MB/s
//! over a link, 100 MB/s unpacked on an instance and 40 on Fargate with one vCPU,
//! 2.5 uncompressed bytes for each that moves, 1.5 s for the calls.

use berthlab::record::{DeploymentOutcome, RolloutRecord};

use crate::named_stories::{assert_within, at_minute, tell};

/// How long the images of a rollout's tasks took, in ms, and all the same.
fn pull_ms(rollout: &RolloutRecord) -> u64 {
    let (total, n) = (rollout.pull.total_ms, rollout.pull.n_tasks);
    assert!(n > 0 && total % n == 0, "{total} ms of {n} tasks");
    total / n
}

/// 925.25 MB are 2313 MB on disk: 57.8 s to unpack at 40 MB/s, after the first layer
/// has come, and at the latest after all have, 15.4 s. With four vCPUs it is 100
/// MB/s: 23.1 s. Lazily 6.4 % of that move. Containers are created and started in a
/// second each.
#[test]
fn a_large_image_takes_a_minute_on_fargate() {
    let told = tell("large-image-on-fargate", &[]);
    let pulled = |label: &str| {
        let (_, rollout) = told.one(label);
        assert_eq!((rollout.outcome, rollout.n_failed), (DeploymentOutcome::Completed, 0), "{label}");
        assert_eq!(rollout.start.total_ms, 4 * 2000, "{label}");
        (pull_ms(rollout), (rollout.ended_ms - rollout.started_ms))
    };
    let (small, small_rollout) = pulled("cpu=1024 · soci_index=false");
    assert_within(small, (1500 + 57_828, 1500 + 57_829 + 15_421), "one vCPU");
    // From the begin of the pull to RUNNING.
    assert_within(small + 2000, (60_000, 80_000), "as it was reported");
    let (large, large_rollout) = pulled("cpu=4096 · soci_index=false");
    assert_within(large, (1500 + 23_131, 1500 + 23_132 + 15_421), "four vCPUs");
    assert_eq!(small_rollout - large_rollout, small - large, "a rollout takes as much less");
    let (lazy, _) = pulled("cpu=1024 · soci_index=true");
    let part = |ms: u64| ms * 64 / 1000;
    assert_within(lazy, (1500 + part(57_828), 1500 + part(57_829 + 15_421) + 1), "lazily");
    told.draws("rollout_timeline", &["cpu=1024"]);
}

/// The run begins at noon. Builds come from 1 h on every half an hour: 23 of them are
/// there at the first midnight, and the image of production, which is the oldest.
/// The second midnight finds the ten that were kept and 17 more.
#[test]
fn a_policy_takes_the_image_that_the_next_scale_out_needs() {
    let told = tell("image-lost-to-a-lifecycle-policy", &[]);
    for (label, n_expired, n_lost, healthy) in
        [("rules=1 of 2", 14 + 17, 1, 2), ("rules=2 of 2", 13 + 17, 0, 6)]
    {
        let record = told.of(label)[0];
        assert_eq!((record.images.n_expired, record.images.n_lost), (n_expired, n_lost), "{label}");
        let service = &record.services[0];
        assert_eq!(at_minute(&service.healthy, 29 * 60), (2, 2), "{label}: what runs goes on");
        assert_eq!(at_minute(&service.healthy, 47 * 60), (healthy, healthy), "{label}");
        let reasons: Vec<&str> = service.failures.iter().map(|it| it.reason.as_str()).collect();
        match n_lost {
            0 => assert_eq!(reasons, [""; 0], "{label}"),
            _ => {
                assert_eq!(reasons, ["CannotPullContainerError: shop:prod-41: manifest unknown: not found"]);
                assert!(service.failures[0].n_tasks > 50, "again and again: {}", service.failures[0].n_tasks);
            }
        }
    }
}

/// Two tasks come to an instance, and its layers move once. Of 430 MB the last bytes
/// of either layer come after 7.167 s, and 1075 MB are unpacked in 10.75 s; of the
/// second release it is 15 MB: 0.25 s and 0.375 s.
#[test]
fn the_second_release_pulls_a_fraction_of_the_first() {
    let told = tell("shared-layers", &[]);
    for (label, took, moved) in [("image=1 of 2", 2125, 430 + 15), ("image=2 of 2", 19_417, 430 + 430)] {
        let (record, rollout) = told.one(label);
        assert_eq!(rollout.outcome, DeploymentOutcome::Completed, "{label}");
        assert_eq!((rollout.pull.n_tasks, pull_ms(rollout)), (8, took), "{label}");
        assert_eq!(record.images.bytes_moved, 4 * moved * 1_000_000, "{label}: four instances");
        assert_eq!(record.images.bytes_wanted, 16 * 430_000_000, "{label}: sixteen tasks");
    }
    // On Fargate nothing is kept: each task moves all.
    let fargate = [
        "service.web.launch_type=\"FARGATE\"",
        "service.web.task_definition={ cpu = 1024, memory = 2048, image = \"web:1\", network_mode = \"awsvpc\" }",
    ];
    let told = tell("shared-layers", &fargate);
    for label in ["image=1 of 2", "image=2 of 2"] {
        assert_eq!(told.one(label).0.images.bytes_moved, 16 * 430_000_000, "{label}");
    }
}

/// Four of eight stop, drain for 30 s and exit; the four in their place fail after the
/// agent's second and five seconds of attempts, which is where the breaker of eight
/// tasks trips. The old revision comes back: its images are on the instances.
#[test]
fn a_role_without_the_action_is_named_and_the_breaker_rolls_back() {
    let told = tell("role-without-batch-get-image", &[]);
    let named = |record: &berthlab::record::RunRecord| {
        let failures = &record.services[0].failures;
        assert!(!failures.is_empty());
        for failure in failures {
            assert!(failure.reason.starts_with("CannotPullContainerError: "), "{}", failure.reason);
            assert!(failure.reason.contains("ecr:BatchGetImage"), "{}", failure.reason);
        }
    };
    let record = told.of("50/100 breaker")[0];
    let rollout = &record.rollouts[0];
    assert_eq!(rollout.outcome, DeploymentOutcome::RolledBack);
    let tripped = rollout.failure.as_ref().expect("it was given up").at_ms - rollout.started_ms;
    assert_within(tripped.div_ceil(1000), (31 + 6, 31 + 7), "the breaker");
    assert_eq!((rollout.n_failed, rollout.healthy_min), (4, 4));
    assert_eq!(at_minute(&record.services[0].healthy, 124), (8, 8), "all is as it was");
    named(record);
    let (record, rollout) = told.one("50/100");
    assert_eq!(rollout.outcome, DeploymentOutcome::CutByHorizon);
    assert_eq!(at_minute(&record.services[0].healthy, 359), (4, 4), "half of it, to the end");
    assert!(rollout.n_failed > 30, "{}", rollout.n_failed);
    named(record);
}
