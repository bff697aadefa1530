//! What ECS asks of a request before it looks at any instance (API RunTask,
//! StartTask, CreateService, UpdateService, PlacementStrategy,
//! PlacementConstraint): how many of each there may be, which kinds there are,
//! what each kind takes. What it refuses, it refuses with
//! InvalidParameterException; here every fault is found at once.
//!
//! Strategies that ECS has not are for an experiment's stand-alone tasks, whose
//! placement is then a rule to compare with and no call that anybody makes.
//!
//! MODEL, where the API is silent: a spread without a field, a memberOf without
//! an expression, an unknown kind and a strategy for a daemon are refused.

use std::ops::Range;
use std::sync::Arc;

use crate::model::attribute::Attributes;
pub use crate::model::deployment::SchedulingStrategy;
use crate::model::identity::Expressions;
use crate::model::options::{RUN_TASK_COUNT_MAX, TieBreak};

use crate::placement::chain::Chain;
use crate::placement::constraint::{BuildError, CONSTRAINTS_MAX, PlacementConstraint};
use crate::placement::constraints::CONSTRAINTS;
use crate::placement::strategies::STRATEGIES;

/// The parts of a request that concern placement, as they are written.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Which call it is.
    pub api: Api,
    /// What the tasks shall run on.
    pub launch_type: LaunchType,
    /// How a service places its tasks; calls without a service are `Replica`.
    pub scheduling: SchedulingStrategy,
    /// Tasks of RunTask, container instances of StartTask; `None` where the
    /// number is not the caller's to give.
    pub count: Option<i64>,
    /// `placementStrategy`.
    pub strategies: &'a [Written<'a>],
    /// `placementConstraints`.
    pub constraints: &'a [Written<'a>],
    /// How many constraints the task definition adds to these.
    pub n_definition_constraints: usize,
}

/// A call that places tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Api {
    /// Tasks that belong to no service.
    RunTask,
    /// Tasks on instances that the caller names.
    StartTask,
    /// A new service.
    CreateService,
    /// Other settings for a service.
    UpdateService,
    /// No call: stand-alone tasks of an experiment, which may name strategies
    /// that ECS has not.
    Experiment,
}

impl Api {
    /// The calls, with their names.
    pub const NAMES: &[(&'static str, Self)] = &[
        ("RunTask", Self::RunTask),
        ("StartTask", Self::StartTask),
        ("CreateService", Self::CreateService),
        ("UpdateService", Self::UpdateService),
    ];
}

/// What tasks run on (API LaunchType).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LaunchType {
    /// Container instances of the cluster.
    Ec2,
    /// Capacity that nobody sees.
    Fargate,
    /// Machines outside of AWS.
    External,
    /// Instances that ECS keeps itself.
    ManagedInstances,
}

impl LaunchType {
    /// All of them, with their names.
    pub const NAMES: &[(&'static str, Self)] = &[
        ("EC2", Self::Ec2),
        ("FARGATE", Self::Fargate),
        ("EXTERNAL", Self::External),
        ("MANAGED_INSTANCES", Self::ManagedInstances),
    ];
}

/// A strategy or constraint as it is written: `binpack` and `memory`,
/// `memberOf` and an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Written<'a> {
    /// `type`.
    pub kind: &'a str,
    /// `field` of a strategy, `expression` of a constraint.
    pub detail: Option<&'a str>,
}

/// Something that ECS would refuse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Stable, such as `B0112`; documented in `docs/codes.md`.
    pub code: &'static str,
    /// What of the request is at fault.
    pub at: At,
    /// What was found and what was expected: lower case, no full stop.
    pub message: String,
    /// What was typed and the words that would have been right, where there are
    /// some.
    pub known: Option<(String, Vec<&'static str>)>,
}

/// What of a request is at fault; elements of its lists by their number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum At {
    /// The number of tasks or instances.
    Count,
    /// The strategies together.
    Strategies,
    /// One strategy.
    Strategy(usize, Part),
    /// The constraints together.
    Constraints,
    /// One constraint.
    Constraint(usize, Part),
}

/// Which part of a strategy or constraint is at fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// Its type.
    Kind,
    /// All of it.
    Whole,
    /// These bytes of its field or expression.
    Detail(Range<usize>),
}

/// All that ECS would refuse of a request; nothing if it is accepted.
pub fn faults(request: &Request<'_>) -> Vec<Fault> {
    let mut found = Vec::new();
    found.extend(count_fault(request));
    judge_strategies(request, &mut found);
    judge_constraints(request, &mut found);
    found
}

/// RunTask starts 1 to 10 tasks, StartTask names 1 to 10 instances.
fn count_fault(request: &Request<'_>) -> Option<Fault> {
    let counted = match request.api {
        Api::RunTask => "RunTask starts 1 to 10 tasks",
        Api::StartTask => "StartTask names 1 to 10 container instances",
        Api::CreateService | Api::UpdateService | Api::Experiment => return None,
    };
    let count = request.count?;
    let is_in_range = (1..=i64::from(RUN_TASK_COUNT_MAX)).contains(&count);
    (!is_in_range).then(|| Fault::new("B0620", At::Count, format!("{counted}, this call {count}")))
}

fn judge_strategies(request: &Request<'_>, found: &mut Vec<Fault>) {
    let written = request.strategies;
    if written.len() > Chain::LEN_MAX {
        let message =
            format!("a chain has at most {} strategies, this one {}", Chain::LEN_MAX, written.len());
        found.push(Fault::new("B0112", At::Strategies, message));
    }
    if !written.is_empty() && request.launch_type == LaunchType::Fargate {
        found.push(Fault::new("B0621", At::Strategies, "Fargate takes no placement strategies"));
    }
    if !written.is_empty() && request.scheduling == SchedulingStrategy::Daemon {
        let message = "the scheduling strategy DAEMON takes no placement strategies";
        found.push(Fault::new("B0622", At::Strategies, message));
    }
    for (idx, strategy) in written.iter().enumerate() {
        let Some(entry) = STRATEGIES.iter().find(|it| it.name.eq_ignore_ascii_case(strategy.kind)) else {
            let message = format!("unknown placement strategy `{}`", strategy.kind);
            let names = STRATEGIES.iter().map(|it| it.name);
            let fault = Fault::new("B0113", At::Strategy(idx, Part::Kind), message);
            found.push(fault.knowing(strategy.kind, names));
            continue;
        };
        if !entry.is_of_ecs && request.api != Api::Experiment {
            let message = format!("`{}` is not of ECS: only stand-alone tasks may name it", entry.name);
            found.push(Fault::new("B0623", At::Strategy(idx, Part::Kind), message));
            continue;
        }
        // Which attributes it would read is nobody's concern yet.
        if let Err(error) = (entry.build)(strategy.detail, &mut Attributes::default()) {
            let message = match strategy.detail {
                Some(field) => {
                    format!("`{field}` is no field of {}: expected {}", entry.name, error.expected)
                }
                None => format!("{} needs {}", entry.name, error.expected),
            };
            let fault = Fault::new("B0114", At::Strategy(idx, Part::Whole), message);
            found.push(fault.knowing(strategy.detail.unwrap_or(""), error.known.iter().copied()));
        }
    }
}

fn judge_constraints(request: &Request<'_>, found: &mut Vec<Fault>) {
    let written = request.constraints;
    let n_constraints = written.len() + request.n_definition_constraints;
    if n_constraints > CONSTRAINTS_MAX {
        let message = format!("a task has at most {CONSTRAINTS_MAX} constraints, this one {n_constraints}");
        found.push(Fault::new("B0112", At::Constraints, message));
    }
    if !written.is_empty() && request.launch_type == LaunchType::Fargate {
        found.push(Fault::new("B0621", At::Constraints, "Fargate takes no placement constraints"));
    }
    for (idx, constraint) in written.iter().enumerate() {
        let Some(entry) = CONSTRAINTS.iter().find(|it| it.name.eq_ignore_ascii_case(constraint.kind)) else {
            let message = format!("unknown placement constraint `{}`", constraint.kind);
            let names = CONSTRAINTS.iter().map(|it| it.name);
            let fault = Fault::new("B0115", At::Constraint(idx, Part::Kind), message);
            found.push(fault.knowing(constraint.kind, names));
            continue;
        };
        // Which expressions there are is nobody's concern yet.
        let fault = match (entry.build)(constraint.detail, &mut Expressions::default()) {
            Ok(_) => continue,
            Err(BuildError::Expected(expected)) => {
                let message = format!("{} takes {expected}", entry.name);
                Fault::new("B0114", At::Constraint(idx, Part::Whole), message)
            }
            Err(BuildError::Query(error)) => {
                let at = At::Constraint(idx, Part::Detail(error.start..error.end));
                Fault::new(error.code, at, error.message)
            }
        };
        found.push(fault);
    }
}

impl Fault {
    fn new(code: &'static str, at: At, message: impl Into<String>) -> Self {
        Self { code, at, message: message.into(), known: None }
    }

    fn knowing(mut self, typed: &str, known: impl Iterator<Item = &'static str>) -> Self {
        self.known = Some((typed.to_owned(), known.collect()));
        self
    }
}

/// The chain of strategies without fault; it tracks the attributes it reads.
pub fn build_chain(strategies: &[Written<'_>], attributes: &mut Attributes, tie_break: TieBreak) -> Chain {
    let build = |written: &Written<'_>| {
        let entry = STRATEGIES.iter().find(|it| it.name.eq_ignore_ascii_case(written.kind));
        let entry = entry.expect("a strategy without fault is in the list");
        match (entry.build)(written.detail, attributes) {
            Ok(strategy) => strategy,
            Err(error) => panic!("a strategy without fault has its field: expected {}", error.expected),
        }
    };
    Chain::new(strategies.iter().map(build).collect(), tie_break)
}

/// Constraints without fault; their expressions are known from then on.
pub fn build_constraints(
    constraints: &[Written<'_>],
    expressions: &mut Expressions,
) -> Vec<Arc<dyn PlacementConstraint>> {
    let build = |written: &Written<'_>| {
        let entry = CONSTRAINTS.iter().find(|it| it.name.eq_ignore_ascii_case(written.kind));
        let entry = entry.expect("a constraint without fault is in the list");
        match (entry.build)(written.detail, expressions) {
            Ok(constraint) => constraint,
            Err(error) => panic!("a constraint without fault has its expression: {error:?}"),
        }
    };
    constraints.iter().map(build).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `CreateService EC2 REPLICA spread:instanceId,random | distinctInstance`,
    /// with `x11` behind what stands there so many times.
    fn codes(text: &str) -> Vec<&'static str> {
        let (head, constraints) = text.split_once(" | ").expect("strategies and constraints");
        let mut words = head.splitn(4, ' ');
        let mut word = || words.next().expect("four words");
        fn find<T: Copy>(names: &[(&str, T)], name: &str) -> T {
            names.iter().find(|it| it.0 == name).unwrap_or_else(|| panic!("{name}")).1
        }
        let (api, count) = match word().split_once('*') {
            Some((api, count)) => (api, Some(count.parse().expect("a count"))),
            None => (head.split(' ').next().expect("an api"), None),
        };
        let (launch_type, scheduling) = (word(), word());
        let links = |text: &'static str| -> Vec<Written<'static>> {
            let parts = text.split(',').filter(|it| !it.is_empty());
            let repeated = parts.flat_map(|it| {
                let (it, n) = it.split_once(" x").map_or((it, 1), |(it, n)| (it, n.parse().expect("times")));
                std::iter::repeat_n(it, n)
            });
            let link = |it: &'static str| match it.split_once('=') {
                Some((kind, detail)) => Written { kind, detail: Some(detail) },
                None => Written { kind: it, detail: None },
            };
            repeated.map(link).collect()
        };
        let leak = |it: &str| -> &'static str { it.to_owned().leak() };
        let request = Request {
            api: find(Api::NAMES, api),
            launch_type: find(LaunchType::NAMES, launch_type),
            scheduling: find(SchedulingStrategy::NAMES, scheduling),
            count,
            strategies: &links(leak(words.next().unwrap_or(""))),
            constraints: &links(leak(constraints)),
            n_definition_constraints: 0,
        };
        let found = faults(&request);
        assert!(found.iter().all(|it| !it.message.is_empty() && !it.message.ends_with('.')));
        found.iter().map(|it| it.code).collect()
    }

    #[test]
    fn every_row_of_the_limits_is_kept_and_broken() {
        let cases: &[(&str, &[&str])] = &[
            ("CreateService EC2 REPLICA random x5 | ", &[]),
            ("CreateService EC2 REPLICA random x6 | ", &["B0112"]),
            ("CreateService EC2 REPLICA  | distinctInstance x10", &[]),
            ("CreateService EC2 REPLICA  | distinctInstance x11", &["B0112"]),
            ("RunTask*1 EC2 REPLICA  | ", &[]),
            ("RunTask*10 EC2 REPLICA  | ", &[]),
            ("RunTask*0 EC2 REPLICA  | ", &["B0620"]),
            ("RunTask*11 EC2 REPLICA  | ", &["B0620"]),
            ("RunTask*-1 EC2 REPLICA  | ", &["B0620"]),
            ("StartTask*10 EC2 REPLICA  | ", &[]),
            ("StartTask*11 EC2 REPLICA  | ", &["B0620"]),
            ("CreateService*500 EC2 REPLICA  | ", &[]),
            ("RunTask EC2 REPLICA binpack=cpu,binpack=MEMORY | ", &[]),
            ("RunTask EC2 REPLICA binpack=gpu | ", &["B0114"]),
            ("RunTask EC2 REPLICA binpack | ", &["B0114"]),
            ("RunTask EC2 REPLICA spread=host,spread=attribute:rack,spread=rack | ", &[]),
            ("RunTask EC2 REPLICA spread | ", &["B0114"]),
            ("RunTask EC2 REPLICA random=cpu | ", &[]),
            ("RunTask EC2 REPLICA rnadom | ", &["B0113"]),
            ("RunTask EC2 REPLICA first_fit | ", &["B0623"]),
            ("CreateService EC2 REPLICA spread=host,best_fit,worst_fit | ", &["B0623", "B0623"]),
            ("RunTask EC2 REPLICA  | distinctInstance", &[]),
            ("RunTask EC2 REPLICA  | distinctInstance=attribute:a exists", &["B0114"]),
            ("RunTask EC2 REPLICA  | memberOf=attribute:a exists", &[]),
            ("RunTask EC2 REPLICA  | memberOf", &["B0114"]),
            ("RunTask EC2 REPLICA  | memberOf=attribute:a", &["B0406"]),
            ("RunTask EC2 REPLICA  | affinity=attribute:a exists", &["B0115"]),
            ("CreateService FARGATE REPLICA  | ", &[]),
            ("CreateService FARGATE REPLICA random | ", &["B0621"]),
            ("RunTask FARGATE REPLICA random | distinctInstance", &["B0621", "B0621"]),
            ("CreateService EC2 DAEMON  | distinctInstance", &[]),
            ("CreateService EC2 DAEMON random | ", &["B0622"]),
            // All at once.
            ("RunTask*0 EC2 REPLICA spread,x | y,memberOf", &["B0620", "B0114", "B0113", "B0115", "B0114"]),
        ];
        for (request, expected) in cases {
            assert_eq!(codes(request), *expected, "{request}");
        }
    }

    #[test]
    fn an_expression_has_at_most_2000_characters() {
        let judge = |expression: &str, n_definition_constraints| {
            let request = Request {
                api: Api::RunTask,
                launch_type: LaunchType::Ec2,
                scheduling: SchedulingStrategy::Replica,
                count: Some(1),
                strategies: &[],
                constraints: &[Written { kind: "memberOf", detail: Some(expression) }],
                n_definition_constraints,
            };
            faults(&request)
        };
        let head = "attribute:a == ";
        let longest = format!("{head}{}", "x".repeat(2000 - head.len()));
        assert_eq!(judge(&longest, 9), []);
        let found = judge(&format!("{longest}x"), 9);
        assert_eq!(found[0].code, "B0401");
        assert_eq!(found[0].at, At::Constraint(0, Part::Detail(2000..2001)));
        // Those of the task definition count.
        assert_eq!(judge(&longest, 10)[0].message, "a task has at most 10 constraints, this one 11");
    }
}
