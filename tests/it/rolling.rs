//! Rolling updates, step by step: the two seeds, the guide's examples, and what
//! becomes of stuck ones. The conformance set is played by `conform`.

use berthlab::base::id::TaskDefinitionId;
use berthlab::base::{Seed, SimDuration, SimTime};
use berthlab::conform::rolling::{Rollout, play};
use berthlab::model::deployment::SchedulingStrategy;
use berthlab::model::network::{HostPort, Protocol};
use berthlab::model::options::{ModelOptions, RolloutOrder};
use berthlab::model::workload::{TaskArrival, Workload};
use berthlab::record::DeploymentOutcome;
use berthlab::sim::{Setup, run};

use crate::clusters::{add_service, bounds, definition, instance_type, provider, release, setup};

/// One slot: an instance holds exactly one task.
const SLOT: (u32, u32) = (256, 512);
const RELEASED_AT: SimTime = SimTime::from_secs(3600);

/// "start 4, min 50, max 100: stop 2 v1, start 2 v2", with `6 in 8 slots` where
/// room is scarce, must play as it reads and end on v2.
fn check(story: &str) {
    let (head, tail) = story.split_once(": ").expect("a head and steps");
    let head: Vec<&str> = head.split([',', ' ']).filter(|it| !it.is_empty()).collect();
    let number = |word: &str| {
        let idx = head.iter().position(|it| *it == word)?;
        head[idx + 1].parse::<u16>().ok()
    };
    let desired = number("start").expect("how many").into();
    let rollout = Rollout {
        scheduling: SchedulingStrategy::Replica,
        desired,
        bounds: bounds(number("min").expect("a minimum"), number("max").expect("a maximum")),
        initial_v1: desired,
        slots: number("in").map(u32::from),
        order: if head.contains(&"start_first") { RolloutOrder::StartFirst } else { RolloutOrder::StopFirst },
    };
    let (steps, outcome) = play(&rollout);
    let told: Vec<String> = steps
        .iter()
        .map(|it| {
            let (verb, revision) = it.action.split_once('_').expect("a verb and a revision");
            format!("{verb} {} {revision}", it.count)
        })
        .collect();
    assert_eq!(told.join(", "), tail, "{story}");
    assert_eq!(outcome, DeploymentOutcome::Completed, "{story}");
}

#[test]
fn minimum_50_and_maximum_100_replaces_half_at_a_time_stopping_first() {
    check("start 4, min 50, max 100: stop 2 v1, start 2 v2, stop 2 v1, start 2 v2");
}

#[test]
fn minimum_100_and_maximum_150_replaces_half_at_a_time_starting_first() {
    check("start 4, min 100, max 150: start 2 v2, stop 2 v1, start 2 v2, stop 2 v1");
}

#[test]
fn the_examples_of_the_guide_play_as_it_tells_them() {
    check(
        "start 6, min 100, max 200, in 8: start 2 v2, stop 2 v1, start 2 v2, stop 2 v1, start 2 v2, stop 2 v1",
    );
    check("start 6, min 50, max 200, in 8: stop 3 v1, start 5 v2, stop 3 v1, start 1 v2");
    check("start 6, min 50, max 200, in 10: stop 3 v1, start 6 v2, stop 3 v1");
    check("start 4, min 100, max 200: start 4 v2, stop 4 v1");
    check("start 4, min 0, max 100: stop 4 v1, start 4 v2");
    check("start 4, min 0, max 200: stop 4 v1, start 4 v2");
}

#[test]
fn where_nothing_can_be_started_first_something_is_stopped() {
    check("start 4, min 50, max 200, in 4, start_first: stop 2 v1, start 2 v2, stop 2 v1, start 2 v2");
}

/// A service of four on slots for four: nothing finds room beside it.
fn full_house(is_managed: bool, min: u16, max: u16) -> (Setup, Workload) {
    let pool = if is_managed { provider(3, 4) } else { provider(4, 4) };
    let horizon = SimDuration::from_secs(6 * 3600);
    let mut setup = setup(ModelOptions::instant(), pool, instance_type("slot", SLOT.0, SLOT.1), horizon);
    let versions = ["v1", "v2", "v3"].map(|name| definition(name, SLOT.0, SLOT.1));
    let mut workload = Workload { definitions: versions.to_vec().into(), ..Workload::default() };
    let service = add_service(&mut setup, &mut workload, bounds(min, max), 0, 4);
    release(&mut workload, RELEASED_AT, service, 1);
    (setup, workload)
}

#[test]
fn without_room_to_grow_a_rollout_ends_as_a_deadlock_by_capacity() {
    for is_managed in [false, true] {
        let (setup, workload) = full_house(is_managed, 100, 200);
        let record = run(&setup, &workload, Seed(1));
        let outcome = record.rollouts[0].outcome;
        assert_eq!(outcome, DeploymentOutcome::DeadlockedByCapacity, "managed: {is_managed}");
        assert_eq!(record.rollouts[0].n_started, 0, "what found no room was not started");
    }
}

#[test]
fn room_that_others_will_leave_is_no_deadlock() {
    for is_managed in [false, true] {
        let (mut setup, mut workload) = full_house(is_managed, 100, 125);
        setup.providers[crate::clusters::PROVIDER].max_size = 5;
        if !is_managed {
            setup.providers[crate::clusters::PROVIDER].min_size = 5;
        }
        // The fifth slot is taken until after the horizon.
        workload.arrivals.push(TaskArrival {
            at: SimTime::from_secs(1800),
            lifetime: SimDuration::from_secs(86_400),
            definition: TaskDefinitionId::new(2),
            batch: 0,
        });
        workload.n_batches = 1;
        setup.standalone.unplaced = berthlab::sim::setup::Unplaced::Retry {
            first: SimDuration::from_secs(60),
            longest: SimDuration::from_secs(900),
        };
        let record = run(&setup, &workload, Seed(1));
        assert_eq!(record.tasks.placed, 1);
        assert_eq!(record.rollouts[0].outcome, DeploymentOutcome::CutByHorizon, "managed: {is_managed}");
    }
}

#[test]
fn giving_up_what_never_found_room_costs_no_healthy_task() {
    let (setup, mut workload) = full_house(true, 100, 200);
    let service = berthlab::base::id::ServiceId::new(0);
    release(&mut workload, SimTime::from_secs(7200), service, 2);
    let record = run(&setup, &workload, Seed(1));
    let outcomes: Vec<_> = record.rollouts.iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes, [DeploymentOutcome::Superseded, DeploymentOutcome::DeadlockedByCapacity]);
    for rollout in &record.rollouts {
        assert_eq!(rollout.healthy_min, 4, "four of four stay healthy");
    }
}

#[test]
fn a_port_that_the_instance_keeps_is_never_given_to_a_service() {
    let (setup, mut workload) = full_house(false, 50, 100);
    workload.service_changes.clear();
    let mut ssh = definition("v1", SLOT.0, SLOT.1);
    ssh.host_ports = vec![HostPort { port: 22, protocol: Protocol::Tcp }];
    workload.definitions = vec![ssh].into();
    let record = run(&setup, &workload, Seed(1));
    assert_eq!(record.services[0].available_ms, 0);
    assert_eq!(record.never_placeable[0].reason, "RESOURCE:PORTS");
}
