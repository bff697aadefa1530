//! What a report says of images: repositories, what pulls moved, and what a
//! policy took from a service.

use berthlab::experiment::matrix::{self, SourceText};
use berthlab::experiment::results::Results;
use berthlab::metrics::METRICS;
use berthlab::report::demo::Demo;
use berthlab::report::headline::headline;
use berthlab::report::tables::{Cell, Table};
use berthlab::report::{CHARTS, infracost, lost_images, repositories, rollouts};
use berthlab::sim;

use crate::support::Bench;

/// Two instances with a task each. The first image is 1 GiB that the second
/// shares and half a GiB; the second comes at noon with a quarter. At midnight
/// the policy keeps one. The deployment after that finds nothing.
const TWO_DAYS: &str = r#"name = "two-days"
horizon = "2d"
[cluster]
instances = 2
instance_type = "m6i.large"
agent = { image_pull_behavior = "always" }
[[service]]
name = "web"
task_definition = { cpu = 512, memory = 1024, image = "team/web:1" }
desired_count = 2
release = [{ at = "30h", force_new_deployment = true }]
[[repository]]
name = "team/web"
image = [
    { tags = ["1"], age = "30d", layers = [{ digest = "base", size = 1073741824 }, { digest = "1", size = 536870912 }] },
    { tags = ["2"], at = "12h", layers = [{ digest = "base", size = 1073741824 }, { digest = "2", size = 268435456 }] },
]
[repository.lifecycle_policy]
rules = [{ rule_priority = 7, selection = { tag_status = "any", count_type = "imageCountMoreThan", count_number = 1 }, action = { type = "expire" } }]
"#;

/// One played run as the only one of a result.
fn results() -> Results {
    let source = SourceText { file: "x.toml".to_owned(), text: TWO_DAYS.to_owned(), overrides: Vec::new() };
    let experiment =
        matrix::read(source, &Bench::new().path("")).unwrap_or_else(|found| panic!("{found:#?}"));
    let seed = experiment.seed_of(experiment.runs().next().expect("a run"));
    let planned = &experiment.settings[0];
    let workload = experiment.inputs.workload(&experiment.workloads[planned.workload], seed);
    let mut results = Demo::small().results();
    results.rows[0].record = sim::run(&planned.setup, &workload, seed);
    measure(&mut results);
    results
}

fn measure(results: &mut Results) {
    let row = &mut results.rows[0];
    row.metrics = METRICS.iter().map(|it| (it.of)(&row.record)).collect();
}

fn value(results: &Results, metric: &str) -> Option<f64> {
    results.rows[0].metrics[METRICS.iter().position(|it| it.name == metric).expect("a metric")]
}

fn cell<'a>(table: &'a Table, row: usize, key: &str) -> &'a Cell {
    &table.rows[row][table.columns.iter().position(|it| it.key == key).expect("a column")]
}

fn number(table: &Table, row: usize, key: &str) -> f64 {
    match cell(table, row, key) {
        Cell::Number { value, .. } => *value,
        other => panic!("{key}: {other:?}"),
    }
}

fn chart(name: &str, results: &Results) -> Option<String> {
    (CHARTS.iter().find(|it| it.name == name).expect("a chart").draw)(results)
}

#[test]
fn what_is_lost_is_said_first_and_listed() {
    let results = results();
    let said = "1 image that running or rollback revisions of web need was expired by the lifecycle policy of \
                repository team/web: no task that has to pull it starts.";
    assert!(headline(&results).cautions.iter().any(|it| it == said), "{:?}", headline(&results).cautions);
    let table = lost_images::lost_images(&results).unwrap();
    assert_eq!(table.rows.len(), 1);
    let texts = ["repository", "image", "services", "action"].map(|it| cell(&table, 0, it).to_string());
    assert_eq!(texts, ["team/web", "1", "web", "expired"]);
    let numbers = ["at_seconds", "rule_priority", "n_replicates"].map(|it| number(&table, 0, it));
    assert_eq!(numbers.map(Some), [86_400.0, 7.0, 1.0].map(Some));
    assert_eq!((value(&results, "images_expired"), value(&results, "images_lost")), (Some(1.0), Some(1.0)));
    assert!(value(&results, "image_pulls_refused") > Some(0.0));
}

#[test]
fn repositories_are_stored_and_billed_by_their_distinct_layers() {
    let results = results();
    // 1.5 GB until noon, 1.75 until midnight, then 1.25.
    let mean = (1.5 * 12.0 + 1.75 * 12.0 + 1.25 * 24.0) / 48.0;
    let table = repositories::repositories(&results).unwrap();
    assert_eq!(table.rows.len(), 1);
    let numbers = ["stored_gb_mean", "stored_gb_at_end", "images_lost"].map(|it| number(&table, 0, it));
    assert_eq!(numbers.map(Some), [mean, 1.25, 1.0].map(Some));
    assert_eq!(value(&results, "registry_gb_mean"), Some(mean));
    let cost = value(&results, "cost_registry_usd").expect("storage is billed");
    assert!((number(&table, 0, "cost_usd") - cost).abs() < 1e-12 && cost > 0.0);
    assert!((number(&table, 0, "gb_months") * 0.1 - cost).abs() < 1e-6, "0.10 USD a GB-month");
    let usage = infracost::usage_file(&results, 0);
    assert!(usage.contains("aws_ecr_repository.team_web:\n    storage_gb: 1.4375\n"), "{usage}");
}

#[test]
fn what_moved_is_measured_and_seen_over_time() {
    let results = results();
    // Each instance gets the first image once; nothing moves after it was taken.
    assert_eq!(value(&results, "image_gb_pulled"), Some(3.0));
    assert_eq!(
        (value(&results, "image_pulls"), value(&results, "image_cache_hit_percent")),
        (Some(2.0), Some(0.0))
    );
    let images = &results.rows[0].record.images;
    assert_eq!(images.moved_over_time.iter().sum::<u64>(), 3 << 30);
    assert_eq!(images.moved_over_time[0], 3 << 30, "at the begin");
    let table = rollouts::rollouts(&results).unwrap();
    assert_eq!(cell(&table, 0, "pulled_gb").to_string(), "0.000", "the rollout got nothing");

    let drawn = chart("images_over_time", &results).unwrap();
    assert!(drawn.contains("1 image taken by policies, 1 needed") && drawn.contains("3.0 GB in all"));
    assert!(chart("image_pulls", &results).is_some());
}

#[test]
fn without_repositories_there_is_nothing_of_it() {
    let mut results = results();
    results.rows[0].record.images = berthlab::record::ImageRecord::default();
    measure(&mut results);
    assert!(value(&results, "image_pulls").is_none() && value(&results, "registry_gb_mean").is_none());
    assert!(repositories::repositories(&results).is_none() && lost_images::lost_images(&results).is_none());
    assert!(chart("images_over_time", &results).is_none() && chart("image_pulls", &results).is_none());
    let table = rollouts::rollouts(&results).unwrap();
    assert!(table.columns.iter().all(|it| it.key != "pulled_gb"));
}
