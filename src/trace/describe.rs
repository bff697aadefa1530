//! What a trace holds, in a page: for `berthlab trace describe`.

use std::cmp::Reverse;

use super::quantiles::interpolated;
use super::source::Trace;
use crate::base::SimDuration;
use crate::base::id::Id as _;

/// As many of the commonest needs are listed.
const N_NEEDS: usize = 10;

/// Statistics of a trace as names and values, in the order to be shown.
pub fn describe(trace: &Trace) -> Vec<(String, String)> {
    let n_tasks = trace.n_tasks();
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, value: String| lines.push((name.to_owned(), value));
    line("rows", trace.rows.len().to_string());
    line("tasks", n_tasks.to_string());
    line("batches", trace.n_batches.to_string());
    line("span", (trace.end().since(crate::base::SimTime::ZERO)).to_string());
    line("outlived the trace", count_and_share(trace.n_outliving(), n_tasks));
    if n_tasks == 0 {
        return lines;
    }

    let mut sizes = vec![0_u64; trace.n_batches as usize];
    for row in trace.rows.iter() {
        sizes[row.batch as usize] += u64::from(row.count);
    }
    sizes.sort_unstable();
    line("largest batch", format!("{} tasks", sizes.last().expect("a task has a batch")));
    line("mean batch", format!("{:.2} tasks", n_tasks as f64 / sizes.len() as f64));
    let sizes: Vec<f64> = sizes.into_iter().map(|size| size as f64).collect();
    line(
        "batch size at 50 / 90 / 99 %",
        [0.5, 0.9, 0.99].map(|level| format!("{:.0}", interpolated(&sizes, level))).join(" / "),
    );

    line("vCPU-hours", format!("{:.0}", vcpu_hours(trace)));
    let at = |level| SimDuration::from_millis(lifetime_quantile(trace, level));
    for percent in [10, 25, 50, 75, 90, 99] {
        line(&format!("lifetime at {percent} %"), at(f64::from(percent) / 100.0).to_string());
    }

    let mut counts = vec![0_u64; trace.definitions.len()];
    for row in trace.rows.iter() {
        counts[row.definition.idx()] += u64::from(row.count);
    }
    let mut ids: Vec<_> = trace.definitions.ids().collect();
    ids.sort_by_key(|id| (Reverse(counts[id.idx()]), trace.definitions[*id].needs));
    line("different needs", ids.len().to_string());
    for id in ids.into_iter().take(N_NEEDS) {
        let needs = trace.definitions[id].needs;
        line(&format!("{}, {}", needs.cpu, needs.memory), count_and_share(counts[id.idx()], n_tasks));
    }
    lines
}

/// The CPU time that the tasks take until the end of the trace, each with the
/// middle of what is known of its lifetime.
fn vcpu_hours(trace: &Trace) -> f64 {
    let end = trace.end();
    let vcpu_ms: f64 = trace
        .rows
        .iter()
        .map(|row| {
            let seen = end.since(row.arrival).millis();
            let lifetime = if row.lifetime.outlives() { seen } else { row.lifetime.middle_ms().min(seen) };
            let cpu = trace.definitions[row.definition].needs.cpu;
            f64::from(row.count) * f64::from(cpu.0) / 1024.0 * lifetime as f64
        })
        .sum();
    vcpu_ms / 3_600_000.0
}

/// The lifetime in milliseconds below which this share of the tasks stays; with
/// the least that is known of those that outlived the trace.
fn lifetime_quantile(trace: &Trace, level: f64) -> u64 {
    let mut lifetimes: Vec<(u64, u64)> =
        trace.rows.iter().map(|row| (row.lifetime.middle_ms(), u64::from(row.count))).collect();
    lifetimes.sort_unstable();
    let mut left = (level * (trace.n_tasks().saturating_sub(1)) as f64) as u64;
    for (lifetime, count) in lifetimes {
        match left.checked_sub(count) {
            Some(rest) => left = rest,
            None => return lifetime,
        }
    }
    0
}

fn count_and_share(count: u64, total: u64) -> String {
    if total == 0 {
        count.to_string()
    } else {
        format!("{count} ({:.2} %)", 100.0 * count as f64 / total as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::native;
    use crate::trace::testing::real_file;

    fn value<'a>(lines: &'a [(String, String)], name: &str) -> &'a str {
        lines.iter().find(|line| line.0 == name).map_or("", |line| &line.1)
    }

    #[test]
    fn a_small_trace_is_described_in_full() {
        let text = "arrival_s,batch,count,cpu_units,memory_mib,lifetime_s\n\
                    0,0,3,1024,2048,60\n0,0,1,512,512,3600\n7200,1,1,1024,2048,\n";
        let lines = describe(&native::read(&mut text.as_bytes(), "t.csv").unwrap());
        for (name, expected) in [
            ("tasks", "5"),
            ("batches", "2"),
            ("span", "2h"),
            ("outlived the trace", "1 (20.00 %)"),
            ("largest batch", "4 tasks"),
            ("mean batch", "2.50 tasks"),
            ("lifetime at 50 %", "1m"),
            ("1024 CPU units, 2048 MiB", "4 (80.00 %)"),
        ] {
            assert_eq!(value(&lines, name), expected, "{name}");
        }
    }

    #[test]
    fn an_empty_trace_is_described_too() {
        assert_eq!(value(&describe(&Trace::default()), "tasks"), "0");
    }

    #[test]
    fn the_real_trace_has_the_known_description() {
        let Some(text) = real_file("azure-vm-2017/vm-requests-days-20-24.csv") else { return };
        let (_, trace) =
            crate::trace::formats::read_recognised(&mut text.as_bytes(), "azure", &crate::trace::OneThread)
                .unwrap();
        let lines = describe(&trace);
        assert_eq!(value(&lines, "span"), "3d11h20m");
        assert_eq!(value(&lines, "largest batch"), "587 tasks");
        assert_eq!(value(&lines, "1024 CPU units, 1792 MiB"), "156437 (60.36 %)");
    }
}
