//! Which setting to take, from results whose numbers are written down here, and
//! from the command line.

use berthlab::experiment::results::Results;
use berthlab::metrics;
use berthlab::report::advice::fleet::{Fleets, fleets};
use berthlab::report::advice::{
    Advice, Question, Verdict, advise, fleets_json, fleets_table, fleets_text, json, text,
};
use berthlab::report::demo::Demo;

use crate::support::Bench;

/// A setting: its costs and its availabilities, a replicate each.
type Given<'a> = (&'a str, &'a [f64], &'a [f64]);

/// A result with nothing else in it.
fn results(given: &[Given<'_>]) -> Results {
    let labels: Vec<String> = given.iter().map(|it| it.0.to_owned()).collect();
    let n_replicates = u32::try_from(given[0].1.len()).unwrap();
    let axes = vec![("deployment".to_owned(), labels)];
    let mut results = Demo { axes, n_replicates, ..Demo::small() }.results();
    for row in &mut results.rows {
        row.metrics = vec![None; metrics::METRICS.len()];
        let (_, costs, qualities) = given[row.setting];
        row.metrics[metrics::position("cost_usd").unwrap()] = Some(costs[row.replicate as usize]);
        row.metrics[metrics::position("availability_percent").unwrap()] =
            Some(qualities[row.replicate as usize]);
    }
    results
}

fn set(results: &mut Results, setting: usize, metric: &str, value: f64) {
    for row in results.rows.iter_mut().filter(|it| it.setting == setting) {
        row.metrics[metrics::position(metric).unwrap()] = Some(value);
    }
}

fn ask(results: &Results, target_percent: f64) -> Advice {
    let metric = Question::metric_of(results).expect("something is measured");
    advise(results, Question { target_percent, metric, confidence_percent: 95.0 })
}

/// Six settings: means, and intervals of 2.776 standard errors.
const SIX: &[Given<'_>] = &[
    // Holds: 99.95 in each.
    ("solid", &[20.0, 21.0, 22.0, 23.0, 24.0], &[99.95; 5]),
    // Its mean is above the target and its interval not: 99.92 ± 0.0555.
    ("lucky", &[10.0, 11.0, 12.0, 13.0, 14.0], &[99.87, 99.9, 99.92, 99.93, 99.98]),
    // Fails: 99.5.
    ("cheap", &[5.0, 6.0, 7.0, 8.0, 9.0], &[99.4, 99.45, 99.5, 99.55, 99.6]),
    // Holds and costs 10 % more than `solid` in each replicate.
    ("dearer", &[22.0, 23.1, 24.2, 25.3, 26.4], &[99.99; 5]),
    // Holds, costs more than `dearer` and is less available.
    ("beaten", &[30.0; 5], &[99.96; 5]),
    // Would hold and be cheapest, and deadlocks.
    ("stuck", &[1.0; 5], &[100.0; 5]),
];

fn six() -> Results {
    let mut results = results(SIX);
    set(&mut results, 5, "rollouts_deadlocked", 1.0);
    results
}

#[test]
fn the_cheapest_that_holds_with_confidence_is_advised() {
    let advice = ask(&six(), 99.9);
    let verdicts: Vec<Verdict> = advice.candidates.iter().map(|it| it.verdict).collect();
    let told =
        [Verdict::Holds, Verdict::Open, Verdict::Fails, Verdict::Holds, Verdict::Holds, Verdict::Deadlocks];
    assert_eq!(verdicts, told);
    assert_eq!((advice.winner, advice.next, advice.best), (Some(0), Some(3), None));
    assert_eq!(advice.cheaper, [5, 2, 1], "cheapest first");
    assert_eq!(advice.frontier, [2, 1, 0, 3], "beaten and stuck are not on it");
    // Paired: costs vary by far more than the difference does.
    let extra = advice.candidates[3].extra_percent.unwrap();
    assert!((extra.mean - 10.0).abs() < 1e-9 && extra.half_width.unwrap() < 1e-9, "{extra:?}");

    let text = text(&advice);
    for part in [
        "Take solid (setting 1): the cheapest that holds it.",
        "costs 22.00 USD (20.04 to 23.96)",
        "availability_percent: 99.9500 % (99.9500 to 99.9500)",
        "Next: dearer (setting 4), 24.20 USD (22.04 to 26.36), 10.00 % more (10.00 to 10.00)",
        "stuck (setting 6), 1.00 USD (1.00 to 1.00): 1.0 rollouts of a run deadlock",
        "cheap (setting 3), 7.00 USD (5.04 to 8.96): 99.5000 % (99.4018 to 99.5982), 0.4000 points short",
        "0.0200 points above in the mean, not with confidence; 14 more replicates would tell",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert_eq!(json(&advice)["advised"], 1);
    assert_eq!(json(&advice)["settings"][1]["verdict"], "open");
}

#[test]
fn more_confidence_is_harder_to_hold() {
    let close = results(&[("close", &[1.0; 5], &[99.91, 99.92, 99.93, 99.94, 99.95]), SIX[0]]);
    let at = |confidence_percent| {
        let question = Question { target_percent: 99.9, metric: "availability_percent", confidence_percent };
        advise(&close, question).winner
    };
    // 99.93 ± 2.776 x 0.00707 = 0.0196, at 99 % ± 4.604 x 0.00707 = 0.0326.
    assert_eq!((at(95.0), at(99.0)), (Some(0), Some(1)));
}

#[test]
fn a_target_at_the_end_of_an_interval_is_held() {
    let exact = results(&[("exact", &[1.0; 3], &[99.9; 3])]);
    assert_eq!(ask(&exact, 99.9).winner, Some(0));
    assert_eq!(ask(&exact, 99.900_001).winner, None);
    assert_eq!(ask(&exact, 0.0).winner, Some(0));
}

#[test]
fn where_nothing_holds_the_best_is_named() {
    let advice = ask(&six(), 99.995);
    assert_eq!((advice.winner, advice.next, advice.best), (None, None, Some(3)));
    let text = text(&advice);
    assert!(text.contains("No setting holds 99.995 % with this confidence."), "{text}");
    assert!(text.contains("The best is dearer (setting 4): availability_percent 99.9900 %"), "{text}");
    assert!(text.contains("The settings, cheapest first:"), "{text}");
}

#[test]
fn one_replicate_claims_no_confidence() {
    let single = results(&[("a", &[2.0], &[100.0]), ("b", &[1.0], &[99.0])]);
    let advice = ask(&single, 99.9);
    assert_eq!((advice.winner, advice.best), (None, Some(0)));
    assert!(advice.candidates.iter().all(|it| it.verdict == Verdict::Open));
    let text = text(&advice);
    assert!(text.contains("With one replicate there is no interval"), "{text}");
    assert!(text.contains("9 more (`--replicates 10`)"), "{text}");
    assert!(!text.contains("Take "), "{text}");
}

#[test]
fn requests_are_asked_about_where_some_are_sent() {
    let mut results = results(&SIX[..2]);
    assert_eq!(ask(&results, 99.9).question.metric, "availability_percent");
    set(&mut results, 0, "requests_served_percent", 99.0);
    set(&mut results, 1, "requests_served_percent", 99.99);
    let advice = ask(&results, 99.9);
    assert_eq!(advice.question.metric, "requests_served_percent");
    assert_eq!(advice.winner, Some(1));
    // A setting without the metric is no candidate.
    for row in results.rows.iter_mut().filter(|it| it.setting == 1) {
        row.metrics[metrics::position("requests_served_percent").unwrap()] = None;
    }
    let advice = ask(&results, 99.9);
    assert_eq!((advice.winner, advice.candidates[1].verdict), (None, Verdict::NotMeasured));
}

#[test]
fn fewer_completed_rollouts_are_said() {
    let mut results = results(&SIX[..2]);
    set(&mut results, 0, "rollouts_completed", 3.0);
    set(&mut results, 1, "rollouts_completed", 2.0);
    let text = text(&ask(&results, 99.9));
    assert!(
        text.contains("Note: 1 of 2 settings complete fewer rollouts than others, lucky among them"),
        "{text}"
    );
}

#[test]
fn a_result_is_advised_on_from_the_command_line() {
    let bench = Bench::with_small();
    bench.run_well(&["run", "small.toml", "--out", "o"]);
    let ask = |more: &[&str]| bench.run(&[&["advise", "o", "--availability"], more].concat());
    let plain = ask(&["90"]);
    assert_eq!((plain.code, plain.err.as_str()), (Some(0), ""));
    assert!(
        plain.out.contains("Take ") && plain.out.contains("Settings that none beats in both"),
        "{}",
        plain.out
    );
    assert_eq!(plain.out, ask(&["90"]).out, "the same text each time");
    assert_eq!(ask(&["100", "--confidence", "99"]).code, Some(0), "nothing holds it: that is an answer");

    let document: serde_json::Value = serde_json::from_str(&ask(&["90", "--format", "json"]).out).unwrap();
    assert_eq!(document["settings"].as_array().unwrap().len(), 4);
    assert_eq!(document["metric"], "availability_percent");
    let rows = ask(&["90", "--format", "csv"]).out;
    let mut reader = csv::Reader::from_reader(rows.as_bytes());
    assert!(reader.headers().unwrap().iter().any(|it| it == "is_advised"));
    let advised = reader.records().map(Result::unwrap).filter(|it| it.iter().rev().nth(1) == Some("yes"));
    assert_eq!(advised.count(), 1);

    for (more, code) in [
        (["101"].as_slice(), "B0107"),
        (&["-1"], "B0107"),
        (&["nan"], "B0107"),
        (&["much"], "B0107"),
        (&["99", "--confidence", "100"], "B0107"),
        (&["99", "--metric", "requests_served_percent"], "B0175"),
    ] {
        let outcome = ask(more);
        assert_eq!((outcome.code, outcome.out.as_str()), (Some(3), ""), "{more:?}");
        assert!(outcome.err.contains(code), "{more:?}: {}", outcome.err);
    }
    assert_eq!(bench.run(&["advise", "nowhere", "--availability", "99"]).code, Some(3));
    assert_eq!(bench.run(&["advise", "o", "--availability", "99", "--metric", "cost_usd"]).code, Some(2));
    bench.write("o/manifest.json", "{}");
    let outcome = ask(&["99"]);
    assert!(outcome.code == Some(3) && outcome.err.contains("B0160"), "{}", outcome.err);
}

/// Four fleets: costs of each replicate, and the tasks that they place.
const FLEETS: &[(&str, &[f64], f64)] = &[
    ("large", &[20.0, 21.0, 22.0, 23.0, 24.0], 10_000.0),
    // Half as dear as `large`, for it leaves a tenth of the tasks.
    ("small", &[10.0, 10.5, 11.0, 11.5, 12.0], 9000.0),
    // 10 % dearer in each replicate, with one task fewer in ten thousand.
    ("middle", &[22.0, 23.1, 24.2, 25.3, 26.4], 9999.0),
    ("quick", &[40.0; 5], 10_000.0),
];

fn four_fleets() -> Results {
    let given: Vec<Given<'_>> = FLEETS.iter().map(|it| (it.0, it.1, &[100.0_f64; 5][..])).collect();
    let mut results = results(&given);
    for (setting, fleet) in FLEETS.iter().enumerate() {
        set(&mut results, setting, "tasks_placed", fleet.2);
        set(&mut results, setting, "gap_percent", 10.0 * (setting + 1) as f64);
        set(&mut results, setting, "wait_seconds_p95", [60.0, 1.0, 90.0, 5.0][setting]);
    }
    results
}

fn of(results: &Results) -> Fleets {
    fleets(results, 95.0).expect("tasks were placed")
}

#[test]
fn the_cheapest_fleet_is_the_cheapest_that_does_the_same_work() {
    let fleets = of(&four_fleets());
    let order: Vec<(&str, bool, bool)> =
        fleets.all.iter().map(|it| (it.label.as_str(), it.does_equal_work(), it.is_on_frontier)).collect();
    assert_eq!(
        order,
        [("large", true, true), ("middle", true, false), ("quick", true, true), ("small", false, false)]
    );
    assert_eq!(fleets.cheapest().unwrap().setting, 0);
    // Paired: the cost varies by far more than the difference does.
    let extra = fleets.all[1].extra_percent.unwrap();
    assert!((extra.mean - 10.0).abs() < 1e-9 && extra.half_width.unwrap() < 1e-9, "{extra:?}");

    let text = fleets_text(&fleets);
    for part in [
        "Note: 1 of 4 settings place less than 99.9 % of the tasks that others place, small no more than 90.0 %",
        "Take large (setting 1): 22.00 USD (20.04 to 23.96), 10.0 % (10.0 to 10.0) more instance-hours than",
        "95 % of its tasks wait at most 60.0 s",
        "Next: middle (setting 3), 24.20 USD, 10.00 % more (10.00 to 10.00)",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert_eq!(fleets_json(&fleets)["cheapest"], 1);
    assert_eq!(fleets_json(&fleets)["settings"][3]["does_equal_work"], false);
    let table = fleets_table(&fleets);
    assert!(table.columns.iter().any(|it| it.key == "gap_percent"));
    assert!(table.columns.iter().all(|it| it.key != "instance_hours"), "nothing has any");
}

#[test]
fn the_distance_to_the_floor_is_that_of_the_cost_where_it_is_known() {
    let mut results = four_fleets();
    if metrics::position("cost_gap_percent").is_none() {
        return;
    }
    set(&mut results, 0, "cost_gap_percent", 7.0);
    let text = fleets_text(&of(&results));
    assert!(
        text.contains("its instances and Fargate 7.0 % (7.0 to 7.0) above what the same tasks cost at least"),
        "{text}"
    );
}

#[test]
fn a_difference_within_the_noise_may_be_chance() {
    let noisy: &[Given<'_>] = &[
        ("a", &[10.0, 12.0, 11.0, 13.0, 9.0], &[100.0; 5]),
        ("b", &[12.0, 10.0, 13.0, 11.0, 9.5], &[100.0; 5]),
    ];
    let mut results = results(noisy);
    for setting in 0..2 {
        set(&mut results, setting, "tasks_placed", 5.0);
    }
    let text = fleets_text(&of(&results));
    assert!(text.contains("which may be chance"), "{text}");
}

#[test]
fn without_stand_alone_tasks_there_is_no_fleet_to_choose() {
    let mut results = four_fleets();
    for setting in 0..FLEETS.len() {
        set(&mut results, setting, "tasks_placed", 0.0);
    }
    assert_eq!(fleets(&results, 95.0), None);
}

#[test]
fn the_cheapest_fleet_is_named_from_the_command_line() {
    let bench = Bench::with_small();
    bench.run_well(&["run", "small.toml", "--out", "o"]);
    let plain = bench.run_well(&["advise", "o"]);
    assert!(plain.out.contains("Take ") && plain.out.contains("cheapest first"), "{}", plain.out);
    let document: serde_json::Value =
        serde_json::from_str(&bench.run_well(&["advise", "o", "--format", "json"]).out).unwrap();
    assert_eq!(document["settings"].as_array().unwrap().len(), 4);
    let rows = bench.run_well(&["advise", "o", "--format", "csv", "--confidence", "99"]).out;
    assert_eq!(csv::Reader::from_reader(rows.as_bytes()).records().count(), 4);
    assert_eq!(bench.run(&["advise", "o", "--metric", "availability_percent"]).code, Some(2));
    let outcome = bench.run(&["advise", "o", "--confidence", "100"]);
    assert!(outcome.code == Some(3) && outcome.err.contains("B0107"), "{}", outcome.err);

    // The same result as what Infracost reads.
    let usage = bench.run_well(&["report", "o", "--infracost", "usage.yml"]);
    assert!(usage.out.contains("usage.yml (setting "), "{}", usage.out);
    assert!(bench.read("usage.yml").contains("aws_autoscaling_group.general:"));
    let outcome = bench.run(&["report", "o", "--infracost", "usage.yml", "--setting", "5"]);
    assert!(outcome.code == Some(3) && outcome.err.contains("B0107"), "{}", outcome.err);
    assert_eq!(bench.run(&["report", "o", "--setting", "1"]).code, Some(2));
}
