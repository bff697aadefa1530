//! Disruptions that cannot be: each is refused with its code and its place.

use berthlab::base::Diagnostic;
use berthlab::experiment::matrix::{self, SourceText};

use crate::support::Bench;

/// A cluster with a Spot group in two zones; the disruption begins in line 17.
fn read(disruption: &str, files: &[(&str, &str)]) -> Result<matrix::Experiment, Vec<Diagnostic>> {
    let bench = Bench::new();
    for (name, content) in files {
        bench.write(name, content);
    }
    let text = format!(
        r#"name = "bad"
horizon = "1h"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b"]
[[cluster.capacity_provider]]
name = "spot"
instance_type = "m6i.large"
max_size = 4
on_demand_percentage_above_base_capacity = 0
[[cluster.capacity_provider]]
name = "general"
instance_type = "m6i.xlarge"
max_size = 4
[[service]]
name = "web"
task_definition = {{ cpu = 256, memory = 512 }}
desired_count = 2
[[disruption]]
{disruption}
"#
    );
    let source = SourceText { file: "bad.toml".to_owned(), text, overrides: Vec::new() };
    matrix::read(source, &bench.path(""))
}

#[track_caller]
fn refused(disruption: &str, files: &[(&str, &str)], code: &str, words: &str) {
    let Err(found) = read(disruption, files) else { panic!("not refused: {disruption}") };
    let told = format!("{found:?}");
    assert!(found.iter().any(|it| it.code == code) && told.contains(words), "{disruption}\n{found:#?}");
    assert!(found.iter().all(|it| it.place.is_some()), "a fault has its place: {found:#?}");
}

#[test]
fn what_cannot_be_is_refused_at_its_place() {
    for (disruption, code, words) in [
        ("kind = \"spot_drougt\"", "B0108", "did you mean `spot_drought`"),
        ("mean_time_to_failure = 1", "B0105", "`kind` is missing"),
        ("kind = \"instance_failure\"", "B0105", "mean_time_to_failure"),
        ("kind = \"instance_failure\"\nmean_time_to_failure = 0", "B0106", "no time"),
        ("kind = \"instance_failure\"\nmean_time_to_failure = \"1ms\"", "B0107", "a second at least"),
        ("kind = \"instance_failure\"\nmean_time_to_failure = -1", "B0106", "-1"),
        (
            "kind = \"instance_failure\"\nmean_time_to_failure = 60\ndistribution = \"normal\"",
            "B0108",
            "normal",
        ),
        (
            "kind = \"instance_failure\"\nmean_time_to_failure = 60\ndistribution = \"weibull\"\nshape = 1e-9",
            "B0107",
            "below 0.1",
        ),
        (
            "kind = \"instance_failure\"\nmean_time_to_failure = 60\ndistribution = \"lognormal\"",
            "B0105",
            "sigma",
        ),
        (
            "kind = \"instance_failure\"\nmean_time_to_failure = 60\nshape = 2\ndistribution = \"exponential\"",
            "B0104",
            "shape",
        ),
        ("kind = \"spot_interruption\"", "B0105", "interruptions_per_hour"),
        ("kind = \"spot_interruption\"\ninterruptions_per_hour = -0.1", "B0107", "-0.1"),
        ("kind = \"spot_interruption\"\ninterruptions_per_hour = nan", "B0107", "nan"),
        ("kind = \"spot_interruption\"\ninterruptions_per_hour = 1e9", "B0107", "at most 3600"),
        ("kind = \"spot_interruption\"\nmonthly_share_percent = 100", "B0107", "above 99"),
        (
            "kind = \"spot_interruption\"\nmonthly_share_percent = 5\ninterruptions_per_hour = 1",
            "B0111",
            "one of",
        ),
        ("kind = \"spot_drought\"", "B0105", "`from` and `to`"),
        ("kind = \"spot_drought\"\nfrom = \"20m\"\nto = \"10m\"", "B0137", "ends before it begins"),
        ("kind = \"spot_drought\"\nfrom = \"20m\"\nto = \"20m\"", "B0137", "lasts no time"),
        ("kind = \"spot_drought\"\nfrom = \"1h\"\nto = \"2h\"", "B0137", "at the horizon"),
        ("kind = \"spot_drought\"\nwindows = [{ from = 0, to = 9 }]\nfrom = 0\nto = 9", "B0111", "exclude"),
        ("kind = \"spot_drought\"\nfrom = \"20m\"", "B0105", "`to` is missing"),
        ("kind = \"spot_drought\"\nwindows = [{ from = 9, to = 8 }]", "B0137", "ends before"),
        ("kind = \"zone_outage\"\nfrom = 0\nto = 9", "B0105", "availability_zone"),
        (
            "kind = \"zone_outage\"\nfrom = 0\nto = 9\navailability_zone = \"us-east-1c\"",
            "B0117",
            "us-east-1a",
        ),
        (
            "kind = \"zone_outage\"\nfrom = 0\nto = 9\navailability_zone = \"us-east-1a\"\ninstance_type = \"m6i.large\"",
            "B0104",
            "instance_type",
        ),
        ("kind = \"launch_failure\"\ncapacity_provider = \"spto\"", "B0117", "did you mean `spot`"),
        ("kind = \"launch_failure\"\ninstance_type = \"m6i.lrage\"", "B0118", "m6i.large"),
        ("kind = \"launch_failure\"\nshare_percent = 101", "B0107", "101"),
        ("kind = \"launch_failure\"\nshare_percent = 0", "B0107", "above 0"),
        ("kind = \"slow_start\"", "B0105", "boot_time"),
        ("kind = \"slow_start\"\nboot_time_min = 90", "B0105", "boot_time_max"),
        ("kind = \"slow_start\"\nboot_time_min = 90\nboot_time_max = 60", "B0110", "above"),
        ("kind = \"slow_start\"\nboot_time_median = 90\nsigma = -1", "B0107", "-1"),
        (
            "kind = \"agent_disconnect\"\nmean_time_between_disconnects = 60\nduration = 0",
            "B0106",
            "duration",
        ),
        ("kind = \"spot_availability\"", "B0105", "trace"),
        ("kind = \"spot_availability\"\ntrace = \"none.csv\"", "B0140", "none.csv"),
    ] {
        refused(disruption, &[], code, words);
    }
}

const HEADER: &str = "at_s,availability_zone,instance_type,available\n";

#[test]
fn a_trace_that_does_not_go_with_the_run_is_refused() {
    let availability = "kind = \"spot_availability\"\ntrace = \"t.csv\"\n";
    let whole = "0,us-east-1a,m6i.large,2\n0,us-east-1b,m6i.large,2\n";
    for (rows, more, code, words) in [
        // As files: out of order, a gap, twice the same, empty.
        ("60,us-east-1a,m6i.large,2\n0,us-east-1a,m6i.large,2\n", "", "B0215", "not after"),
        ("0,us-east-1a,m6i.large,2\n0,us-east-1a,m6i.large,1\n", "", "B0215", "not after"),
        (
            "0,us-east-1a,m6i.large,2\n9,us-east-1a,m6i.large,\n20,us-east-1a,m6i.large,2\n",
            "",
            "B0221",
            "a gap",
        ),
        ("", "", "B0201", "without rows"),
        ("0,us-east-1a,m6i.large,-2\n", "", "B0211", "-2"),
        // As traces of this run.
        ("0,eu-west-1a,m6i.large,2\n", "", "B0138", "trace_zone"),
        ("0,us-east-1a,m6i.xlarge,2\n", "", "B0138", "launched as Spot"),
        ("60,us-east-1a,m6i.large,2\n", "", "B0139", "nothing is known before"),
        ("0,us-east-1a,m6i.large,2\n600,us-east-1a,m6i.large,\n", "", "B0139", "`repeat = true`"),
        (whole, "trace_zone = \"eu-west-1a\"", "B0143", "us-east-1b m6i.large"),
        (whole, "trace_instance_type = \"m6i.large\"", "B0143", "several series"),
        (whole, "scale = 0", "B0107", "from 1"),
        (whole, "trace_zone = \"us-east-1a\"\nfrom = 0", "B0104", "from"),
    ] {
        refused(&format!("{availability}{more}"), &[("t.csv", &format!("{HEADER}{rows}"))], code, words);
    }
    let prices = "availability_zone,instance_type,hour_utc,usd_max\n\
                  us-east-1a,m6i.large,2015-03-12T00,0.1\nus-east-1a,m6i.large,2015-03-12T02,0.1\n";
    refused("kind = \"spot_price\"\ntrace = \"t.csv\"", &[("t.csv", prices)], "B0221", "a gap");
    let lifetimes = "kind = \"instance_failure\"\ntrace = \"t.csv\"";
    refused(lifetimes, &[("t.csv", "lifetime_s\n0\n")], "B0213", "zero");
    refused(&format!("{lifetimes}\nmean_time_to_failure = 9"), &[], "B0111", "exclude");
}

/// A trace of one series may stand for all, may be begun in its middle and begin
/// again at its end; and one of no Spot at all meets nobody, which is no fault.
#[test]
fn what_a_trace_says_is_laid_over_the_run() {
    let rows = format!("{HEADER}0,x,y,3\n600,x,y,1\n1200,x,y,\n");
    let more = "kind = \"spot_availability\"\ntrace = \"t.csv\"\ntrace_zone = \"x\"\ntrace_from = \"5m\"\nrepeat = true\n\
                scale = 10";
    let Ok(read_whole) = read(more, &[("t.csv", &rows)]) else { panic!("refused") };
    let disruptions = &read_whole.settings[0].setup.disruptions;
    assert_eq!(disruptions.len(), 2, "one for each zone: {disruptions:#?}");
    let supply = disruptions[0].kind.supply().expect("it says how much there is");
    let at = |minute: u64| supply.at(berthlab::base::SimTime::from_secs(60 * minute));
    // The run begins at 5 min of a trace of 20 min.
    let expected = [30, 30, 10, 10, 30, 10, 30];
    assert_eq!([0, 4, 5, 14, 15, 25, 35].map(at), expected.map(Some));

    let on_demand = "kind = \"spot_availability\"\ntrace = \"t.csv\"\ncapacity_provider = \"general\"";
    let Ok(experiment) = read(on_demand, &[("t.csv", &rows)]) else { panic!("refused") };
    assert_eq!(experiment.settings[0].setup.disruptions, []);
}
