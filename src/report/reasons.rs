//! What a record counts by service and reason, laid side by side over the
//! replicates of a setting.

use crate::experiment::results::Row;
use crate::record::RunRecord;

/// Something that a record counts.
pub(super) struct Counted<'a> {
    /// The position of the service; that of none stands last.
    pub(super) service: usize,
    /// Its name.
    pub(super) name: &'a str,
    /// Why.
    pub(super) reason: &'a str,
    /// How much, in whatever the caller counts.
    pub(super) n: f64,
}

/// One for each service and reason, with a value for every run: a run without
/// it counts as zero. By service, the greatest mean first.
pub(super) fn over_runs<'a>(
    runs: &'a [Row],
    of: impl Fn(&'a RunRecord) -> Vec<Counted<'a>>,
) -> Vec<(Counted<'a>, Vec<f64>)> {
    let mut found: Vec<(Counted<'a>, Vec<f64>)> = Vec::new();
    for (run, row) in runs.iter().enumerate() {
        for counted in of(&row.record) {
            let is_same = |it: &(Counted<'_>, Vec<f64>)| {
                (it.0.service, it.0.reason) == (counted.service, counted.reason)
            };
            let n = counted.n;
            let idx = found.iter().position(is_same).unwrap_or_else(|| {
                found.push((counted, vec![0.0; runs.len()]));
                found.len() - 1
            });
            found[idx].1[run] += n;
        }
    }
    found.iter_mut().for_each(|(counted, values)| counted.n = values.iter().sum::<f64>());
    found.sort_by(|(a, _), (b, _)| {
        a.service.cmp(&b.service).then(b.n.total_cmp(&a.n)).then(a.reason.cmp(b.reason))
    });
    found
}
