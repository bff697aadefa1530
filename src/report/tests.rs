//! Properties of every chart and of the page, over results that are small,
//! large, empty and hostile.

use super::demo::Demo;
use super::*;
use crate::experiment::results::Results;
use crate::metrics::METRICS;
use crate::record::{LostRequests, RequestRecord, TaskFailure};

/// Results with nothing in them, one after another with a little more.
fn poor() -> Vec<(&'static str, Results)> {
    let nothing = Demo { n_tasks: 0, services: Vec::new(), hours: 0, ..Demo::small() };
    let mut without_settings = nothing.results();
    without_settings.settings.clear();
    without_settings.rows.clear();
    let mut without_replicates = Demo::small().results();
    without_replicates.n_replicates = 0;
    without_replicates.rows.clear();
    let mut not_numbers = Demo::middle().results();
    for (idx, row) in not_numbers.rows.iter_mut().enumerate() {
        let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e308, -1e308, 0.0];
        row.metrics = vec![Some(values[idx % values.len()]); METRICS.len()];
    }
    let mut without_metrics = Demo::middle().results();
    without_metrics.rows.iter_mut().for_each(|row| row.metrics = vec![None; METRICS.len()]);
    let mut all_equal = Demo::middle().results();
    for row in &mut all_equal.rows {
        row.metrics = vec![Some(7.0); METRICS.len()];
    }
    vec![
        ("nothing", nothing.results()),
        ("no settings", without_settings),
        ("no replicates", without_replicates),
        ("not numbers", not_numbers),
        ("no metrics", without_metrics),
        ("all equal", all_equal),
        ("no tasks", Demo { n_tasks: 0, ..Demo::small() }.results()),
        ("no services", Demo { services: Vec::new(), ..Demo::middle() }.results()),
    ]
}

#[test]
fn names_are_unique_lower_case_and_explained() {
    for (idx, chart) in CHARTS.iter().enumerate() {
        assert_eq!(position(chart.name), Some(idx), "{}", chart.name);
        assert!(chart.name.bytes().all(|it| it.is_ascii_lowercase() || it == b'_'));
        assert!(!chart.summary.is_empty() && !chart.title.is_empty());
    }
}

#[test]
fn every_chart_draws_little_and_much_the_same_each_time() {
    for demo in [Demo::small(), Demo::middle(), Demo::large()] {
        let results = demo.results();
        for chart in CHARTS {
            let svg = (chart.draw)(&results).unwrap_or_else(|| panic!("{} of {}", chart.name, demo.name));
            assert_eq!((chart.draw)(&results).as_ref(), Some(&svg), "{} draws the same", chart.name);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", chart.name);
            assert!(!svg.contains(" id=\""), "{}: ids of two drawings in a page would clash", chart.name);
            assert!(svg.len() < 600_000, "{} has {} bytes", chart.name, svg.len());
        }
    }
}

#[test]
fn poor_results_make_a_report_all_the_same() {
    for (name, results) in poor() {
        let report = render(&results, &About::default());
        for chart in &report.charts {
            assert!(!chart.svg.contains("NaN"), "{name}: {}", chart.name);
        }
        assert!(report.page.contains("</html>"), "{name}");
        assert!(!headline::headline(&results).answers.is_empty(), "{name}");
    }
}

#[test]
fn without_services_cost_stands_against_wait() {
    let results = Demo { services: Vec::new(), ..Demo::middle() }.results();
    let draw = |name: &str| (CHARTS[position(name).unwrap()].draw)(&results);
    assert!(draw("cost_frontier").unwrap().contains("Cost and placement wait"));
    for name in ["availability", "rollout", "rollout_timeline", "rollout_frontier"] {
        assert_eq!(draw(name), None, "{name}");
    }
}

#[test]
fn a_report_is_the_same_each_time_and_its_pictures_have_the_size_of_its_drawings() {
    let results = Demo::middle().results();
    let report = render(&results, &About::default());
    assert!(report == render(&results, &About::default()));
    for chart in &report.charts {
        let picture = resvg::tiny_skia::Pixmap::decode_png(&chart.png).unwrap();
        assert_eq!(picture.width(), 1920, "{}", chart.name);
        let height = format!("height=\"{}\"", picture.height() / 2);
        assert!(chart.svg.lines().next().unwrap().contains(&height), "{}", chart.name);
    }
}

#[test]
fn no_name_becomes_markup() {
    let results = Demo::hostile().results();
    let report = render(&results, &About { experiment_file: "<b>.toml".to_owned(), ..About::default() });
    for text in report.charts.iter().map(|it| &it.svg).chain([&report.page]) {
        for bad in ["<script>alert", "<img", "</style> ", "<b>", "\0", "\u{202e}"] {
            assert!(!text.contains(bad), "{bad:?}");
        }
    }
    assert_eq!(report.page.matches("<script").count(), 1);
    for (file, csv) in &report.tables {
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        for record in reader.records() {
            for field in &record.unwrap() {
                assert!(!field.starts_with(['=', '@', '+']), "{file}: {field}");
            }
        }
    }
}

#[test]
fn the_headline_says_how_much_less_the_cheapest_costs() {
    let sentences = headline::headline(&Demo::middle().results()).answers;
    assert!(sentences[0].contains("% less than spread:zone · 100/200 ("), "{sentences:?}");
    assert!(sentences[1].contains("most available"), "{sentences:?}");
    assert!(sentences[2].starts_with("The cheapest fleet for these tasks is "), "{sentences:?}");

    let mut results = without_requests();
    let placed = crate::metrics::position("tasks_placed").unwrap();
    results.rows[3].metrics[placed] = Some(1.0);
    assert!(headline::headline(&results).cautions[0].starts_with("The settings did not place the same work"));
    assert!(tables::differences(&results).notes[0].starts_with("The settings did not place the same work"));
}

#[test]
fn differences_are_paired_by_replicate() {
    let results = Demo::middle().results();
    let table = tables::differences(&results);
    // Two placements and one deployment against theirs, five settings against the first.
    assert_eq!(table.rows.len(), 2 + 1 + 5);
    let tables::Cell::Number { value, half_width: Some(half_width), .. } = table.rows[0][3] else {
        panic!("{:?}", table.rows[0]);
    };
    // The luck of a replicate moves the cost by far more than this.
    assert!(value < -3.0 && half_width < 1.0, "{value} ± {half_width}");
}

/// A text in a drawing with the rectangle it fills, in drawn units.
struct Label {
    text: String,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// The texts of a drawing. It is our own and has one attribute order.
fn labels(svg: &str) -> Vec<Label> {
    let attribute = |tag: &str, name: &str| {
        let value = tag.split_once(&format!(" {name}=\"")).map(|it| it.1.split_once('"').unwrap().0);
        value.unwrap_or_default().to_owned()
    };
    svg.split("<text")
        .skip(1)
        .map(|it| {
            let (tag, rest) = it.split_once('>').unwrap();
            let text = rest.split_once("</text>").unwrap().0.trim();
            let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
            let text = text.replace("&apos;", "'").replace("&amp;", "&");
            let number = |name: &str| attribute(tag, name).parse::<f64>().unwrap();
            let (x, y, size) = (number("x"), number("y"), number("font-size"));
            let is_bold = attribute(tag, "font-weight") == "bold";
            let weight = if is_bold { text::Weight::Bold } else { text::Weight::Regular };
            let width = text::width(&text, size, weight);
            let left = match attribute(tag, "text-anchor").as_str() {
                "start" => x,
                "middle" => x - width / 2.0,
                _ => x - width,
            };
            // Capital letters and digits reach 0.36 of the size above and below their middle.
            Label { text, left, right: left + width, top: y - size * 0.36, bottom: y + size * 0.36 }
        })
        .collect()
}

#[test]
fn no_label_lies_over_another_or_beyond_the_edge() {
    let forty: Vec<String> = (1..=40).map(|it| format!("{it} % of a rather long name, then more")).collect();
    let one_axis = Demo { axes: vec![("capacity.target_percent".to_owned(), forty)], ..Demo::middle() };
    let tasks_only = Demo { services: Vec::new(), ..Demo::large() };
    let four = ["general", "memory-heavy", "gpu", "short of everything"].map(str::to_owned).to_vec();
    let providers = Demo { providers: four, ..Demo::small() };
    for demo in
        [providers, Demo::small(), Demo::middle(), Demo::large(), Demo::hostile(), one_axis, tasks_only]
    {
        let results = demo.results();
        for (chart, svg) in CHARTS.iter().filter_map(|it| Some((it, (it.draw)(&results)?))) {
            let view = svg.split_once("viewBox=\"0 0 ").unwrap().1.split_once('"').unwrap().0;
            let (width, height) = view.split_once(' ').unwrap();
            let (width, height): (f64, f64) = (width.parse().unwrap(), height.parse().unwrap());
            let labels = labels(&svg);
            assert!(labels.len() > 5, "{}", chart.name);
            for (idx, a) in labels.iter().enumerate() {
                let is_inside = a.left >= 0.0 && a.right <= width && a.top >= 0.0 && a.bottom <= height;
                assert!(is_inside, "{} of {}: {}", chart.name, demo.name, a.text);
                for b in &labels[idx + 1..] {
                    let is_over =
                        a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
                    assert!(!is_over, "{} of {}: {} over {}", chart.name, demo.name, a.text, b.text);
                }
            }
        }
    }
}

#[test]
fn without_a_word_of_providers_the_page_says_what_is_not_drawn() {
    let results = Demo { providers: Vec::new(), ..Demo::small() }.results();
    let report = render(&results, &About::default());
    assert!(report.charts.iter().all(|it| it.name != "binding_resource"));
    assert!(report.page.contains("Not drawn, since the runs recorded nothing for it: Which resource binds."));
    assert!(!report.page.contains("Why tasks did not fit"));

    let page = render(&Demo::large().results(), &About::default()).page;
    assert!(!page.contains("Not drawn"));
    assert!(page.contains("Why tasks did not fit") && page.contains("RESOURCE:MEMORY"));
}

#[test]
fn what_is_paid_for_fargate_has_a_column_where_there_is_some() {
    let keys = |demo: Demo| -> Vec<String> {
        tables::summary(&demo.results()).columns.into_iter().map(|it| it.key).collect()
    };
    assert!(keys(Demo::large()).contains(&"cost_fargate_usd".to_owned()));
    assert!(!keys(Demo::small()).contains(&"cost_instances_usd".to_owned()));

    let results = Demo::large().results();
    let table = bill::bill(&results).unwrap();
    assert_eq!(table.rows.len(), results.settings.len() * 9);
    let costs = table.rows[..9].iter().map(|row| match row[9] {
        tables::Cell::Number { value, .. } => value,
        _ => panic!("{row:?}"),
    });
    let cost = crate::metrics::position("cost_usd").unwrap();
    let mean = results.values(0, cost).iter().sum::<f64>() / f64::from(results.n_replicates);
    assert!((costs.sum::<f64>() - mean).abs() < 1e-6, "the rows of a setting are its cost");
}

/// The middle demo, whose services are sent no requests.
fn without_requests() -> Results {
    let mut results = Demo::middle().results();
    for row in &mut results.rows {
        row.record.services.iter_mut().for_each(|it| it.requests = None);
        row.metrics = METRICS.iter().map(|it| (it.of)(&row.record)).collect();
    }
    results
}

/// The middle demo in which the first service of every run loses these shares
/// of its requests, by reason, and the tasks of the second fail.
fn with_losses(of: impl Fn(usize) -> Vec<(&'static str, u64)>) -> Results {
    let mut results = without_requests();
    for row in &mut results.rows {
        let lost: Vec<LostRequests> = of(row.setting)
            .into_iter()
            .map(|(reason, percent)| LostRequests {
                reason: reason.to_owned(),
                n: percent * 10_000_000,
                is_5xx: true,
            })
            .collect();
        let offered = 1_000_000_000;
        let served = offered - lost.iter().map(|it| it.n).sum::<u64>();
        row.record.services[0].requests =
            Some(RequestRecord { offered, served, lost, ..RequestRecord::default() });
        let failure = TaskFailure { reason: "Essential container in task exited".to_owned(), n_tasks: 7 };
        row.record.services[1].failures = vec![failure];
        row.metrics = METRICS.iter().map(|it| (it.of)(&row.record)).collect();
    }
    results
}

#[test]
fn a_service_without_answers_is_an_alarm_with_its_reason() {
    let reason = "no rule of security group sg-1 lets tcp 8080 in";
    let results = with_losses(|setting| if setting == 1 { vec![(reason, 100)] } else { Vec::new() });
    let headline = headline::headline(&results);
    let (service, label) = (&results.services[0], &results.settings[1].label);
    assert_eq!(headline.alarms, [format!("{service} serves none of its requests with {label}: {reason}")]);
    assert!(headline.cautions[0].contains("serves 0.0 % of its requests"), "{:?}", headline.cautions);
    let report = render(&results, &About::default());
    assert!(report.page.contains("class=\"alarm\"") && report.page.contains(reason));
    let csv = |name: &str| &report.tables.iter().find(|it| it.0 == name).unwrap().1;
    assert!(csv("lost_requests.csv").contains(&format!("2,{label},{service},{reason},100,0,1000,0")));
    assert!(csv("task_failures.csv").contains("Essential container in task exited,7,0"));
    assert!(csv("summary.csv").contains("requests_served_percent"));
}

#[test]
fn of_several_reasons_for_lost_requests_the_most_frequent_is_said() {
    let results = with_losses(|_| vec![("rarely", 2), ("often", 3)]);
    let headline = headline::headline(&results);
    assert!(headline.alarms.is_empty());
    assert!(headline.cautions[0].contains("serves 95.0 % of its requests"), "{:?}", headline.cautions);
    assert!(headline.cautions[0].ends_with(": often"), "{:?}", headline.cautions);
    let table = lost_requests::lost_requests(&results).unwrap();
    assert_eq!(table.rows.len(), 2 * results.settings.len());
    assert_eq!(table.rows[0][3].to_string(), "often");
}

#[test]
fn nothing_lost_is_no_table_and_no_caution() {
    let results = with_losses(|_| Vec::new());
    assert!(lost_requests::lost_requests(&results).is_none());
    assert!(headline::headline(&results).alarms.is_empty());
    assert!(task_failures::task_failures(&Demo::middle().results()).is_none());
    let summary = tables::summary(&without_requests());
    assert!(summary.columns.iter().all(|it| it.key != "service_task_failures" && !it.key.starts_with("req")));
}

#[test]
fn every_rollout_has_a_row_with_its_phases_surge_and_reason() {
    let results = Demo::small().results();
    let table = rollouts::rollouts(&results).unwrap();
    assert_eq!(table.rows.len(), results.rows[0].record.rollouts.len());
    assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
    let phases = rollouts::phases(&results).unwrap();
    assert_eq!(phases.rows.len(), 8);

    let results = Demo::large().results();
    let table = rollouts::rollouts(&results).unwrap();
    let is_given_up = |row: &Vec<tables::Cell>| {
        row[7].to_string() == "rolled back" && row[8].to_string().starts_with("tasks failed to start")
    };
    assert!(table.rows.iter().any(is_given_up));
    assert!(table.rows.len() <= 500 && table.notes[1].contains("of the first replicate"));
    let timeline = (CHARTS[position("rollout_timeline").unwrap()].draw)(&results).unwrap();
    assert!(timeline.contains("rolled back after") && timeline.contains("bake time"));
}
