//! Which settings share a line of a chart. Sixty lines on top of each other say
//! nothing; where an axis is what a chart is about, its values are the lines and
//! the other axes are pooled. Otherwise every setting has its own as long as
//! they can be told apart, and then a few stand for all.

use crate::experiment::results::Results;

use super::comparison::{measured, settings_with};

/// The lines of a chart.
pub(super) struct Grouping {
    /// In the order of the axis, or of the settings.
    pub(super) groups: Vec<Group>,
    /// What the reader must know of how they were made; empty if nothing.
    pub(super) note: String,
}

/// Settings that share a line.
pub(super) struct Group {
    /// The axis' value, or the setting's label.
    pub(super) label: String,
    /// Whose replicates are pooled.
    pub(super) settings: Vec<usize>,
}

/// One group for each value of the axis called `axis`, if there is one; else
/// one for each setting. Of more than `most` groups those remain that are first
/// and evenly spread from the least to the greatest `metric`.
pub(super) fn grouped(results: &Results, axis: &str, metric: &str, most: usize) -> Grouping {
    let of_axis = results.axes.iter().position(|it| is_called(&it.name, axis));
    let mut groups: Vec<Group> = match of_axis {
        Some(idx) => results.axes[idx]
            .values
            .iter()
            .enumerate()
            .map(|(value, label)| Group {
                label: label.clone(),
                settings: settings_with(results, idx, value),
            })
            .collect(),
        None => by_setting(results),
    };
    let mut note = match of_axis {
        Some(idx) if results.axes.len() > 1 => {
            let others: Vec<&str> = results
                .axes
                .iter()
                .enumerate()
                .filter(|it| it.0 != idx)
                .map(|it| it.1.name.as_str())
                .collect();
            format!(
                "One line for each value of {}, pooled over {}.",
                results.axes[idx].name,
                others.join(", ")
            )
        }
        _ => String::new(),
    };
    let n_groups = groups.len();
    if n_groups > most {
        let kept = spread(results, &groups, metric, most);
        let mut idx = 0;
        groups.retain(|_| {
            idx += 1;
            kept.contains(&(idx - 1))
        });
        let which = format!(
            "{} of {n_groups} lines are shown: the first, and others evenly spread from the least to the \
             greatest {metric}.",
            groups.len()
        );
        note = format!("{note} {which}").trim().to_owned();
    }
    Grouping { groups, note }
}

/// One group for each setting.
pub(super) fn by_setting(results: &Results) -> Vec<Group> {
    let labels = results.settings.iter().map(|it| it.label.clone());
    labels.enumerate().map(|(idx, label)| Group { label, settings: vec![idx] }).collect()
}

/// The positions of at most `most` groups: the first, the extremes of `metric`
/// and those evenly between.
fn spread(results: &Results, groups: &[Group], metric: &str, most: usize) -> Vec<usize> {
    let mean = |group: &Group| {
        let means: Vec<f64> =
            group.settings.iter().filter_map(|&it| measured(results, it, metric)).map(|it| it.mean).collect();
        means.iter().sum::<f64>() / means.len().max(1) as f64
    };
    let mut order: Vec<(f64, usize)> =
        groups.iter().enumerate().skip(1).map(|(idx, it)| (mean(it), idx)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let n = most.saturating_sub(1).clamp(1, order.len());
    let mut kept = vec![0];
    kept.extend((0..n).map(|idx| order[idx * (order.len() - 1) / (n - 1).max(1)].1));
    kept
}

/// Whether an axis, named by its path or its short name, is this one. No axis is
/// called nothing, though `service[0].x` has an empty part.
fn is_called(name: &str, axis: &str) -> bool {
    !axis.is_empty() && name.split(['.', '[', ']']).any(|it| it == axis)
}

/// `3 settings`, `1 setting`.
pub(super) fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
