//! What of a bill or a commitment cannot be meant.

use crate::bad_input::{Told, refused};
use crate::support::{Bench, LEAST};

#[test]
fn a_bill_that_cannot_be_meant_is_refused_at_its_place() {
    let bench = Bench::new();
    let cases: &[(&str, Told)] = &[
        ("root_volume_gib = -1", ("B0107", 11, 19, "0 to 16384")),
        ("root_volume_gib = 16385", ("B0107", 11, 19, "0 to 16384")),
        ("root_volume_gib = \"big\"", ("B0103", 11, 19, "whole number")),
        ("root_volume_type = \"gp4\"", ("B0108", 11, 20, "gp3")),
        ("instance_public_ipv4 = 1", ("B0103", 11, 24, "true or false")),
        ("month = 32", ("B0107", 11, 9, "28 to 31")),
        ("month = \"lunar\"", ("B0108", 11, 9, "calendar")),
        ("nat_gateways = 1.5", ("B0107", 11, 16, "whole number")),
        ("nat_image_mib = 100", ("B0110", 11, 17, "nat_gateways = 1")),
        ("root_volume = 30", ("B0104", 11, 1, "root_volume_gib")),
    ];
    for (line, told) in cases {
        refused(&bench, line, format!("{LEAST}[bill]\n{line}\n"), &[*told]);
    }
}

#[test]
fn a_commitment_that_cannot_be_meant_is_refused_at_its_place() {
    let bench = Bench::new();
    let plan = "name = \"p\"\nkind = \"compute_savings_plan\"\nusd_per_hour = 0.1\ndiscount_percent = 20\n";
    let family = plan.replace("compute", "ec2_instance");
    let reserved = "name = \"r\"\nkind = \"reserved_instances\"\ninstance_type = \"m6i.large\"\ncount = 2\nusd_per_hour = 0.06\n";
    let cases: &[(String, Told)] = &[
        (plan.replace("0.1", "-0.1"), ("B0107", 13, 16, "amount of 0 to 10000 USD")),
        (plan.replace("0.1", "nan"), ("B0107", 13, 16, "amount of 0 to 10000 USD")),
        (plan.replace("0.1", "1000000.5"), ("B0107", 13, 16, "amount of 0 to 10000 USD")),
        (plan.replace("20", "0"), ("B0181", 14, 20, "0.01 to 99.99")),
        (plan.replace("20", "100"), ("B0181", 14, 20, "0.01 to 99.99")),
        (plan.replace("20", "-5"), ("B0181", 14, 20, "0.01 to 99.99")),
        (plan.replace("20", "12.345"), ("B0181", 14, 20, "0.01 to 99.99")),
        (plan.replace("20", "\"half\""), ("B0103", 14, 20, "percentage")),
        (plan.replace("discount_percent = 20\n", ""), ("B0105", 10, 1, "discount_percent")),
        (plan.replace("compute_savings_plan", "upfront"), ("B0108", 12, 8, "reserved_instances")),
        (plan.replace("\"p\"", "\"\""), ("B0109", 11, 8, "not empty")),
        (format!("{plan}discount_percent_of = {{ fargat = 20 }}\n"), ("B0180", 15, 34, "family `fargat`")),
        (format!("{plan}discount_percent_of = {{ fargate = 120 }}\n"), ("B0181", 15, 35, "99.99")),
        (format!("{plan}discount_percent_of = 20\n"), ("B0103", 15, 23, "fargate = 20")),
        (format!("{plan}instance_family = \"m6i\"\n"), ("B0104", 15, 1, "instance_family")),
        (family.clone(), ("B0105", 10, 1, "instance_family")),
        (format!("{family}instance_family = \"m66i\"\n"), ("B0180", 15, 19, "m6i")),
        (
            format!("{family}instance_family = \"m6i\"\ndiscount_percent_of = {{ fargate = 2 }}\n"),
            ("B0110", 16, 23, "one family"),
        ),
        (reserved.replace("m6i.large", "m6i.larg"), ("B0180", 13, 17, "m6i.large")),
        (reserved.replace("count = 2", "count = -2"), ("B0107", 14, 9, "0 to 1000000")),
        (reserved.replace("count = 2", "count = 2.5"), ("B0107", 14, 9, "whole number")),
        (format!("{plan}[[commitment]]\n{plan}"), ("B0111", 15, 1, "`p` is given twice")),
    ];
    for (lines, told) in cases {
        refused(&bench, lines, format!("{LEAST}[[commitment]]\n{lines}"), &[*told]);
    }
}

#[test]
fn what_a_load_balancer_is_billed_by_has_bounds() {
    let bench = Bench::new();
    let balancer = "[[target_group]]\nname = \"web\"\n[[load_balancer]]\nname = \"front\"\n\
                    listeners = [{ port = 80, target_group = \"web\" }]\n";
    let cases: &[(&str, Told)] = &[
        ("type = \"classic\"", ("B0108", 15, 8, "application")),
        ("scheme = \"public\"", ("B0108", 15, 10, "internet-facing")),
        ("requests_per_connection = 0", ("B0107", 15, 27, "1 to 1000000")),
        ("rules_processed = -1", ("B0107", 15, 19, "0 to 10000")),
        ("connection_time = \"25h\"", ("B0107", 15, 19, "at most")),
        ("connection_time = \"-1s\"", ("B0106", 15, 19, "not negative")),
    ];
    for (line, told) in cases {
        refused(&bench, line, format!("{LEAST}{balancer}{line}\n"), &[*told]);
    }
    for field in ["request_bytes", "response_bytes"] {
        let told = ("B0107", 10, field.len() as u64 + 4, "0 to 1073741824");
        refused(&bench, field, format!("{LEAST}{field} = 1073741825\n"), &[told]);
    }
}

#[test]
fn bills_and_commitments_can_be_varied() {
    let bench = Bench::new();
    let plan = "[[commitment]]\nname = \"plan\"\nkind = \"compute_savings_plan\"\nusd_per_hour = 0.1\n\
                discount_percent = 20\n[bill]\nroot_volume_gib = 10\n";
    let axes = "[axes]\n\"commitment.plan.usd_per_hour\" = [0, 1]\n";
    bench.write("x.toml", format!("{LEAST}{plan}{axes}"));
    let played = bench.run_well(&["run", "x.toml", "--out", "o", "--set", "bill.root_volume_gib=0"]);
    assert!(!played.out.contains("error"), "{}", played.out);
    let runs = std::fs::read_to_string(bench.path("o/results.csv")).expect("a table of results");
    let header: Vec<&str> = runs.lines().next().expect("a header").split(',').collect();
    let column = header.iter().position(|it| *it == "cost_commitments_unused_usd").expect("a column");
    let unused: Vec<&str> =
        runs.lines().skip(1).map(|it| it.split(',').nth(column).expect("a cell")).collect();
    assert_eq!(unused.len(), 2);
    // Three instances at 0.0768 an hour use less than a dollar.
    let dollars: f64 = unused[1].parse().expect("dollars");
    assert!((dollars - (1.0 - 3.0 * 0.0768)).abs() < 1e-9, "{dollars}");
}
