//! Which resource binds: how much of each a capacity provider's tasks reserve
//! over time, and why tasks wait before it. One run stands for a setting, since
//! the mean of several would show a reason where none of them had it.

use crate::experiment::results::{Results, Row};
use crate::record::{Bucket, PlacementReason, ProviderRecord, Resource, Series};

use super::canvas::{Color, Dash};
use super::chart::{Chart, head};
use super::figure::{Axis, Entry, Sample};
use super::grouping::{counted, grouped};
use super::palette::{BOUND, Style, WARM_UP, style};
use super::panels::{Lane, Panel, PanelChart, PanelLine, draw};
use super::scale::{TimeUnit, number};

pub(super) const BINDING_RESOURCE: Chart = Chart {
    name: "binding_resource",
    title: "Which resource binds",
    summary: "share of each resource reserved over time, and why tasks wait, by capacity provider",
    draw: draw_binding,
};

/// More panels than this are left out.
const N_PANELS: usize = 8;
/// A resource of which more was never reserved has no line: it lies on the axis.
const LEAST_PER_10_000: u64 = 100;
/// About as many columns has a lane; more could not be told apart.
const N_COLUMNS: usize = 170;
/// Tasks wait and nobody said why.
const UNTOLD: &str = "waits";

fn draw_binding(results: &Results) -> Option<String> {
    let chosen = chosen(results);
    let of_setting = |&setting: &usize| {
        let row = results.rows_of(setting).first()?;
        Some((setting, row))
    };
    let rows: Vec<(usize, &Row)> = chosen.iter().filter_map(of_setting).collect();
    let horizon_ms = rows.iter().map(|it| it.1.record.horizon_ms).max().filter(|&it| it > 0)?;
    let unit = TimeUnit::of(horizon_ms);
    let has_several = results.settings.len() > 1;
    let all: Vec<Panel> = rows
        .iter()
        .flat_map(|(setting, row)| row.record.providers.iter().map(move |it| (*setting, *row, it)))
        .filter(|(.., it)| is_used(it))
        .map(|(setting, row, it)| {
            let title = if has_several {
                format!("{} · {}", results.settings[setting].label, it.name)
            } else {
                it.name.clone()
            };
            panel(title, row, it, unit)
        })
        .collect();
    if all.is_empty() {
        return None;
    }
    let n_all = all.len();
    let panels: Vec<Panel> = all.into_iter().take(N_PANELS).collect();

    let warm_up_ms = rows.iter().map(|it| it.1.record.warm_up_ms).max().unwrap_or(0);
    let mut notes = vec![
        "Shares are of what the provider's instances have registered. A lane tells when the first waiting task \
         did not fit the instance that comes closest for this reason; it is filled as high as that lasted, and \
         empty while no task waits."
            .to_owned(),
    ];
    if results.n_replicates > 1 {
        notes.push("Of each setting the first replicate is shown.".to_owned());
    }
    if chosen.len() < results.settings.len() {
        notes.push(format!(
            "{} of {} are shown: the first, and others from the least to the greatest cost.",
            chosen.len(),
            counted(results.settings.len(), "setting"),
        ));
    }
    let unseen = unseen(&rows);
    if !unseen.is_empty() {
        notes.push(format!("Left out where never more than 1 % of it was reserved: {}.", unseen.join(", ")));
    }
    if n_all > panels.len() {
        notes.push(format!("{} of {} are shown.", panels.len(), counted(n_all, "capacity provider")));
    }
    let chart = PanelChart {
        head: head(
            results,
            BINDING_RESOURCE.title,
            "The resource that is full first decides how many instances are needed.",
        ),
        x: Axis { label: format!("time since the start, {}", unit.name), scale: unit.scale(horizon_ms) },
        y_label: "reserved by tasks, % of registered".to_owned(),
        most: 100.0,
        no_lane: "no wait",
        warm_up: warm_up_ms as f64 / unit.millis,
        legend: legend(&panels, warm_up_ms > 0),
        panels,
        notes,
    };
    Some(draw(&chart))
}

/// The settings that are shown: all, if their panels have room, else the first
/// and others by their cost.
fn chosen(results: &Results) -> Vec<usize> {
    let n_providers = results.rows.iter().map(|it| it.record.providers.len()).max().unwrap_or(0).max(1);
    match N_PANELS / n_providers {
        _ if results.settings.is_empty() => Vec::new(),
        0 | 1 => vec![0],
        most => {
            let groups = grouped(results, "", "cost_usd", most).groups;
            groups.into_iter().flat_map(|it| it.settings).collect()
        }
    }
}

/// Whether anything was ever told of the provider.
fn is_used(provider: &ProviderRecord) -> bool {
    !provider.reserved.is_empty() || provider.waiting.buckets().iter().any(|it| it.max > 0)
}

/// Whether so much of the resource was ever reserved that its line is seen; if
/// that is so of none, all are.
fn is_seen(provider: &ProviderRecord, series: &Series) -> bool {
    let is_above = |it: &Series| it.buckets().iter().any(|it| it.max > LEAST_PER_10_000);
    is_above(series) || provider.reserved.iter().all(|it| !is_above(&it.per_10_000))
}

/// The names of the resources whose line a panel lacks.
fn unseen(rows: &[(usize, &Row)]) -> Vec<&'static str> {
    let providers = || rows.iter().flat_map(|it| &it.1.record.providers);
    let is_left_out = |resource: Resource| {
        providers().any(|provider| {
            let of_it = provider.reserved.iter().find(|it| it.resource == resource);
            of_it.is_some_and(|it| !is_seen(provider, &it.per_10_000))
        })
    };
    Resource::ALL.into_iter().filter(|it| is_left_out(*it)).map(|it| look_of_resource(it).0).collect()
}

fn panel(title: String, row: &Row, provider: &ProviderRecord, unit: TimeUnit) -> Panel {
    let lines = provider.reserved.iter().filter(|it| is_seen(provider, &it.per_10_000)).map(|it| {
        let (label, style) = look_of_resource(it.resource);
        PanelLine { label, points: percent_curve(&it.per_10_000, unit), style }
    });
    let blocked: Vec<(PlacementReason, f64)> =
        provider.blocked.iter().map(|it| (it.reason, time_ms(&it.is_binding))).collect();
    let waited_ms: f64 = blocked.iter().map(|it| it.1).sum();
    let most = blocked.iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
    let percent = |ms: f64| number(100.0 * ms / row.record.horizon_ms.max(1) as f64, 1);
    let remark = match most {
        Some((reason, _)) if waited_ms > 0.0 => {
            format!("tasks wait {} % of the time, mostly: {}", percent(waited_ms), look_of_reason(*reason).1)
        }
        _ if provider.waiting.buckets().iter().any(|it| it.max > 0) => "tasks wait".to_owned(),
        _ => "no task waits".to_owned(),
    };
    Panel {
        title,
        remark,
        most: None,
        areas: Vec::new(),
        lines: lines.collect(),
        lanes: lanes(provider, unit),
    }
}

/// The mean of each bucket, in percent.
fn percent_curve(series: &Series, unit: TimeUnit) -> Vec<(f64, f64)> {
    let width_ms = series.bucket_width().millis() as f64;
    (0..series.buckets().len())
        .map(|idx| {
            let at = (idx as f64 + 0.5) * width_ms / unit.millis;
            (at, series.mean(idx).map_or(f64::NAN, |it| it / 100.0))
        })
        .collect()
}

/// How long a series of zeros and ones was one.
fn time_ms(series: &Series) -> f64 {
    series.buckets().iter().map(|it| it.integral as f64).sum()
}

/// One lane for each reason that ever bound; one for all if nobody said why.
fn lanes(provider: &ProviderRecord, unit: TimeUnit) -> Vec<Lane> {
    let waits = provider.waiting.buckets().iter().any(|it| it.max > 0);
    if waits && provider.blocked.is_empty() {
        let stretches = stretches(&provider.waiting, unit, |it| f64::from(u8::from(it.max > 0)));
        return vec![Lane { label: UNTOLD, color: BOUND, stretches }];
    }
    let lanes = provider.blocked.iter().map(|it| {
        let (color, label, _) = look_of_reason(it.reason);
        let width_ms = it.is_binding.bucket_width().millis() as f64;
        let stretches = stretches(&it.is_binding, unit, |it| it.integral as f64 / width_ms);
        Lane { label, color, stretches }
    });
    lanes.filter(|it| !it.stretches.is_empty()).collect()
}

/// Several buckets together, with the mean of their shares where it is not zero.
fn stretches(series: &Series, unit: TimeUnit, share: impl Fn(&Bucket) -> f64) -> Vec<(f64, f64, f64)> {
    let buckets = series.buckets();
    let at_a_time = buckets.len().div_ceil(N_COLUMNS).max(1);
    let width = series.bucket_width().millis() as f64 / unit.millis;
    let stretch = |(idx, buckets): (usize, &[Bucket])| {
        let from = (idx * at_a_time) as f64 * width;
        let mean = buckets.iter().map(&share).sum::<f64>() / buckets.len() as f64;
        // Hundredths are finer than can be seen, and let neighbours be equal.
        let mean = ((mean * 100.0).ceil() / 100.0).min(1.0);
        (mean > 0.0).then_some((from, from + buckets.len() as f64 * width, mean))
    };
    buckets.chunks(at_a_time).enumerate().filter_map(stretch).collect()
}

/// The reasons that are to be seen, and what else needs an explanation.
fn legend(panels: &[Panel], has_warm_up: bool) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Resource::ALL
        .into_iter()
        .map(look_of_resource)
        .filter(|(label, _)| panels.iter().any(|it| it.lines.iter().any(|line| line.label == *label)))
        .map(|(label, style)| Entry { label: format!("{label} reserved"), sample: Sample::Line(style) })
        .collect();
    let is_seen = |label: &str| panels.iter().any(|it| it.lanes.iter().any(|it| it.label == label));
    for (color, label, sentence) in PlacementReason::ALL.map(look_of_reason) {
        if is_seen(label) {
            entries
                .push(Entry { label: format!("{label}: waits for {sentence}"), sample: Sample::Area(color) });
        }
    }
    if is_seen(UNTOLD) {
        entries.push(Entry {
            label: "tasks wait, no reason was recorded".to_owned(),
            sample: Sample::Area(BOUND),
        });
    }
    if has_warm_up {
        entries.push(Entry { label: "warm-up, not measured".to_owned(), sample: Sample::Area(WARM_UP) });
    }
    entries
}

/// How the line of a resource is called and drawn.
fn look_of_resource(resource: Resource) -> (&'static str, Style) {
    match resource {
        Resource::Cpu => ("CPU", style(0)),
        Resource::Memory => ("memory", style(1)),
        Resource::NetworkInterfaces => ("interfaces", style(2)),
        Resource::Ports => ("ports", style(3)),
        Resource::Gpus => ("GPUs", Style { dash: Dash::Short, ..style(5) }),
    }
}

/// The colour of a reason, what stands beside its lane, and what is missing. A
/// resource has the colour of its line; instances that could not be asked share
/// one.
fn look_of_reason(reason: PlacementReason) -> (Color, &'static str, &'static str) {
    let of = |resource: Resource| look_of_resource(resource).1.color;
    match reason {
        PlacementReason::Draining => (BOUND, "draining", "an instance that takes tasks"),
        PlacementReason::Inactive => (BOUND, "inactive", "an instance that has registered"),
        PlacementReason::Agent => (BOUND, "agent", "an instance whose agent is heard"),
        PlacementReason::Cpu => (of(Resource::Cpu), "CPU", "CPU units"),
        PlacementReason::Memory => (of(Resource::Memory), "memory", "memory"),
        PlacementReason::Gpu => (of(Resource::Gpus), "GPU", "a GPU"),
        PlacementReason::Ports => (of(Resource::Ports), "port", "a host port"),
        PlacementReason::Eni => (of(Resource::NetworkInterfaces), "ENI", "a network interface"),
        PlacementReason::Attribute => (style(7).color, "attribute", "an instance with an attribute"),
        PlacementReason::Location => (style(7).color, "location", "an instance in a zone of its subnets"),
        PlacementReason::MemberOf => (style(4).color, "memberOf", "an instance of its constraint"),
        PlacementReason::DistinctInstance => {
            (style(6).color, "distinct", "an instance without a task of its group")
        }
        PlacementReason::NoInstance => (BOUND, "no instance", "an instance, of which there is none"),
    }
}
