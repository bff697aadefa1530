//! What runs say of the floors that they stand above: bounds, capacity of no
//! use, and what moving tasks would free.

use std::path::Path;

use berthlab::base::Seed;
use berthlab::experiment::matrix::{self, SourceText};
use berthlab::metrics;
use berthlab::record::{Resource, RunRecord, StrandedCause};
use berthlab::sim;

fn played(text: &str, folder: &Path) -> RunRecord {
    let source = SourceText { file: "x.toml".to_owned(), text: text.to_owned(), overrides: Vec::new() };
    let experiment = match matrix::read(source, folder) {
        Ok(experiment) => experiment,
        Err(faults) => panic!("{faults:?}"),
    };
    let run = experiment.runs().next().unwrap();
    let setting = &experiment.settings[run.setting];
    let workload = experiment.inputs.workload(&experiment.workloads[setting.workload], Seed(1));
    sim::run(&setting.setup, &workload, Seed(1))
}

fn faults(text: &str) -> String {
    let source = SourceText { file: "x.toml".to_owned(), text: text.to_owned(), overrides: Vec::new() };
    match matrix::read(source, Path::new(".")) {
        Ok(_) => String::new(),
        Err(faults) => format!("{faults:?}"),
    }
}

#[test]
fn the_period_is_checked_and_may_be_an_axis() {
    let text = |more: &str| {
        format!(
            "name = \"x\"\nhorizon = \"1h\"\n[cluster]\ninstances = 1\ninstance_type = \"m6i.large\"\n{more}"
        )
    };
    assert!(faults(&text("[model]\nreplacement_period = \"59s\"")).contains("B0145"));
    assert!(!faults(&text("[model]\nreplacement_period = \"often\"")).is_empty());
    assert_eq!(faults(&text("[model]\nreplacement_period = \"60s\"")), "");
    assert_eq!(faults(&text("[axes]\n\"model.replacement_period\" = [\"0s\", \"30m\"]")), "");
}

fn of(record: &RunRecord, name: &str) -> Option<f64> {
    (metrics::METRICS[metrics::position(name).expect("a metric")].of)(record)
}

fn about(value: Option<f64>, expected: f64) {
    let value = value.expect("there is a value");
    assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
}

/// A pool of six m6i.large: 2048 CPU units, 7946 MiB, 0.096 USD an hour.
fn on_a_pool(instances: u32, service: &str) -> RunRecord {
    let text = format!(
        r#"name = "x"
horizon = "1h"
[cluster]
instances = {instances}
instance_type = "m6i.large"
[[service]]
name = "web"
{service}
"#
    );
    played(&text, Path::new("."))
}

#[test]
fn tasks_that_are_apart_need_an_instance_each_and_cost_its_price() {
    let apart = r#"task_definition = { cpu = 128, memory = 128 }
desired_count = 5
placement_constraints = [{ type = "distinctInstance" }]"#;
    let record = on_a_pool(6, apart);
    about(of(&record, "lower_bound_instance_hours"), 5.0);
    about(of(&record, "gap_percent"), 20.0);
    about(of(&record, "lower_bound_cost_usd"), 5.0 * 0.096);
    about(of(&record, "cost_gap_percent"), 20.0);
    assert_eq!(record.lower_bound.buckets()[100].max, 5);
    let rate = &record.floors.micro_usd_per_hour;
    assert_eq!(rate.buckets()[100].max, 5 * 96_000);
    // Without the rule one instance would do.
    let together = apart.replace("placement_constraints", "# ");
    about(of(&on_a_pool(6, &together), "lower_bound_instance_hours"), 1.0);
}

#[test]
fn a_daemon_counts_for_no_instance() {
    let daemon = "task_definition = { cpu = 1024, memory = 128 }\nscheduling_strategy = \"DAEMON\"";
    let record = on_a_pool(6, daemon);
    about(of(&record, "lower_bound_instance_hours"), 0.0);
    assert_eq!(of(&record, "gap_percent"), None);
}

#[test]
fn memory_without_cpu_is_stranded() {
    let record = on_a_pool(1, "task_definition = { cpu = 1024, memory = 1024 }\ndesired_count = 2");
    // 5898 MiB are free: five tasks more by memory, and 778 MiB.
    about(of(&record, "stranded_memory_percent"), 100.0 * 5898.0 / 7946.0);
    about(of(&record, "stranded_memory_by_cpu_percent"), 100.0 * 5120.0 / 7946.0);
    about(of(&record, "stranded_memory_by_remainder_percent"), 100.0 * 778.0 / 7946.0);
    about(of(&record, "stranded_cpu_percent"), 0.0);
    assert_eq!(of(&record, "stranded_gpu_percent"), None);
    let causes: Vec<_> = record.floors.stranded.by_cause.iter().map(|it| (it.resource, it.cause)).collect();
    assert!(causes.contains(&(Resource::Memory, StrandedCause::Cpu)));
}

#[test]
fn nothing_is_stranded_where_nobody_needs_it_and_all_where_a_rule_forbids_it() {
    let nobody = on_a_pool(2, "task_definition = { cpu = 1024, memory = 1024 }\ndesired_count = 0");
    about(of(&nobody, "stranded_cpu_percent"), 0.0);
    let apart = r#"task_definition = { cpu = 1024, memory = 1024 }
desired_count = 2
placement_constraints = [{ type = "distinctInstance" }]"#;
    let record = on_a_pool(2, apart);
    about(of(&record, "stranded_cpu_by_constraint_percent"), 50.0);
    about(of(&record, "stranded_cpu_percent"), 50.0);
}

/// Four instances take a long task and a short one each. The long ones would
/// fit on two.
#[test]
fn a_re_placement_frees_what_stragglers_hold_and_moves_each_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut trace = "arrival_s,count,cpu_units,memory_mib,lifetime_s\n".to_owned();
    for _ in 0..4 {
        trace.push_str("0,1,1024,1024,36000\n0,1,1024,1024,600\n");
    }
    std::fs::write(folder.path().join("trace.csv"), trace).unwrap();
    let text = |model: &str| {
        format!(
            r#"name = "x"
horizon = "3h"
[workload]
trace = "trace.csv"
placement_strategy = [{{ type = "binpack", field = "cpu" }}]
[cluster]
[[cluster.capacity_provider]]
name = "general"
instance_type = "m6i.large"
max_size = 20
[model]
tie_break = "lowest_id"
{model}
"#
        )
    };
    let record = played(&text(""), folder.path());
    let looks: Vec<_> = record
        .floors
        .replacements
        .iter()
        .map(|it| (it.at_ms / 60_000, it.n_instances, it.n_freed, it.n_stragglers, it.n_moved))
        .collect();
    assert_eq!(looks, [(60, 4, 2, 0, 2), (120, 4, 2, 2, 0)]);
    about(of(&record, "replacement_saves_instance_hours"), 4.0);
    about(of(&record, "replacement_saves_usd"), 4.0 * 0.096);
    about(of(&record, "replacement_moves"), 2.0);
    about(of(&record, "straggler_instance_hours"), 2.0);
    // It only looks: the run is the same without.
    let without = played(&text("replacement_period = \"0s\""), folder.path());
    assert!(without.floors.replacements.is_empty());
    assert_eq!(without.digest, record.digest);
    assert_eq!(of(&without, "replacement_moves"), None);
}
