//! What does not change costs no event: services at rest are not looked at by the
//! second, and a health check is an event only where its outcome can change.

use std::path::Path;

use berthlab::base::Seed;
use berthlab::experiment::matrix::{self, SourceText};
use berthlab::sim;

const SERVICES: &str = r#"
[[security_group]]
name = "open"
inbound = [{ protocol = "tcp", ports = "0-65535", source = "0.0.0.0/0" }]

[[target_group]]
name = "web"
target_type = "instance"
health_check_interval_seconds = 10

[[load_balancer]]
name = "front"
security_groups = ["open"]
listeners = [{ port = 80, target_group = "web" }]

[[service]]
name = "web"
task_definition = "task-definitions/web.json"
desired_count = {n}
load_balancers = [{ target_group = "web", container_name = "nginx", container_port = 80 }]
health_check_grace_period_seconds = 60

[[service.container]]
name = "nginx"
answers_after = "4s"

[[service]]
name = "api"
task_definition = { cpu = 256, memory = 512 }
desired_count = {n}
release = [{ at = "2h", image = "api:2" }]
"#;

const POOL: &str =
    "[cluster]\ninstance_type = \"m6i.4xlarge\"\ninstances = 12\nsecurity_groups = [\"open\"]\n";
const SCALED: &str = "[cluster]\n[[cluster.capacity_provider]]\nname = \"general\"\n\
    instance_type = \"m6i.4xlarge\"\nmin_size = 2\nmax_size = 40\n\
    security_groups = [\"open\"]\n";

/// Events of a run of so many days with `n` tasks a service, most of them on
/// this cluster.
fn n_events(cluster: &str, n: u32, days: u32) -> u64 {
    let services = SERVICES.replace("{n}", &n.to_string());
    let text =
        format!("name = \"steady\"\nhorizon = \"{days}d\"\n[model]\nquotas = \"off\"\n{cluster}{services}");
    let source = SourceText { file: "steady.toml".to_owned(), text, overrides: Vec::new() };
    let experiment = matrix::read(source, &Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads"))
        .unwrap_or_else(|found| panic!("a sound experiment, not {found:?}"));
    let setting = &experiment.settings[0];
    let workload = experiment.inputs.workload(&experiment.workloads[setting.workload], Seed(1));
    let record = sim::run(&setting.setup, &workload, Seed(1));
    for service in &record.services {
        let day = service.healthy.buckets().last().unwrap();
        assert_eq!((day.min, day.max), (n.into(), n.into()), "all tasks of {} are healthy", service.name);
    }
    record.n_events
}

#[test]
fn services_at_rest_cost_no_event() {
    for n in [1, 8] {
        let (short, long) = (n_events(POOL, n, 1), n_events(POOL, n, 40));
        assert!(short > u64::from(n), "their tasks start: {short} events");
        assert_eq!(short, long, "nothing happens in 39 days more with {n} tasks a service");
    }
}

#[test]
fn a_scaled_group_is_looked_at_once_a_minute_whatever_is_on_it() {
    let [few, many] = [1, 30].map(|n| n_events(SCALED, n, 11) - n_events(SCALED, n, 1));
    assert_eq!(few, 10 * 24 * 60, "a review of the group each minute");
    assert_eq!(few, many, "and nothing for each task");
}
