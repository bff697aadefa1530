//! What the service asks of a request beyond its model (API CreateService,
//! RunTask, PlacementStrategy, PlacementConstraint,
//! CapacityProviderStrategyItem, DeploymentConfiguration): RQ-01 to RQ-06.

use super::choices::{self, ConstraintKind, DeploymentControllerKind, StrategyKind};
use super::deployment::DeploymentConfiguration;
use super::placement::{CapacityProviderStrategyItem, PlacementConstraint, PlacementStrategy};
use super::read::Document;
use crate::deployment::request as request_of_deployment;
use crate::documents::faults::Faults;
use crate::documents::field_path::FieldPath;
use crate::placement::request::{self, Api, At, LaunchType, Part, Request, SchedulingStrategy, Written};

type Rule = (&'static str, &'static str);

/// Placement strategies.
const STRATEGIES: Rule = ("RQ-01", "B0380");
/// Placement constraints.
const CONSTRAINTS: Rule = ("RQ-02", "B0381");
/// Neither of them on Fargate.
const NOT_ON_FARGATE: Rule = ("RQ-03", "B0382");
/// Shares of capacity providers.
const SHARES: Rule = ("RQ-04", "B0383");
/// Tasks of one call.
const COUNT: Rule = ("RQ-05", "B0384");
/// Bounds of a rolling update.
const BOUNDS: Rule = ("RQ-06", "B0385");

/// Asks every rule of a request.
pub(super) fn check(document: &Document, faults: &mut Faults<'_>) {
    match document {
        Document::CreateService(it) => {
            let (strategies, constraints) = written(&it.placement_strategy, &it.placement_constraints);
            let is_daemon = it.scheduling_strategy == Some(choices::SchedulingStrategy::Daemon);
            let scheduling = if is_daemon { SchedulingStrategy::Daemon } else { SchedulingStrategy::Replica };
            let launch_type = launch_type(it.launch_type.as_ref());
            let (strategies, constraints) = (&strategies[..], &constraints[..]);
            placement(&Request { launch_type, scheduling, strategies, constraints, ..REQUEST }, faults);
            shares(&it.capacity_provider_strategy, it.launch_type.is_some(), faults);
            let controller = it.deployment_controller.as_ref().and_then(|it| it.kind.as_ref());
            if controller != Some(&DeploymentControllerKind::External) {
                bounds(it.deployment_configuration.as_ref(), is_daemon, faults);
            }
        }
        Document::UpdateService(it) => {
            let (strategies, constraints) = written(&it.placement_strategy, &it.placement_constraints);
            let (strategies, constraints) = (&strategies[..], &constraints[..]);
            placement(&Request { api: Api::UpdateService, strategies, constraints, ..REQUEST }, faults);
            shares(&it.capacity_provider_strategy, false, faults);
            bounds(it.deployment_configuration.as_ref(), false, faults);
        }
        Document::RunTask(it) => {
            let (strategies, constraints) = written(&it.placement_strategy, &it.placement_constraints);
            let launch_type = launch_type(it.launch_type.as_ref());
            let (strategies, constraints) = (&strategies[..], &constraints[..]);
            let count = it.count.map(i64::from);
            let request =
                Request { api: Api::RunTask, launch_type, count, strategies, constraints, ..REQUEST };
            placement(&request, faults);
            shares(&it.capacity_provider_strategy, it.launch_type.is_some(), faults);
        }
        Document::StartTask(it) => {
            // None at all is a member that is missing.
            let n = i64::try_from(it.container_instances.len()).unwrap_or(i64::MAX);
            let count = (n > 0).then_some(n);
            placement(&Request { api: Api::StartTask, count, ..REQUEST }, faults);
        }
        Document::CreateTaskSet(it) => {
            shares(&it.capacity_provider_strategy, it.launch_type.is_some(), faults);
        }
        Document::TaskDefinition(..) | Document::LifecyclePolicy(_) | Document::Answer(_) => (),
    }
}

fn broken(rule: Rule, field: &FieldPath, message: String, faults: &mut Faults<'_>) {
    faults.broken(rule, field, (field, None), (message, None));
}

/// What placement asks of a request, by the same rules as an experiment's.
fn placement(request: &Request<'_>, faults: &mut Faults<'_>) {
    let root = FieldPath::root();
    for mut fault in request::faults(request) {
        let is_whole = matches!(fault.at, At::Strategies | At::Constraints);
        let on_fargate = is_whole && request.launch_type == LaunchType::Fargate && fault.code != "B0112";
        let has_no_type = match fault.at {
            At::Strategy(idx, Part::Kind) => request.strategies[idx].kind.is_empty(),
            At::Constraint(idx, Part::Kind) => request.constraints[idx].kind.is_empty(),
            _ => false,
        };
        if has_no_type {
            fault.message = "it has no type".to_owned();
        }
        let (rule, field, offset) = match fault.at {
            At::Count if request.api == Api::StartTask => (COUNT, root.key("containerInstances"), None),
            At::Count => (COUNT, root.key("count"), None),
            At::Strategies => (STRATEGIES, root.key("placementStrategy"), None),
            At::Constraints => (CONSTRAINTS, root.key("placementConstraints"), None),
            At::Strategy(idx, part) => {
                let at = root.key("placementStrategy").idx(idx);
                (STRATEGIES, at.key(if part == Part::Kind { "type" } else { "field" }), None)
            }
            At::Constraint(idx, part) => {
                let at = root.key("placementConstraints").idx(idx);
                match part {
                    Part::Kind => (CONSTRAINTS, at.key("type"), None),
                    Part::Whole => (CONSTRAINTS, at.key("expression"), None),
                    Part::Detail(bytes) => (CONSTRAINTS, at.key("expression"), Some(bytes.start)),
                }
            }
        };
        let rule = if on_fargate { NOT_ON_FARGATE } else { rule };
        faults.broken(rule, &field, (&field, offset), (fault.message, None));
    }
}

/// As they are written; the type is empty where there is none.
fn written<'a>(
    strategies: &'a [PlacementStrategy],
    constraints: &'a [PlacementConstraint],
) -> (Vec<Written<'a>>, Vec<Written<'a>>) {
    fn given(text: Option<&str>) -> Option<&str> {
        text.filter(|it| !it.is_empty())
    }
    let strategies = strategies.iter().map(|it| Written {
        kind: it.kind.as_ref().map_or("", StrategyKind::as_str),
        detail: given(it.field.as_deref()),
    });
    let constraints = constraints.iter().map(|it| Written {
        kind: it.kind.as_ref().map_or("", ConstraintKind::as_str),
        detail: given(it.expression.as_deref()),
    });
    (strategies.collect(), constraints.collect())
}

fn launch_type(written: Option<&choices::LaunchType>) -> LaunchType {
    match written {
        None | Some(choices::LaunchType::Ec2) => LaunchType::Ec2,
        Some(choices::LaunchType::Fargate) => LaunchType::Fargate,
        Some(choices::LaunchType::External) => LaunchType::External,
        Some(_) => LaunchType::ManagedInstances,
    }
}

const REQUEST: Request<'static> = Request {
    api: Api::CreateService,
    launch_type: LaunchType::Ec2,
    scheduling: SchedulingStrategy::Replica,
    count: None,
    strategies: &[],
    constraints: &[],
    n_definition_constraints: 0,
};
fn shares(items: &[CapacityProviderStrategyItem], has_launch_type: bool, faults: &mut Faults<'_>) {
    let list = FieldPath::root().key("capacityProviderStrategy");
    let mut fault = |message: String| broken(SHARES, &list, message, faults);
    if items.is_empty() {
        return;
    }
    if has_launch_type {
        fault("a launch type and a capacity provider strategy exclude each other".to_owned());
    }
    if items.len() > 20 {
        fault(format!("{} capacity providers: at most 20 are taken", items.len()));
    }
    let n_bases = items.iter().filter(|it| it.base.is_some_and(|it| it > 0)).count();
    if n_bases > 1 {
        fault(format!("{n_bases} capacity providers have a base: one may"));
    }
    if items.len() > 1 && items.iter().all(|it| it.weight.unwrap_or(0) == 0) {
        fault("of several capacity providers one needs a weight above 0".to_owned());
    }
    let is_fargate = |it: &CapacityProviderStrategyItem| {
        matches!(it.capacity_provider.as_deref(), Some("FARGATE" | "FARGATE_SPOT"))
    };
    let n_fargate = items.iter().filter(|it| is_fargate(it)).count();
    if n_fargate > 0 && n_fargate < items.len() {
        let message = "FARGATE and FARGATE_SPOT do not go with capacity providers of instances: \
                       expected the one or the other";
        fault(message.to_owned());
    }
}

/// The bounds of a rolling update, by the same rules as an experiment's.
fn bounds(configuration: Option<&DeploymentConfiguration>, is_daemon: bool, faults: &mut Faults<'_>) {
    let Some(configuration) = configuration else { return };
    let at = FieldPath::root().key("deploymentConfiguration");
    let of =
        if is_daemon { request_of_deployment::daemon_bounds } else { request_of_deployment::replica_bounds };
    // Each on its own, the other as it should be: so each fault has its field.
    let fields = [
        ("minimumHealthyPercent", configuration.minimum_healthy_percent.map(|it| of(it.into(), 100))),
        ("maximumPercent", configuration.maximum_percent.map(|it| of(0, it.into()))),
    ];
    for (name, checked) in fields {
        if let Some(Err(found)) = checked {
            found.into_iter().for_each(|it| broken(BOUNDS, &at.key(name), it, faults));
        }
    }
}
