//! Who reaches whom: clients, load balancer, tasks.

use super::{Played, play, serving};

/// Two tasks behind a load balancer, checked every 10 s with a timeout of 5 s;
/// ten requests a second for ten minutes.
fn behind_a_balancer(balancer: &str, hosts: &str, tasks: &str, service: &str, is_own: bool) -> Played {
    let (mode, target_type) = if is_own { ("awsvpc", "ip") } else { ("bridge", "instance") };
    let experiment = format!(
        r#"horizon = "10m"
[cluster]
availability_zones = ["us-east-1a"]
instances = 1
instance_type = "m5.xlarge"
security_groups = ["hosts"]
[[security_group]]
name = "balancer"
inbound = [{balancer}]
[[security_group]]
name = "hosts"
inbound = [{hosts}]
[[security_group]]
name = "tasks"
inbound = [{tasks}]
[[target_group]]
name = "web"
target_type = "{target_type}"
health_check_interval_seconds = 10
health_check_timeout_seconds = 5
deregistration_delay = "0s"
[[load_balancer]]
name = "front"
listeners = [{{ port = 80, target_group = "web" }}]
security_groups = ["balancer"]
[[service]]
name = "web"
task_definition = "web.json"
desired_count = 2
load_balancers = [{{ target_group = "web", container_name = "app", container_port = 8080 }}]
requests_per_second = 10
{service}
"#
    );
    let mode = if service.contains("FARGATE") { "fargate" } else { mode };
    let json = match mode {
        "fargate" => serving("web", "awsvpc")
            .replace(r#""cpu": "256""#, r#""requiresCompatibilities": ["FARGATE"], "cpu": "256""#),
        mode => serving("web", mode),
    };
    play(&experiment, &[("web.json", &json)])
}

const FROM_WEB: &str = r#"{ ports = 80, source = "0.0.0.0/0" }"#;
const DYNAMIC: &str = r#"{ ports = "32768-65535", source = "balancer" }"#;
const FIXED: &str = r#"{ ports = 8080, source = "balancer" }"#;

/// They run at 13 s and are registered at 18 s; checks begin at 18 s and 28 s,
/// the second has failed at 33 s. At 100/200 two replacements start then and
/// are as bad at 66 s: two of the four go and have stopped at 67 s, when two
/// others start. From there on a round takes 34 s: starts at 0, 33, 67, ...,
/// 33 + 34 x 16 = 577 s. The last that is found out before 600 s started at
/// 543 s, so 17 of the 18 rounds are.
#[test]
fn without_the_rule_towards_dynamic_ports_tasks_are_replaced_for_ever() {
    let played = behind_a_balancer(FROM_WEB, "", FIXED, "", false);
    let reason = "security group `hosts` needs an inbound rule: \
                  tcp 32768-65535 from `balancer`: Target.Timeout";
    assert_eq!(played.failures(), [(reason, 34)]);
    let mut starts = vec![0, 0];
    starts.extend((0..17).flat_map(|n| [33 + 34 * n; 2]));
    assert_eq!(played.times("web placed on i0"), starts);
    assert_eq!(played.first_healthy(1), None);
    // Until the first was found out at 33 s nobody knows why.
    let (offered, served, lost) = played.requests();
    assert_eq!((offered, served), (6000, 0));
    assert_eq!(lost, [("no healthy target", 330), (reason, 5670)]);
}

/// Both pass the check at 18 s; requests are served from then on.
#[test]
fn the_rule_towards_dynamic_ports_frees_them() {
    let played = behind_a_balancer(FROM_WEB, DYNAMIC, "", "", false);
    assert_eq!(played.failures(), []);
    assert_eq!(played.first_healthy(2), Some(18));
    assert_eq!(played.requests(), (6000, 5820, vec![("no healthy target", 180)]));
}

/// The load balancer finds its targets; clients do not find the load balancer.
#[test]
fn without_the_rule_from_the_web_all_is_healthy_and_nothing_is_served() {
    let played = behind_a_balancer(FIXED, DYNAMIC, "", "", false);
    assert_eq!(played.failures(), []);
    assert_eq!(played.first_healthy(2), Some(18));
    let reason = "security group `balancer` needs an inbound rule: tcp 80 from `0.0.0.0/0`: clients time out";
    assert_eq!(played.requests(), (6000, 0, vec![(reason, 6000)]));
}

/// On an instance RUNNING comes at 23 s, on Fargate at 28 s; registration takes
/// 5 s more, and the first check passes at once. Where the rule is missing the
/// second check has failed 15 s after registration.
#[test]
fn a_task_with_an_interface_of_its_own_is_let_in_by_its_own_group() {
    let own = r#"network_configuration = { security_groups = ["tasks"] }"#;
    let fargate = format!("launch_type = \"FARGATE\"\n{own}");
    for (service, healthy_at) in [(own, 28), (fargate.as_str(), 33)] {
        let played = behind_a_balancer(FROM_WEB, "", FIXED, service, true);
        assert_eq!(played.failures(), [], "{service}");
        assert_eq!(played.first_healthy(2), Some(healthy_at), "{service}");
        assert_eq!(played.requests().1, 10 * (600 - healthy_at), "{service}");

        // Opening all of the instances does not help.
        let all = r#"{ protocol = "all", source = "0.0.0.0/0" }"#;
        let played = behind_a_balancer(FROM_WEB, all, "", service, true);
        let reason = "security group `tasks` needs an inbound rule: tcp 8080 from `balancer`: Target.Timeout";
        assert_eq!(played.failures()[0].0, reason, "{service}");
        assert_eq!((played.requests().1, played.first_healthy(1)), (0, None), "{service}");
    }
}
