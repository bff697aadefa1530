//! Tasks on machines of their own: where they are, and what they cost.

use super::{Played, plain, play};

/// A service on Fargate that is given up at `at`.
fn until(at: &str, service: &str) -> Played {
    let experiment = format!(
        r#"horizon = "10m"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]
[[service]]
name = "app"
task_definition = "app.json"
launch_type = "FARGATE"
{service}
[[event]]
at = "{at}"
service = "app"
desired_count = 0
"#
    );
    let json = plain("app", "awsvpc")
        .replace(r#""cpu": "256""#, r#""requiresCompatibilities": ["FARGATE"], "cpu": "256""#);
    play(&experiment, &[("app.json", &json)])
}

fn zones(played: &Played) -> [usize; 3] {
    ["a", "b", "c"].map(|it| played.times(&format!("app placed in us-east-1{it}")).len())
}

#[test]
fn tasks_are_spread_evenly_over_the_zones_of_their_subnets() {
    assert_eq!(zones(&until("5m", "desired_count = 6")), [2, 2, 2]);
    let two = r#"network_configuration = { availability_zones = ["us-east-1a", "us-east-1c"] }"#;
    assert_eq!(zones(&until("5m", &format!("desired_count = 6\n{two}"))), [3, 0, 3]);
}

/// What still runs at the horizon is paid for until then: 600 - 16 = 584 s.
#[test]
fn what_still_runs_is_paid_for_until_the_horizon() {
    let played = until("599s", "desired_count = 1");
    let line = &played.record.ledger.lines[0];
    assert_eq!((line.unit_seconds, line.n_uses), (256 * 584, 1));
}
