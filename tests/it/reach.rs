//! Which rules of security groups open the way to a task, and which one is
//! named when it is closed.

use berthlab::model::network::{
    Cidr, Connections, LoadBalancer, LoadBalancerType, Network, Peer, Protocol, SecurityGroup, SecurityRule,
};
use berthlab::reach::{Target, TargetPort, load_balancer_reaches, web_reaches};

/// `tcp 80 lb`, `all 0-65535 10.0.0.0/8`.
fn rule(text: &str) -> SecurityRule {
    let words: Vec<&str> = text.split(' ').collect();
    let protocol = match words[0] {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        _ => None,
    };
    let (first, last) = words[1].split_once('-').unwrap_or((words[1], words[1]));
    let peer = match words[2].split_once('/') {
        Some((address, prefix)) => {
            let address: std::net::Ipv4Addr = address.parse().unwrap();
            Peer::Cidr(Cidr { address: address.into(), prefix: prefix.parse().unwrap() })
        }
        None => Peer::Group(words[2].to_owned()),
    };
    SecurityRule { protocol, ports: first.parse().unwrap()..=last.parse().unwrap(), peer }
}

fn rules(texts: &[&str]) -> Vec<SecurityRule> {
    texts.iter().map(|it| rule(it)).collect()
}

fn group(name: &str, inbound: &[&str], outbound: &[&str]) -> SecurityGroup {
    SecurityGroup { name: name.to_owned(), inbound: rules(inbound), outbound: rules(outbound) }
}

fn load_balancer(groups: &[&str], zones: &[&str]) -> LoadBalancer {
    let owned = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect();
    let (security_groups, zones) = (owned(groups), owned(zones));
    LoadBalancer {
        name: "front".to_owned(),
        listeners: Vec::new(),
        security_groups,
        zones,
        kind: LoadBalancerType::Application,
        is_internal: false,
        connections: Connections::default(),
    }
}

const ALL: &[&str] = &["all 0-65535 0.0.0.0/0"];

#[test]
fn a_task_is_reached_if_rules_together_cover_its_ports() {
    use TargetPort::{Dynamic, Fixed};
    // inbound of the target's group, its port -> the rule that is missing
    let dynamic = "security group `web` needs an inbound rule: tcp 32768-65535 from `lb`: Target.Timeout";
    let fixed = "security group `web` needs an inbound rule: tcp 8080 from `lb`: Target.Timeout";
    let cases: &[(&[&str], TargetPort, &str)] = &[
        (&["tcp 32768-65535 lb"], Dynamic, ""),
        (&["tcp 32768-60999 lb"], Dynamic, ""),
        (&["tcp 32768-60998 lb"], Dynamic, dynamic),
        (&["tcp 32769-65535 lb"], Dynamic, dynamic),
        (&["tcp 80 lb"], Dynamic, dynamic),
        (&["udp 32768-65535 lb"], Dynamic, dynamic),
        (&["all 0-65535 lb"], Dynamic, ""),
        (&["tcp 32768-65535 other"], Dynamic, dynamic),
        (&["tcp 32768-65535 0.0.0.0/0"], Dynamic, ""),
        (&["tcp 32768-65535 10.0.0.0/16"], Dynamic, ""),
        (&["tcp 32768-65535 172.31.0.0/20"], Dynamic, ""),
        (&["tcp 32768-65535 10.0.0.7/32"], Dynamic, dynamic),
        (&["tcp 32768-65535 54.0.0.0/8"], Dynamic, dynamic),
        (&["tcp 50000-65535 lb", "tcp 30000-49999 lb"], Dynamic, ""),
        (&["tcp 50000-65535 lb", "tcp 30000-49998 lb"], Dynamic, dynamic),
        (&["tcp 32768-65535 lb", "tcp 8080 lb"], Fixed(8080), ""),
        (&["tcp 32768-65535 lb"], Fixed(8080), fixed),
        (&["tcp 1-65535 lb"], Fixed(8080), ""),
        (&[], Fixed(8080), fixed),
    ];
    for (inbound, port, expected) in cases {
        let security_groups = vec![group("web", inbound, ALL), group("lb", &[], ALL)];
        let network = Network { security_groups, ..Network::default() };
        let groups = ["web".to_owned()];
        let target = Target { security_groups: &groups, port: *port, protocol: Protocol::Tcp, zone: "a" };
        let found = load_balancer_reaches(&network, &load_balancer(&["lb"], &[]), &target);
        let told = found.as_ref().err().map_or(String::new(), ToString::to_string);
        assert_eq!(told, *expected, "{inbound:?} {port:?}");
        assert_eq!(found.err().and_then(|it| it.reason_code()), told.split(": ").nth(2));
    }
}

#[test]
fn several_groups_add_up_and_a_group_that_nobody_describes_is_open() {
    let half = "tcp 32768-49999 lb";
    let other_half = "tcp 50000-65535 lb";
    // described groups, groups of the target, of the load balancer -> reached
    let one = || group("one", &[half], ALL);
    let two = || group("two", &[other_half], ALL);
    let lb = || group("lb", &[], ALL);
    let shut = || group("lb", &[], &["tcp 443 0.0.0.0/0"]);
    let towards = || group("lb", &[], &["tcp 32768-65535 one"]);
    type Case<'a> = (Vec<SecurityGroup>, &'a [&'a str], &'a [&'a str], bool);
    let cases: Vec<Case<'_>> = vec![
        (vec![one(), two(), lb()], &["one"], &["lb"], false),
        (vec![one(), two(), lb()], &["one", "two"], &["lb"], true),
        (vec![one(), lb()], &["one", "unknown"], &["lb"], true),
        (vec![one(), lb()], &[], &["lb"], true),
        (vec![one(), two()], &["one", "two"], &["lb"], true),
        (vec![one(), two()], &["one", "two"], &[], false),
        (vec![one(), two(), shut()], &["one", "two"], &["lb"], false),
        (vec![one(), two(), shut()], &["one", "two"], &["lb", "open"], true),
        (vec![one(), two(), towards()], &["one", "two"], &["lb"], true),
        (vec![one(), two(), towards()], &["two"], &["lb"], false),
    ];
    for (n, (security_groups, groups, of_load_balancer, is_reached)) in cases.into_iter().enumerate() {
        let network = Network { security_groups, ..Network::default() };
        let groups: Vec<String> = groups.iter().map(|it| (*it).to_owned()).collect();
        let target = Target {
            security_groups: &groups,
            port: TargetPort::Dynamic,
            protocol: Protocol::Tcp,
            zone: "a",
        };
        let found = load_balancer_reaches(&network, &load_balancer(of_load_balancer, &[]), &target);
        assert_eq!(found.is_ok(), is_reached, "case {n}: {found:?}");
    }
}

#[test]
fn what_a_load_balancer_may_not_send_is_named_as_its_own_rule() {
    let security_groups = vec![group("web", &["tcp 80 lb"], ALL), group("lb", &[], &[])];
    let network = Network { security_groups, ..Network::default() };
    let groups = ["web".to_owned()];
    let target =
        Target { security_groups: &groups, port: TargetPort::Fixed(80), protocol: Protocol::Tcp, zone: "b" };
    let told = |zones: &[&str]| {
        load_balancer_reaches(&network, &load_balancer(&["lb"], zones), &target).unwrap_err().to_string()
    };
    assert_eq!(
        told(&["a", "b"]),
        "security group `lb` needs an outbound rule: tcp 80 to `web`: Target.Timeout"
    );
    let zone = "load balancer `front` is not enabled in availability zone `b`: Target.NotInUse";
    assert_eq!(told(&["a"]), zone);
}

#[test]
fn clients_reach_a_listener_that_is_open_to_all() {
    for (inbound, expected) in [
        ("tcp 80 0.0.0.0/0", ""),
        ("all 0-65535 0.0.0.0/0", ""),
        (
            "tcp 443 0.0.0.0/0",
            "security group `lb` needs an inbound rule: tcp 80 from `0.0.0.0/0`: clients time out",
        ),
        (
            "tcp 80 10.0.0.0/8",
            "security group `lb` needs an inbound rule: tcp 80 from `0.0.0.0/0`: clients time out",
        ),
        ("tcp 80 lb", "security group `lb` needs an inbound rule: tcp 80 from `0.0.0.0/0`: clients time out"),
    ] {
        let network = Network { security_groups: vec![group("lb", &[inbound], ALL)], ..Network::default() };
        let found = web_reaches(&network, &load_balancer(&["lb"], &[]), 80);
        assert_eq!(found.err().map_or(String::new(), |it| it.to_string()), expected, "{inbound}");
        assert_eq!(web_reaches(&network, &load_balancer(&[], &[]), 80), Ok(()));
    }
}
