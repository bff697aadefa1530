//! Service auto scaling end to end: metrics that come from a load, policies as
//! they are written, what they do in a run, and what is refused.

use std::path::Path;

use berthlab::base::SimDuration;
use berthlab::conform::examine;
use berthlab::experiment::matrix::{self, Experiment, SourceText};
use berthlab::model::scaling::{AdjustmentType, CapacityBounds, Comparison, PolicyKind, ScalingMetric};
use berthlab::record::{RunRecord, ScalingRecord};
use berthlab::sim;

use crate::bad_input::{Told, refused};
use crate::support::{Bench, LEAST};

fn read(text: &str) -> Experiment {
    let source = SourceText { file: "x.toml".to_owned(), text: text.to_owned(), overrides: Vec::new() };
    matrix::read(source, Path::new(".")).unwrap_or_else(|faults| panic!("{faults:#?}\n{text}"))
}

fn play(text: &str) -> RunRecord {
    let experiment = read(text);
    let workload = experiment.inputs.workload(&experiment.workloads[0], experiment.seed);
    sim::run(&experiment.settings[0].setup, &workload, experiment.seed)
}

/// Ten tasks of 256 units on a pool that holds forty; they want so much CPU
/// together as `load` says, in a run of two hours.
fn scaled(load: &str, service: &str, tables: &str) -> String {
    format!(
        "name = \"scaled\"\nhorizon = \"2h\"\n\
         [model]\nmetric_delay = \"0s\"\nhigh_resolution_metric_delay = \"0s\"\n\
         [cluster]\ninstances = 5\ninstance_type = \"m6i.large\"\n\
         [[service]]\nname = \"web\"\ntask_definition = {{ cpu = 256, memory = 256 }}\ndesired_count = 10\n\
         scalable_target = {{ min_capacity = 2, max_capacity = 40 }}\n\
         load = {{ {load} }}\n{service}\n{tables}\n"
    )
}

const CPU_60: &str = "[[scaling_policy]]\nname = \"cpu\"\nservice = \"web\"\ntarget_value = 60\n\
                      predefined_metric_type = \"ECSServiceAverageCPUUtilization\"";

fn scaling(record: &RunRecord) -> &ScalingRecord {
    record.services[0].scaling.as_ref().expect("it is scaled")
}

/// Second, from, to.
fn activities(record: &RunRecord) -> Vec<(u64, u32, u32)> {
    scaling(record).activities.iter().map(|it| (it.at_ms / 1000, it.from, it.to)).collect()
}

/// Tasks run 13 s after their start and are healthy 40 s later: the first point
/// is low, the second whole.
#[test]
fn utilization_is_used_over_reserved_of_the_running_tasks() {
    // 2304 of 2560 units: 90 %, so 15 tasks after points two to four.
    let record = play(&scaled("cpu_units = 2304", "", CPU_60));
    assert_eq!(activities(&record)[0], (240, 10, 15));
    assert_eq!(scaling(&record).activities[0].cause, "90 % CPU against a target of 60");
    // 15 tasks bear it with 60 %: neither above nor below.
    assert_eq!(activities(&record).len(), 1);
    // No task uses more than it has: 100 %, however much is wanted.
    let record = play(&scaled("cpu_units = 1e9", "", CPU_60));
    assert_eq!(activities(&record)[0], (240, 10, 17));
    assert_eq!(activities(&record).last().map(|it| it.2), Some(40), "up to the greatest");
    // A quarter of 60 %, and 15 points of it: the first is among them.
    let record = play(&scaled("cpu_units = 384", "", CPU_60));
    assert_eq!(
        activities(&record),
        [(15 * 60, 10, 3)],
        "ceil(10 x 15 / 60), then 50 % is low for fifteen more"
    )
}

#[test]
fn memory_is_scaled_by_as_cpu_is() {
    let policy = CPU_60.replace("CPU", "Memory");
    let record = play(&scaled("memory_mib = 2304", "", &policy));
    assert_eq!(activities(&record)[0], (240, 10, 15));
}

#[test]
fn a_schedule_moves_the_bounds_and_brings_the_count_inside() {
    let actions = "scheduled_action = [{ at = \"10m\", every = \"1h\", min_capacity = 12 }, \
                   { at = \"20m\", every = \"1h\", min_capacity = 1, max_capacity = 4 }, \
                   { at = \"30m\", max_capacity = 40 }]";
    let record = play(&scaled("cpu_units = 1", actions, ""));
    let minutes = |n: u64| 60 * n;
    assert_eq!(
        activities(&record),
        [(minutes(10), 10, 12), (minutes(20), 12, 4), (minutes(70), 4, 12), (minutes(80), 12, 4)]
    );
    assert!(scaling(&record).activities.iter().all(|it| it.policy.is_none()));
    assert_eq!((scaling(&record).n_out, scaling(&record).n_in), (2, 2));
}

/// Without a deployment the fifteenth low point scales in. With one that takes
/// longer nothing does, and the next point after it, not one that is remembered.
#[test]
fn a_deployment_holds_scale_in_and_not_scale_out() {
    let release = "release = [{ at = \"10m\", image = \"web:2\" }]\ndeployment_configuration = \"90/100\"";
    let low = play(&scaled("cpu_units = 384", release, CPU_60));
    let rollout = &low.rollouts[0];
    let ended = rollout.ended_ms / 1000;
    assert!(ended > 15 * 60, "one task at a time takes until {ended} s");
    let first = activities(&low)[0];
    assert_eq!(first.0, ended.div_ceil(60) * 60, "the first point after the deployment");
    let high = play(&scaled("cpu_units = 1e9", &release.replace("10m", "3m"), CPU_60));
    let first = activities(&high)[0];
    assert!(first.2 > first.1 && first.0 * 1000 < high.rollouts[0].ended_ms, "{first:?}");
}

#[test]
fn nothing_is_known_where_nothing_runs() {
    let none = scaled("cpu_units = 384", "", CPU_60).replace("desired_count = 10", "desired_count = 0");
    assert_eq!(activities(&play(&none)), [], "no task, no metric, no scaling");
}

#[test]
fn what_was_done_while_warming_up_is_written_down_and_not_counted() {
    let text = scaled("cpu_units = 2304", "", CPU_60).replace("[model]", "warm_up = \"10m\"\n[model]");
    let record = play(&text);
    assert_eq!((activities(&record).len(), scaling(&record).n_out), (1, 0));
}

/// 12 requests a second, six tasks: 120 a minute and target.
#[test]
fn requests_per_target_are_those_of_a_minute_over_healthy_targets() {
    let text = "name = \"scaled\"\nhorizon = \"1h\"\n[model]\nmetric_delay = \"0s\"\n\
        [cluster]\ninstances = 5\ninstance_type = \"m6i.large\"\n\
        [[target_group]]\nname = \"web\"\ntarget_type = \"instance\"\n\
        [[load_balancer]]\nname = \"shop\"\nlisteners = [{ port = 80, target_group = \"web\" }]\n\
        [[service]]\nname = \"web\"\ntask_definition = \"workloads/task-definitions/web.json\"\ndesired_count = 6\n\
        scalable_target = { min_capacity = 2, max_capacity = 20 }\n\
        load_balancers = [{ target_group = \"web\", container_name = \"nginx\", container_port = 80 }]\n\
        [service.traffic]\nrequests_per_second = 12\nmodel = \"interval\"\n\
        [[scaling_policy]]\nname = \"requests\"\nservice = \"web\"\ntarget_value = 80\n\
        predefined_metric_type = \"ALBRequestCountPerTarget\"\n";
    let source = SourceText { file: "x.toml".to_owned(), text: text.to_owned(), overrides: Vec::new() };
    let experiment = matrix::read(source, Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let workload = experiment.inputs.workload(&experiment.workloads[0], experiment.seed);
    let record = sim::run(&experiment.settings[0].setup, &workload, experiment.seed);
    let done = &scaling(&record).activities;
    assert_eq!((done[0].from, done[0].to), (6, 9), "{done:?}");
    assert_eq!(done[0].cause, "120 requests a minute and target against a target of 80");
}

#[test]
fn a_policy_is_read_in_both_shapes_alike() {
    let nested = "[[scaling_policy]]\npolicy_name = \"cpu\"\nservice = \"web\"\npolicy_type = \"TargetTrackingScaling\"\n\
        [scaling_policy.target_tracking_scaling_policy_configuration]\ntarget_value = 60\n\
        predefined_metric_specification = { predefined_metric_type = \"ECSServiceAverageCPUUtilization\" }";
    let policies = |tables: &str| {
        let experiment = read(&scaled("cpu_units = 1", "", tables));
        experiment.settings[0].setup.services.rows()[0].scaling.clone().unwrap()
    };
    assert_eq!(policies(nested), policies(CPU_60));
    let step = "[[scaling_policy]]\nname = \"step\"\nservice = \"web\"\n\
        [scaling_policy.step_scaling_policy_configuration]\nadjustment_type = \"PercentChangeInCapacity\"\n\
        step_adjustments = [{ metric_interval_lower_bound = 15, scaling_adjustment = 50 }, \
        { metric_interval_lower_bound = 0, metric_interval_upper_bound = 15, scaling_adjustment = 10 }]\n\
        min_adjustment_magnitude = 2\ncooldown = 60\nmetric_aggregation_type = \"Average\"\n\
        alarm = { metric = \"CPUUtilization\", threshold = 70.5, comparison = \"GreaterThanThreshold\", \
        period = 10, evaluation_periods = 2 }";
    let scaling = policies(step);
    assert_eq!(scaling.bounds, CapacityBounds { min_capacity: 2, max_capacity: 40 });
    let policy = &scaling.policies[0];
    assert_eq!((policy.metric, policy.period), (ScalingMetric::CpuUtilization, SimDuration::from_secs(10)));
    let PolicyKind::StepScaling(step) = &policy.kind else { panic!("{policy:?}") };
    assert_eq!(
        (step.adjustment_type, step.min_adjustment_magnitude),
        (AdjustmentType::PercentChangeInCapacity, Some(2))
    );
    assert_eq!(
        step.steps.iter().map(|it| (it.lower, it.upper, it.adjustment)).collect::<Vec<_>>(),
        [(Some(0), Some(15_000), 10), (Some(15_000), None, 50)]
    );
    assert_eq!((step.alarm.threshold, step.alarm.comparison), (70_500, Comparison::GreaterThanThreshold));
}

#[test]
fn what_cannot_be_scaled_is_refused_at_its_place() {
    let bench = Bench::new();
    let target = "scalable_target = { min_capacity = 1, max_capacity = 9 }";
    let load = "load = { cpu_units = 100 }";
    let file = |service: &str, tables: &str| format!("{LEAST}{service}\n{tables}\n");
    let policy = |lines: &str| {
        file(&format!("{target}\n{load}"), &format!("[[scaling_policy]]\nservice = \"web\"\n{lines}"))
    };
    let tracking = |lines: &str| {
        policy(&format!("predefined_metric_type = \"ECSServiceAverageCPUUtilization\"\n{lines}"))
    };
    let step = |steps: &str| {
        policy(&format!(
            "adjustment_type = \"ChangeInCapacity\"\nalarm = {{ metric = \"CPUUtilization\", threshold = 50 }}\n\
             step_adjustments = [{steps}]"
        ))
    };
    let cpu = "predefined_metric_type = \"ECSServiceAverageCPUUtilization\"\ntarget_value = 50";
    let cases: &[(String, Told)] = &[
        (file("scalable_target = { min_capacity = 9, max_capacity = 1 }", ""), ("B0130", 10, 19, "above")),
        (
            file(
                &format!(
                    "{target}\nscheduled_action = [{{ at = \"1m\", min_capacity = 5, max_capacity = 4 }}]"
                ),
                "",
            ),
            ("B0130", 11, 21, "above"),
        ),
        (
            file(&format!("{target}\nscheduled_action = [{{ at = \"1m\" }}]"), ""),
            ("B0105", 11, 21, "min_capacity"),
        ),
        (
            file(
                &format!(
                    "{target}\nscheduled_action = [{{ at = \"1m\", every = \"0s\", min_capacity = 1 }}]"
                ),
                "",
            ),
            ("B0106", 11, 42, "again"),
        ),
        (
            file("scheduled_action = [{ at = \"1m\", min_capacity = 1 }]", ""),
            ("B0132", 10, 21, "scalable_target"),
        ),
        (tracking("target_value = 0"), ("B0107", 15, 16, "above 0")),
        (tracking("target_value = -5"), ("B0107", 15, 16, "above 0")),
        (tracking("target_value = 50\nscale_in_cooldown = -1"), ("B0106", 16, 21, "negative")),
        (
            policy("target_value = 50\npredefined_metric_type = \"ECSServiceCPU\""),
            ("B0108", 15, 26, "ECSServiceAverageCPUUtilization"),
        ),
        (
            policy("target_value = 50\npredefined_metric_type = \"ALBRequestCountPerTarget\""),
            ("B0133", 12, 1, "load_balancers"),
        ),
        (
            policy("target_value = 50\npredefined_metric_type = \"ECSServiceAverageMemoryUtilization\""),
            ("B0133", 12, 1, "memory_mib"),
        ),
        (tracking("target_value = 50\nmetric_resolution = \"15s\""), ("B0135", 16, 21, "10, 20 or 30")),
        (policy("target_value = 50\ncustomized_metric_specification = {}"), ("B0116", 15, 35, "one's own")),
        (
            step(
                "{ metric_interval_lower_bound = 0, scaling_adjustment = 1 }, { metric_interval_lower_bound = 5, scaling_adjustment = 2 }",
            ),
            ("B0134", 16, 82, "second step without an upper"),
        ),
        (
            step(
                "{ metric_interval_lower_bound = 0, metric_interval_upper_bound = 10, scaling_adjustment = 1 }, { metric_interval_lower_bound = 5, scaling_adjustment = 2 }",
            ),
            ("B0134", 16, 116, "overlap"),
        ),
        (
            step(
                "{ metric_interval_lower_bound = 0, metric_interval_upper_bound = 4, scaling_adjustment = 1 }, { metric_interval_lower_bound = 5, scaling_adjustment = 2 }",
            ),
            ("B0134", 16, 115, "gap"),
        ),
        (
            step(
                "{ metric_interval_lower_bound = 3, metric_interval_upper_bound = 3, scaling_adjustment = 1 }",
            ),
            ("B0134", 16, 21, "no higher"),
        ),
        (step(""), ("B0105", 12, 1, "step_adjustments")),
        (policy(""), ("B0105", 12, 1, "policy_type")),
        (
            file(load, &format!("[[scaling_policy]]\nservice = \"web\"\n{cpu}")),
            ("B0132", 11, 1, "scalable_target"),
        ),
        (
            file(target, &format!("[[scaling_policy]]\nservice = \"wbe\"\n{cpu}")),
            ("B0117", 12, 11, "did you mean `web`"),
        ),
        (
            file(&format!("{target}\n{load}\nscheduling_strategy = \"DAEMON\""), "")
                .replace("desired_count = 2\n", ""),
            ("B0132", 9, 19, "DAEMON"),
        ),
        (
            format!("{}\n[[scaling_policy]]\nservice = \"web\"\n{cpu}", policy(cpu)),
            ("B0111", 17, 1, "given twice"),
        ),
    ];
    for (text, told) in cases {
        refused(&bench, text, text, std::slice::from_ref(told));
    }
    let follows = file(&format!("{target}\n{load}"), "")
        .replace("desired_count = 2", "desired_count = { generate = \"x\", per_task = 2 }");
    let told: [Told; 2] = [("B0140", 9, 30, "x"), ("B0131", 10, 19, "follows a load already")];
    refused(&bench, "two that scale", follows, &told);
}

/// Cases as a file of documented behaviour has them.
#[test]
fn cases_of_service_scaling_are_judged_by_what_a_run_asks() {
    let tracking = |running: &str, metric: &str, target: &str, expected: u32| {
        format!(
            "{{\"id\": \"T {running} {metric} {target}\", \"kind\": \"target_tracking\", \"basis\": \"model\", \
             \"input\": {{\"running_tasks\": {running}, \"metric\": {metric}, \"target\": {target}, \
             \"min_capacity\": 2, \"max_capacity\": 50}}, \"expect\": {{\"desired_count\": {expected}}}}}"
        )
    };
    let step = |current: u32, kind: &str, metric: &str, adjustment: i64, magnitude: &str, expected: u32| {
        format!(
            "{{\"id\": \"S {current} {kind} {metric} {adjustment} {magnitude}\", \"kind\": \"step_scaling\", \
             \"basis\": \"documented\", \"input\": {{\"current\": {current}, \"adjustment_type\": \"{kind}\", \
             \"alarm_threshold\": 70, \"metric\": {metric}, \"steps\": [{{\"lower\": -10, \"upper\": 10.5, \
             \"adjustment\": {adjustment}}}], \"min_adjustment_magnitude\": {magnitude}, \"min_capacity\": 2, \
             \"max_capacity\": 50}}, \"expect\": {{\"desired_count\": {expected}}}}}"
        )
    };
    let (change, exact, percent) = ("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity");
    let cases = [
        tracking("10", "66.6", "60", 12),
        tracking("10", "60.000001", "60", 11),
        tracking("0", "90", "60", 2),
        tracking("7", "0", "60", 2),
        tracking("40", "100", "50", 50),
        step(10, change, "70", 3, "null", 13),
        step(10, change, "80.499", 3, "null", 13),
        step(10, change, "80.5", 3, "null", 10),
        step(10, change, "60.001", -3, "null", 7),
        step(10, change, "60", -3, "null", 10),
        step(10, exact, "75", 4, "null", 4),
        step(10, exact, "75", 0, "null", 2),
        step(10, percent, "75", 19, "null", 11),
        step(10, percent, "75", -19, "null", 9),
        step(10, percent, "75", 4, "null", 11),
        step(10, percent, "75", 4, "3", 13),
        step(10, percent, "65", -4, "3", 7),
        step(10, percent, "75", 900, "3", 50),
    ];
    let n = cases.len();
    let text =
        format!("{{\"topic\": \"capacity-provider\", \"version\": 1, \"cases\": [{}]}}", cases.join(", "));
    let report = examine("x.json", &text);
    let failed: Vec<_> = report.judged.iter().filter(|it| !it.is_passed()).collect();
    assert!(failed.is_empty() && report.faults.is_empty(), "{failed:#?} {:#?}", report.faults);
    assert_eq!(report.n_passed(), n);
}
