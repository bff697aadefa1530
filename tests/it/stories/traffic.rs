//! What becomes of requests while tasks come and go.

use super::{Played, play, serving};

/// `n` tasks behind a load balancer whose checks come every 5 s, two failed ones
/// make a target unhealthy; `service` are fields of the service, `traffic` those
/// of its traffic and what follows.
fn behind_a_balancer(n: u32, traffic: &str, service: &str, delay: &str) -> Played {
    let experiment = format!(
        r#"horizon = "10m"
[cluster]
availability_zones = ["us-east-1a"]
instances = 4
instance_type = "m5.xlarge"
[[target_group]]
name = "web"
target_type = "instance"
health_check_interval_seconds = 5
health_check_timeout_seconds = 2
deregistration_delay = "{delay}"
[[service]]
name = "web"
task_definition = "web.json"
desired_count = {n}
load_balancers = [{{ target_group = "web", container_name = "app", container_port = 8080 }}]
{service}
[service.traffic]
model = "interval"
{traffic}
"#
    );
    play(&experiment, &[("web.json", &serving("web", "bridge"))])
}

fn lost(played: &Played, reason: &str) -> u64 {
    let (_, _, all) = played.requests();
    all.iter().find(|it| it.0.contains(reason)).map_or(0, |it| it.1)
}

/// It runs from 13 s on, is healthy at 18 s, and ends by itself some 400 s
/// later. Ten requests a second come: two are in flight then, and those of the
/// ten seconds until two checks have failed find nobody. Its replacement needs
/// 18 s, so nobody is there for a while after that.
#[test]
fn requests_go_to_a_task_that_has_ended_until_its_checks_fail() {
    let exit = "[[service.container]]\nname = \"app\"\nexit = { after = \"400s\", code = 1 }";
    let traffic = format!("requests_per_second = 10\nservice_time = \"200ms\"\n{exit}");
    let played = behind_a_balancer(1, &traffic, "", "30s");
    assert_eq!(played.times("web exited").len(), 1);
    assert_eq!(lost(&played, "not yet found unhealthy"), 100);
    // Two but for what had not come to its slot in the long run of 0.2 s.
    assert!((1..=2).contains(&lost(&played, "task ended")), "{:?}", played.requests());
    let (offered, served, all) = played.requests();
    assert_eq!(offered, 6000);
    // 18 s at the begin, and from the end of the ten seconds to the next one.
    let nobody = lost(&played, "no healthy target");
    assert!((180 + 80..180 + 110).contains(&nobody), "{nobody}");
    assert!(served + all.iter().map(|it| it.1).sum::<u64>() + 3 >= offered);
}

/// Requests take 5 s, two tasks have five of them a second each. At 50/100 the
/// first is stopped with 25 in flight; the other takes all until the new one is
/// healthy, and is stopped with 50. After 2 s e^-0.4 of them are left and cut,
/// which is 50.3; after a minute none.
#[test]
fn a_deregistration_delay_shorter_than_the_requests_cuts_them() {
    let traffic = "requests_per_second = 10\nservice_time = \"5s\"\nconcurrency = 100";
    let service = "deployment_configuration = \"50/100\"\nrelease = [{ at = \"200s\", image = \"web:2\" }]";
    let rollout = |delay: &str| {
        let played = behind_a_balancer(2, traffic, service, delay);
        assert_eq!(played.times("web completed").len(), 1, "{:?}", played.lines);
        lost(&played, "deregistration delay")
    };
    assert_eq!((rollout("2s"), rollout("60s")), (50, 0));
}

/// Four tasks of ten requests a second each, and thirty come. With two of them
/// gone the queues (twenty each) take ten a second more than is answered, for
/// four seconds; all else is refused, until the first two new ones are there
/// with empty queues of their own; then the same again.
#[test]
fn queues_overflow_while_half_of_the_tasks_are_replaced() {
    let traffic = "requests_per_second = 30\nservice_time = \"1s\"\nconcurrency = 10\nqueue = 20";
    let release = "release = [{ at = \"200s\", image = \"web:2\" }]";
    let rollout = |bounds: &str| {
        let service = format!("deployment_configuration = \"{bounds}\"\n{release}");
        behind_a_balancer(4, traffic, &service, "5s")
    };
    let played = rollout("50/100");
    let whole = played.healthy[0].iter().find(|it| it.0 > 200_000 && it.1 == 4).expect("it is whole again");
    let expected = 10 * (whole.0 - 200_000) / 1000 - 2 * 40;
    let found = lost(&played, "lets no more");
    assert!((expected.saturating_sub(40)..=expected + 40).contains(&found), "{found}, not {expected}");
    // By chance, at three quarters of what the tasks answer.
    assert!(lost(&rollout("100/200"), "lets no more") <= 5);
}
