//! How fast the simulator itself is, from what its benches measured: events and
//! placements a second by the size of a run, and how that went from one recorded
//! baseline to the next. Whoever asks reads the files; here they are drawn.

use super::canvas::{Dash, Marker};
use super::figure::{Axis, Entry, Figure, Head, Mark, PointMark, Sample, draw};
use super::palette::{MUTED, N_STYLES, Style, style};
use super::scale::{Scale, Steps, is_drawable, number};

const PLOT_HEIGHT: f64 = 400.0;
/// Baselines that are named below the history.
const N_NAMED: usize = 8;

/// A run whose time was measured.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MeasuredRun {
    /// Instances of its pool.
    pub instances: u64,
    /// Tasks that came and were placed.
    pub tasks: u64,
    /// Events that were handled.
    pub events: u64,
    /// Nanoseconds that it took: lower end of the interval, median, upper end.
    pub nanoseconds: [f64; 3],
}

/// One bench in a recorded baseline.
#[derive(Clone, PartialEq, Debug)]
pub struct BaselineRow {
    /// The day, as who recorded it wrote it.
    pub date: String,
    /// The commit.
    pub commit: String,
    /// `group/name`.
    pub bench: String,
    /// Nanoseconds for one element.
    pub ns_per_element: f64,
    /// Nanoseconds of the yardstick in the same sitting: what the machine was
    /// worth then.
    pub yardstick_ns: f64,
}

/// Which of the two sizes lies along the bottom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Along {
    /// Instances; a line for each number of tasks.
    Instances,
    /// Tasks; a line for each number of instances.
    Tasks,
}

/// Events and placements a second by the size of a run, as SVG; `None` without
/// runs. Where there are more lines than styles, the first are drawn.
pub fn by_size(runs: &[MeasuredRun], along: Along) -> Option<String> {
    let (of_x, of_line, x_name, line_name): (fn(&MeasuredRun) -> u64, fn(&MeasuredRun) -> u64, _, _) =
        match along {
            Along::Instances => (|it| it.instances, |it| it.tasks, "instances", "tasks"),
            Along::Tasks => (|it| it.tasks, |it| it.instances, "tasks", "instances"),
        };
    let is_sound = |it: &&MeasuredRun| it.nanoseconds.iter().all(|&ns| is_drawable(ns) && ns > 0.0);
    let mut runs: Vec<&MeasuredRun> = runs.iter().filter(is_sound).collect();
    runs.sort_by_key(|it| (of_line(it), of_x(it)));
    if runs.is_empty() {
        return None;
    }
    let mut sizes: Vec<u64> = runs.iter().map(|it| of_line(it)).collect();
    sizes.dedup();
    sizes.truncate(N_STYLES);

    // Beyond the ends there is room for the names of lines.
    let ends = runs.iter().flat_map(|it| [of_x(it) as f64 / 1.5, of_x(it) as f64 * 1.5]);
    let (mut marks, mut legend, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    let kinds: [(&str, Dash, fn(&MeasuredRun) -> u64); 2] =
        [("events", Dash::Solid, |it| it.events), ("placements", Dash::Short, |it| it.tasks)];
    for (idx, &size) in sizes.iter().enumerate() {
        for (what, dash, amount) in kinds {
            let style = Style { dash, ..style(idx) };
            let mut points = Vec::new();
            let of_size: Vec<_> = runs.iter().filter(|it| of_line(it) == size).collect();
            for run in &of_size {
                let [slow, middle, fast] = [2, 1, 0].map(|it| amount(run) as f64 * 1e9 / run.nanoseconds[it]);
                let at = (of_x(run) as f64, middle);
                points.push(at);
                rates.extend([slow, middle, fast]);
                marks.push(Mark::Point(PointMark {
                    at,
                    intervals: Some([(at.0, at.0), (slow, fast)]),
                    style,
                    label: (points.len() == of_size.len()).then(|| what.to_owned()),
                    hover: format!(
                        "{} {what} a second: {} instances, {} tasks",
                        number(middle, 0),
                        number(run.instances as f64, 0),
                        number(run.tasks as f64, 0),
                    ),
                }));
            }
            marks.push(Mark::Line { points, style, width: 1.8 });
            legend.push(Entry {
                label: format!("{what}, {} {line_name}", number(size as f64, 0)),
                sample: Sample::Line(style),
            });
        }
    }
    let figure = Figure {
        head: Head {
            title: format!("Speed by the number of {x_name}"),
            subtitle: vec!["Stand-alone tasks on a fixed pool, one thread. Higher is better.".to_owned()],
        },
        x: Axis { label: x_name.to_owned(), scale: Scale::of_ratios(ends) },
        y: Axis { label: "a second (higher is better)".to_owned(), scale: Scale::of_ratios(rates) },
        marks,
        legend,
        notes: vec![
            "Medians with 95 % intervals of one sitting. Another sitting on a shared machine differs by 20 % \
             and more: compare points of one picture, not of two."
                .to_owned(),
        ],
    };
    Some(draw(&figure, PLOT_HEIGHT))
}

/// How the speed of each group of benches went, as SVG; `None` without two
/// baselines. Rows stand in the order of time; those of one baseline together.
///
/// Each bench is taken against the yardstick of its sitting. From one baseline
/// to the next a group changes by the geometric mean over the benches that both
/// have, so that a new bench changes nothing.
pub fn history(rows: &[BaselineRow]) -> Option<String> {
    let is_sound = |it: &&BaselineRow| {
        let numbers = [it.ns_per_element, it.yardstick_ns];
        numbers.iter().all(|&ns| is_drawable(ns) && ns > 0.0)
    };
    let rows: Vec<&BaselineRow> = rows.iter().filter(is_sound).collect();
    let baselines: Vec<&[&BaselineRow]> =
        rows.chunk_by(|one, other| (&one.date, &one.commit) == (&other.date, &other.commit)).collect();
    if baselines.len() < 2 {
        return None;
    }
    let mut groups: Vec<&str> = rows.iter().map(|it| group(it)).collect();
    groups.sort_unstable();
    groups.dedup();
    groups.truncate(N_STYLES);

    let (mut marks, mut legend, mut speeds) = (Vec::new(), Vec::new(), Vec::new());
    for (idx, &name) in groups.iter().enumerate() {
        let style = style(idx);
        let points = speeds_of(&baselines, name);
        for (&at, baseline) in points.iter().zip(&baselines).filter(|it| it.0.1.is_finite()) {
            speeds.push(at.1);
            marks.push(Mark::Point(PointMark {
                at,
                intervals: None,
                style,
                label: None,
                hover: format!(
                    "{name}: {} at {} ({})",
                    number(at.1, 2),
                    baseline[0].commit,
                    baseline[0].date
                ),
            }));
        }
        marks.push(Mark::Line { points, style, width: 1.8 });
        legend.push(Entry { label: name.to_owned(), sample: Sample::Line(style) });
    }
    legend.push(Entry { label: "as at first".to_owned(), sample: Sample::Line(FIRST) });
    let last = baselines.len() as f64;
    marks.push(Mark::Line { points: vec![(1.0, 1.0), (last, 1.0)], style: FIRST, width: 1.0 });

    let n_before = baselines.len().saturating_sub(N_NAMED);
    let named: Vec<String> = baselines
        .iter()
        .enumerate()
        .skip(n_before)
        .map(|(idx, it)| format!("{}: {}, {}", idx + 1, it[0].date, it[0].commit))
        .collect();
    // What is noise shall not fill the picture.
    let greatest = speeds.iter().copied().fold(1.25, f64::max);
    let least = speeds.iter().copied().fold(0.8, f64::min);
    let is_wide = greatest / least > 5.0;
    let figure = Figure {
        head: Head {
            title: "Speed from baseline to baseline".to_owned(),
            subtitle: vec!["Against a yardstick measured in the same sitting. Higher is better.".to_owned()],
        },
        x: Axis {
            label: "baseline".to_owned(),
            // So long that ticks are whole numbers.
            scale: Scale::between(1.0, last.max(13.0), Steps::Decimal),
        },
        y: Axis {
            label: "speed, the first baseline is 1 (higher is better)".to_owned(),
            scale: if is_wide { Scale::of_ratios([least, greatest]) } else { Scale::around([least, greatest]) },
        },
        marks,
        legend,
        notes: vec![
            format!("Baselines: {}.", named.join("; ")),
            "A line is the geometric mean of a group's benches. Differences below a tenth are noise of a shared \
             machine."
                .to_owned(),
        ],
    };
    Some(draw(&figure, PLOT_HEIGHT))
}

const FIRST: Style = Style { color: MUTED, marker: Marker::Circle, dash: Dash::Long };

fn group(row: &BaselineRow) -> &str {
    row.bench.split('/').next().unwrap_or_default()
}

/// Number and speed of a group at each baseline; NaN before its first and where
/// it is missing.
fn speeds_of(baselines: &[&[&BaselineRow]], name: &str) -> Vec<(f64, f64)> {
    let mut before: Vec<(&str, f64)> = Vec::new();
    let mut speed = f64::NAN;
    let mut points = Vec::new();
    for (idx, baseline) in baselines.iter().enumerate() {
        let now: Vec<(&str, f64)> = baseline
            .iter()
            .filter(|it| group(it) == name)
            .map(|it| (it.bench.as_str(), it.ns_per_element / it.yardstick_ns))
            .collect();
        let changes: Vec<f64> = now
            .iter()
            .filter_map(|(bench, cost)| Some(before.iter().find(|it| it.0 == *bench)?.1 / cost))
            .collect();
        let x = (idx + 1) as f64;
        if now.is_empty() {
            points.push((x, f64::NAN));
            continue;
        }
        if speed.is_nan() {
            speed = 1.0;
        } else if !changes.is_empty() {
            let mean = changes.iter().map(|it| it.ln()).sum::<f64>() / changes.len() as f64;
            speed *= mean.exp();
        }
        points.push((x, speed));
        before = now;
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(commit: &str, bench: &str, ns: f64, yardstick: f64) -> BaselineRow {
        BaselineRow {
            date: "2026-11-23".to_owned(),
            commit: commit.to_owned(),
            bench: bench.to_owned(),
            ns_per_element: ns,
            yardstick_ns: yardstick,
        }
    }

    #[test]
    fn a_slower_machine_and_a_new_bench_change_no_history() {
        let rows = [
            row("a", "queue/x", 100.0, 50.0),
            // Everything takes twice as long, and a bench comes.
            row("b", "queue/x", 200.0, 100.0),
            row("b", "queue/y", 10.0, 100.0),
            // One is four times as fast, the other as it was.
            row("c", "queue/x", 50.0, 100.0),
            row("c", "queue/y", 10.0, 100.0),
        ];
        let rows: Vec<&BaselineRow> = rows.iter().collect();
        let baselines: Vec<&[&BaselineRow]> = rows.chunk_by(|a, b| a.commit == b.commit).collect();
        let speeds: Vec<f64> = speeds_of(&baselines, "queue").iter().map(|it| it.1).collect();
        for (speed, expected) in speeds.iter().zip([1.0, 1.0, 2.0]) {
            assert!((speed - expected).abs() < 1e-12, "{speeds:?}");
        }
        assert!(speeds_of(&baselines, "trace").iter().all(|it| it.1.is_nan()));
    }

    #[test]
    fn what_cannot_be_drawn_draws_nothing() {
        assert_eq!(by_size(&[], Along::Tasks), None);
        let endless = MeasuredRun { instances: 1, tasks: 1, events: 1, nanoseconds: [0.0, f64::NAN, 1.0] };
        assert_eq!(by_size(&[endless], Along::Tasks), None);
        assert_eq!(history(&[row("a", "queue/x", 1.0, 1.0)]), None);
        let zero = [row("a", "queue/x", 0.0, 1.0), row("b", "queue/x", 1.0, 0.0)];
        assert_eq!(history(&zero), None);
    }

    #[test]
    fn each_size_has_a_line_of_events_and_one_of_placements() {
        let run = |instances, tasks| MeasuredRun {
            instances,
            tasks,
            events: 3 * tasks,
            nanoseconds: [0.9, 1.0, 1.1].map(|it| it * tasks as f64 * 500.0),
        };
        let runs = [run(100, 10_000), run(1_000, 10_000), run(100, 100_000)];
        let svg = by_size(&runs, Along::Instances).unwrap();
        assert!(svg.contains("events, 10,000 tasks") && svg.contains("placements, 100,000 tasks"));
        assert!(svg.contains("6,000,000 events a second: 1000 instances, 10,000 tasks"));
        assert!(by_size(&runs, Along::Tasks).unwrap().contains("events, 1000 instances"));
    }
}
