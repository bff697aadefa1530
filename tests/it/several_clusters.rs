//! Several `[[cluster]]` in a run: they share an account, and nothing else.

use std::convert::Infallible;

use berthlab::base::Money;
use berthlab::experiment::matrix::{self, Experiment, Run, SourceText};
use berthlab::experiment::play::{Audience, Brake, Means, Outcome, play};
use berthlab::record::{Meter, RunRecord};
use berthlab::sim;

use crate::support::{Bench, TRACE};

/// Nobody watches.
struct Nobody;

impl Audience for Nobody {
    fn run_started(&self, _: Run) {}
    fn events(&self, _: u64) {}
    fn run_done(&self, _: Run) {}
}

fn read(text: &str) -> Result<Experiment, Vec<String>> {
    let bench = Bench::new();
    bench.write("trace.csv", TRACE);
    let source = SourceText { file: "several.toml".to_owned(), text: text.to_owned(), overrides: Vec::new() };
    let folder = bench.path("several.toml");
    let told = |it: &berthlab::base::Diagnostic| format!("{} {}", it.code, it.message);
    matrix::read(source, folder.parent().unwrap()).map_err(|found| found.iter().map(told).collect())
}

fn played(experiment: &Experiment, n_threads: usize) -> Vec<RunRecord> {
    let runs: Vec<Run> = experiment.runs().collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
    let means = Means { pool: &pool, memory: None };
    let keep = |_: Run, _: &RunRecord| Ok::<(), Infallible>(());
    let outcomes = play(experiment, &runs, &means, &Brake::new(), &Nobody, |_| None, keep);
    let record = |outcome| match outcome {
        Outcome::Done(record) => *record,
        Outcome::NotPlayed | Outcome::NotKept(_) => panic!("nobody pulled the brake"),
    };
    outcomes.into_iter().map(record).collect()
}

fn play_one(text: &str) -> RunRecord {
    let experiment = read(text).unwrap_or_else(|found| panic!("a sound experiment, not {found:?}"));
    played(&experiment, 2).remove(0)
}

const HEAD: &str = "name = \"several\"\nhorizon = \"6h\"\nwarm_up = \"10m\"\nseed = 5\n";
const TWO: &str = r#"
[workload]
trace = "trace.csv"
cluster = "jobs"

[[cluster]]
name = "front"
[[cluster.capacity_provider]]
name = "general"
instance_type = "m6i.large"
max_size = 20

[[cluster]]
name = "jobs"
[[cluster.capacity_provider]]
name = "general"
instance_type = "m6i.xlarge"
max_size = 20

[[service]]
name = "web"
cluster = "front"
task_definition = { cpu = 512, memory = 1024 }
desired_count = 6
release = [{ at = "30m", image = "web:2" }]

[[service]]
name = "worker"
cluster = "jobs"
task_definition = { cpu = 1024, memory = 1024 }
desired_count = 3

[[event]]
at = "2h"
service = "worker"
desired_count = 5

[[disruption]]
kind = "instance_failure"
mean_time_to_failure = "4h"
"#;

#[test]
fn clusters_that_share_nothing_are_the_sum_of_runs_by_themselves() {
    let experiment = read(&format!("{HEAD}{TWO}")).unwrap();
    let together = played(&experiment, 2).remove(0);
    let run = experiment.runs().next().unwrap();
    let alone: Vec<RunRecord> = (0..)
        .zip(experiment.settings[0].clusters())
        .map(|(position, (_, setup, workload))| {
            let seed = experiment.seed_of(run).of_cluster(position);
            let workload = experiment.inputs.workload(&experiment.workloads[workload], seed);
            sim::run(setup, &workload, seed)
        })
        .collect();
    assert_eq!(alone.len(), 2);
    let sum = |of: fn(&RunRecord) -> u64| alone.iter().map(of).sum::<u64>();
    assert_eq!(together.n_events, sum(|it| it.n_events));
    assert_eq!(together.instance_ms, sum(|it| it.instance_ms));
    assert_eq!((together.tasks.submitted, sum(|it| it.tasks.submitted)), (5, 5), "three came in the warm-up");
    assert_eq!(together.tasks.placed, sum(|it| it.tasks.placed));
    assert_eq!(together.instances_failed, sum(|it| it.instances_failed));
    assert!(together.instances_failed > 0, "something broke");
    assert_eq!(together.wait.count(), sum(|it| it.wait.count()));
    let integral = |it: &RunRecord| it.placed_tasks.buckets().iter().map(|it| it.integral).sum::<u64>();
    assert_eq!(integral(&together), alone.iter().map(integral).sum::<u64>());
    assert_eq!(together.ledger.total(), alone.iter().map(|it| it.ledger.total()).sum::<Money>());
    assert_eq!(together.rollouts.len(), alone.iter().map(|it| it.rollouts.len()).sum::<usize>());
    let names: Vec<&str> = together.services.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["front/web", "jobs/worker"]);
    let providers: Vec<&str> = together.providers.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(providers, ["front/general", "jobs/general"]);
    for (together, alone) in together.services.iter().zip(&alone) {
        let own = &alone.services[0];
        assert_eq!((together.available_ms, &together.healthy), (own.available_ms, &own.healthy));
    }
    // The first cluster is what it is in an experiment of its own.
    let front = TWO.split("[[cluster]]").nth(1).unwrap();
    let web = TWO.split("[[service]]").nth(1).unwrap().replace("cluster = \"front\"\n", "");
    let breaks = TWO.split("[[disruption]]").nth(1).unwrap();
    let by_itself = format!("{HEAD}[cluster]{}", front);
    let by_itself = play_one(&format!("{by_itself}[[service]]{web}[[disruption]]{breaks}"));
    assert_eq!(by_itself.digest, alone[0].digest);
    assert!(by_itself == alone[0], "records too");
}

#[test]
fn records_are_the_same_bytes_on_any_number_of_threads() {
    let text = format!("{HEAD}replicates = 3\n{}{TWO}", "").replace("6h", "30h");
    let experiment = read(&format!("{text}{}", policy(3))).unwrap();
    let bytes = |n_threads| serde_json::to_vec(&played(&experiment, n_threads)).unwrap();
    let expected = bytes(1);
    for n_threads in [2, 3, 8] {
        assert!(bytes(n_threads) == expected, "{n_threads} threads");
    }
}

/// A repository whose images are archived when nobody pulled them for `days`.
fn policy(days: u32) -> String {
    format!(
        r#"
[[repository]]
name = "shop"
image = [
    {{ tags = ["a"], age = "1d", layers = [{{ digest = "a", size = "40MB" }}] }},
    {{ tags = ["b"], age = "1d", layers = [{{ digest = "b", size = "50MB" }}] }},
    {{ tags = ["c"], age = "1d", layers = [{{ digest = "c", size = "60MB" }}] }},
]
lifecycle_policy = {{ rules = [
    {{ rule_priority = 1, selection = {{ tag_status = "any", count_type = "sinceImagePulled", count_unit = "days", count_number = {days} }}, action = {{ type = "transition", target_storage_class = "archive" }} }},
] }}
"#
    )
}

/// Two services that run the same image, one of which pulls it again later; on
/// groups of their own in one cluster, or each in a cluster.
fn sharing(is_apart: bool) -> String {
    let group = |name: &str| {
        let group = format!(
            "[[cluster.capacity_provider]]\nname = \"{name}\"\ninstance_type = \"m6i.large\"\nmin_size = 1\nmax_size = 9\n"
        );
        if is_apart { format!("[[cluster]]\nname = \"{name}\"\n{group}") } else { group }
    };
    let service = |name: &str, image: &str, more: &str| {
        let cluster = if is_apart { format!("cluster = \"{name}\"\n") } else { String::new() };
        format!(
            "[[service]]\nname = \"{name}\"\n{cluster}task_definition = {{ cpu = 256, memory = 512, image = \"shop:{image}\" }}\n\
             desired_count = 1\ncapacity_provider_strategy = [{{ capacity_provider = \"{name}\" }}]\n{more}"
        )
    };
    // `two` comes to run what `one` runs: only by its pulls is it kept for both.
    let release = "release = [{ at = \"26h\", image = \"shop:a\" }]\n";
    format!(
        "name = \"sharing\"\nhorizon = \"5d\"\nseed = 1\n{}{}{}{}{}",
        group("one"),
        group("two"),
        service("one", "a", ""),
        service("two", "b", release),
        policy(2)
    )
}

#[test]
fn lifecycle_policies_see_the_pulls_of_all_clusters() {
    let in_one = play_one(&sharing(false));
    let apart = play_one(&sharing(true));
    assert!(in_one.images.n_archived >= 2, "{:?}", in_one.images);
    assert!(in_one.images.n_lost >= 1, "{:?}", in_one.images.lost);
    // What one cluster with both does is the reference.
    assert_eq!(apart.images.repositories, in_one.images.repositories);
    assert_eq!(apart.images.n_archived, in_one.images.n_archived);
    assert_eq!(apart.images.n_lost, in_one.images.n_lost);
    assert_eq!(apart.images.lost, in_one.images.lost);
    assert!(in_one.images.lost.iter().any(|it| it.services == [0, 1]), "{:?}", in_one.images.lost);
    assert_eq!(apart.images.bytes_moved, in_one.images.bytes_moved);
    assert_eq!(apart.images.bytes_of_owners, in_one.images.bytes_of_owners);
    let of_registry = |it: &RunRecord| {
        it.ledger.total_of(|it| matches!(it, Meter::RegistryStorage | Meter::RegistryArchive))
    };
    assert_eq!(of_registry(&apart), of_registry(&in_one));
    assert!(of_registry(&apart) > Money::ZERO);
    assert_eq!(apart.ledger.total(), in_one.ledger.total());
}

#[test]
fn a_commitment_covers_what_all_clusters_use() {
    let pool = |n: u32| format!("instance_type = \"m6i.large\"\ninstances = {n}\n");
    let service = |name: &str, cluster: &str| {
        format!(
            "[[service]]\nname = \"{name}\"\n{cluster}task_definition = {{ cpu = 256, memory = 512 }}\ndesired_count = 1\n"
        )
    };
    for count in [1, 3, 5] {
        let reserved = format!(
            "[[commitment]]\nname = \"reserved\"\nkind = \"reserved_instances\"\nusd_per_hour = 0.06\n\
             instance_type = \"m6i.large\"\ncount = {count}\n"
        );
        let in_one = play_one(&format!("{HEAD}[cluster]\n{}{}{reserved}", pool(3), service("a", "")));
        let apart = play_one(&format!(
            "{HEAD}[[cluster]]\nname = \"x\"\n{}[[cluster]]\nname = \"y\"\n{}{}{}{reserved}",
            pool(1),
            pool(2),
            service("a", "cluster = \"x\"\n"),
            service("b", "cluster = \"y\"\n")
        ));
        assert_eq!(apart.ledger.commitments, in_one.ledger.commitments, "{count}");
        assert_eq!(apart.ledger.total(), in_one.ledger.total(), "{count}");
        assert_eq!(in_one.ledger.commitments[0].used < in_one.ledger.commitments[0].committed, count == 5);
    }
}

#[test]
fn what_names_no_cluster_or_a_wrong_one_is_told() {
    let check = |text: &str, expected: &[&str]| {
        let found = read(&format!("{HEAD}{text}")).err().unwrap_or_default();
        let is_told = |it: &&str| found.iter().any(|found| found.starts_with(it));
        assert!(expected.iter().all(is_told) && !found.is_empty(), "{found:#?} for {expected:?}");
    };
    let pool = "instance_type = \"m6i.large\"\ninstances = 1\n";
    let two = format!("[[cluster]]\nname = \"x\"\n{pool}[[cluster]]\nname = \"y\"\n{pool}");
    let service = |more: &str| {
        format!(
            "[[service]]\nname = \"a\"\ntask_definition = {{ cpu = 256, memory = 512 }}\ndesired_count = 1\n{more}\n"
        )
    };
    check(&format!("{two}{}", service("")), &["B0105 a service names its `cluster` where there are 2"]);
    check(&format!("{two}{}", service("cluster = \"z\"")), &["B0117 there is no cluster `z`"]);
    check(&format!("{two}{}", service("cluster = 3")), &["B0103"]);
    let twice = two.replace("\"y\"", "\"x\"");
    check(&format!("{twice}{}", service("cluster = \"x\"")), &["B0111 cluster `x` is given twice"]);
    let nameless = two.replace("name = \"y\"\n", "");
    check(&format!("{nameless}{}", service("cluster = \"x\"")), &["B0105 each of 2 clusters has a `name`"]);
    let odd = two.replace("\"y\"", "\"y/z\"");
    check(&format!("{odd}{}", service("cluster = \"x\"")), &["B0109 `y/z` cannot name a cluster"]);
    let both = format!("{}{}", service("cluster = \"x\""), service("cluster = \"y\""));
    check(&format!("{two}{both}"), &["B0111 service `a` is given twice"]);
    check(
        &format!("[cluster]\nname = \"x\"\n{pool}{}", service("cluster = \"y\"")),
        &["B0117 there is no cluster `y`"],
    );
    check("cluster = []\n", &["B0105 an experiment has a cluster"]);
    let elsewhere = "capacity_provider_strategy = [{ capacity_provider = \"there\" }]\ncluster = \"x\"";
    check(&format!("{two}{}", service(elsewhere)), &["B0117"]);
    let event = "[[event]]\nat = \"1h\"\ncluster = \"y\"\nservice = \"a\"\ndesired_count = 3\n";
    check(&format!("{two}{}{event}", service("cluster = \"x\"")), &["B0117 there is no service `a`"]);
    let group = "[[target_group]]\nname = \"t\"\n";
    let behind = "load_balancers = [{ target_group = \"t\", container_port = 80 }]";
    let first = service(&format!("cluster = \"x\"\n{behind}"));
    let second = service(&format!("cluster = \"y\"\n{behind}")).replace("\"a\"", "\"b\"");
    check(
        &format!("{two}{first}{second}{group}"),
        &["B0116 services of two clusters join the target group `t`"],
    );
    // One that has a name may be named.
    assert!(read(&format!("{HEAD}[cluster]\nname = \"x\"\n{pool}{}", service("cluster = \"x\""))).is_ok());
}

#[test]
fn a_field_of_a_cluster_is_set_and_varied_by_its_name() {
    let axes = "\n[axes]\n\"cluster.jobs.capacity_provider.general.max_size\" = [3, 4]\n";
    let experiment = read(&format!("{HEAD}{TWO}{axes}")).unwrap();
    let sizes: Vec<Vec<u32>> = experiment
        .settings
        .iter()
        .map(|it| it.clusters().map(|it| it.1.providers.rows()[0].max_size).collect())
        .collect();
    assert_eq!(sizes, [[20, 3], [20, 4]]);
}
