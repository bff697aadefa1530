//! Images that lifecycle policies took although running or rollback revisions
//! need them: which, whose, and by which rule.

use std::collections::{BTreeMap, BTreeSet};

use crate::experiment::results::{Results, Row};
use crate::record::LostImage;

use super::grouping::counted;
use super::tables::{Cell, Column, Table};

/// More rows are for the records beside the report.
const N_ROWS: usize = 500;

/// One row a setting and image, with the number of replicates in which it was
/// lost. `None` if none was.
pub fn lost_images(results: &Results) -> Option<Table> {
    let mut rows = Vec::new();
    for (setting, it) in results.settings.iter().enumerate() {
        // In the order of time; a name is told from others by its repository.
        let mut found: BTreeMap<(u64, u32, &str), (&LostImage, u64)> = BTreeMap::new();
        for lost in results.rows_of(setting).iter().flat_map(|it| &it.record.images.lost) {
            let key = (lost.at_ms, lost.repository, lost.image.as_str());
            found.entry(key).or_insert((lost, 0)).1 += 1;
        }
        rows.extend(found.into_values().map(|(lost, n_runs)| {
            let seconds = lost.at_ms as f64 / 1000.0;
            vec![
                Cell::count(setting as u64 + 1),
                Cell::Text(it.label.clone()),
                Cell::Number { value: seconds, half_width: None, decimals: 0, is_change: false },
                Cell::Text(repository(results, lost).to_owned()),
                Cell::Text(lost.image.clone()),
                Cell::Text(services(results, &[lost]).join(", ")),
                Cell::count(lost.rule_priority),
                Cell::Text(verb(&[lost]).to_owned()),
                Cell::count(n_runs),
            ]
        }));
    }
    let n_all = rows.len();
    let mut notes = vec![
        "Images that a running or rollback revision needs, and that a lifecycle policy took: nobody can pull \
         them any longer. At most a hundred of a run, over the whole run, the warm-up included."
            .to_owned(),
    ];
    if n_all > N_ROWS {
        rows.truncate(N_ROWS);
        notes.push(format!("The first {N_ROWS} of {n_all} are shown."));
    }
    (!rows.is_empty()).then(|| Table {
        title: "Images that were lost".to_owned(),
        notes,
        columns: vec![
            Column::plain("#", "setting_number", "position of the setting"),
            Column::plain("setting", "setting", ""),
            Column::plain("at, s", "at_seconds", "since the begin of the run"),
            Column::plain("repository", "repository", ""),
            Column::plain("image", "image", "a tag of it, or the begin of its digest"),
            Column::plain("needed by", "services", "services whose running or rollback revision it is"),
            Column::plain("rule", "rule_priority", "priority of the rule that took it"),
            Column::plain("what", "action", "expired, or archived"),
            Column::plain("replicates", "n_replicates", "in which it was lost"),
        ],
        rows,
    })
}

/// What was lost in the run that lost most, and how many settings lose any.
/// `None` if nothing was.
pub(super) fn sentence(results: &Results) -> Option<String> {
    let losers: BTreeSet<usize> =
        results.rows.iter().filter(|it| n_lost(it) > 0).map(|it| it.setting).collect();
    // Of equal ones the first.
    let worst = results.rows.iter().rev().max_by_key(|it| n_lost(it)).filter(|it| n_lost(it) > 0)?;
    let lost: Vec<&LostImage> = worst.record.images.lost.iter().collect();
    let repositories: BTreeSet<&str> = lost.iter().map(|it| repository(results, it)).collect();
    let first = repositories.first().copied().unwrap_or_default();
    let policies = match repositories.len() {
        1 => format!("the lifecycle policy of repository {first}"),
        n => format!("the lifecycle policies of {n} repositories, {first} among them"),
    };
    let services = services(results, &lost);
    let of = match services.as_slice() {
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        more => format!("{} services", more.len()),
    };
    let n = n_lost(worst);
    let (were, them) = if n == 1 { ("was", "it") } else { ("were", "them") };
    let label = &results.settings[worst.setting].label;
    let place = match (results.settings.len(), losers.len()) {
        (1, _) => String::new(),
        (n, all) if n == all => format!(" with {label}, and some in every setting"),
        (_, 1) => format!(" with {label}"),
        (n, some) => format!(" with {label}, and some in {some} of {n} settings"),
    };
    Some(format!(
        "{} that running or rollback revisions of {of} need {were} {} by {policies}{place}: no task that has to \
         pull {them} starts.",
        counted(n as usize, "image"),
        verb(&lost),
    ))
}

/// Of a run, the warm-up included as far as they were written down.
fn n_lost(row: &Row) -> u64 {
    row.record.images.n_lost.max(row.record.images.lost.len() as u64)
}

fn verb(lost: &[&LostImage]) -> &'static str {
    let n_archived = lost.iter().filter(|it| it.is_archived).count();
    match n_archived {
        0 => "expired",
        n if n == lost.len() => "archived",
        _ => "expired or archived",
    }
}

/// The name of its repository.
fn repository<'a>(results: &'a Results, lost: &LostImage) -> &'a str {
    let mut records = results.rows.iter().filter_map(|it| {
        let found = it.record.images.repositories.get(lost.repository as usize)?;
        Some(found.name.as_str())
    });
    records.next().unwrap_or_default()
}

/// The names of those that need any of them, each once, in the order of the
/// experiment.
fn services(results: &Results, lost: &[&LostImage]) -> Vec<String> {
    let all: BTreeSet<u32> = lost.iter().flat_map(|it| it.services.iter().copied()).collect();
    all.into_iter().filter_map(|it| results.services.get(it as usize).cloned()).collect()
}
