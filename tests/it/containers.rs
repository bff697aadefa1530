//! The life of a task by formula against a simulator that steps through it
//! millisecond by millisecond, and cases that can be reckoned by hand.

use std::sync::Arc;

use berthlab::base::rng::Stream;
use berthlab::base::{CpuUnits, Domain, MemoryMib, Seed, SimDuration};
use berthlab::containers::{LifeContext, life};
use berthlab::model::access::{Denial, DenialReason, Permissions};
use berthlab::model::container::*;
use berthlab::model::life::{ContainerHealth, TaskLife};
use berthlab::model::options::ModelOptions;
use berthlab::model::task::{Needs, TaskDefinition};

/// Denies these actions to every role; these things are not there.
#[derive(Default)]
struct Denying<'a> {
    actions: &'a [&'a str],
    missing: &'a [&'a str],
}

impl Permissions for Denying<'_> {
    fn may(&self, role: Option<&str>, action: &str, resource: &str) -> Result<(), Denial> {
        let (Some(role), true) = (role, self.actions.contains(&action)) else { return Ok(()) };
        let (role, action, resource) = (role.to_owned(), action.to_owned(), resource.to_owned());
        Err(Denial { role, action, resource, reason: DenialReason::NoAllowOfIdentity })
    }

    fn exists(&self, resource: &str) -> bool {
        !self.missing.contains(&resource)
    }
}

fn life_of(blueprint: &Blueprint, options: &ModelOptions, permissions: &dyn Permissions) -> TaskLife {
    let plain = TaskDefinition::plain("web", Needs::of(CpuUnits(1), MemoryMib(1)));
    let definition = TaskDefinition { blueprint: Some(Arc::new(blueprint.clone())), ..plain };
    life(
        &definition,
        &LifeContext {
            registry: &berthlab::model::repository::Registry::default(),
            options,
            is_fargate: false,
            permissions,
            instance_role: None,
            serving: None,
        },
    )
}

// What a naive reading of the rules comes to.

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Waiting,
    /// Created and started by then.
    Starting(u64),
    Running,
    Exited(i32),
}

struct Part<'a> {
    container: &'a Container,
    state: State,
    /// The conditions of its dependencies that were met once.
    met: Vec<bool>,
    started: u64,
    last_started: u64,
    health: Option<bool>,
    n_failed: u32,
    /// The running probe ends then; the next one begins `interval` later.
    probe_ends: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Story {
    running: Option<u64>,
    failed: Option<u64>,
    /// Healthy or unhealthy, when.
    health: Option<(bool, u64)>,
    exit: Option<u64>,
    answers: Option<u64>,
    stop: Option<u64>,
}

const END: u64 = 2_000;

fn hangs(it: &Container) -> bool {
    it.log.as_ref().is_some_and(|it| it.is_blocking == Some(true))
}

fn tell(containers: &[Container], options: &ModelOptions) -> Story {
    let start = options.container_create.millis() + options.container_start.millis();
    let mut boxes: Vec<Part<'_>> = containers
        .iter()
        .map(|container| Part {
            container,
            state: State::Waiting,
            met: vec![false; container.depends_on.len()],
            started: 0,
            last_started: 0,
            health: None,
            n_failed: 0,
            probe_ends: 0,
        })
        .collect();
    let mut story =
        Story { running: None, failed: None, health: None, exit: None, answers: None, stop: None };
    let serving = containers.iter().position(|it| it.is_essential);
    for now in 0..END {
        let mut essential_ended = false;
        let mut has_failed = false;
        loop {
            let mut has_changed = false;
            for it in &mut boxes {
                if it.state == State::Starting(now) {
                    it.state = State::Running;
                    (it.started, it.last_started) = (now, now);
                    if let Some(check) = &it.container.health_check {
                        let cost = if hangs(it.container) { check.timeout.millis() } else { 0 };
                        it.probe_ends = now + check.interval.millis() + cost;
                    }
                    has_changed = true;
                }
                if it.state == State::Running && !ends_at(it, now).is_empty() {
                    let code = ends_at(it, now)[0];
                    let policy = it.container.restart_policy.as_ref();
                    let is_restarted = policy.is_some_and(|policy| {
                        now - it.last_started >= policy.attempt_period.millis()
                            && !policy.ignored_exit_codes.contains(&code)
                    });
                    match is_restarted {
                        true => it.last_started = now,
                        false => {
                            it.state = State::Exited(code);
                            essential_ended |= it.container.is_essential;
                        }
                    }
                    has_changed = true;
                }
                if it.state == State::Running && it.container.health_check.is_some() && it.probe_ends == now {
                    probe(it, now);
                    has_changed = true;
                }
            }
            for idx in 0..boxes.len() {
                if boxes[idx].state != State::Waiting {
                    continue;
                }
                let container = boxes[idx].container;
                for (n, dependency) in container.depends_on.iter().enumerate() {
                    let on = &boxes[dependency.container];
                    let is_met = match dependency.condition {
                        Condition::Start => matches!(on.state, State::Running | State::Exited(_)),
                        Condition::Complete => matches!(on.state, State::Exited(_)),
                        Condition::Success => on.state == State::Exited(0),
                        Condition::Healthy => on.state == State::Running && on.health == Some(true),
                    };
                    if is_met && !boxes[idx].met[n] {
                        boxes[idx].met[n] = true;
                        has_changed = true;
                    }
                }
                if boxes[idx].met.iter().all(|it| *it) {
                    boxes[idx].state = State::Starting(now + start);
                    has_changed = true;
                }
            }
            if !has_changed {
                break;
            }
        }
        for it in boxes.iter().filter(|it| it.state == State::Waiting) {
            for (dependency, is_met) in it.container.depends_on.iter().zip(&it.met) {
                let on = &boxes[dependency.container];
                let is_under_way = matches!(on.state, State::Running | State::Exited(_));
                let limit = on.container.start_timeout.map(SimDuration::millis);
                let is_late = limit.is_some_and(|limit| now >= on.started + limit);
                let cannot = match (dependency.condition, on.state) {
                    (Condition::Start, _) => false,
                    (Condition::Success | Condition::Healthy, State::Exited(_)) => true,
                    (Condition::Healthy, State::Running) => {
                        let never = hangs(on.container) || on.container.behaviour.answers == Answers::Never;
                        never && on.health == Some(false) && limit.is_none()
                    }
                    _ => false,
                };
                let waits = dependency.condition != Condition::Start && is_under_way && is_late;
                has_failed |= !is_met && (waits || cannot);
            }
        }
        let is_up = boxes.iter().all(|it| matches!(it.state, State::Running | State::Exited(_)));
        if story.running.is_none() {
            if is_up {
                story.running = Some(now);
                story.stop = Some(stop(&boxes, options));
            } else if essential_ended || has_failed {
                story.failed = Some(now);
                return story;
            }
        }
        if let Some(serving) = serving.map(|it| &boxes[it])
            && story.answers.is_none()
            && serving.state == State::Running
            && !hangs(serving.container)
            && matches!(serving.container.behaviour.answers, Answers::After(it) if now >= serving.started + it.millis())
        {
            story.answers = Some(now);
        }
        if story.running.is_some() {
            let checked = boxes.iter().filter(|it| it.container.is_essential);
            let checked: Vec<_> = checked.filter(|it| it.container.health_check.is_some()).collect();
            if story.health.is_none() && !checked.is_empty() {
                if checked.iter().any(|it| it.health == Some(false)) {
                    story.health = Some((false, now));
                } else if checked.iter().all(|it| it.health == Some(true)) {
                    story.health = Some((true, now));
                }
            }
            if essential_ended {
                story.exit = Some(now);
                return story;
            }
        }
    }
    story
}

fn ends_at(it: &Part<'_>, now: u64) -> Vec<i32> {
    let behaviour = &it.container.behaviour;
    if behaviour.calls.iter().any(|it| it.on_denied == OnDenied::Exit) {
        return vec![1];
    }
    let exit = behaviour.exit.filter(|_| !hangs(it.container));
    exit.filter(|exit| it.last_started + exit.after.millis() == now).map(|it| it.code).into_iter().collect()
}

fn probe(it: &mut Part<'_>, now: u64) {
    let check = it.container.health_check.as_ref().unwrap();
    let hangs = hangs(it.container);
    let age = now - it.started;
    let passes =
        !hangs && matches!(it.container.behaviour.answers, Answers::After(after) if age >= after.millis());
    if passes {
        it.health = Some(true);
        it.n_failed = 0;
    } else if age >= check.start_period.millis() {
        it.n_failed += 1;
        if it.n_failed >= check.retries {
            it.health = Some(false);
        }
    }
    it.probe_ends = now + check.interval.millis() + if hangs { check.timeout.millis() } else { 0 };
}

fn stop(boxes: &[Part<'_>], options: &ModelOptions) -> u64 {
    let is_alive = |it: &Part<'_>| it.container.is_essential || !matches!(it.state, State::Exited(_));
    let mut gone: Vec<bool> = boxes.iter().map(|it| !is_alive(it)).collect();
    let mut told: Vec<Option<u64>> = vec![None; boxes.len()];
    for now in 0.. {
        loop {
            let mut has_changed = false;
            for idx in 0..boxes.len() {
                let container = boxes[idx].container;
                let is_held = (0..boxes.len()).any(|other| {
                    !gone[other] && containers_depend(boxes[other].container, idx, boxes, &gone)
                });
                if !gone[idx] && told[idx].is_none() && !is_held {
                    told[idx] = Some(now);
                    has_changed = true;
                }
                let timeout = container.stop_timeout.unwrap_or(options.default_stop_timeout);
                let takes = container.behaviour.exit_time.unwrap_or(options.exit_time).min(timeout).millis();
                if !gone[idx] && told[idx].is_some_and(|told| told + takes == now) {
                    gone[idx] = true;
                    has_changed = true;
                }
            }
            if !has_changed {
                break;
            }
        }
        if gone.iter().all(|it| *it) {
            return now;
        }
    }
    unreachable!()
}

/// Whether `it` depends on the container, directly or through one that is gone.
fn containers_depend(it: &Container, idx: usize, boxes: &[Part<'_>], gone: &[bool]) -> bool {
    it.depends_on.iter().any(|on| {
        on.container == idx
            || gone[on.container] && containers_depend(boxes[on.container].container, idx, boxes, gone)
    })
}

// Blueprints by chance.

struct Chance(Stream);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0.below(n)
    }

    fn is(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn up_to(&mut self, n: u64) -> SimDuration {
        SimDuration::from_millis(self.below(n + 1))
    }

    fn blueprint(&mut self) -> Blueprint {
        let n = 1 + self.below(6) as usize;
        // Whoever stands later in this order may wait for those before.
        let mut order: Vec<usize> = (0..n).collect();
        for idx in (1..n).rev() {
            order.swap(idx, self.below(idx as u64 + 1) as usize);
        }
        let mut containers: Vec<Container> = (0..n).map(|it| self.container(it)).collect();
        if !containers.iter().any(|it| it.is_essential) {
            containers[0].is_essential = true;
        }
        for (at, &idx) in order.iter().enumerate() {
            for &on in &order[..at] {
                if self.is(40) {
                    let checked = containers[on].health_check.is_some();
                    let condition = match self.below(8) {
                        0..3 => Condition::Start,
                        3 if !containers[on].is_essential => Condition::Complete,
                        4 if !containers[on].is_essential => Condition::Success,
                        5..8 if checked => Condition::Healthy,
                        _ => Condition::Start,
                    };
                    containers[idx].depends_on.push(Dependency { container: on, condition });
                }
            }
        }
        let role = Some("role".to_owned());
        Blueprint { containers, task_role: role.clone(), execution_role: role, ..Blueprint::plain() }
    }

    fn container(&mut self, number: usize) -> Container {
        let mut it = Container::plain(format!("c{number}"));
        it.is_essential = self.is(60);
        it.start_timeout = self.is(20).then(|| SimDuration::from_millis(1 + self.below(30)));
        it.stop_timeout = self.is(30).then(|| self.up_to(10));
        if self.is(50) {
            let interval = SimDuration::from_millis(1 + self.below(7));
            let retries = 1 + self.below(4) as u32;
            let (timeout, start_period) = (self.up_to(4), self.up_to(15));
            it.health_check = Some(HealthCheck { interval, timeout, retries, start_period });
        }
        if self.is(20) {
            let attempt_period = SimDuration::from_millis(1 + self.below(20));
            it.restart_policy = Some(RestartPolicy { attempt_period, ignored_exit_codes: vec![0] });
        }
        if self.is(8) {
            let is_blocking = Some(self.is(50));
            it.log = Some(Log { driver: "awslogs".into(), is_blocking, group: None, region: None });
        }
        if self.is(4) {
            let on_denied = if self.is(50) { OnDenied::Exit } else { OnDenied::AnswerErrors };
            it.behaviour.calls.push(Call { action: "s3:GetObject".into(), resource: "*".into(), on_denied });
        }
        if self.is(if it.is_essential { 25 } else { 60 }) {
            let code = if self.is(70) { 0 } else { 1 };
            it.behaviour.exit = Some(Exit { after: self.up_to(40), code });
        }
        it.behaviour.answers = if self.is(12) { Answers::Never } else { Answers::After(self.up_to(25)) };
        it.behaviour.exit_time = self.is(70).then(|| self.up_to(12));
        it
    }
}

#[test]
fn the_formulas_agree_with_a_simulator_that_steps_through_every_millisecond() {
    let denying = Denying { actions: &["logs:PutLogEvents", "s3:GetObject"], missing: &[] };
    let (mut n_running, mut n_failed, mut n_unhealthy, mut n_exits) = (0, 0, 0, 0);
    for seed in 0..6000 {
        let mut chance = Chance(Seed(seed).stream(Domain::TieBreak, 0));
        let blueprint = chance.blueprint();
        let options = ModelOptions {
            container_create: chance.up_to(3),
            container_start: chance.up_to(3),
            exit_time: chance.up_to(5),
            default_stop_timeout: chance.up_to(9),
            ..ModelOptions::instant()
        };
        let life = life_of(&blueprint, &options, &denying);
        let story = tell(&blueprint.containers, &options);
        let context = || format!("seed {seed}: {story:?}\n{life:?}\n{blueprint:#?}\n{options:?}");
        let after_pull = life.start.after_pull.millis();
        let Some(running) = story.running else {
            assert!(life.start.failure.is_some(), "{}", context());
            assert_eq!(after_pull, story.failed.unwrap_or(u64::MAX), "{}", context());
            n_failed += 1;
            continue;
        };
        n_running += 1;
        assert_eq!((after_pull, &life.start.failure), (running, &None), "{}", context());
        let exit = life.exit.as_ref().map(|it| running + it.after.millis());
        assert_eq!(exit, story.exit, "{}", context());
        n_exits += usize::from(exit.is_some());
        assert_eq!(Some(life.stop.millis()), story.stop, "{}", context());
        // What the end of the task hides was not told.
        let is_hidden = |at: u64| exit.is_some_and(|exit| at >= exit);
        let answers = life.answers_after.map(|it| running + it.millis());
        match story.answers {
            Some(at) => assert_eq!(answers, Some(at.max(running)), "{}", context()),
            None => assert!(answers.is_none_or(is_hidden), "{}", context()),
        }
        let health = match life.container_health {
            ContainerHealth::Unchecked => None,
            ContainerHealth::HealthyAfter(after) => Some((true, running + after.millis())),
            ContainerHealth::UnhealthyAfter(after) => Some((false, running + after.millis())),
        };
        match story.health {
            Some(found) => assert_eq!(health, Some(found), "{}", context()),
            None => assert!(health.is_none_or(|it| is_hidden(it.1)), "{}", context()),
        }
        n_unhealthy += usize::from(matches!(health, Some((false, _))));
    }
    println!("{n_running} ran, {n_failed} failed, {n_unhealthy} unhealthy, {n_exits} ended");
    assert!(n_running > 1000 && n_failed > 1000 && n_unhealthy > 300 && n_exits > 300);
}

// Cases to reckon by hand.

fn secs(n: u64) -> SimDuration {
    SimDuration::from_secs(n)
}

/// A container that depends on others by position.
fn container(name: &str, depends_on: &[(usize, Condition)]) -> Container {
    let depends_on =
        depends_on.iter().map(|&(container, condition)| Dependency { container, condition }).collect();
    Container { depends_on, ..Container::plain(name) }
}

fn of(containers: Vec<Container>) -> Blueprint {
    Blueprint { containers, ..Blueprint::plain() }
}

/// Seconds before, in and after the pull, and a part of the failure.
#[track_caller]
fn starts(
    blueprint: &Blueprint,
    denying: &Denying<'_>,
    expected: (u64, u64, u64),
    failure: &str,
) -> TaskLife {
    let life = life_of(blueprint, &ModelOptions::default(), denying);
    let start = &life.start;
    let parts = (start.before_pull, start.pull, start.after_pull);
    assert_eq!(parts, (secs(expected.0), secs(expected.1), secs(expected.2)), "{start:?}");
    match &start.failure {
        Some(why) => assert!(!failure.is_empty() && why.contains(failure), "`{failure}` in {why}"),
        None => assert_eq!(failure, ""),
    }
    life
}

#[test]
fn a_task_without_a_blueprint_lives_as_one_plain_container() {
    let options = ModelOptions::default();
    let definition = TaskDefinition::plain("web", Needs::of(CpuUnits(1), MemoryMib(1)));
    let of = |is_fargate| {
        life(
            &definition,
            &LifeContext {
                registry: &berthlab::model::repository::Registry::default(),
                options: &options,
                is_fargate,
                permissions: &Denying::default(),
                instance_role: None,
                serving: None,
            },
        )
    };
    let on_ec2 = of(false);
    assert_eq!(on_ec2.start.total(), options.start_delay());
    assert_eq!((on_ec2.stop, on_ec2.deprovision), (secs(1), secs(0)));
    assert_eq!((on_ec2.container_health, on_ec2.exit), (ContainerHealth::Unchecked, None));
    assert_eq!(on_ec2.answers_after, Some(secs(0)));
    let on_fargate = of(true);
    assert_eq!(on_fargate.start.before_pull, secs(16));
    assert_eq!(on_fargate.deprovision, secs(5));
}

#[test]
fn a_chain_adds_up_and_those_beside_it_start_together() {
    let chain = of(vec![
        container("proxy", &[]),
        container("app", &[(0, Condition::Start)]),
        container("tail", &[(1, Condition::Start)]),
        container("beside", &[]),
    ]);
    let life = starts(&chain, &Denying::default(), (1, 10, 6), "");
    // Against the order: tail, then app, then proxy; one second each.
    assert_eq!(life.stop, secs(3));
    let interface = Blueprint { network_mode: NetworkMode::Awsvpc, ..chain };
    assert_eq!(starts(&interface, &Denying::default(), (11, 10, 6), "").deprovision, secs(5));
}

#[test]
fn a_condition_that_cannot_come_true_fails_the_start_when_that_is_known() {
    let ending = |after, code| {
        let mut it = Container { is_essential: false, ..Container::plain("init") };
        it.behaviour.exit = Some(Exit { after: secs(after), code });
        it
    };
    let checked = |answers| {
        let check =
            HealthCheck { interval: secs(30), timeout: secs(5), retries: 3, start_period: SimDuration::ZERO };
        let mut it = Container { health_check: Some(check), ..Container::plain("init") };
        it.behaviour.answers = answers;
        it
    };
    let limited = |it: Container, limit| Container { start_timeout: Some(secs(limit)), ..it };
    let on = |init, condition| of(vec![container("app", &[(1, condition)]), init]);
    let none = &Denying::default();
    starts(&on(ending(20, 0), Condition::Success), none, (1, 10, 24), "");
    starts(&on(ending(20, 3), Condition::Complete), none, (1, 10, 24), "");
    starts(&on(ending(20, 3), Condition::Success), none, (1, 10, 22), "`init`, which exited with code 3");
    starts(&on(limited(ending(20, 0), 20), Condition::Success), none, (1, 10, 24), "");
    starts(&on(limited(ending(20, 0), 19), Condition::Success), none, (1, 10, 21), "startTimeout of 19s");
    starts(&on(checked(Answers::After(secs(40))), Condition::Healthy), none, (1, 10, 64), "");
    starts(&on(checked(Answers::Never), Condition::Healthy), none, (1, 10, 92), "found unhealthy");
    let late = limited(checked(Answers::Never), 100);
    starts(&on(late, Condition::Healthy), none, (1, 10, 102), "not healthy within");
    let restless = Container {
        restart_policy: Some(RestartPolicy { attempt_period: secs(10), ignored_exit_codes: Vec::new() }),
        ..ending(20, 0)
    };
    let for_ever = life_of(&on(restless, Condition::Complete), &ModelOptions::default(), none);
    assert_eq!(for_ever.start.total(), SimDuration::FOREVER);
    assert!(for_ever.start.failure.unwrap().contains("never ends"));
}

#[test]
fn what_a_role_may_not_do_is_named_with_role_action_and_resource() {
    let role = Some("arn:aws:iam::210987654321:role/exec".to_owned());
    let with = |change: &dyn Fn(&mut Container)| {
        let mut it = Container::plain("app");
        change(&mut it);
        Blueprint { execution_role: role.clone(), task_role: role.clone(), ..of(vec![it]) }
    };
    let reading =
        |kind, resource: &str| with(&|it| it.reads.push(Read { kind, resource: resource.to_owned() }));
    let denying = |actions| Denying { actions, missing: &["gone"] };
    let secret = reading(ReadKind::Secret, "arn:secret");
    starts(&secret, &denying(&[]), (2, 10, 2), "");
    let get = denying(&["secretsmanager:GetSecretValue"]);
    let words = "secretsmanager:GetSecretValue on resource: arn:secret because";
    let why = starts(&secret, &get, (6, 0, 0), words).start.failure.unwrap();
    assert!(
        why.starts_with("ResourceInitializationError: unable to pull secrets") && why.contains("role/exec")
    );
    starts(&reading(ReadKind::RegistryCredentials, "x"), &get, (6, 0, 0), "registry auth");
    starts(
        &reading(ReadKind::Parameter, "/a"),
        &denying(&["ssm:GetParameters"]),
        (6, 0, 0),
        "ssm:GetParameters",
    );
    let file = reading(ReadKind::EnvironmentFile, "arn:aws:s3:::bucket/a.env");
    starts(&file, &denying(&["s3:GetObject"]), (6, 0, 0), "arn:aws:s3:::bucket/a.env");
    starts(&file, &denying(&["s3:GetBucketLocation"]), (6, 0, 0), "arn:aws:s3:::bucket because");
    starts(&reading(ReadKind::Secret, "gone"), &denying(&[]), (6, 0, 0), "can't find the secret gone");
    let image = "210987654321.dkr.ecr.eu-west-1.amazonaws.com/team/app:2";
    let pulling = with(&|it| image.clone_into(&mut it.image));
    starts(&pulling, &denying(&[]), (1, 10, 2), "");
    let repository =
        "ecr:BatchGetImage on resource: arn:aws:ecr:eu-west-1:210987654321:repository/team/app because";
    starts(&pulling, &denying(&["ecr:BatchGetImage"]), (6, 0, 0), repository);
    let token = "CannotPullECRContainerError: AccessDeniedException";
    starts(&pulling, &denying(&["ecr:GetAuthorizationToken"]), (6, 0, 0), token);
    let public = with(&|it| "public.ecr.aws/nginx/nginx:1".clone_into(&mut it.image));
    starts(&public, &denying(&["ecr:GetAuthorizationToken"]), (1, 10, 2), "");
    // An instance's own role may do all this.
    let no_role = Blueprint { execution_role: None, ..secret };
    starts(&no_role, &get, (2, 10, 2), "");
}

#[test]
fn a_log_that_cannot_be_opened_stops_the_start_and_one_that_blocks_the_container() {
    let role = Some("arn:aws:iam::210987654321:role/exec".to_owned());
    let logging = |is_blocking| {
        let group = Some("/ecs/web".to_owned());
        let log =
            Log { driver: "awslogs".to_owned(), is_blocking, group, region: Some("eu-west-1".to_owned()) };
        let container = Container { log: Some(log), ..Container::plain("app") };
        Blueprint { execution_role: role.clone(), ..of(vec![container]) }
    };
    let create = Denying { actions: &["logs:CreateLogStream"], missing: &[] };
    let stream = "arn:aws:logs:eu-west-1:210987654321:log-group:/ecs/web:log-stream:ecs/app";
    let on_ec2 = starts(&logging(None), &create, (1, 10, 1), stream);
    assert!(on_ec2.start.failure.unwrap().starts_with("CannotStartContainerError"));
    let definition = TaskDefinition {
        blueprint: Some(Arc::new(logging(None))),
        ..TaskDefinition::plain("web", Needs::of(CpuUnits(1), MemoryMib(1)))
    };
    let options = ModelOptions::default();
    let context = LifeContext {
        registry: &berthlab::model::repository::Registry::default(),
        options: &options,
        is_fargate: true,
        permissions: &create,
        instance_role: None,
        serving: None,
    };
    let start = life(&definition, &context).start;
    assert!(start.failure.unwrap().starts_with("ResourceInitializationError"));
    assert_eq!((start.before_pull, start.pull), (secs(21), secs(0)));

    let put = Denying { actions: &["logs:PutLogEvents"], missing: &[] };
    assert_eq!(starts(&logging(Some(true)), &put, (1, 10, 2), "").answers_after, None);
    assert_eq!(starts(&logging(None), &put, (1, 10, 2), "").answers_after, Some(secs(0)));
}

#[test]
fn a_denied_call_ends_the_container_or_makes_it_answer_errors() {
    let calling = |on_denied| {
        let mut it = Container::plain("app");
        let (action, resource) = ("s3:GetObject".to_owned(), "arn:aws:s3:::data/x".to_owned());
        it.behaviour.calls.push(Call { action, resource, on_denied });
        Blueprint { task_role: Some("web".to_owned()), ..of(vec![it]) }
    };
    let denying = Denying { actions: &["s3:GetObject"], missing: &[] };
    let exit = starts(&calling(OnDenied::Exit), &denying, (1, 10, 2), "").exit.unwrap();
    assert_eq!(exit.after, SimDuration::ZERO);
    let words = "Essential container in task exited: `app` with exit code 1: role `web` is not authorized to \
                 perform: s3:GetObject on resource: arn:aws:s3:::data/x because no identity-based policy allows the \
                 s3:GetObject action";
    assert_eq!(&*exit.reason, words);
    let errors = starts(&calling(OnDenied::AnswerErrors), &denying, (1, 10, 2), "");
    assert!(errors.answers_errors.unwrap().contains("s3:GetObject") && errors.exit.is_none());
    let allowed = starts(&calling(OnDenied::Exit), &Denying::default(), (1, 10, 2), "");
    assert_eq!((allowed.exit, allowed.answers_errors), (None, None));
}
