//! What an instance must have, and what it must be.

use berthlab::record::PlacementReason;

use super::{Played, container, definition, plain, play};

/// A managed group of exactly `n` instances: tasks without room wait.
fn group(n: u32, instance_type: &str, more: &str) -> String {
    format!(
        r#"horizon = "10m"
[cluster]
availability_zones = ["us-east-1a"]
[[cluster.capacity_provider]]
name = "pool"
instance_type = "{instance_type}"
min_size = {n}
max_size = {n}
{more}
"#
    )
}

fn service(name: &str, definition: &str, desired: u32, more: &str) -> String {
    format!(
        "[[service]]\nname = \"{name}\"\ntask_definition = \"{definition}\"\ndesired_count = {desired}\n{more}\n"
    )
}

/// A task of 128 CPU units and 128 MiB whose container has these fields.
fn small(family: &str, network_mode: &str, more: &str) -> String {
    let json = definition(family, network_mode, "", &container("app", more));
    json.replace(r#""256""#, r#""128""#).replace(r#""512""#, r#""128""#)
}

/// c5.large: three interfaces, one of which is its own; ten with a trunk. CPU
/// would let in 2048 / 128 = 16.
#[test]
fn tasks_in_awsvpc_mode_run_out_of_interfaces_first() {
    for (trunking, n) in [(false, 2), (true, 10)] {
        let experiment = group(1, "c5.large", &format!("awsvpc_trunking = {trunking}"))
            + &service("app", "app.json", 12, "");
        let played = play(&experiment, &[("app.json", &small("app", "awsvpc", ""))]);
        assert_eq!(played.times("app placed on i0"), vec![0; n]);
        assert_eq!(played.closest(), [PlacementReason::Eni]);
        // 10 + 13 s to RUNNING, 40 s to healthy.
        assert_eq!(played.first_healthy(n as u32), Some(63));
    }
}

/// Sixteen copies with ports that the agent chooses share one instance; with a
/// port of their own there is one on each.
#[test]
fn dynamic_ports_share_an_instance_and_static_ports_do_not() {
    let ports = |host: u16| format!(r#""portMappings": [{{ "containerPort": 80, "hostPort": {host} }}]"#);
    let experiment = group(2, "c5.large", "") + &service("app", "app.json", 32, "");
    let played = play(&experiment, &[("app.json", &small("app", "bridge", &ports(0)))]);
    assert_eq!(played.times("app placed on i0").len(), 16);
    assert_eq!(played.times("app placed on i1").len(), 16);

    let played = play(&experiment, &[("app.json", &small("app", "bridge", &ports(8080)))]);
    assert_eq!((played.times("app placed on i0"), played.times("app placed on i1")), (vec![0], vec![0]));
    assert_eq!(played.closest(), [PlacementReason::Ports]);
}

/// g4dn.xlarge has one GPU.
#[test]
fn a_gpu_has_one_user() {
    let gpu = r#""resourceRequirements": [{ "type": "GPU", "value": "1" }]"#;
    let experiment = group(2, "g4dn.xlarge", "") + &service("app", "app.json", 3, "");
    let played = play(&experiment, &[("app.json", &small("app", "bridge", gpu))]);
    assert_eq!((played.times("app placed on i0"), played.times("app placed on i1")), (vec![0], vec![0]));
    assert_eq!(played.closest(), [PlacementReason::Gpu]);
}

fn member_of(expression: &str) -> String {
    format!(r#"placement_constraints = [{{ type = "memberOf", expression = "{expression}" }}]"#)
}

fn playing(n: u32, rest: &str) -> Played {
    let files = ["one", "two"].map(|it| (format!("{it}.json"), plain(it, "bridge")));
    let files: Vec<(&str, &str)> = files.iter().map(|it| (it.0.as_str(), it.1.as_str())).collect();
    play(&(group(n, "m5.large", "") + rest), &files)
}

/// `one` wants to be where `two` is, which comes at 60 s: both are placed in
/// that moment.
#[test]
fn a_task_that_waits_for_company_is_placed_when_the_company_is() {
    let event = "[[event]]\nat = \"60s\"\nservice = \"two\"\ndesired_count = 1\n";
    let rest = service("one", "one.json", 2, &member_of("task:group == service:two"))
        + &service("two", "two.json", 0, "")
        + event;
    let played = playing(2, &rest);
    assert_eq!(played.lines[..3], ["60s two placed on i0", "60s one placed on i0", "60s one placed on i0"]);
    assert_eq!(played.closest(), [PlacementReason::MemberOf]);
}

/// Anti-affinity: `two` fills the first instance by the order of numbers; `one`
/// avoids it, and waits where there is no other.
#[test]
fn a_task_avoids_company_that_it_does_not_want() {
    let rest = service("two", "two.json", 1, "")
        + &service("one", "one.json", 1, &member_of("not(task:group == service:two)"));
    assert_eq!(playing(2, &rest).times("one placed on i1"), [0]);
    // The other is gone at 60 s: told to stop, it is no company any more.
    let event = "[[event]]\nat = \"60s\"\nservice = \"two\"\ndesired_count = 0\n";
    assert_eq!(playing(1, &(rest + event)).times("one placed on i0"), [60]);
}

/// Three tasks that want to be alone, on two instances; one of `two` on the
/// first blocks it until it is told to stop.
#[test]
fn running_tasks_are_counted() {
    let event = "[[event]]\nat = \"60s\"\nservice = \"two\"\ndesired_count = 0\n";
    let rest = service("two", "two.json", 1, "")
        + &service("one", "one.json", 3, &member_of("runningTasksCount == 0"))
        + event;
    let played = playing(2, &rest);
    assert_eq!((played.times("one placed on i0"), played.times("one placed on i1")), (vec![60], vec![0]));
    // One that asks for others waits for the first.
    let rest = service("one", "one.json", 2, &member_of("runningTasksCount > 0"))
        + &service("two", "two.json", 0, "")
        + "[[event]]\nat = \"60s\"\nservice = \"two\"\ndesired_count = 1\n";
    let played = playing(2, &rest);
    assert_eq!(played.times("two placed on i0"), [60]);
    assert_eq!(played.times("one placed on i0").len() + played.times("one placed on i1").len(), 2);
    assert_eq!(played.times("one placed on i0"), [60, 60]);
}

/// The attribute comes at 120 s to one of two instances.
#[test]
fn an_attribute_that_is_put_lets_a_waiting_task_in_at_that_moment() {
    let put = |at: &str, what: &str| {
        format!("[[event]]\nat = \"{at}\"\ncontainer_instances = \"registeredAt > 1970-01-01\"\n{what}\n")
    };
    let rest = service("one", "one.json", 1, &member_of("attribute:color == blue"))
        + &put("120s", "attributes = { color = \"blue\" }")
        + &put("300s", "remove_attributes = [\"color\"]")
        + "[[event]]\nat = \"310s\"\nservice = \"one\"\ndesired_count = 2\n";
    let played = playing(2, &rest);
    // What runs stays when the attribute goes; what comes then waits.
    assert_eq!(played.lines, ["120s one placed on i0", "133s one started"]);
    assert_eq!(played.closest(), [PlacementReason::MemberOf]);
}

/// Racks a, b, b; two tasks go to a and b. At 60 s the first instance moves to
/// rack b and the third to rack c; the two tasks are in rack b now. The third
/// task goes to c; the next three find b 2, c 1: to c, then either is as good,
/// and the first by number is taken: b, then c.
#[test]
fn tasks_are_counted_where_their_instance_is_now() {
    let mut rest = String::new();
    for (id, rack) in [("i-a", "a"), ("i-b", "b"), ("i-c", "b")] {
        rest.push_str(&format!(
            "[[cluster.container_instance]]\nec2_instance_id = \"{id}\"\navailability_zone = \"us-east-1a\"\n\
             attributes = {{ rack = \"{rack}\" }}\n"
        ));
    }
    let spread = r#"placement_strategy = [{ type = "spread", field = "attribute:rack" }]"#;
    rest.push_str(&service("one", "one.json", 2, spread));
    for (id, rack) in [("i-a", "b"), ("i-c", "c")] {
        rest.push_str(&format!(
            "[[event]]\nat = \"60s\"\ncontainer_instances = \"ec2InstanceId == {id}\"\n\
             attributes = {{ rack = \"{rack}\" }}\n"
        ));
    }
    rest.push_str("[[event]]\nat = \"60s\"\nservice = \"one\"\ndesired_count = 3\n");
    rest.push_str("[[event]]\nat = \"120s\"\nservice = \"one\"\ndesired_count = 6\n");
    let played = playing(3, &rest);
    let placed: Vec<&String> = played.lines.iter().filter(|it| it.contains("placed")).collect();
    let expected = ["0s i0", "0s i1", "60s i2", "120s i2", "120s i0", "120s i2"];
    let expected: Vec<String> = expected.iter().map(|it| it.replace("s i", "s one placed on i")).collect();
    assert_eq!(placed, expected.iter().collect::<Vec<_>>());
}

/// Agents are lost at 10 s and heard again at 200 s.
#[test]
fn without_its_agent_an_instance_is_given_nothing() {
    let all = "container_instances = \"agentConnected in [true, false]\"";
    let rest = service("one", "one.json", 1, "")
        + &format!("[[event]]\nat = \"10s\"\n{all}\nagent_connected = false\n")
        + "[[event]]\nat = \"60s\"\nservice = \"one\"\ndesired_count = 3\n"
        + &format!("[[event]]\nat = \"200s\"\n{all}\nagent_connected = true\n");
    let played = playing(1, &rest);
    assert_eq!(played.times("one placed on i0"), [0, 200, 200]);
    assert_eq!(played.closest(), [PlacementReason::Agent]);
}

/// An event selects its instances once: that its first attribute makes the
/// expression false does not keep the second away.
#[test]
fn an_event_puts_all_its_attributes_on_those_that_it_selects() {
    let event = |at: u32, what: &str| {
        format!("[[event]]\nat = \"{at}s\"\ncontainer_instances = \"attribute:stage !exists\"\n{what}\n")
    };
    let rest = service("one", "one.json", 1, &member_of("attribute:color == blue"))
        + &event(60, "attributes = { stage = \"new\", color = \"blue\" }")
        // Now there is none without a stage.
        + &event(90, "attributes = { color = \"red\" }\nagent_connected = false");
    assert_eq!(playing(1, &rest).times("one placed on i0"), [60]);
}
