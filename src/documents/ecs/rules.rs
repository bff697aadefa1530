//! What the service asks of a request beyond its model (API CreateService,
//! RunTask, PlacementStrategy, PlacementConstraint,
//! CapacityProviderStrategyItem, DeploymentConfiguration): RQ-01 to RQ-06.

use super::choices::{
    ConstraintKind, DeploymentControllerKind, LaunchType, SchedulingStrategy, StrategyKind,
};
use super::deployment::DeploymentConfiguration;
use super::placement::{CapacityProviderStrategyItem, PlacementConstraint, PlacementStrategy};
use super::read::Document;
use crate::documents::faults::Faults;
use crate::documents::field_path::FieldPath;
use crate::documents::task_definition::rules::expression_fault;

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
    let root = FieldPath::root();
    match document {
        Document::CreateService(it) => {
            placement(&it.placement_strategy, &it.placement_constraints, it.launch_type.as_ref(), faults);
            shares(&it.capacity_provider_strategy, it.launch_type.is_some(), faults);
            let controller = it.deployment_controller.as_ref().and_then(|it| it.kind.as_ref());
            let is_daemon = it.scheduling_strategy == Some(SchedulingStrategy::Daemon);
            if controller != Some(&DeploymentControllerKind::External) {
                bounds(it.deployment_configuration.as_ref(), is_daemon, faults);
            }
        }
        Document::UpdateService(it) => {
            placement(&it.placement_strategy, &it.placement_constraints, None, faults);
            shares(&it.capacity_provider_strategy, false, faults);
            bounds(it.deployment_configuration.as_ref(), false, faults);
        }
        Document::RunTask(it) => {
            placement(&it.placement_strategy, &it.placement_constraints, it.launch_type.as_ref(), faults);
            shares(&it.capacity_provider_strategy, it.launch_type.is_some(), faults);
            if let Some(count) = it.count.filter(|it| !(1..=10).contains(it)) {
                broken(COUNT, &root.key("count"), format!("`count` is {count}: expected 1 to 10"), faults);
            }
        }
        Document::StartTask(it) => {
            let n = it.container_instances.len();
            if n > 10 {
                let message = format!("{n} container instances: one call starts tasks on at most 10");
                broken(COUNT, &root.key("containerInstances"), message, faults);
            }
        }
        Document::CreateTaskSet(it) => {
            shares(&it.capacity_provider_strategy, it.launch_type.is_some(), faults);
        }
        Document::TaskDefinition(..) | Document::Answer(_) => (),
    }
}

fn broken(rule: Rule, field: &FieldPath, message: String, faults: &mut Faults<'_>) {
    faults.broken(rule, field, (field, None), (message, None));
}

fn placement(
    strategies: &[PlacementStrategy],
    constraints: &[PlacementConstraint],
    launch_type: Option<&LaunchType>,
    faults: &mut Faults<'_>,
) {
    let list = FieldPath::root().key("placementStrategy");
    if strategies.len() > 5 {
        let message = format!("{} placement strategies: at most 5 are taken", strategies.len());
        broken(STRATEGIES, &list, message, faults);
    }
    for (idx, strategy) in strategies.iter().enumerate() {
        let at = list.idx(idx);
        let field = strategy.field.as_deref().filter(|it| !it.is_empty());
        let is_amount = |it: &str| it.eq_ignore_ascii_case("cpu") || it.eq_ignore_ascii_case("memory");
        match &strategy.kind {
            None => broken(STRATEGIES, &at.key("type"), "a strategy without a type".to_owned(), faults),
            Some(StrategyKind::Binpack) if !field.is_some_and(is_amount) => {
                let message = "binpack takes the field `cpu` or `memory`".to_owned();
                broken(STRATEGIES, &at.key("field"), message, faults);
            }
            Some(StrategyKind::Spread) if field.is_none() => {
                let message = "spread takes a field: `instanceId` or an attribute".to_owned();
                broken(STRATEGIES, &at.key("field"), message, faults);
            }
            _ => (),
        }
    }
    let list = FieldPath::root().key("placementConstraints");
    if constraints.len() > 10 {
        let message = format!("{} placement constraints: at most 10 are taken", constraints.len());
        broken(CONSTRAINTS, &list, message, faults);
    }
    for (idx, constraint) in constraints.iter().enumerate() {
        let at = list.idx(idx);
        let expression = constraint.expression.as_deref().unwrap_or("");
        let field = at.key("expression");
        match &constraint.kind {
            None => broken(CONSTRAINTS, &at.key("type"), "a constraint without a type".to_owned(), faults),
            Some(ConstraintKind::MemberOf) => {
                if let Some((message, offset)) = expression_fault(expression) {
                    faults.broken(CONSTRAINTS, &field, (&field, Some(offset)), (message, None));
                }
            }
            Some(ConstraintKind::DistinctInstance) if !expression.is_empty() => {
                broken(CONSTRAINTS, &field, "distinctInstance takes no expression".to_owned(), faults);
            }
            _ => (),
        }
    }
    if launch_type == Some(&LaunchType::Fargate) {
        for (key, n) in [("placementStrategy", strategies.len()), ("placementConstraints", constraints.len())]
        {
            if n > 0 {
                let message = format!("`{key}` is not taken on Fargate");
                broken(NOT_ON_FARGATE, &FieldPath::root().key(key), message, faults);
            }
        }
    }
}

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

fn bounds(configuration: Option<&DeploymentConfiguration>, is_daemon: bool, faults: &mut Faults<'_>) {
    let Some(configuration) = configuration else { return };
    let at = FieldPath::root().key("deploymentConfiguration");
    let (minimum, maximum) = (configuration.minimum_healthy_percent, configuration.maximum_percent);
    if let Some(minimum) = minimum.filter(|it| !(0..=100).contains(it)) {
        let message = format!("minimumHealthyPercent is {minimum}: it must be at most 100");
        broken(BOUNDS, &at.key("minimumHealthyPercent"), message, faults);
    }
    let field = at.key("maximumPercent");
    if let Some(maximum) = maximum.filter(|it| *it < 100) {
        let message = format!("maximumPercent is {maximum}: it must be at least 100");
        broken(BOUNDS, &field, message, faults);
    } else if let Some(maximum) = maximum.filter(|it| is_daemon && *it != 100) {
        let message = format!("maximumPercent is {maximum}: a DAEMON service has 100");
        broken(BOUNDS, &field, message, faults);
    } else if maximum == Some(100) && minimum == Some(100) && !is_daemon {
        let message = "minimum and maximum of 100 percent leave a deployment no room".to_owned();
        broken(BOUNDS, &field, message, faults);
    }
}
