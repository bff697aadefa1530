//! Inputs that are wrong, hostile or merely odd: each is refused with a code and
//! its place before anything is written, or played to an end that says so.

use std::fs;

use crate::support::{Bench, LEAST, SMALL, TRACE, finish};

/// A fault as the program tells it: code, line, column, a part of its words.
pub(crate) type Told = (&'static str, u64, u64, &'static str);

/// Checks a file, and that `run` refuses it with exit code 3 and writes nothing.
#[track_caller]
pub(crate) fn refused(bench: &Bench, what: &str, text: impl AsRef<[u8]>, expected: &[Told]) {
    bench.write("x.toml", text);
    let checked = bench.run(&["check", "x.toml", "--format", "json"]);
    assert_eq!(checked.code, Some(3), "{what}: {}{}", checked.out, checked.err);
    let report: serde_json::Value = serde_json::from_str(&checked.out).expect("JSON");
    let faults = report["faults"].as_array().expect("a list of faults");
    let places: Vec<_> = faults
        .iter()
        .map(|it| (it["code"].as_str().unwrap(), it["line"].as_u64(), it["column"].as_u64()))
        .collect();
    let wanted: Vec<_> = expected.iter().map(|it| (it.0, Some(it.1), Some(it.2))).collect();
    assert_eq!(places, wanted, "{what}: {}", checked.out);
    for (fault, told) in faults.iter().zip(expected) {
        let words = format!("{} {}", fault["message"], fault["help"]);
        assert!(words.contains(told.3), "{what}: `{}` in {words}", told.3);
    }

    let played = bench.run(&["run", "x.toml", "--out", "o"]);
    assert_eq!(played.code, Some(3), "{what}: {}", played.err);
    for told in expected {
        assert!(played.err.contains(&format!("error[{}]", told.0)), "{what}: {}", played.err);
    }
    assert!(played.out.is_empty() && !bench.has("o"), "{what}: something was written");
}

/// The least experiment with one thing changed.
#[track_caller]
fn changed(from: &str, to: &str) -> String {
    assert_eq!(LEAST.matches(from).count(), 1, "`{from}` is there once");
    LEAST.replace(from, to)
}

#[test]
fn a_value_out_of_its_range_is_refused_at_its_place() {
    let bench = Bench::new();
    let with_group = |fields: &str| {
        let group =
            format!("[[cluster.capacity_provider]]\nname = \"g\"\ninstance_type = \"m6i.large\"\n{fields}");
        changed("instances = 3\ninstance_type = \"m6i.large\"", &group)
    };
    let with_service = |line: &str| changed("desired_count = 2\n", &format!("desired_count = 2\n{line}\n"));
    let of_strategy = |items: &str| with_service(&format!("capacity_provider_strategy = [{items}]"));
    let horizon = |value: &str| changed("\"1h\"", value);
    let desired = |value: &str| changed("desired_count = 2", &format!("desired_count = {value}"));
    let six = "placement_strategy = \"random,random,random,random,random,random\"";
    let eleven = format!("placement_constraints = [{}]", ["\"distinctInstance\""; 11].join(", "));
    let two_services = format!("{LEAST}{}", &LEAST[LEAST.find("[[service]]").unwrap()..]);
    let cases: &[(String, Told)] = &[
        (horizon("\"-1h\""), ("B0106", 2, 11, "not negative")),
        (horizon("-1"), ("B0106", 2, 11, "not negative")),
        (horizon("0"), ("B0106", 2, 11, "nothing to play")),
        (horizon("\"0s\""), ("B0106", 2, 11, "nothing to play")),
        (horizon("nan"), ("B0106", 2, 11, "nan")),
        (horizon("inf"), ("B0106", 2, 11, "inf")),
        (horizon("1e400"), ("B0106", 2, 11, "1e400")),
        (horizon("0x10"), ("B0106", 2, 11, "0x10")),
        (horizon("\"1_000\""), ("B0106", 2, 11, "1_000")),
        (horizon("\"1,5h\""), ("B0106", 2, 11, "1,5h")),
        (horizon("\"2000y\""), ("B0106", 2, 11, "such as")),
        (horizon("\"99999999999999999999h\""), ("B0106", 2, 11, "1000 years")),
        (horizon("2024-01-01"), ("B0103", 2, 11, "found a date")),
        (horizon("true"), ("B0103", 2, 11, "found a boolean")),
        (horizon("\"1h\"\nwarm_up = \"1h\""), ("B0110", 3, 11, "leaves nothing")),
        (horizon("\"1h\"\nwarm_up = \"2h\""), ("B0110", 3, 11, "leaves nothing")),
        (horizon("\"1h\"\nseed = -1"), ("B0107", 3, 8, "-1")),
        (horizon("\"1h\"\nseed = 18446744073709551616"), ("B0107", 3, 8, "18446744073709551616")),
        (horizon("\"1h\"\nreplicates = 0"), ("B0107", 3, 14, "from 1")),
        (horizon("\"1h\"\nreplicates = 1000000000"), ("B0107", 3, 14, "to 100000")),
        (horizon("\"1h\"\nregion = \"us-est-1\""), ("B0119", 3, 10, "did you mean `us-east-1`")),
        (horizon("\"1h\"\nregion = \"mars\""), ("B0119", 3, 10, "regions with prices")),
        (horizon("\"1h\"\nhorizn = 1"), ("B0104", 3, 1, "did you mean `horizon`")),
        (desired("-1"), ("B0107", 9, 17, "-1")),
        (desired("1.5"), ("B0107", 9, 17, "1.5")),
        (desired("nan"), ("B0107", 9, 17, "nan")),
        (desired("1e3"), ("B0107", 9, 17, "whole number")),
        (desired("0x10"), ("B0107", 9, 17, "0x10")),
        (desired("1000000000"), ("B0107", 9, 17, "to 100000")),
        (desired("\"2\""), ("B0103", 9, 17, "found a string")),
        (desired("{ per_task = nan, series = \"s.csv\" }"), ("B0107", 9, 30, "nan")),
        (desired("{ per_task = 1 }"), ("B0105", 9, 17, "series")),
        (changed("cpu = 512", "cpu = -1"), ("B0107", 8, 27, "-1")),
        (changed("memory = 1024", "memory = 0"), ("B0107", 8, 41, "from 1")),
        (changed("memory = 1024", "memory = 1e400"), ("B0107", 8, 41, "1e400")),
        (
            changed("memory = 1024", "memory = 1024, host_prts = 1"),
            ("B0104", 8, 47, "did you mean `host_ports`"),
        ),
        (changed("m6i.large", "m6i.lrage"), ("B0118", 5, 17, "did you mean `m6i.large`")),
        (changed("m6i.large", "quantum"), ("B0118", 5, 17, "list instance-types")),
        (
            format!("region = \"eu-west-1\"\n{LEAST}[bill]\nnat_gateways = 1\nnat_image_mib = 9\n"),
            ("B0119", 13, 17, "`eu-west-1,nat:gb,0.05,2026-10-01`"),
        ),
        (
            format!("region = \"eu-west-1\"\n{LEAST}[bill]\ninstance_public_ipv4 = true\n"),
            ("B0119", 12, 24, "no price of `public_ipv4:hour`"),
        ),
        (
            changed("m6i.large", "m8g.large").replace("horizon", "region = \"eu-west-1\"\nhorizon"),
            ("B0119", 6, 17, "`eu-west-1,m8g.large,0.1,2026-10-01`"),
        ),
        (changed("instances = 3\n", "instances = 1000000000\n"), ("B0107", 4, 13, "to 1000000")),
        (changed("instances = 3\n", ""), ("B0105", 4, 17, "instances")),
        (with_group("min_size = 5\nmax_size = 4"), ("B0110", 7, 12, "above max_size 4")),
        (with_group("max_size = 4\ntarget_capacity = 0"), ("B0107", 8, 19, "from 1 to 100")),
        (with_group("max_size = 4\ntarget_capacity = 101"), ("B0107", 8, 19, "from 1 to 100")),
        (with_group("max_size = 4\ninstance_warmup_period = \"3h\""), ("B0107", 8, 26, "10000 seconds")),
        (with_group("max_size = 4\navailability_zones = [\"us-east-1x\"]"), ("B0117", 8, 23, "us-east-1x")),
        (with_service("deployment_configuration = \"101/200\""), ("B0107", 10, 28, "at most 100")),
        (
            with_service("deployment_configuration = { maximum_percent = 99 }"),
            ("B0107", 10, 28, "at least 100"),
        ),
        (with_service("deployment_configuration = \"many\""), ("B0107", 10, 28, "50/100")),
        (with_service("deployment_controller = \"bluegreen\""), ("B0108", 10, 25, "bluegreen")),
        (with_service("release = [{ at = \"1h\", image = \"i\" }]"), ("B0110", 10, 19, "before the horizon")),
        (with_service("release = [{ at = \"1m\" }]"), ("B0105", 10, 12, "image")),
        (with_service(six), ("B0112", 10, 22, "at most 5")),
        (with_service(&eleven), ("B0112", 10, 25, "at most 10")),
        (with_service("placement_strategy = \"binpak:cpu\""), ("B0113", 10, 23, "did you mean `binpack`")),
        (
            with_service("placement_strategy = \"random, sprad:x\""),
            ("B0113", 10, 31, "did you mean `spread`"),
        ),
        (with_service("placement_strategy = [{ type = \"binpak\" }]"), ("B0113", 10, 32, "`binpack`")),
        (with_service("placement_strategy = \"binpack:disk\""), ("B0114", 10, 23, "disk")),
        (with_service("placement_strategy = \"binpack\""), ("B0114", 10, 23, "needs")),
        (
            with_service("placement_constraints = [\"distinctInstanc\"]"),
            ("B0115", 10, 27, "`distinctInstance`"),
        ),
        (with_service("capacity_provider_strategy = [\"general\"]"), ("B0117", 10, 31, "general")),
        (of_strategy("\"fixed\", \"FARGATE\""), ("B0190", 10, 40, "not both")),
        (of_strategy("\"FARGATE\", \"FARGATE\""), ("B0190", 10, 42, "already")),
        (
            of_strategy("{ capacity_provider = \"FARGATE\" }, { capacity_provider = \"FARGATE_SPOT\" }"),
            ("B0190", 10, 30, "weight above zero"),
        ),
        (
            of_strategy(
                "{ capacity_provider = \"FARGATE\", base = 1, weight = 1 }, { capacity_provider = \"FARGATE_SPOT\", base = 1 }",
            ),
            ("B0190", 10, 88, "only one"),
        ),
        (of_strategy("{ capacity_provider = \"FARGATE\", weight = 1001 }"), ("B0107", 10, 73, "to 1000")),
        (of_strategy(""), ("B0190", 10, 30, "names a capacity provider")),
        (
            with_group(
                "max_size = 4\nmanaged_scaling = \"DISABLED\"\nmanaged_termination_protection = \"ENABLED\"",
            ),
            ("B0110", 9, 34, "needs managed scaling"),
        ),
        (with_group("max_size = 4\nmanaged_draining = true"), ("B0103", 8, 20, "found a boolean")),
        (
            with_group("max_size = 4\nspot_allocation_strategy = \"cheapest\""),
            ("B0108", 8, 28, "lowest-price"),
        ),
        (changed("\"web\"", "\"\""), ("B0109", 7, 8, "not empty")),
        (
            changed("\"m6i.large\"", "{ cpu_units = 1024, memory_mib = 1024, price_as_of = \"soon\" }"),
            ("B0107", 5, 70, "`soon` is not a day"),
        ),
        (two_services, ("B0111", 10, 1, "`web` is given twice")),
        (
            with_service("[[event]]\nat = \"1m\"\nservice = \"wbe\"\ndesired_count = 1"),
            ("B0117", 12, 11, "`web`"),
        ),
        (
            with_service("[[disruption]]\nkind = \"flood\"\nmean_time_to_failure = 1"),
            ("B0108", 11, 8, "flood"),
        ),
        (with_service("[model]\ntie_brake = 1"), ("B0104", 11, 1, "`tie_break`")),
    ];
    for (text, told) in cases {
        refused(&bench, text, text, &[*told]);
    }
}

#[test]
fn a_name_that_leads_out_of_the_folder_is_refused() {
    let bench = Bench::new();
    let long = "x".repeat(65);
    let hostile = [
        "../../etc/x",
        "/abs",
        "..",
        ".hidden",
        "",
        "a/b",
        "a\\\\b",
        "a\\nb",
        "a\\u0000b",
        "\\u202Eb",
        &long,
    ];
    for name in hostile {
        let text = changed("\"least\"", &format!("\"{name}\""));
        refused(&bench, name, text, &[("B0109", 1, 8, "cannot name a folder")]);
    }
    refused(&bench, "no name", changed("name = \"least\"\n", ""), &[("B0105", 1, 1, "`name` is missing")]);
}

#[test]
fn a_file_that_is_no_experiment_is_refused() {
    let bench = Bench::new();
    let utf16: Vec<u8> =
        [0xFEFF].into_iter().chain(LEAST.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    refused(&bench, "UTF-16", utf16, &[("B0141", 1, 1, "UTF-16")]);
    let invalid = [&b"name = \"x\"\nhorizon = \"\xff\"\n"[..]].concat();
    refused(&bench, "not UTF-8", invalid, &[("B0141", 2, 12, "byte 22")]);
    refused(&bench, "a NUL", "name = \"a\0b\"\n", &[("B0101", 1, 10, "")]);
    let missing = [
        ("B0105", 1, 1, "`cluster` is missing"),
        ("B0105", 1, 1, "`horizon` is missing"),
        ("B0105", 1, 1, "`name` is missing"),
    ];
    let sorted = |text: &str| {
        bench.write("x.toml", text);
        let outcome = bench.run(&["check", "x.toml"]);
        assert_eq!(outcome.code, Some(3));
        for it in missing {
            assert!(outcome.err.contains(it.3), "{}", outcome.err);
        }
    };
    sorted("");
    sorted("\u{feff}");
    sorted("\n# only a comment\n");
    let twice = changed("horizon", "name = \"y\"\nhorizon");
    refused(&bench, "a key twice", twice, &[("B0101", 2, 1, "duplicate key")]);
    refused(&bench, "open quote", changed("\"least\"", "\"least"), &[("B0101", 1, 14, "")]);

    let n = 100_000;
    let dotted = vec!["a"; n].join(".");
    for (what, text) in [
        ("deep lists", format!("a = {}{}", "[".repeat(n), "]".repeat(n))),
        ("deep tables", format!("a = {}1{}", "{a=".repeat(n), "}".repeat(n))),
        ("a deep key", format!("{dotted} = 1")),
        ("a deep header", format!("[{dotted}]")),
        ("a deep axis", format!("[axes]\n{dotted} = [1]")),
        ("a file of NUL", "\0".repeat(n)),
        ("a file of faults", "=[\n".repeat(n)),
        ("a file of unknown fields", (0..n).map(|it| format!("a{it} = 1\n")).collect()),
        ("a file that is too large", "#".repeat(5 << 20)),
    ] {
        bench.write("x.toml", text);
        let outcome = bench.run(&["check", "x.toml"]);
        assert_eq!(outcome.code, Some(3), "{what}: {}", outcome.err);
        assert!(outcome.err.len() < 100_000, "{what} makes {} bytes of complaint", outcome.err.len());
    }
}

#[test]
fn marks_and_line_ends_of_another_system_make_no_difference() {
    let bench = Bench::new();
    bench.write("plain.toml", LEAST);
    bench.write("other.toml", format!("\u{feff}{}", LEAST.replace('\n', "\r\n")));
    bench.run_well(&["run", "plain.toml", "--out", "plain"]);
    bench.run_well(&["run", "other.toml", "--out", "other"]);
    assert_eq!(bench.read("plain/results.csv"), bench.read("other/results.csv"));
    let faulty = changed("\"1h\"", "\"-1h\"").replace('\n', "\r\n");
    refused(&bench, "CRLF", format!("\u{feff}{faulty}"), &[("B0106", 2, 11, "")]);
}

#[test]
fn all_faults_of_a_file_are_told_at_once() {
    let bench = Bench::new();
    let text = r#"name = "a/b"
horizon = "-1h"
sede = 7
[workload]
trace = "nowhere.csv"
placement_strategy = "binpak:cpu"
[cluster]
instances = 3
instance_type = "m6i.lrage"
[[service]]
name = "web"
task_definition = { cpu = 512, memory = 0 }
desired_count = -4
[[event]]
at = "5m"
service = "web"
desired_count = 1
[axes]
seed = [1, 2]
"service.api.desired_count" = [1, 2]
placement = ["random", "random"]
"#;
    let expected = [
        ("B0109", 1, 8, ""),
        ("B0106", 2, 11, ""),
        ("B0104", 3, 1, "did you mean `seed`"),
        ("B0140", 5, 9, "nowhere.csv"),
        ("B0118", 9, 17, ""),
        ("B0107", 12, 41, ""),
        ("B0107", 13, 17, ""),
        ("B0150", 19, 8, "cannot be varied"),
        ("B0150", 20, 32, "`api` is none of web"),
        ("B0150", 20, 35, "`api` is none of web"),
        ("B0111", 21, 24, "twice"),
    ];
    refused(&bench, "many faults", text, &expected);
    // A fault elsewhere hides none in an axis' later values.
    let values = changed("horizon", "sede = 7\nhorizon")
        + "[axes]\nplacement = [\"binpack:cpu\", \"binpak:cpu\"]\ndeployment = [\"50/100\", \"150/100\"]\n";
    bench.write("x.toml", &values);
    let outcome = bench.run(&["check", "x.toml"]);
    for part in ["[B0104]", "did you mean `binpack`", "minimumHealthyPercent must be at most 100"] {
        assert!(outcome.err.contains(part), "{part} in {}", outcome.err);
    }
    // The strategy that the axis overrides is never read: without the axis it is.
    let without_axis = text.split("[axes]").next().unwrap();
    bench.write("x.toml", without_axis);
    let outcome = bench.run(&["check", "x.toml"]);
    assert!(
        outcome.err.contains("error[B0113]") && outcome.err.contains("8 faults found"),
        "{}",
        outcome.err
    );
    // All files of a command, too.
    bench.write("t.csv", "arrival_s,cpu_units,memory_mib,lifetime_s\n0,x,1,1\n");
    let outcome = bench.run(&["check", "x.toml", "t.csv", "nowhere.json"]);
    assert!(outcome.err.contains("10 faults found"), "{}", outcome.err);
}

#[test]
fn an_axis_that_varies_nothing_is_refused() {
    let bench = Bench::new();
    let with = |line: &str| format!("{LEAST}[axes]\n{line}\n");
    let no_service =
        "name = \"x\"\nhorizon = \"1h\"\n[cluster]\ninstances = 1\ninstance_type = \"m6i.large\"\n";
    let cases: &[(String, Told)] = &[
        (with("\"service.web.desired_count\" = [1, 2, 1]"), ("B0111", 11, 38, "twice")),
        (with("\"service.web.desired_count\" = []"), ("B0151", 11, 31, "no value")),
        (with("\"service.web.desired_count\" = 4"), ("B0103", 11, 31, "list of values")),
        (with("\"service.api.desired_count\" = [4]"), ("B0150", 11, 32, "`api` is none of web")),
        (with("\"service.7.desired_count\" = [4]"), ("B0150", 11, 30, "`7` is none of web")),
        (with("\"name.x\" = [4]"), ("B0150", 11, 12, "cannot be varied")),
        (with("\"horizon.x\" = [4]"), ("B0150", 11, 16, "a string")),
        (with("\"service..x\" = [4]"), ("B0150", 11, 17, "empty")),
        (with("\"horizn\" = [4]"), ("B0104", 11, 13, "`horizon`")),
        (with("seed = [1, 2]"), ("B0150", 11, 8, "cannot be varied")),
        (with("region = [\"us-east-1\", \"us-west-2\"]"), ("B0150", 11, 10, "cannot be varied")),
        (format!("{no_service}[axes]\nplacement = [\"random\"]"), ("B0150", 7, 14, "there are none")),
        (format!("{no_service}[axes]\ndeployment = [\"50/100\"]"), ("B0150", 7, 15, "there are none")),
    ];
    for (text, told) in cases {
        let outcome = [*told];
        refused(&bench, text, text, &outcome);
    }
    let text =
        LEAST.replace("[[service]]", "[service]") + "[axes]\nplacement = [\"random\", \"binpack:cpu\"]\n";
    bench.write("single.toml", text);
    bench.run_well(&["run", "single.toml", "--out", "single"]);
}

#[test]
fn a_sweep_that_nobody_can_wait_for_is_refused_by_count() {
    let bench = Bench::new();
    let thousand = |name: &str| {
        let values: Vec<String> = (1..=1000).map(|it| it.to_string()).collect();
        format!("{name} = [{}]\n", values.join(","))
    };
    let axes =
        ["\"service.web.desired_count\"", "\"cluster.instances\"", "\"service.web.task_definition.cpu\""];
    let text = format!("{LEAST}[axes]\n{}", axes.map(thousand).concat());
    refused(&bench, "10^9 settings", text, &[("B0152", 10, 1, "1000000000 settings")]);
    // So many different settings, and so many faulty ones, are still read in a moment.
    let ten_thousand = |sign: &str| -> String {
        let values: Vec<String> = (1..=10_000).map(|it| format!("{sign}{it}")).collect();
        format!("{LEAST}[axes]\n\"service.web.desired_count\" = [{}]\n", values.join(","))
    };
    bench.write("x.toml", ten_thousand(""));
    let outcome = bench.run_well(&["run", "x.toml", "--dry-run"]);
    assert!(outcome.out.contains("10000 settings"));
    bench.write("x.toml", ten_thousand("-"));
    let outcome = bench.run(&["check", "x.toml"]);
    assert_eq!((outcome.code, outcome.err.contains("error[B0102]")), (Some(3), true));
    let many = axes.iter().cycle().take(9).enumerate();
    let many: String = many.map(|(idx, name)| thousand(&name.replace("web.", &format!("{idx}.")))).collect();
    bench.write("x.toml", format!("{LEAST}[axes]\n{many}"));
    let outcome = bench.run(&["check", "x.toml"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.err);
    let text = format!(
        "replicates = 100000\n{LEAST}[axes]\n{}",
        axes[..1].iter().map(|it| thousand(it)).collect::<String>()
    );
    refused(&bench, "10^8 runs", text, &[("B0152", 11, 1, "100000000 runs")]);
}

#[test]
fn what_would_fill_the_memory_is_refused_by_count() {
    let bench = Bench::new();
    let huge = (0..20).map(|it| format!("{it},200000000,1,1,1\n")).collect::<String>();
    bench.write("huge.csv", format!("arrival_s,count,cpu_units,memory_mib,lifetime_s\n{huge}"));
    bench.write(
        "overflow.csv",
        format!("arrival_s,count,cpu_units,memory_mib,lifetime_s\n{huge}21,1000000000,1,1,1\n"),
    );
    let with = |source: &str| changed("[cluster]", &format!("[workload]\n{source}\n[cluster]"));
    refused(
        &bench,
        "4 * 10^9",
        with("trace = \"huge.csv\""),
        &[("B0153", 4, 9, "4000000000 stand-alone tasks")],
    );
    refused(&bench, "beyond 2^32", with("trace = \"overflow.csv\""), &[("B0212", 22, 1, "4294967295")]);
    // What comes after the horizon is no burden.
    let late = huge.lines().map(|it| format!("9{it}\n")).collect::<String>();
    let late = late.replace("9", "99999").lines().take(1).map(|it| format!("{it}\n")).collect::<String>();
    bench.write("late.csv", format!("arrival_s,count,cpu_units,memory_mib,lifetime_s\n{late}"));
    bench.write("x.toml", with("trace = \"late.csv\""));
    bench.run_well(&["run", "x.toml", "--dry-run"]);

    let profiles = concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/profiles");
    let tasks = format!("{profiles}/azure-vm-2017.toml");
    let load = format!("{profiles}/elb-requests.toml");
    let generate = format!("generate = {{ profile = \"{tasks}\", scale = 1000 }}");
    let year = with(&generate).replace("\"1h\"", "\"365d\"");
    refused(&bench, "a generated year", year, &[("B0153", 4, 24, "stand-alone tasks")]);
    let outcome =
        bench.run(&["trace", "generate", &tasks, "--horizon", "365d", "--scale", "1000", "-o", "t.csv"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.err);
    assert!(outcome.err.contains("error[B0153]") && !bench.has("t.csv"));

    bench.write("load.csv", "at_s,value\n0,1\n60,1000000000\n");
    let follows = |what: &str| changed("desired_count = 2", &format!("desired_count = {what}"));
    let series = follows("{ series = \"load.csv\", per_task = 1 }");
    refused(&bench, "a load", series, &[("B0153", 9, 28, "1000000000 tasks")]);
    let drawn = follows(&format!("{{ generate = \"{load}\", per_task = 0.001 }}"));
    refused(&bench, "a drawn load", drawn, &[("B0153", 9, 30, "a service has at most 100000")]);
    let long =
        follows(&format!("{{ generate = \"{load}\", per_task = 20 }}")).replace("\"1h\"", "\"300000d\"");
    refused(&bench, "a long load", long, &[("B0153", 9, 30, "steps of 5m")]);

    let service = |idx: u32| {
        format!(
            "[[service]]\nname = \"s{idx}\"\ntask_definition = {{ cpu = 1, memory = 1 }}\ndesired_count = 100000\n"
        )
    };
    let head = LEAST.split("[[service]]").next().unwrap();
    let text = format!("{head}{}", (0..501).map(service).collect::<String>());
    refused(&bench, "many services", text, &[("B0153", 6, 1, "50100000 tasks together")]);
    let group = |idx: u32| {
        format!(
            "[[cluster.capacity_provider]]\nname = \"g{idx}\"\ninstance_type = \"m6i.large\"\nmin_size = 600000\nmax_size = 600000\n"
        )
    };
    let text = format!("name = \"x\"\nhorizon = \"1h\"\n[cluster]\n{}{}", group(0), group(1));
    refused(&bench, "many instances", text, &[("B0153", 3, 1, "1200000 instances")]);
}

#[test]
fn a_fault_of_a_file_that_is_named_is_told_in_its_own_place() {
    let bench = Bench::new();
    bench.write("trace.csv", "arrival_s,cpu_units,memory_mib,lifetime_s\n0,256,512,60\n5,fast,512,60\n");
    bench.write("x.toml", SMALL);
    let outcome = bench.run(&["run", "x.toml", "--out", "o"]);
    assert_eq!(outcome.code, Some(3));
    for part in ["error[B0210]", "trace.csv:3:3", "`fast`, expected a plain decimal number"] {
        assert!(outcome.err.contains(part), "{part} in {}", outcome.err);
    }
    assert!(!bench.has("o"));

    let prices = changed("horizon", "prices = \"p.csv\"\nhorizon");
    let header = "region,instance_type,usd_per_hour,as_of\n";
    for (text, line, column, part) in [
        (String::new(), 1, 1, "empty"),
        ("price\n".to_owned(), 1, 1, "expected the header"),
        (format!("{header}us-east-1,m6i.large,NaN,2026-10-01\n"), 2, 21, "NaN"),
        (format!("{header}us-east-1,m6i.large,-1,2026-10-01\n"), 2, 21, "-1"),
        (format!("{header}us-east-1,m6i.large,1e400,2026-10-01\n"), 2, 21, "1e400"),
        (format!("{header}us-east-1,m6i.large,1,2026-02-30\n"), 2, 23, "2026-02-30"),
        (format!("{header}us-east-1,m6i.large,1\n"), 2, 1, "4 cells"),
        (format!("{header}us-east-1,m6i.large,10000.5,2026-10-01\n"), 2, 21, "10000 USD"),
        (format!("{header}us-east-1,alb:our,1,2026-10-01\n"), 2, 11, "did you mean `alb:hour`"),
        (format!("{header}us-east-1,spot:m6i,1,2026-10-01\n"), 2, 11, "nothing that has a price"),
        (format!("{header}US East,m6i.large,1,2026-10-01\n"), 2, 1, "such as us-east-1"),
        (format!("{header}us-east-1;m6i.large;1;2026-10-01\n"), 2, 1, "4 cells"),
    ] {
        bench.write("p.csv", text);
        refused(&bench, part, &prices, &[("B0120", line, column, part)]);
    }
    let twice = "us-east-1,spot:m6i.large,1,2026-10-01\n".repeat(2);
    bench.write("p.csv", format!("region,item,usd,as_of\n{twice}us-east-1,m6i.large,-1,soon\n"));
    refused(
        &bench,
        "all faults of prices",
        &prices,
        &[("B0111", 3, 11, "given twice"), ("B0120", 4, 21, "-1"), ("B0120", 4, 24, "soon")],
    );
    bench.write("p.csv", b"\xff");
    refused(&bench, "prices of bytes", &prices, &[("B0141", 1, 1, "UTF-8")]);
    bench.write(
        "p.csv",
        format!("\u{feff}{header}us-east-1,m6i.large,0.5,2026-10-01\r\n").replace("_of\n", "_of\r\n"),
    );
    bench.write("x.toml", &prices);
    bench.run_well(&["run", "x.toml", "--out", "o"]);
    assert!(bench.read("o/manifest.json").contains("2026-10-01"));
    fs::remove_dir_all(bench.path("o")).unwrap();

    let definition = changed("{ cpu = 512, memory = 1024 }", "\"d.json\"");
    let deep = "[".repeat(100_000);
    let nameless = "{\"family\": \"f\", \"containerDefinitions\": [{\"cpu\": 1}]}";
    let no_container = ("B0302", 1, 1, "no container");
    let cases: &[(&str, &[(&str, u64, u64, &str)])] = &[
        ("{", &[("B0350", 1, 2, "end of the file")]),
        ("", &[("B0356", 1, 1, "empty")]),
        (&deep, &[("B0351", 1, 129, "128")]),
        ("[]", &[("B0360", 1, 1, "a list")]),
        ("null", &[("B0360", 1, 1, "null")]),
        (
            nameless,
            &[
                ("B0303", 1, 42, "no name"),
                ("B0304", 1, 42, "no image"),
                ("B0306", 1, 42, "neither `memory` nor `memoryReservation`"),
            ],
        ),
        ("{}", &[("B0301", 1, 1, "`family` is missing"), no_container]),
        ("{\"family\": \"f\"}", &[no_container]),
    ];
    for (text, told) in cases {
        bench.write("d.json", text);
        refused(&bench, text, &definition, told);
    }
}

#[test]
fn what_is_no_file_is_neither_read_nor_waited_for() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("folder.csv")).unwrap();
    fs::create_dir_all(bench.path("folder.toml")).unwrap();
    let mut paths = vec!["nowhere.csv", "folder.csv", "small.toml/below", "\\u0000"];
    if cfg!(unix) {
        let made = std::process::Command::new("mkfifo").arg(bench.path("pipe.csv")).status();
        if made.is_ok_and(|it| it.success()) {
            paths.push("pipe.csv");
        }
        paths.extend(["/dev/zero", "/dev/stdin"]);
    }
    for path in paths {
        let trace = changed("[cluster]", &format!("[workload]\ntrace = \"{path}\"\n[cluster]"));
        refused(&bench, path, trace, &[("B0140", 4, 9, "cannot read")]);
        let prices = changed("horizon", &format!("prices = \"{path}\"\nhorizon"));
        refused(&bench, path, prices, &[("B0140", 2, 10, "cannot read")]);
        if !path.starts_with('\\') {
            for command in [&["trace", "describe", path][..], &["run", path], &["report", path]] {
                let outcome = bench.run(command);
                assert_eq!(outcome.code, Some(3), "{command:?}: {}", outcome.err);
                assert!(outcome.err.contains("cannot read"), "{}", outcome.err);
            }
        }
    }
    for path in ["nowhere.toml", "folder.toml", "folder.csv", "x.yaml"] {
        let outcome = bench.run(&["check", path]);
        assert_eq!((outcome.code, outcome.err.contains(path)), (Some(3), true), "{}", outcome.err);
    }
}

#[test]
fn a_field_that_cannot_be_set_is_told_with_what_was_typed() {
    let bench = Bench::new();
    bench.write("x.toml", LEAST);
    let deep = format!("{}=1", vec!["a"; 50_000].join("."));
    let cases: &[(&str, &str, &str, &str)] = &[
        ("service.web.desired_count", "B0150", "--set:1:1", "PATH=VALUE"),
        ("", "B0150", "--set:1:1", "PATH=VALUE"),
        ("=5", "B0150", "--set:1:2", "empty"),
        ("service.api.desired_count=5", "B0150", "--set:1:27", "`api` is none of web"),
        ("service.web.desired_cuont=5", "B0104", "--set:1:27", "`desired_count`"),
        ("srevice.web.desired_count=5", "B0104", "--set:1:27", "`service`"),
        ("service.web.desired_count=", "B0103", "--set:1:27", "found a string"),
        ("service.web.desired_count=many", "B0103", "--set:1:27", "found a string"),
        ("service.web.desired_count=nan", "B0107", "--set:1:27", "nan"),
        ("service.web=5", "B0103", "--set:1:13", "expected a table"),
        ("name.x=5", "B0150", "--set:1:8", "a string"),
        ("name=../x", "B0109", "--set:1:6", "cannot name a folder"),
        ("horizon=-1h", "B0106", "--set:1:9", "not negative"),
        (&deep, "B0150", "column 100001", "at most 80 parts"),
    ];
    for (typed, code, place, part) in cases {
        let outcome = bench.run(&["run", "x.toml", "--out", "o", "--set", typed]);
        assert_eq!(outcome.code, Some(3), "{typed:.50}: {}", outcome.err);
        for part in [&format!("error[{code}]"), *place, *part] {
            assert!(outcome.err.contains(part), "{part} in {}", outcome.err);
        }
        assert!(!bench.has("o"));
    }
}

#[test]
fn a_workload_of_nothing_is_played_and_is_zero() {
    let bench = Bench::with_small();
    bench.write("trace.csv", TRACE.lines().next().unwrap());
    bench.write("x.toml", SMALL.split("[[service]]").next().unwrap());
    bench.run_well(&["run", "x.toml", "--out", "o"]);
    assert!(bench.read("o/results.csv").lines().count() == 3);
    for (name, value) in [("tasks_submitted", "0"), ("tasks_placed", "0"), ("cost_usd", "0")] {
        assert_eq!(cell(&bench, "o", name), value, "{name}");
    }
    for horizon in ["1ms", "1s", "1000d"] {
        let set = format!("horizon={horizon}");
        bench.write("x.toml", LEAST);
        let outcome = bench.run_well(&["run", "x.toml", "--out", "o", "--force", "--set", &set]);
        assert!(!outcome.out.contains("NaN") && !outcome.out.contains("inf"), "{}", outcome.out);
        assert!(!bench.read("o/results.csv").contains("NaN"));
    }
}

#[test]
fn what_can_never_run_is_reported_and_the_run_goes_on() {
    let bench = Bench::new();
    let never = |text: String, more: &[&str]| {
        bench.write("x.toml", text);
        let arguments = ["run", "x.toml", "--out", "o", "--force"];
        bench.run_well(&[&arguments[..], more].concat()).out
    };
    // Too large for every instance, as a task and as a service.
    bench.write(
        "trace.csv",
        "arrival_s,count,cpu_units,memory_mib,lifetime_s\n0,2,999999,1,60\n0,3,256,256,60\n",
    );
    let text = changed("[cluster]", "[workload]\ntrace = \"trace.csv\"\n[cluster]");
    let out = never(text.clone(), &[]);
    assert!(out.contains("2 tasks fit no instance"), "{out}");
    assert_eq!(
        (cell(&bench, "o", "tasks_never_placed"), cell(&bench, "o", "tasks_submitted")),
        ("2".into(), "5".into())
    );
    never(text, &["--set", "workload.unplaced=drop"]);
    let out = never(changed("cpu = 512", "cpu = 999999"), &[]);
    assert!(out.contains("2 tasks fit no instance"), "{out}");
    assert_eq!(cell(&bench, "o", "availability_percent"), "0");
    // No room on a fixed pool, and no instance at all.
    never(changed("desired_count = 2", "desired_count = 100"), &[]);
    assert!(cell(&bench, "o", "availability_percent").parse::<f64>().unwrap() < 50.0);
    never(changed("instances = 3\n", "instances = 0\n"), &[]);
    assert_eq!(cell(&bench, "o", "availability_percent"), "0");
    // A service of nothing.
    never(changed("desired_count = 2", "desired_count = 0\nrelease = [{ at = \"5m\", image = \"i\" }]"), &[]);
    // Neither may a task stop before another starts, nor start before one stops.
    let release = "desired_count = 2\ndeployment_configuration = \"100/100\"\nrelease = [{ at = \"5m\", image = \"i\" }]";
    let out = never(changed("desired_count = 2", release), &[]);
    assert!(out.contains("deadlock"), "{out}");
    assert_eq!(cell(&bench, "o", "rollouts_deadlocked"), "1");
}

#[test]
fn a_hostile_name_reaches_neither_page_nor_spreadsheet_nor_terminal() {
    let bench = Bench::new();
    let long = "x".repeat(300);
    let names = [
        "<script>alert(1)</script>",
        "\\\"><img src=x onerror=alert(1)>",
        "</style><b>",
        "]]>",
        "{{ 7*7 }}",
        "javascript:alert(1)",
        "=1+1",
        "@SUM(1)",
        "a\\nb",
        "\\u001b[31mred",
        "\\u202Eturned",
        "../../etc/x",
        "CON",
        "a.b",
        "0",
        &long,
    ];
    let services: String = names
        .iter()
        .map(|name| {
            format!("[[service]]\nname = \"{name}\"\ntask_definition = {{ cpu = 64, memory = 64 }}\ndesired_count = 1\nrelease = [{{ at = \"5m\", image = \"i\" }}]\n")
        })
        .collect();
    let head = LEAST.split("[[service]]").next().unwrap();
    // Attributes are free text, and so are the labels that an axis makes of them.
    let values: Vec<String> = names.iter().map(|it| format!("\"{it}\"")).collect();
    let text = format!("{head}{services}[axes]\n\"cluster.attributes.stack\" = [{}]\n", values.join(", "));
    bench.write("x.toml", text);
    let outcome = bench.run_well(&["run", "x.toml", "--out", "o"]);
    assert!(!outcome.out.contains(['\u{1b}', '\u{202e}']), "the terminal is left alone");
    for name in bench.files("o").keys() {
        assert!(!["script", "etc", "CON", "SUM"].iter().any(|it| name.contains(it)), "{name}");
    }
    assert!(!bench.has("etc") && !bench.has("o/etc"));

    let page = bench.read("o/index.html");
    for hostile in ["<script>alert", "<img src=x", "</style><b>", "href=\"javascript"] {
        assert!(!page.contains(hostile), "{hostile}");
    }
    assert!(page.contains("&lt;script&gt;") || page.contains("&#60;script&#62;"));
    for (name, content) in bench.files("o") {
        let text = String::from_utf8_lossy(&content);
        if name.ends_with(".svg") {
            assert!(!text.contains("<script") && !text.contains("<img"), "{name}");
        }
        if name.ends_with(".csv") {
            let mut reader = csv::ReaderBuilder::new().from_reader(&content[..]);
            for cell in
                reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
            {
                let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
                assert!(!is_formula || cell.parse::<f64>().is_ok(), "{name}: {cell}");
            }
        }
    }
    assert_eq!(
        csv::Reader::from_reader(bench.read("o/results.csv").as_bytes()).records().count(),
        names.len()
    );
    bench.run_well(&["report", "o"]);
    assert_eq!(page, bench.read("o/index.html"));
    // The file's own name stands on the page too, in the command to type.
    let name = "<b>'$(x).toml";
    bench.write(name, LEAST);
    bench.run_well(&["run", name, "--out", "own", "--set", "seed= 3"]);
    assert!(!bench.read("own/index.html").contains("<b>'$"));
    let manifest: serde_json::Value = serde_json::from_str(&bench.read("own/manifest.json")).unwrap();
    assert_eq!(manifest["command"], r"berthlab run '<b>'\''$(x).toml' --set 'seed= 3'");
    let outcome = bench.run_well(&["run", "x.toml", "--dry-run"]);
    assert!(!outcome.out.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn a_manifest_that_was_tampered_with_is_refused() {
    let bench = Bench::with_small();
    bench.run_well(&["run", "small.toml", "--out", "o"]);
    let manifest = bench.read("o/manifest.json");
    for (from, to) in [
        ("\"replicates\": 2", "\"replicates\": 0"),
        ("\"replicates\": 2", "\"replicates\": 3"),
        ("\"replicates\": 2", "\"replicates\": -1"),
        ("\"values\": [\n        1,", "\"values\": [\n        7,"),
        ("\"key\": \"", "\"key\": \"../../"),
        ("{", ""),
    ] {
        assert!(manifest.contains(from), "{from} in {manifest}");
        bench.write("o/manifest.json", manifest.replacen(from, to, 1));
        let outcome = bench.run(&["report", "o"]);
        assert_eq!(outcome.code, Some(3), "{from} -> {to}: {}", outcome.err);
        assert!(outcome.err.contains("error[B0160]"), "{}", outcome.err);
    }
    let outcome = finish(bench.command(&["report", "nowhere"]));
    assert_eq!(outcome.code, Some(3));
}

/// The cell of a column in the first row of the results.
fn cell(bench: &Bench, folder: &str, column: &str) -> String {
    let text = bench.read(&format!("{folder}/results.csv"));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let idx = reader.headers().unwrap().iter().position(|it| it == column);
    let row = reader.records().next().expect("a run").unwrap();
    row[idx.unwrap_or_else(|| panic!("no column {column}"))].to_owned()
}
