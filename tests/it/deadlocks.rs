//! What is proven of a rollout is what a run of it sees, both ways: where a
//! deadlock is said one is seen, and where none is said the rollout ends. On
//! small random clusters, with a printed seed.

use std::sync::atomic::{AtomicUsize, Ordering};

use berthlab::base::id::{Id as _, InstanceTypeId, TaskDefinitionId, ZoneId};
use berthlab::base::{Domain, Seed, SimDuration, SimTime};
use berthlab::deployment::Standstill;
use berthlab::lint::rollout::change::{Change, smallest};
use berthlab::lint::rollout::{Proof, Question, Stand, Verdict, judge, judge_by_counting};
use berthlab::model::capacity::{CapacityProvider, ManagedScaling, Scaling};
use berthlab::model::deployment::SchedulingStrategy;
use berthlab::model::network::{HostPort, Protocol};
use berthlab::model::options::{ModelOptions, RolloutOrder, TieBreak};
use berthlab::model::task::TaskDefinition;
use berthlab::model::workload::{ServiceChange, ServiceChangeKind, TaskArrival, Workload};
use berthlab::placement::constraints::CONSTRAINTS;
use berthlab::placement::strategies::STRATEGIES;
use berthlab::placement::{Chain, PlacementConstraint};
use berthlab::record::DeploymentOutcome;
use berthlab::sim::{Setup, run};

use crate::clusters::{PROVIDER, add_service, bounds, instance_type, needs, release, setup};

const SEED: Seed = Seed(20_264);
const N_CASES: u64 = 10_000;
/// One case in so many is freed by the changes that are advised.
const SAMPLE: u64 = 25;
const RELEASED_AT: SimTime = SimTime::from_secs(2700);
const HORIZON: SimDuration = SimDuration::from_secs(9000);

/// The draws of one case.
struct Draws {
    case: u64,
    n_drawn: u64,
}

impl Draws {
    fn below(&mut self, n: u64) -> u64 {
        self.n_drawn += 1;
        SEED.stream(Domain::Replicate, self.case << 12 | self.n_drawn).below(n)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

fn constraint(
    setup: &mut Setup,
    name: &str,
    expression: Option<&str>,
) -> std::sync::Arc<dyn PlacementConstraint> {
    let entry = CONSTRAINTS.iter().find(|it| it.name == name).expect("a constraint of the list");
    (entry.build)(expression, &mut setup.expressions).expect("a sound expression")
}

fn definition(draws: &mut Draws, name: &str, is_odd: bool) -> TaskDefinition {
    let (cpu, memory) = (draws.of(&[128, 256, 256, 512]), draws.of(&[256, 512, 512, 1024]));
    let mut definition = TaskDefinition::plain(name, needs(cpu, memory));
    if is_odd {
        match draws.below(4) {
            0 | 1 => {
                definition.host_ports =
                    vec![HostPort { port: draws.of(&[80, 80, 81]), protocol: Protocol::Tcp }]
            }
            2 => definition.needs.gpus = 1,
            _ => definition.needs.network_interfaces = 1,
        }
    }
    definition
}

/// A service on a small cluster, what else is there, and a release.
fn case(number: u64) -> (Setup, Workload) {
    let mut draws = Draws { case: number, n_drawn: 0 };
    let draws = &mut draws;
    let base = if draws.one_in(2) { ModelOptions::instant() } else { ModelOptions::default() };
    let options = ModelOptions {
        tie_break: draws.of(&[TieBreak::Random, TieBreak::Random, TieBreak::LowestId]),
        order: draws.of(&[RolloutOrder::StopFirst, RolloutOrder::StopFirst, RolloutOrder::StartFirst]),
        upper_counts_stopping: !draws.one_in(4),
        release_on_desired_stopped: draws.one_in(6),
        ..base
    };
    let n_instances = draws.of(&[1, 2, 2, 3, 3, 4, 4, 5, 6, 8]);
    let n_zones = draws.of(&[1, 1, 2]);
    let is_managed = draws.one_in(5);
    let pool = CapacityProvider {
        managed_termination_protection: true,
        min_size: if is_managed { draws.below(u64::from(n_instances)) as u32 } else { n_instances },
        max_size: n_instances,
        scaling: if is_managed { Scaling::Managed(ManagedScaling::default()) } else { Scaling::Fixed },
        ..CapacityProvider::of("pool", InstanceTypeId::new(0), (0..n_zones).map(ZoneId::new).collect())
    };
    let mut instance =
        instance_type("small", draws.of(&[256, 512, 512, 1024]), draws.of(&[512, 1024, 1024, 2048]));
    instance.capacity.gpus = draws.of(&[1, 2]);
    instance.capacity.network_interfaces = draws.of(&[1, 2, 3]);
    let mut setup = setup(options, pool, instance, HORIZON);
    setup.zones = (0..n_zones).map(|it| format!("zone-{it}")).collect();

    let is_odd = draws.one_in(3);
    let old = definition(draws, "old", is_odd);
    let new = match draws.below(3) {
        0 | 1 => TaskDefinition { name: "new".to_owned(), ..old.clone() },
        _ => definition(draws, "new", is_odd),
    };
    let definitions = vec![old, new, definition(draws, "other", false), definition(draws, "lasting", false)];
    let mut workload = Workload { definitions: definitions.into(), ..Workload::default() };
    let minimum = draws.of(&[0, 25, 34, 50, 50, 66, 75, 100, 100, 100]);
    let maximum = draws.of(&[100, 110, 125, 134, 150, 150, 200, 200, 200]);
    let desired = draws.of(&[1, 2, 2, 3, 3, 4, 4, 5, 6]);
    let service = add_service(&mut setup, &mut workload, bounds(minimum, maximum), 0, desired);
    if draws.one_in(4) {
        let distinct = constraint(&mut setup, "distinctInstance", None);
        setup.services[service].placement.constraints.push(distinct);
    }
    if n_zones > 1 && draws.one_in(4) {
        let member = constraint(&mut setup, "memberOf", Some("attribute:ecs.availability-zone == zone-0"));
        setup.services[service].placement.constraints.push(member);
    }
    if draws.one_in(4) {
        let other = draws.of(&[1, 2, 3]);
        add_service(&mut setup, &mut workload, bounds(100, 200), 2, other);
    }
    for service in setup.services.ids() {
        let tie_break = setup.options.tie_break;
        let chain = match draws.below(4) {
            0 => Chain::default_of_service(&mut setup.attributes, tie_break),
            1 => Chain::new(Vec::new(), tie_break),
            it => {
                let (name, field) = if it == 2 { ("binpack", "memory") } else { ("spread", "instanceId") };
                let entry = STRATEGIES.iter().find(|it| it.name == name).expect("a strategy of the list");
                let built =
                    (entry.build)(Some(field), &mut setup.attributes).unwrap_or_else(|_| panic!("a field"));
                Chain::new(vec![built], tie_break)
            }
        };
        setup.services[service].placement.chain = chain;
    }
    if draws.one_in(4) {
        let lasting = TaskDefinitionId::from_idx(3);
        for _ in 0..draws.of(&[1, 1, 2]) {
            let lifetime = SimDuration::FOREVER;
            let at = SimTime::ZERO;
            workload.arrivals.push(TaskArrival { at, lifetime, definition: lasting, batch: 0 });
        }
        workload.n_batches = 1;
    }
    if draws.one_in(10) {
        let kind = ServiceChangeKind::Protected {
            n_tasks: draws.of(&[1, 1, 2]),
            until: SimTime::from_secs(16 * 3600),
        };
        let at = SimTime::from_secs(2000);
        workload.service_changes.push(ServiceChange { at, service, kind });
    }
    release(&mut workload, RELEASED_AT, service, 1);
    (setup, workload)
}

#[derive(Default)]
struct Tally {
    n_judged: AtomicUsize,
    n_unknown: AtomicUsize,
    by_bounds: AtomicUsize,
    by_capacity: AtomicUsize,
    by_protection: AtomicUsize,
    completes: AtomicUsize,
    may: AtomicUsize,
    may_seen: AtomicUsize,
    may_both: AtomicUsize,
    counted: AtomicUsize,
    with_change: AtomicUsize,
    without_change: AtomicUsize,
}

fn add(count: &AtomicUsize) {
    count.fetch_add(1, Ordering::Relaxed);
}

fn seen(setup: &Setup, workload: &Workload, seed: u64) -> DeploymentOutcome {
    run(setup, workload, Seed(seed)).rollouts[0].outcome
}

/// A case in one line, for whoever has to find out.
fn described(setup: &Setup, workload: &Workload) -> String {
    let pool = &setup.providers[PROVIDER];
    let types = &setup.instance_types.rows()[0].capacity;
    let options = &setup.options;
    let definitions: Vec<String> = workload
        .definitions
        .rows()
        .iter()
        .map(|it| format!("{} {:?} {:?}", it.name, it.needs, it.host_ports))
        .collect();
    let services: Vec<String> = setup
        .services
        .iter()
        .map(|(id, it)| {
            let row = &workload.services[id];
            let chain: Vec<_> =
                it.placement.chain.strategies().iter().map(|it| it.describe(&setup.attributes)).collect();
            let constraints: Vec<_> = it.placement.constraints.iter().map(|it| it.reason()).collect();
            format!(
                "{} x {:?} {:?} {chain:?} {constraints:?}",
                row.desired_count, row.definition, it.deployment.bounds
            )
        })
        .collect();
    format!(
        "{}-{} {:?} of {types:?} in {} zones; {:?} {:?} counts {} releases {} settle {:?}; {definitions:?}; {services:?}; {} lasting",
        pool.min_size,
        pool.max_size,
        pool.scaling,
        pool.zones.len(),
        options.tie_break,
        options.order,
        options.upper_counts_stopping,
        options.release_on_desired_stopped,
        options.no_check_settle,
        workload.arrivals.len(),
    )
}

/// Holds one verdict against runs; what disagrees is told.
fn check(number: u64, tally: &Tally) -> Option<String> {
    let (setup, workload) = case(number);
    let question =
        Question::of_release(&setup, &workload, workload.service_changes.len() - 1).expect("a release");
    let verdict = judge(&question);
    if verdict == Verdict::Unknown {
        add(&tally.n_unknown);
        return None;
    }
    add(&tally.n_judged);
    let told = || format!("case {number}: {verdict:?} of {}", described(&setup, &workload));
    let is_by_bounds = matches!(&verdict, Verdict::Deadlocks(stand) if stand.proof == Proof::Bounds);
    match judge_by_counting(&question) {
        Verdict::Unknown => (),
        _ if is_by_bounds => (),
        counted => {
            add(&tally.counted);
            let is_same = match &verdict {
                Verdict::Deadlocks(_) => matches!(counted, Verdict::Deadlocks(_)),
                other => *other == counted,
            };
            if !is_same {
                return Some(format!("{}, counted {counted:?}", told()));
            }
        }
    }
    if number.is_multiple_of(SAMPLE) && matches!(verdict, Verdict::Deadlocks(_) | Verdict::CanDeadlock(_)) {
        let changes = smallest(&question);
        add(if changes.is_empty() { &tally.without_change } else { &tally.with_change });
        for change in changes {
            let changed = change.applied(&question);
            let (setup, workload) = changed.as_run(RELEASED_AT);
            for seed in 0..3 {
                let outcome = seen(&setup, &workload, seed);
                if outcome != DeploymentOutcome::Completed {
                    return Some(format!("{}, with {}: {outcome:?}", told(), change.describe(&question)));
                }
            }
        }
    }
    match &verdict {
        Verdict::Unknown => None,
        Verdict::Completes => {
            add(&tally.completes);
            let outcome = seen(&setup, &workload, number);
            (outcome != DeploymentOutcome::Completed).then(|| format!("{}, seen {outcome:?}", told()))
        }
        Verdict::Deadlocks(stand) => {
            let expected = match stand.standstill {
                Standstill::DeploymentConfiguration => DeploymentOutcome::DeadlockedByConfiguration,
                Standstill::InsufficientCapacity => DeploymentOutcome::DeadlockedByCapacity,
                Standstill::Protection => DeploymentOutcome::DeadlockedByProtection,
            };
            add(match () {
                () if question.n_protected > 0 => &tally.by_protection,
                () if stand.proof == Proof::Bounds => &tally.by_bounds,
                () => &tally.by_capacity,
            });
            let outcome = seen(&setup, &workload, number);
            // Where a protected task is in the way, what is met first may be
            // either.
            let is_deadlock = matches!(
                outcome,
                DeploymentOutcome::DeadlockedByCapacity | DeploymentOutcome::DeadlockedByProtection
            );
            let is_as_said = outcome == expected || question.n_protected > 0 && is_deadlock;
            (!is_as_said).then(|| format!("{}, seen {outcome:?}", told()))
        }
        Verdict::CanDeadlock(_) => {
            add(&tally.may);
            let outcomes: Vec<_> = (0..8).map(|it| seen(&setup, &workload, it)).collect();
            let n_completed = outcomes.iter().filter(|it| **it == DeploymentOutcome::Completed).count();
            if n_completed < outcomes.len() {
                add(&tally.may_seen);
                if n_completed > 0 {
                    add(&tally.may_both);
                }
            }
            let is_other = |it: &DeploymentOutcome| {
                !matches!(it, DeploymentOutcome::Completed | DeploymentOutcome::DeadlockedByCapacity)
            };
            outcomes.iter().any(is_other).then(|| format!("{}, seen {outcomes:?}", told()))
        }
    }
}

#[test]
fn what_is_proven_of_a_rollout_is_what_a_run_sees() {
    let tally = Tally::default();
    let next = AtomicUsize::new(0);
    let disagree: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..std::thread::available_parallelism().map_or(2, |it| it.get()))
            .map(|_| {
                scope.spawn(|| {
                    let mut found = Vec::new();
                    while tally.n_judged.load(Ordering::Relaxed) < N_CASES as usize {
                        found.extend(check(next.fetch_add(1, Ordering::Relaxed) as u64, &tally));
                    }
                    found
                })
            })
            .collect();
        workers.into_iter().flat_map(|it| it.join().expect("a worker ends")).collect()
    });
    let get = |count: &AtomicUsize| count.load(Ordering::Relaxed);
    let (n, by_bounds, by_capacity) = (get(&tally.n_judged), get(&tally.by_bounds), get(&tally.by_capacity));
    println!(
        "seed {}: {n} rollouts judged, {} left out; {by_bounds} deadlocks by bounds, {by_capacity} by capacity, {} by \
         protection, \
         {} completions, {} that depend on placement ({} seen to stand still, {} both ways in 8 runs); {} \
         counted alike; {} of a sample freed by a change, {} by none",
        SEED.0,
        get(&tally.n_unknown),
        get(&tally.by_protection),
        get(&tally.completes),
        get(&tally.may),
        get(&tally.may_seen),
        get(&tally.may_both),
        get(&tally.counted),
        get(&tally.with_change),
        get(&tally.without_change),
    );
    let shown: Vec<&String> = disagree.iter().take(8).collect();
    assert!(disagree.is_empty(), "{} disagree: {shown:#?}", disagree.len());
    assert!(n as u64 >= N_CASES);
    for class in [by_bounds + by_capacity, get(&tally.completes)] {
        assert!(class * 10 >= n, "a class of {class} is under a tenth of {n}");
    }
    assert!(by_capacity * 20 >= n && get(&tally.may) > 0, "{by_capacity} by capacity");
}

/// A service on a pool, a revision of these needs, and what is asked of it.
fn asked(
    (n_instances, desired): (u32, u32),
    (minimum, maximum): (u16, u16),
    (old_cpu, new_cpu): (u32, u32),
    name: Option<(&str, Option<&str>)>,
) -> Question {
    let pool = crate::clusters::provider(n_instances, n_instances);
    let mut setup = setup(ModelOptions::instant(), pool, instance_type("small", 1024, 1024), HORIZON);
    let old = TaskDefinition::plain("old", needs(old_cpu, 128));
    let new = TaskDefinition::plain("new", needs(new_cpu, 128));
    let mut workload = Workload { definitions: vec![old, new].into(), ..Workload::default() };
    let service = add_service(&mut setup, &mut workload, bounds(minimum, maximum), 0, desired);
    if let Some((name, expression)) = name {
        let constraint = constraint(&mut setup, name, expression);
        setup.services[service].placement.constraints.push(constraint);
    }
    release(&mut workload, RELEASED_AT, service, 1);
    Question::of_release(&setup, &workload, 0).expect("a release")
}

/// The rollout deadlocks, a run sees it, and these changes free it.
fn deadlocks(question: &Question, outcome: DeploymentOutcome, freed_by: &[Change]) -> Stand {
    let Verdict::Deadlocks(stand) = judge(question) else { panic!("{:?}", judge(question)) };
    let (setup, workload) = question.as_run(RELEASED_AT);
    assert_eq!(seen(&setup, &workload, 1), outcome, "{stand:?}");
    let changes = smallest(question);
    assert_eq!(changes, freed_by, "{stand:?}");
    for change in changes {
        let (setup, workload) = change.applied(question).as_run(RELEASED_AT);
        assert_eq!(seen(&setup, &workload, 1), DeploymentOutcome::Completed, "{change:?}");
    }
    stand
}

#[test]
fn the_classic_deadlocks_are_said_with_what_frees_them() {
    use Change::{MaximumPercent, MinimumHealthyPercent, MoreInstances, NoConstraint};
    use DeploymentOutcome::{DeadlockedByCapacity, DeadlockedByConfiguration};
    // Each instance has a task of the service.
    let distinct = asked((3, 3), (100, 200), (256, 256), Some(("distinctInstance", None)));
    let changes = [MinimumHealthyPercent(66), MoreInstances(1), NoConstraint(0)];
    let stand = deadlocks(&distinct, DeadlockedByCapacity, &changes);
    assert_eq!((stand.n_source, stand.n_target), (3, 0));
    // The guide's own examples.
    for (desired, bounds, changes) in [
        (2, (75, 100), [MaximumPercent(150), MinimumHealthyPercent(50)]),
        (3, (100, 125), [MaximumPercent(134), MinimumHealthyPercent(66)]),
        (1, (100, 100), [MaximumPercent(200), MinimumHealthyPercent(0)]),
    ] {
        let question = asked((desired + 1, desired), bounds, (256, 256), None);
        deadlocks(&question, DeadlockedByConfiguration, &changes);
    }
    // One old on each of two; the new one fits only an empty one.
    let larger = asked((2, 2), (100, 200), (600, 1000), None);
    deadlocks(&larger, DeadlockedByCapacity, &[MinimumHealthyPercent(50), MoreInstances(1)]);
}

#[test]
fn a_cluster_that_is_too_large_to_try_is_counted() {
    let question = asked((60, 60), (100, 200), (256, 256), Some(("distinctInstance", None)));
    let Verdict::Deadlocks(stand) = judge(&question) else { panic!("{:?}", judge(&question)) };
    assert_eq!((stand.proof, stand.n_source, stand.n_target), (Proof::Counting, 60, 0));
    let (setup, workload) = question.as_run(RELEASED_AT);
    assert_eq!(seen(&setup, &workload, 1), DeploymentOutcome::DeadlockedByCapacity);
    let freed = Change::MinimumHealthyPercent(98);
    assert!(smallest(&question).contains(&freed), "{:?}", smallest(&question));
    let (setup, workload) = freed.applied(&question).as_run(RELEASED_AT);
    assert_eq!(seen(&setup, &workload, 1), DeploymentOutcome::Completed);
}

#[test]
fn a_daemon_at_a_minimum_of_100_never_changes_and_a_larger_one_may_not_fit() {
    let daemon = |minimum, new_cpu| {
        let mut question = asked((3, 3), (minimum, 100), (256, new_cpu), None);
        let policy = &mut question.setup.services[question.service];
        policy.scheduling = SchedulingStrategy::Daemon;
        policy.controller = berthlab::deployment::DAEMON;
        question
    };
    let stuck = daemon(100, 256);
    deadlocks(&stuck, DeploymentOutcome::DeadlockedByConfiguration, &[Change::MinimumHealthyPercent(66)]);
    assert_eq!(judge(&daemon(50, 256)), Verdict::Completes);
    let Verdict::Deadlocks(stand) = judge(&daemon(50, 2048)) else { panic!("it fits nowhere") };
    assert_eq!(stand.standstill, Standstill::InsufficientCapacity);
    assert_eq!(stand.reasons.iter().map(|it| it.1).collect::<Vec<_>>(), [3]);
}
