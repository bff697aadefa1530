//! Commands as they are typed: files, formats, exit codes, interruptions.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Bench, LEAST, SMALL, TRACE, assert_equal, finish};

/// 120 runs, each long enough that some are finished and some are not when it
/// is stopped.
const MANY: &[&str] =
    &["--replicates", "60", "--set", "axes.deployment=[\"50/100\"]", "--set", "horizon=30d", "-j", "2"];
/// Nothing is finished for half a minute.
const LONG: &[&str] = &["--set", "horizon=100000d", "-j", "1"];

#[test]
fn a_run_writes_every_file_of_the_contract_and_nothing_temporary() {
    let bench = Bench::with_small();
    let outcome = bench.run_well(&["run", "small.toml"]);
    assert!(outcome.out.contains("report: reports/small/index.html"), "{}", outcome.out);
    let files = bench.files("reports/small");
    let whole = [
        "results.csv",
        "results.parquet",
        "series.parquet",
        "manifest.json",
        "timings.csv",
        "index.html",
        "tables/summary.csv",
        "charts/cost_frontier.svg",
        "charts/cost_frontier.png",
    ];
    for name in whole {
        assert!(files.get(name).is_some_and(|it| !it.is_empty()), "{name} in {:?}", files.keys());
    }
    for (name, content) in &files {
        assert!(!name.contains(".partial") && !name.contains(".tmp"), "{name}");
        let is_right = match name.rsplit('.').next().unwrap() {
            "parquet" => content.starts_with(b"PAR1") && content.ends_with(b"PAR1"),
            "svg" => content.starts_with(b"<svg") || content.starts_with(b"<?xml"),
            "png" => content.starts_with(b"\x89PNG"),
            "json" => serde_json::from_slice::<serde_json::Value>(content).is_ok(),
            _ => std::str::from_utf8(content).is_ok(),
        };
        assert!(is_right, "{name} is not what its name says");
        let other = match name.strip_suffix(".svg") {
            Some(stem) => format!("{stem}.png"),
            None => name.clone(),
        };
        assert!(files.contains_key(&other), "{name} without {other}");
    }
    // A header and one row a run: 2 x 2 settings, 2 replicates.
    assert_eq!(bench.read("reports/small/results.csv").lines().count(), 9);
    assert_eq!(files.keys().filter(|it| it.starts_with("runs/")).count(), 8);
    assert_eq!(bench.read("reports/small/timings.csv").lines().count(), 9);
}

#[test]
fn results_are_the_same_bytes_on_any_number_of_threads() {
    let bench = Bench::with_small();
    let results = ["1", "2", "3", "8"].map(|n_threads| {
        let folder = format!("on-{n_threads}");
        bench.run_well(&["run", "small.toml", "-j", n_threads, "--out", &folder]);
        bench.result(&folder)
    });
    for other in &results[1..] {
        assert_equal(&results[0], other);
    }
}

#[test]
fn what_is_set_on_the_command_line_is_what_is_played() {
    let bench = Bench::with_small();
    let arguments = ["run", "small.toml", "--format", "json", "--force", "--out", "o"];
    let played = |more: &[&str]| -> serde_json::Value {
        let outcome = bench.run_well(&[&arguments[..], more].concat());
        serde_json::from_str(&outcome.out).expect("standard output is one JSON document")
    };
    let plain = played(&[]);
    assert_eq!((plain["seed"].as_u64(), plain["runs"].as_array().unwrap().len()), (Some(5), 8));
    let other = played(&["--seed", "6", "--replicates", "3", "--set", "axes.placement=[\"random\"]"]);
    assert_eq!((other["seed"].as_u64(), other["runs"].as_array().unwrap().len()), (Some(6), 6));
    let fewer = played(&["--set", "service.web.desired_count=0", "--set", "service.web.release=[]"]);
    let hours = |it: &serde_json::Value| it["runs"][0]["instance_hours"].as_f64().unwrap();
    assert!(hours(&fewer) < hours(&plain));
    let renamed = played(&["--set", "name=other"]);
    assert_eq!(renamed["name"], "other");
}

#[test]
fn rows_on_standard_output_are_those_of_the_file() {
    let bench = Bench::with_small();
    let outcome = bench.run_well(&["run", "small.toml", "--format", "csv", "--out", "o"]);
    assert_eq!(outcome.out, bench.read("o/results.csv"));
    let mut reader = csv::Reader::from_reader(outcome.out.as_bytes());
    let header = reader.headers().unwrap().clone();
    assert!(["run", "axis.placement", "cost_usd"].iter().all(|name| header.iter().any(|it| it == *name)));
    assert_eq!(reader.records().map(Result::unwrap).count(), 8);
}

#[test]
fn a_dry_run_shows_the_matrix_and_writes_nothing() {
    let bench = Bench::with_small();
    let outcome = bench.run_well(&["run", "small.toml", "--dry-run"]);
    for part in ["4 settings x 2 replicates = 8 runs", "8 stand-alone tasks", "binpack:cpu · 50/100"] {
        assert!(outcome.out.contains(part), "{part} in {}", outcome.out);
    }
    assert!(!bench.has("reports"));
}

#[test]
fn the_first_experiment_to_run_has_no_fault_and_can_be_made_small() {
    let bench = Bench::new();
    let quickstart = concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/quickstart.toml");
    bench.run_well(&["check", quickstart]);
    let dry = bench.run_well(&["run", quickstart, "--dry-run"]);
    assert!(dry.out.contains("12 settings x 10 replicates = 120 runs"), "{}", dry.out);
    let small = ["--set", "horizon=9h", "--set", "workload.generate.scale=0.02", "--replicates", "1"];
    let releases =
        ["--set", "service.web.release=[]", "--set", "service.api.release=[{at=\"3h\",image=\"i\"}]"];
    bench.run_well(&[&["run", quickstart, "--out", "o"], &small[..], &releases[..]].concat());
    assert_eq!(bench.read("o/results.csv").lines().count(), 13);
}

#[test]
fn a_result_is_replaced_only_when_asked_to() {
    let bench = Bench::new();
    bench.write("least.toml", LEAST);
    bench.run_well(&["run", "least.toml", "--out", "o"]);
    fs::create_dir_all(bench.path("o/tables")).unwrap();
    bench.write("o/tables/of-an-older-version.csv", "old");
    bench.write("o/mine.csv", "mine");
    let before = bench.files("o");

    let outcome = bench.run(&["run", "least.toml", "--out", "o"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.err.contains("already holds a result") && outcome.err.contains("--force"));
    assert_equal(&before, &bench.files("o"));

    bench.run_well(&["run", "least.toml", "--out", "o", "--force", "--set", "service.web.desired_count=1"]);
    let after = bench.files("o");
    assert_ne!(before["results.csv"], after["results.csv"]);
    assert_eq!(after.keys().filter(|it| it.starts_with("runs/")).count(), 1);
    assert!(!after.contains_key("tables/of-an-older-version.csv"));
    assert_eq!(after["mine.csv"], b"mine", "what is not of a result stays");
}

#[test]
fn finished_runs_are_taken_over() {
    let bench = Bench::with_small();
    bench.run_well(&["run", "small.toml", "--out", "whole"]);
    bench.run_well(&["run", "small.toml", "--out", "o"]);
    // As an interruption leaves it, with a run that was cut off in the middle
    // of a write by another program.
    fs::remove_file(bench.path("o/manifest.json")).unwrap();
    fs::remove_file(bench.path("o/results.csv")).unwrap();
    let runs: Vec<String> = bench.files("o/runs").into_keys().collect();
    fs::remove_file(bench.path("o/runs").join(&runs[0])).unwrap();
    bench.write(&format!("o/runs/{}", runs[1]), "{\"digest\":");
    bench.write("o/runs/.partial-x", "half");

    assert_eq!(bench.run(&["run", "small.toml", "--out", "o"]).code, Some(2));
    bench.run_well(&["run", "small.toml", "--out", "o", "--resume"]);
    assert_equal(&bench.result("whole"), &bench.result("o"));
    assert_eq!(bench.read("o/timings.csv").lines().count(), 3, "two were played");
}

#[cfg(unix)]
#[test]
fn an_interruption_keeps_what_is_finished_and_resume_completes_it() {
    let bench = Bench::with_small();
    let arguments = |folder| [&["run", "small.toml", "--out", folder], MANY].concat();
    let child = bench
        .command(&arguments("o"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let number_of_runs = || fs::read_dir(bench.path("o/runs")).map_or(0, Iterator::count);
    while number_of_runs() < 5 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let outcome = crate::support::Outcome::of(&child.wait_with_output().unwrap());
    assert_eq!(outcome.code, Some(130), "{}", outcome.err);
    assert!(outcome.err.contains("runs are finished") && outcome.err.contains("--resume"), "{}", outcome.err);
    let files = bench.files("o");
    for name in files.keys() {
        assert!(name.starts_with("runs/") && !name.contains(".partial") || name == ".lock", "{name}");
    }
    let n_kept = number_of_runs();
    assert!((5..120).contains(&n_kept), "{n_kept}");

    bench.run_well(&[&arguments("o")[..], &["--resume"]].concat());
    assert_eq!(bench.read("o/timings.csv").lines().count(), 1 + 120 - n_kept);
    bench.run_well(&arguments("whole"));
    assert_equal(&bench.result("whole"), &bench.result("o"));
}

#[test]
fn a_report_is_drawn_again_from_what_was_written() {
    let bench = Bench::with_small();
    bench.run_well(&["run", "small.toml", "--out", "o"]);
    let before = bench.files("o");
    fs::remove_file(bench.path("o/index.html")).unwrap();
    fs::remove_dir_all(bench.path("o/charts")).unwrap();
    bench.run_well(&["report", "o"]);
    assert_equal(&before, &bench.files("o"));
}

#[test]
fn a_folder_that_cannot_be_written_is_the_worlds_fault() {
    let bench = Bench::with_small();
    bench.write("a-file", "x");
    for folder in ["a-file", "a-file/below", "/proc/nowhere"] {
        let outcome = bench.run(&["run", "small.toml", "--out", folder]);
        assert_eq!(outcome.code, Some(4), "{folder}: {}", outcome.err);
        assert_eq!(outcome.err.matches("error:").count(), 1, "{}", outcome.err);
        assert!(outcome.err.contains(folder) && outcome.out.is_empty(), "{}", outcome.err);
    }
    assert_eq!(bench.read("a-file"), "x");
    let outcome = bench.run(&["trace", "generate", "nowhere.toml", "-o", "t.csv"]);
    assert_eq!(outcome.code, Some(3));
}

#[cfg(unix)]
#[test]
fn a_link_inside_the_folder_does_not_lead_out_of_it() {
    let bench = Bench::with_small();
    fs::create_dir_all(bench.path("o")).unwrap();
    fs::create_dir_all(bench.path("elsewhere")).unwrap();
    bench.write("precious", "x");
    std::os::unix::fs::symlink(bench.path("precious"), bench.path("o/.lock")).unwrap();
    let outcome = bench.run(&["run", "small.toml", "--out", "o"]);
    assert_eq!(outcome.code, Some(4), "{}", outcome.err);
    fs::remove_file(bench.path("o/.lock")).unwrap();
    std::os::unix::fs::symlink(bench.path("elsewhere"), bench.path("o/charts")).unwrap();
    let outcome = bench.run(&["run", "small.toml", "--out", "o"]);
    assert_eq!(outcome.code, Some(4), "{}", outcome.err);
    assert!(outcome.err.contains("symbolic link"), "{}", outcome.err);
    assert!(bench.files("elsewhere").is_empty() && !bench.has("o/manifest.json"));
    assert_eq!(bench.read("precious"), "x");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_once() {
    let bench = Bench::with_small();
    fs::create_dir_all(bench.path("tiny")).unwrap();
    let tiny = bench.path("tiny");
    let tiny = tiny.to_str().expect("a temporary folder has a plain name");
    // Enough for some of the runs.
    let options = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", tiny];
    let is_mounted =
        Command::new("mount").args(options).stderr(Stdio::null()).status().is_ok_and(|it| it.success());
    if !is_mounted {
        #[expect(clippy::print_stderr, reason = "whoever runs the tests should know what was left out")]
        {
            eprintln!("not tried: only a privileged user can mount a tiny disk");
        }
        return;
    }
    let outcome = bench.run(&["run", "small.toml", "--out", "tiny/o"]);
    let partial: Vec<String> = bench.files("tiny").into_keys().filter(|it| it.contains(".partial")).collect();
    let has_manifest = bench.has("tiny/o/manifest.json");
    let unmounted = Command::new("umount").arg(tiny).status();
    assert_eq!(outcome.code, Some(4), "{}", outcome.err);
    assert!(outcome.err.contains("No space left") && outcome.err.matches("error:").count() == 1);
    assert!(partial.is_empty() && !has_manifest, "{partial:?}");
    assert!(unmounted.is_ok_and(|it| it.success()));
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_that_is_full_is_told_and_one_that_is_closed_is_not() {
    let bench = Bench::with_small();
    let full = fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let outcome = bench.command(&["list", "metrics"]).stdout(full).output().unwrap();
    assert_eq!(outcome.status.code(), Some(4));

    for arguments in [
        &["list", "instance-types"][..],
        &["--help"],
        &["man"],
        &["completions", "bash"],
        &["run", "small.toml", "--dry-run"],
        &["run", "small.toml", "--out", "o"],
    ] {
        let mut child =
            bench.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut told = String::new();
        child.stderr.take().expect("it is piped").read_to_string(&mut told).unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(0), "{arguments:?}: {told}");
        assert!(!told.contains("panic") && !told.contains("error"), "{arguments:?}: {told}");
    }
    assert!(bench.has("o/manifest.json"), "the result is written whether somebody reads or not");
}

#[cfg(unix)]
#[test]
fn a_program_without_any_open_file_does_its_work() {
    let bench = Bench::with_small();
    let mut command = Command::new("sh");
    command
        .args(["-c", "exec \"$0\" run small.toml --out o <&- >&- 2>&-", env!("CARGO_BIN_EXE_berthlab")])
        .current_dir(bench.path("."));
    assert!(command.status().unwrap().success());
    assert!(bench.has("o/manifest.json"));
    // What is written went to files of the result, not to the closed numbers.
    assert_eq!(bench.read("trace.csv"), TRACE);
    assert_eq!(bench.read("small.toml"), SMALL);
}

#[cfg(unix)]
#[test]
fn two_programs_do_not_write_to_one_folder() {
    let bench = Bench::with_small();
    let arguments = [&["run", "small.toml", "--out", "o"], LONG].concat();
    let mut first =
        bench.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    while !bench.has("o/.lock") {
        std::thread::sleep(Duration::from_millis(1));
    }
    // For a moment the folder is locked and the number not yet written.
    let mut names_it = false;
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(2));
        let second = bench.run(&["run", "small.toml", "--out", "o", "--force"]);
        assert_eq!(second.code, Some(4), "{}", second.err);
        assert!(second.err.contains("another process is writing to o"), "{}", second.err);
        names_it |= second.err.contains(&format!("process {}", first.id()));
    }
    assert!(names_it);
    let _ = Command::new("kill").args(["-INT", &first.id().to_string()]).status();
    assert_eq!(first.wait().unwrap().code(), Some(130));
    bench.run_well(&["run", "small.toml", "--out", "o", "--force"]);
}

#[test]
fn every_command_helps() {
    let bench = Bench::new();
    let commands: &[&[&str]] = &[
        &[],
        &["run"],
        &["check"],
        &["trace"],
        &["trace", "import"],
        &["trace", "generate"],
        &["trace", "fit"],
        &["trace", "describe"],
        &["report"],
        &["list"],
        &["completions"],
        &["man"],
    ];
    for command in commands {
        for flag in ["--help", "-h"] {
            let outcome = bench.run_well(&[command, &[flag][..]].concat());
            assert!(outcome.out.contains("Usage: berthlab"), "{command:?}: {}", outcome.out);
            assert!(outcome.err.is_empty() && !outcome.out.contains('\u{1b}'));
        }
    }
    assert!(bench.run_well(&["--version"]).out.starts_with("berthlab "));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = bench.run_well(&["completions", shell]).out;
        assert!(text.contains("berthlab") && text.contains("replicates"), "{shell}");
    }
    assert!(bench.run_well(&["man"]).out.contains(".TH berthlab"));
}

#[test]
fn every_list_has_lines_of_a_name_and_a_summary() {
    let bench = Bench::new();
    for (kind, known) in [
        ("strategies", "binpack"),
        ("constraints", "distinctInstance"),
        ("controllers", "rolling"),
        ("metrics", "cost_usd"),
        ("charts", "cost_frontier"),
        ("formats", "azure-vm-2017"),
        ("instance-types", "m6i.large"),
        ("prices", "ebs:gp3_gib_month"),
        ("options", "tie_break"),
    ] {
        let text = bench.run_well(&["list", kind]).out.to_lowercase();
        assert!(text.contains(&known.to_lowercase()), "{known} in {text}");
        assert!(text.lines().all(|it| it.split_whitespace().count() > 1), "{text}");
    }
}

#[test]
fn a_list_of_prices_is_of_a_region_and_of_what_is_asked_for() {
    let bench = Bench::new();
    let list = |more: &[&str]| bench.run_well(&[&["list"], more].concat()).out;
    let prices = list(&["prices", "--region", "us-east-1", "--filter", "alb:"]);
    let rows: Vec<&str> = prices.lines().collect();
    assert_eq!(
        rows,
        ["alb:hour      us-east-1 0.0225 USD (2026-08-21)", "alb:lcu_hour  us-east-1 0.008 USD (2026-08-21)"]
    );
    let types = list(&["instance-types", "--region", "us-west-2", "--filter", "m5.l"]);
    let expected = "m5.large  2 vCPU, 8192 MiB, 2 awsvpc tasks (10 with trunking); us-west-2 0.096 USD/h (2022-09-03), Spot ";
    assert!(types.starts_with(expected) && types.contains("% interrupted a month (2025-07-28)"), "{types}");
    assert!(!types.contains("us-east-1"), "{types}");
    assert_eq!(list(&["prices", "--filter", "nothing of the kind"]), "");
    let outcome = bench.run(&["list", "prices", "--region", "us-est-1"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.err);
    assert!(
        outcome.err.contains("B0119") && outcome.err.contains("did you mean `us-east-1`"),
        "{}",
        outcome.err
    );
}

#[test]
fn what_cannot_be_asked_for_is_a_fault_of_usage() {
    let bench = Bench::with_small();
    let cases: &[&[&str]] = &[
        &[],
        &["rnu"],
        &["run"],
        &["run", "small.toml", "--nonsense"],
        &["run", "small.toml", "-j", "0"],
        &["run", "small.toml", "-j", "1000000"],
        &["run", "small.toml", "--seed", "-1"],
        &["run", "small.toml", "--seed", "1.5"],
        &["run", "small.toml", "--replicates", "4294967296"],
        &["run", "small.toml", "--format", "xml"],
        &["run", "small.toml", "--force", "--resume"],
        &["run", "small.toml", "--out", ""],
        &["list", "nothing"],
        &["list", "metrics", "--region", "us-east-1"],
        &["completions", "cmd"],
        &["check"],
        &["trace", "generate", "p.toml"],
    ];
    for arguments in cases {
        let outcome = bench.run(arguments);
        assert_eq!(outcome.code, Some(2), "{arguments:?}: {}", outcome.err);
        assert!(outcome.out.is_empty() && !outcome.err.is_empty(), "{arguments:?}");
    }
    assert!(!bench.has("reports"));
}

#[test]
fn quiet_is_quiet_and_nothing_is_coloured_off_a_terminal() {
    let bench = Bench::with_small();
    let outcome = bench.run_well(&["run", "small.toml", "--out", "o", "-q", "--format", "csv"]);
    assert_eq!(outcome.err, "");
    for value in ["", "1"] {
        let mut command = bench.command(&["check", "nowhere.toml"]);
        command.env("NO_COLOR", value).env("CLICOLOR_FORCE", "1").env_remove("HOME").env("TZ", "Odd/Zone");
        let outcome = finish(command);
        assert_eq!(outcome.code, Some(3));
        assert!(!outcome.err.contains('\u{1b}'), "{}", outcome.err);
    }
}

#[test]
fn a_trace_is_generated_described_fitted_and_checked() {
    let bench = Bench::new();
    let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/profiles/azure-vm-2017.toml");
    let arguments = ["trace", "generate", profile, "--horizon", "12h", "--scale", "0.05", "-o"];
    bench.run_well(&[&arguments[..], &["one.csv"]].concat());
    bench.run_well(&[&arguments[..], &["two.csv"]].concat());
    assert_eq!(bench.read("one.csv"), bench.read("two.csv"), "the same seed, the same trace");
    assert!(bench.run_well(&["trace", "describe", "one.csv"]).out.contains("tasks"));
    bench.run_well(&["trace", "import", "berthlab", "one.csv", "-o", "three.csv"]);
    assert_eq!(bench.read("one.csv"), bench.read("three.csv"));
    bench.run_well(&["trace", "fit", "one.csv", "-o", "fitted.toml"]);
    let outcome = bench.run_well(&["check", "one.csv", "fitted.toml", profile]);
    assert_eq!(outcome.out, "3 files without fault\n");
}
