//! Holds the instruction counts of `cargo bench --bench instructions` against
//! the budgets of `benches/instructions.toml`, or writes them there:
//!
//! ```text
//! cargo run --release --example instruction_budgets [-- --renew]
//! ```
//!
//! Exit code 1 says that a kernel takes too many, has no budget or was not
//! counted. One that takes clearly less than its budget is told: the slack would
//! hide the next loss.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use toml::Value;

const COUNTS: &str = "target/gungraun/berthlab/instructions/kernels";
const BUDGETS: &str = "benches/instructions.toml";

/// Instructions by kernel.
type Counts = BTreeMap<String, u64>;

fn main() -> anyhow::Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let counts = counts(&root.join(COUNTS)).with_context(|| format!("reading {COUNTS}"))?;
    let file = root.join(BUDGETS);
    let text = fs::read_to_string(&file).with_context(|| format!("reading {BUDGETS}"))?;
    if std::env::args().any(|it| it == "--renew") {
        fs::write(&file, renewed(&text, &counts)).with_context(|| format!("writing {BUDGETS}"))?;
        say(&format!("{} budgets written to {BUDGETS}\n", counts.len()));
        return Ok(ExitCode::SUCCESS);
    }
    let (report, is_kept) = compared(&counts, &text)?;
    say(&report);
    Ok(if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[expect(clippy::print_stdout, reason = "a program that reports")]
fn say(text: &str) {
    print!("{text}");
}

/// What Callgrind collected, by kernel: the folders are named `KERNEL.it`.
fn counts(folder: &Path) -> anyhow::Result<Counts> {
    let mut counts = Counts::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(kernel) = path.file_name().and_then(|it| it.to_str()?.strip_suffix(".it")) else { continue };
        // Where the program had several threads each has a profile of its own.
        let mut n = None;
        for file in fs::read_dir(&path)? {
            let file = file?.path();
            if file.extension().is_some_and(|it| it == "out") {
                n = Some(n.unwrap_or(0) + collected(&file)?);
            }
        }
        let n = n.with_context(|| format!("{} has no profile", path.display()))?;
        counts.insert(kernel.to_owned(), n);
    }
    ensure!(!counts.is_empty(), "nothing was counted there");
    Ok(counts)
}

fn collected(profile: &Path) -> anyhow::Result<u64> {
    let text = fs::read_to_string(profile).with_context(|| format!("reading {}", profile.display()))?;
    let number = text.lines().find_map(|line| line.strip_prefix("summary: ")?.trim().parse().ok());
    number.with_context(|| format!("{} has no line `summary: N`", profile.display()))
}

/// The file with its head, and these counts as budgets.
fn renewed(text: &str, counts: &Counts) -> String {
    let head = text.split("[instructions]").next().unwrap_or_default();
    let mut text = format!("{head}[instructions]\n");
    for (kernel, n) in counts {
        writeln!(text, "{kernel} = {n}").expect("a string takes what is written");
    }
    text
}

/// A line for each kernel, and whether all keep their budgets.
fn compared(counts: &Counts, budgets: &str) -> anyhow::Result<(String, bool)> {
    let file: toml::Table = budgets.parse().with_context(|| format!("reading {BUDGETS}"))?;
    let number = |it: &Value| u64::try_from(it.as_integer()?).ok();
    let percent = file.get("tolerance_percent").and_then(number).context("no `tolerance_percent`")?;
    let table = file.get("instructions").and_then(Value::as_table).context("no `[instructions]`")?;
    let (mut report, mut is_kept, mut is_loose) = (String::new(), true, false);
    for (kernel, budget) in table {
        let budget = number(budget).with_context(|| format!("`{kernel}` is no number of instructions"))?;
        let Some(&n) = counts.get(kernel) else {
            is_kept = false;
            writeln!(report, "{kernel:24} {:>12}  budget {budget:>12}  NOT COUNTED", "-")?;
            continue;
        };
        let change = (n as f64 / budget as f64 - 1.0) * 100.0;
        let verdict = if n > budget + budget * percent / 100 {
            is_kept = false;
            "  TOO MANY"
        } else if n < budget - budget * percent / 100 {
            is_loose = true;
            "  loose"
        } else {
            ""
        };
        writeln!(report, "{kernel:24} {n:>12}  budget {budget:>12}  {change:>+6.2} %{verdict}")?;
    }
    for (kernel, n) in counts.iter().filter(|it| !table.contains_key(it.0)) {
        is_kept = false;
        writeln!(report, "{kernel:24} {n:>12}  NO BUDGET")?;
    }
    if !is_kept || is_loose {
        let what = if is_kept { "Loose budgets hide the next loss" } else { "Over budget" };
        writeln!(report, "{what}. Where it is meant: benches/instructions.sh --renew, in the same commit.")?;
    }
    Ok((report, is_kept))
}
