//! How a service is deployed, as it is written: read in full into what a run
//! needs, or refused with a code and its place.

use std::path::Path;

use berthlab::base::{SimDuration, SimTime};
use berthlab::experiment::matrix::{self, Experiment, SourceText};
use berthlab::model::deployment::{
    AlarmMetric, AlarmSource, BreakerThreshold, DeploymentStrategy, LifecycleStage, SchedulingStrategy,
    TrafficShare,
};
use berthlab::model::service::DeploymentBounds;
use berthlab::model::workload::{ServiceChangeKind, TaskSetChange, Workload};
use berthlab::sim::setup::{InstanceChangeKind, ServicePolicy};

use crate::bad_input::{Told, refused};
use crate::support::{Bench, LEAST};

fn read(text: &str) -> Experiment {
    let source = SourceText { file: "x.toml".to_owned(), text: text.to_owned(), overrides: Vec::new() };
    matrix::read(source, Path::new(".")).unwrap_or_else(|faults| panic!("{faults:#?}\n{text}"))
}

/// The least experiment with more lines in its service, and more tables.
fn with(service: &str, tables: &str) -> String {
    format!("{LEAST}{service}\n{tables}\n")
}

fn policy(service: &str, tables: &str) -> ServicePolicy {
    read(&with(service, tables)).settings[0].setup.services.rows()[0].clone()
}

fn workload(text: &str) -> Workload {
    let experiment = read(text);
    experiment.inputs.workload(&experiment.workloads[0], experiment.seed)
}

fn minutes(n: u64) -> SimDuration {
    SimDuration::from_secs(60 * n)
}

fn at(n: u64) -> SimTime {
    SimTime::ZERO + minutes(n)
}

#[test]
fn a_rolling_configuration_is_read_in_full() {
    let policy = policy(
        "deployment_configuration = { minimum_healthy_percent = 50, maximum_percent = 150, strategy = \
         \"ROLLING\", bake_time_in_minutes = 7, deployment_circuit_breaker = { enable = true, rollback = true, \
         reset_on_healthy_task = false, threshold_configuration = { type = \"COUNT\", value = 5 } }, alarms = { \
         alarm_names = [\"slow\", \"errors\"], enable = true, rollback = false }, early_success_criteria = { \
         healthy_percent = 80, source_service_revision_cleanup = \"DEFERRED\" } }",
        "[[alarm]]\nname = \"errors\"\nin_alarm = [{ from = \"6m\", to = \"9m\" }, { from = \"1m\", to = \"2m\" }]\n\
         [[alarm]]\nname = \"slow\"\nservice = \"web\"\nmetric = \"missing_tasks\"\nthreshold = 0.5\n\
         period = \"30s\"\nevaluation_periods = 3",
    );
    let it = policy.deployment;
    assert_eq!(it.bounds, DeploymentBounds { minimum_healthy_percent: 50, maximum_percent: 150 });
    assert_eq!((it.strategy, it.bake_time), (DeploymentStrategy::Rolling, Some(minutes(7))));
    let breaker = it.circuit_breaker.expect("it is enabled");
    assert_eq!(breaker.threshold, BreakerThreshold::Count(5));
    assert!(breaker.rollback && !breaker.resets_on_healthy_task);
    let alarms = it.alarms.expect("they are enabled");
    assert_eq!((alarms.alarms, alarms.rollback), (vec![1, 0], false));
    let early = it.early_success.expect("it is written");
    assert_eq!((early.healthy_percent, early.awaits_cleanup), (80, false));
}

#[test]
fn what_is_not_enabled_is_not_there() {
    let it = policy(
        "deployment_configuration = { deployment_circuit_breaker = { enable = false, rollback = true }, alarms = \
         { alarm_names = [], enable = false, rollback = true } }",
        "",
    );
    assert!(it.deployment.circuit_breaker.is_none() && it.deployment.alarms.is_none());
    assert_eq!(it.deployment.bounds, DeploymentBounds::DEFAULT);
}

#[test]
fn traffic_is_shifted_as_it_is_written_or_as_the_api_has_it() {
    for (written, expected) in [
        ("strategy = \"BLUE_GREEN\", bake_time_in_minutes = 0", DeploymentStrategy::BlueGreen),
        (
            "strategy = \"LINEAR\"",
            DeploymentStrategy::Linear { step: TrafficShare(100), step_bake: minutes(6) },
        ),
        (
            "strategy = \"LINEAR\", linear_configuration = { step_percent = 33.3, step_bake_time_in_minutes = 0 }",
            DeploymentStrategy::Linear { step: TrafficShare(333), step_bake: minutes(0) },
        ),
        (
            "strategy = \"CANARY\"",
            DeploymentStrategy::Canary { canary: TrafficShare(50), canary_bake: minutes(10) },
        ),
        (
            "strategy = \"CANARY\", canary_configuration = { canary_percent = 100, canary_bake_time_in_minutes = 1440 }",
            DeploymentStrategy::Canary { canary: TrafficShare::ALL, canary_bake: minutes(1440) },
        ),
        (
            "strategy = \"CANARY\", canary_configuration = { canary_percent = 0.1 }",
            DeploymentStrategy::Canary { canary: TrafficShare(1), canary_bake: minutes(10) },
        ),
    ] {
        let service = format!("service_connect = true\ndeployment_configuration = {{ {written} }}");
        let it = policy(&service, "");
        assert_eq!(it.deployment.strategy, expected, "{written}");
        assert!(it.uses_service_connect);
    }
}

#[test]
fn hooks_answer_late_never_or_badly() {
    let it = policy(
        "service_connect = true\ndeployment_configuration = { strategy = \"CANARY\", lifecycle_hooks = [\
         { lifecycle_stages = [\"PRE_SCALE_UP\", \"TEST_TRAFFIC_SHIFT\"], takes = \"5m\", status = \"FAILED\" },\
         { lifecycle_stages = [\"POST_SCALE_UP\"], takes = \"never\", timeout_configuration = { action = \"CONTINUE\" } },\
         { lifecycle_stages = [\"POST_SCALE_UP\"], timeout_configuration = { timeout_in_minutes = 20160 } }] }",
        "",
    );
    let [fails, never, waits] = it.deployment.lifecycle_hooks.as_slice() else { panic!("three hooks") };
    assert_eq!(fails.stages, [LifecycleStage::PreScaleUp, LifecycleStage::TestTrafficShift]);
    assert_eq!((fails.takes, fails.fails, fails.time_out), (minutes(5), true, minutes(1440)));
    assert_eq!((never.takes, never.time_out), (SimDuration::FOREVER, minutes(1440)));
    assert!(never.continues_on_time_out && !never.fails && !waits.continues_on_time_out);
    assert_eq!((waits.takes, waits.time_out), (SimDuration::ZERO, minutes(20_160)));
}

#[test]
fn a_daemon_wants_what_its_instances_say() {
    let text = LEAST.replace("desired_count = 2", "scheduling_strategy = \"DAEMON\"");
    let experiment = read(&text);
    let it = &experiment.settings[0].setup.services.rows()[0];
    assert_eq!(it.scheduling, SchedulingStrategy::Daemon);
    assert_eq!(it.deployment.bounds, DeploymentBounds { minimum_healthy_percent: 0, maximum_percent: 100 });
    assert!(!it.availability_zone_rebalancing);
    assert_eq!(workload(&text).services.rows()[0].desired_count, 0);
}

#[test]
fn zones_are_rebalanced_where_ecs_does_it_by_default() {
    for (service, expected) in [
        ("", true),
        ("availability_zone_rebalancing = \"DISABLED\"", false),
        ("availability_zone_rebalancing = \"ENABLED\"", true),
        ("deployment_configuration = \"50/100\"", false),
        ("deployment_configuration = \"50/101\"", true),
        ("placement_strategy = \"default\"", true),
        ("placement_strategy = []", true),
        ("placement_strategy = \"spread:attribute:ecs.availability-zone, binpack:cpu\"", true),
        ("placement_strategy = [{ type = \"spread\", field = \"attribute:ecs.availability-zone\" }]", true),
        ("placement_strategy = \"binpack:cpu,spread:attribute:ecs.availability-zone\"", false),
        ("placement_strategy = \"random\"", false),
        ("placement_constraints = [\"distinctInstance\"]", true),
        ("placement_constraints = [\"memberOf:attribute:ecs.availability-zone == us-east-1a\"]", false),
        ("deployment_controller = { type = \"EXTERNAL\" }", false),
        ("deployment_controller = { type = \"ECS\" }", true),
    ] {
        assert_eq!(policy(service, "").availability_zone_rebalancing, expected, "{service}");
    }
}

#[test]
fn an_alarm_has_windows_in_order_or_a_metric() {
    let experiment = read(&with(
        "",
        "[[alarm]]\nname = \"a\"\nin_alarm = [{ from = \"6m\", to = \"9m\" }, { from = \"1m\", to = \"2m\" }]\n\
         [[alarm]]\nname = \"b\"\nservice = \"web\"\nmetric = \"failed_requests_percent\"\nthreshold = 0",
    ));
    let alarms = &experiment.settings[0].setup.alarms;
    assert_eq!(alarms[0].source, AlarmSource::Windows(vec![(at(1), at(2)), (at(6), at(9))]));
    let AlarmSource::Metric { metric, threshold_thousandths, period, evaluation_periods, .. } =
        alarms[1].source
    else {
        panic!("a metric")
    };
    assert_eq!(metric, AlarmMetric::FailedRequestsPercent);
    assert_eq!((threshold_thousandths, period, evaluation_periods), (0, minutes(1), 1));
}

#[test]
fn events_reach_services_instances_and_task_sets() {
    let text = with(
        "deployment_controller = \"EXTERNAL\"",
        "[[event]]\nat = \"9m\"\nservice = \"web\"\ndelete_task_set = \"initial\"\n\
         [[event]]\nat = \"5m\"\nservice = \"web\"\ncreate_task_set = { name = \"green\", task_definition = { cpu = 1, memory = 6 }, scale = 50 }\n\
         [[event]]\nat = \"6m\"\nservice = \"web\"\nupdate_task_set = { name = \"green\", scale = 100 }\n\
         [[event]]\nat = \"7m\"\nservice = \"web\"\nupdate_service_primary_task_set = \"green\"\n\
         [[event]]\nat = \"8m\"\nservice = \"web\"\nprotect_tasks = 2\ndesired_count = 1\n\
         [[event]]\nat = \"4m\"\nservice = \"web\"\nprotect_tasks = 1\nexpires_in_minutes = 3\n\
         [[event]]\nat = \"3m\"\ncontainer_instances = \"attribute:ecs.os-type == linux\"\nstatus = \"DRAINING\"\n",
    );
    let changes: Vec<_> = workload(&text).service_changes.iter().map(|it| (it.at, it.kind)).collect();
    let set = |set, change| ServiceChangeKind::TaskSet { set, change };
    let protected = |n_tasks, until| ServiceChangeKind::Protected { n_tasks, until };
    let (_, ServiceChangeKind::TaskSet { change: TaskSetChange::Created { definition, .. }, .. }) =
        changes[1]
    else {
        panic!("{changes:?}")
    };
    assert_eq!(
        changes,
        [
            (at(4), protected(1, at(7))),
            (at(5), set(1, TaskSetChange::Created { definition, scale: 50 })),
            (at(6), set(1, TaskSetChange::Scaled(100))),
            (at(7), set(1, TaskSetChange::MadePrimary)),
            (at(8), ServiceChangeKind::DesiredCount(1)),
            (at(8), protected(2, at(128))),
            (at(9), set(0, TaskSetChange::Deleted)),
        ]
    );
    let experiment = read(&text);
    let changes = &experiment.settings[0].setup.instance_changes;
    assert_eq!(changes[0].kinds, [InstanceChangeKind::Draining(true)]);
}

#[test]
fn a_forced_release_is_of_the_same_revision() {
    let text =
        with("release = [{ at = \"5m\", force_new_deployment = true }, { at = \"6m\", image = \"i\" }]", "");
    let workload = workload(&text);
    let names: Vec<_> = workload.definitions.rows().iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["web:1", "web:1", "web:3"]);
    assert_eq!(workload.service_changes.len(), 2);
}

#[test]
fn a_load_is_followed_by_scaling_and_an_event_is_not() {
    let bench = Bench::new();
    bench.write("load.csv", "timestamp,value\n2014-04-10 00:00:00,10\n2014-04-10 00:05:00,30\n");
    let text = LEAST.replace("desired_count = 2", "desired_count = { series = \"load.csv\", per_task = 10 }");
    let text = format!("{text}[[event]]\nat = \"7m\"\nservice = \"web\"\ndesired_count = 9\n");
    let source = SourceText { file: "x.toml".to_owned(), text, overrides: Vec::new() };
    let experiment = matrix::read(source, &bench.path("")).expect("it is well");
    let workload = experiment.inputs.workload(&experiment.workloads[0], experiment.seed);
    let changes: Vec<_> = workload.service_changes.iter().map(|it| it.kind).collect();
    assert_eq!(changes, [ServiceChangeKind::Scaled(3), ServiceChangeKind::DesiredCount(9)]);
}

#[test]
fn an_axis_of_deployments_has_short_labels_that_differ() {
    let text = with(
        "service_connect = true",
        "[axes]\ndeployment = [\"50/100\", { maximum_percent = 150 }, { strategy = \"CANARY\" }, { strategy = \
         \"LINEAR\", bake_time_in_minutes = 5, linear_configuration = { step_percent = 25.0 } }, { strategy = \
         \"BLUE_GREEN\", bake_time_in_minutes = 5 }, { bake_time_in_minutes = 5 }, { early_success_criteria = { \
         healthy_percent = 100 } }, { deployment_circuit_breaker = { enable = true, rollback = true } }]",
    );
    let experiment = read(&text);
    let labels: Vec<_> = experiment.settings.iter().map(|it| it.setting.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "50/100",
            "100/150",
            "CANARY 5% 10m",
            "LINEAR 25.0% 6m bake 5m",
            "BLUE_GREEN bake 5m",
            "100/200 bake 5m",
            "100/200 early_success_criteria={healthy_percent = 100}",
            "100/200 breaker",
        ]
    );
}

#[test]
fn what_no_deployment_can_be_is_refused_at_its_place() {
    let bench = Bench::new();
    let line = |line: &str| with(line, "");
    let of = |fields: &str| line(&format!("deployment_configuration = {{ {fields} }}"));
    let shifting =
        |fields: &str| line(&format!("deployment_configuration = {{ {fields} }}\nservice_connect = true"));
    let linear = |step: &str| {
        shifting(&format!("strategy = \"LINEAR\", linear_configuration = {{ step_percent = {step} }}"))
    };
    let canary = |percent: &str| {
        shifting(&format!("strategy = \"CANARY\", canary_configuration = {{ canary_percent = {percent} }}"))
    };
    let hook = |fields: &str| shifting(&format!("strategy = \"CANARY\", lifecycle_hooks = [{{ {fields} }}]"));
    let breaker = |fields: &str| of(&format!("deployment_circuit_breaker = {{ {fields} }}"));
    let event = |fields: &str| with("", &format!("[[event]]\nat = \"5m\"\n{fields}"));
    let external = |events: &str| with("deployment_controller = \"EXTERNAL\"", events);
    let daemon = |fields: &str| {
        LEAST.replace("desired_count = 2", &format!("scheduling_strategy = \"DAEMON\"\n{fields}"))
    };
    let alarm = |fields: &str| with("", &format!("[[alarm]]\nname = \"a\"\n{fields}"));
    let made = "[[event]]\nat = \"5m\"\nservice = \"web\"\ncreate_task_set = { name = \"green\", task_definition = { cpu = 1, memory = 6 }, scale = 50 }\n";
    let cases: Vec<(String, Told)> = vec![
        (linear("0"), ("B0126", 10, 91, "from 3 to 100")),
        (linear("2.9"), ("B0126", 10, 91, "from 3 to 100")),
        (linear("100.1"), ("B0126", 10, 91, "from 3 to 100")),
        (linear("33.33"), ("B0126", 10, 91, "multiple of 0.1")),
        (linear("-10"), ("B0126", 10, 91, "-10")),
        (linear("nan"), ("B0126", 10, 91, "nan")),
        (linear("\"10\""), ("B0103", 10, 91, "found a string")),
        (canary("0"), ("B0126", 10, 93, "from 0.1 to 100")),
        (canary("0.0"), ("B0126", 10, 93, "from 0.1 to 100")),
        (canary("101"), ("B0126", 10, 93, "from 0.1 to 100")),
        (canary("1e1"), ("B0126", 10, 93, "1e1")),
        (of("strategy = \"GREEN\""), ("B0108", 10, 41, "CANARY")),
        (of("strategy = \"CANARY\""), ("B0127", 10, 41, "service_connect")),
        (shifting("strategy = \"BLUE_GREEN\""), ("B0105", 10, 28, "bake_time_in_minutes")),
        (of("bake_time_in_minutes = 1441"), ("B0107", 10, 53, "1440")),
        (of("canary_configuration = {}"), ("B0127", 10, 53, "CANARY")),
        (of("linear_configuration = {}"), ("B0127", 10, 53, "LINEAR")),
        (shifting("strategy = \"CANARY\", linear_configuration = {}"), ("B0127", 10, 74, "LINEAR")),
        (
            shifting("strategy = \"CANARY\", early_success_criteria = { healthy_percent = 100 }"),
            ("B0127", 10, 76, "ROLLING"),
        ),
        (
            shifting(
                "strategy = \"CANARY\", deployment_circuit_breaker = { enable = true, rollback = true }",
            ),
            ("B0127", 10, 80, "ROLLING"),
        ),
        (of("lifecycle_hooks = [{ lifecycle_stages = [\"POST_SCALE_UP\"] }]"), ("B0127", 10, 49, "CANARY")),
        (of("early_success_criteria = { healthy_percent = 99 }"), ("B0110", 10, 75, "below")),
        (of("early_success_criteria = { healthy_percent = 101 }"), ("B0107", 10, 75, "101")),
        (breaker("enable = true"), ("B0105", 10, 59, "rollback")),
        (
            breaker(
                "enable = true, rollback = true, threshold_configuration = { type = \"COUNT\", value = 0 }",
            ),
            ("B0107", 10, 145, "from 1"),
        ),
        (
            breaker(
                "enable = true, rollback = true, threshold_configuration = { type = \"BOUNDED_PERCENT\", value = 101 }",
            ),
            ("B0107", 10, 155, "to 100"),
        ),
        (hook("takes = \"5m\""), ("B0105", 10, 70, "lifecycle_stages")),
        (hook("lifecycle_stages = []"), ("B0128", 10, 91, "never asked")),
        (hook("lifecycle_stages = [\"SCALE_UP\"]"), ("B0128", 10, 92, "SCALE_UP")),
        (hook("lifecycle_stages = [\"SCALEUP\"]"), ("B0108", 10, 92, "did you mean `SCALE_UP`")),
        (
            hook("lifecycle_stages = [\"PRODUCTION_TRAFFIC_SHIFT\"], timeout_configuration = {}"),
            ("B0128", 10, 92, "pauses"),
        ),
        (
            hook(
                "lifecycle_stages = [\"POST_SCALE_UP\"], timeout_configuration = { timeout_in_minutes = 20161 }",
            ),
            ("B0107", 10, 157, "20160"),
        ),
        (hook("lifecycle_stages = [\"POST_SCALE_UP\"], takes = \"long\""), ("B0106", 10, 118, "long")),
        (
            with(
                "deployment_configuration = { alarms = { alarm_names = [\"erors\"], enable = true, rollback = true } }",
                "[[alarm]]\nname = \"errors\"\nin_alarm = []",
            ),
            ("B0117", 10, 56, "did you mean `errors`"),
        ),
        (line("scheduling_strategy = \"DAEMON\""), ("B0129", 9, 17, "desired_count")),
        (daemon("placement_strategy = \"random\""), ("B0129", 10, 22, "placement_strategy")),
        (daemon("launch_type = \"FARGATE\""), ("B0129", 9, 23, "Fargate")),
        (daemon("deployment_configuration = \"0/200\""), ("B0107", 10, 28, "must be 100")),
        (daemon("deployment_controller = \"EXTERNAL\""), ("B0129", 9, 23, "EXTERNAL")),
        (daemon("availability_zone_rebalancing = \"ENABLED\""), ("B0129", 10, 33, "DAEMON")),
        (
            daemon("[[event]]\nat = \"5m\"\nservice = \"web\"\ndesired_count = 2"),
            ("B0129", 13, 17, "each instance"),
        ),
        (line("deployment_controller = { type = \"CODE_DEPLOY\" }"), ("B0116", 10, 34, "BLUE_GREEN")),
        (line("deployment_controller = \"ROLLING\""), ("B0108", 10, 25, "ECS")),
        (line("deployment_controller = {}"), ("B0105", 10, 25, "type")),
        (
            line("availability_zone_rebalancing = \"ENABLED\"\ndeployment_configuration = \"50/100\""),
            ("B0129", 10, 33, "maximum of 100"),
        ),
        (
            line("availability_zone_rebalancing = \"ENABLED\"\nplacement_strategy = \"binpack:cpu\""),
            ("B0129", 10, 33, "first placement strategy"),
        ),
        (external("release = [{ at = \"5m\", image = \"i\" }]"), ("B0129", 11, 12, "EXTERNAL")),
        (event("service = \"web\""), ("B0105", 11, 1, "protect_tasks")),
        (event("service = \"web\"\nprotect_tasks = 0"), ("B0107", 14, 17, "from 1")),
        (event("service = \"web\"\nprotect_tasks = 1\nexpires_in_minutes = 2881"), ("B0107", 15, 22, "2880")),
        (event("service = \"web\"\nexpires_in_minutes = 5\ndesired_count = 1"), ("B0104", 14, 1, "expires")),
        (
            event("container_instances = \"agentConnected == true\"\nstatus = \"GONE\""),
            ("B0108", 14, 10, "DRAINING"),
        ),
        (event("service = \"web\"\ndelete_task_set = \"initial\""), ("B0129", 14, 19, "EXTERNAL")),
        (
            external(&format!("{made}[[event]]\nat = \"6m\"\nservice = \"web\"\ndelete_task_set = \"gren\"")),
            ("B0117", 18, 19, "did you mean `green`"),
        ),
        (
            external(&format!(
                "{made}[[event]]\nat = \"4m\"\nservice = \"web\"\ndelete_task_set = \"green\""
            )),
            ("B0117", 18, 19, "at 4m"),
        ),
        (external(&format!("{made}{made}")), ("B0111", 18, 28, "already")),
        (
            external(
                "[[event]]\nat = \"5m\"\nservice = \"web\"\nupdate_task_set = { name = \"initial\", scale = 101 }",
            ),
            ("B0107", 14, 47, "to 100"),
        ),
        (alarm(""), ("B0105", 11, 1, "in_alarm")),
        (alarm("in_alarm = [{ from = \"2m\", to = \"2m\" }]"), ("B0110", 13, 13, "no later")),
        (alarm("metric = \"cpu\"\nservice = \"web\"\nthreshold = 1"), ("B0108", 13, 10, "unhealthy_tasks")),
        (
            alarm("metric = \"missing_tasks\"\nservice = \"wbe\"\nthreshold = 1"),
            ("B0117", 14, 11, "did you mean `web`"),
        ),
        (alarm("metric = \"missing_tasks\"\nservice = \"web\"\nthreshold = -1"), ("B0107", 15, 13, "-1")),
        (
            alarm("metric = \"missing_tasks\"\nservice = \"web\"\nthreshold = 1\nperiod = 0"),
            ("B0106", 16, 10, "no time"),
        ),
        (alarm("in_alarm = []\n[[alarm]]\nname = \"a\"\nin_alarm = []"), ("B0111", 14, 1, "twice")),
        (line("release = [{ at = \"5m\", task_definition = \"web:7\" }]"), ("B0140", 10, 43, "by the file")),
        (line("release = [{ at = \"5m\" }]"), ("B0105", 10, 12, "force_new_deployment")),
    ];
    for (text, told) in &cases {
        refused(&bench, text, text, &[*told]);
    }
}
