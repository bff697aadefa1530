//! Properties of every chart and of the page, over results that are small,
//! large, empty and hostile.

use super::demo::Demo;
use super::*;
use crate::experiment::results::Results;
use crate::metrics::METRICS;

fn hostile_names() -> Demo {
    let mut demo = Demo::middle();
    demo.name = "<script>alert(1)</script>".to_owned();
    demo.axes[0].0 = "pla\"ce'ment & ]]> </style>".to_owned();
    demo.axes[0].1[0] = "\"><img src=x onerror=alert(1)>".to_owned();
    demo.axes[0].1[1] = "</svg><script>alert(2)</script>\0\n\u{202e}".to_owned();
    demo.axes[0].1[2] = "=1+1 ".repeat(80);
    demo.services = vec!["</title><script>".to_owned()];
    demo
}

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
        assert!(!headline::headline(&results).is_empty(), "{name}");
    }
}

#[test]
fn without_services_cost_stands_against_wait() {
    let results = Demo { services: Vec::new(), ..Demo::middle() }.results();
    let draw = |name: &str| (CHARTS[position(name).unwrap()].draw)(&results);
    assert!(draw("cost_frontier").unwrap().contains("Cost and placement wait"));
    assert_eq!((draw("availability"), draw("rollout")), (None, None));
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
    let results = hostile_names().results();
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
    let sentences = headline::headline(&Demo::middle().results());
    assert!(sentences[0].contains("% less than spread:zone · 100/200 ("), "{sentences:?}");
    assert!(sentences[1].contains("most available"), "{sentences:?}");

    let mut results = Demo::middle().results();
    let placed = crate::metrics::position("tasks_placed").unwrap();
    results.rows[3].metrics[placed] = Some(1.0);
    assert!(headline::headline(&results)[0].starts_with("The settings did not place the same work"));
    assert!(tables::differences(&results).notes[0].starts_with("The settings did not place the same work"));
}

#[test]
fn differences_are_paired_by_replicate() {
    let results = Demo::middle().results();
    let table = tables::differences(&results);
    // Five settings against the first, two placements and one deployment against theirs.
    assert_eq!(table.rows.len(), 5 + 2 + 1);
    let tables::Cell::Number { value, half_width: Some(half_width), .. } = table.rows[5][3] else {
        panic!("{:?}", table.rows[5]);
    };
    // The luck of a replicate moves the cost by far more than this.
    assert!(value < -3.0 && half_width < 1.0, "{value} ± {half_width}");
}
