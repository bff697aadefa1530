//! Services: `[[service]]` and `[[target_group]]`.

use std::collections::BTreeMap;

use toml::Value;

use super::arn;
use super::definitions::Definitions;
use super::found::{Found, Placed};
use super::instances::{Groups, is_fargate};
use super::text::{Text, inline, list, shown};
use crate::base::Diagnostic;
use crate::documents::ecs::choices::{
    DeploymentControllerKind, DeploymentStrategy, LaunchType, SchedulingStrategy, Switch,
};
use crate::documents::ecs::deployment::DeploymentConfiguration;
use crate::documents::ecs::network::{LoadBalancer, NetworkConfiguration};
use crate::documents::ecs::placement::CapacityProviderStrategyItem;
use crate::documents::ecs::service::{Service, TaskSet};
use crate::documents::task_definition::TaskNeeds;
use crate::documents::task_definition::choices::NetworkMode;

/// What becomes of the services.
pub(super) struct Plan<'a> {
    pub(super) services: Vec<PlannedService<'a>>,
    /// In words, with the name that sorts them among the others.
    left_out: Vec<(String, String)>,
    /// Of each ARN: its name here, and whether tasks are reached by address.
    target_groups: BTreeMap<&'a str, (String, bool)>,
}

/// A service that takes part.
pub(super) struct PlannedService<'a> {
    value: &'a Service,
    name: &'a str,
    pub(super) definition: usize,
    desired_count: i32,
    runs_on: RunsOn<'a>,
    /// Of the deployment, or of the primary task set.
    network: Option<&'a NetworkConfiguration>,
    load_balancers: &'a [LoadBalancer],
    platform_version: Option<&'a str>,
    notes: Vec<String>,
}

enum RunsOn<'a> {
    LaunchType(&'static str),
    Shares(Vec<&'a CapacityProviderStrategyItem>),
}

impl Plan<'_> {
    /// Whether a service of this name takes part.
    pub(super) fn has(&self, name: &str) -> bool {
        self.services.iter().any(|it| it.name == name)
    }
}

/// Chooses the services that take part; what they lack are faults.
pub(super) fn plan<'a>(
    found: &Found<'a>,
    definitions: &Definitions<'_>,
    groups: &Groups<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Plan<'a> {
    let mut plan = Plan { services: Vec::new(), left_out: Vec::new(), target_groups: BTreeMap::new() };
    let mut homeless: Vec<&Placed<'a, Service>> = Vec::new();
    for service in &found.services {
        let Some(name) = name_of(service.value) else {
            faults.push(service.fault("B0507", "serviceName", "a service without a name".to_owned()));
            continue;
        };
        if let Some(reason) = why_not(service.value, definitions) {
            plan.left_out
                .push((name.to_owned(), format!("service `{}` is left out: it {reason}", shown(name))));
            continue;
        }
        let planned = planned(service, name, definitions, groups, faults);
        let Some(planned) = planned else { continue };
        if matches!(planned.runs_on, RunsOn::LaunchType("EC2")) && groups.all.is_empty() {
            homeless.push(service);
        }
        plan.services.push(planned);
    }
    if let Some(first) = homeless.first() {
        let name = shown(name_of(first.value).unwrap_or_default());
        let message = match homeless.len() {
            1 => format!("service `{name}` runs on EC2, and no container instance is among the files"),
            n => format!(
                "`{name}` and other services, {n} in all, run on EC2, and no container instance is among the files"
            ),
        };
        let fault = first.fault("B0504", "launchType", message);
        faults.push(fault.help("add what `aws ecs describe-container-instances` prints"));
    }
    plan.services.sort_by_key(|it| it.name);
    for idx in 0..plan.services.len() {
        add_target_groups(&mut plan, idx, definitions);
    }
    plan
}

fn name_of(service: &Service) -> Option<&str> {
    service
        .service_name
        .as_deref()
        .or(service.service_arn.as_deref().map(arn::last))
        .filter(|it| !it.is_empty())
}

fn controller(service: &Service) -> Option<&DeploymentControllerKind> {
    service.deployment_controller.as_ref().and_then(|it| it.kind.as_ref())
}

/// Where deployments are not the service's own, it is the primary task set that
/// says what runs.
fn primary_task_set(service: &Service) -> Option<&TaskSet> {
    service.task_sets.iter().find(|it| it.status.as_deref() == Some("PRIMARY"))
}

fn definition_of(service: &Service) -> Option<&str> {
    let of_set = primary_task_set(service).and_then(|it| it.task_definition.as_deref());
    of_set.or(service.task_definition.as_deref())
}

/// Why a service takes no part.
fn why_not(service: &Service, definitions: &Definitions<'_>) -> Option<String> {
    if let Some(status) = service.status.as_deref().filter(|it| *it != "ACTIVE") {
        return Some(format!("is {}", shown(status)));
    }
    if service.scheduling_strategy == Some(SchedulingStrategy::Daemon) {
        let definition = definition_of(service).and_then(|it| definitions.find(it));
        let needs = definition.map(|it| TaskNeeds::of(definitions.definition(it)));
        let held = needs.map_or_else(String::new, |it| {
            format!(
                "; the {} CPU units and {} MiB that it holds on each are free here",
                it.cpu.0, it.memory.0
            )
        });
        return Some(format!("is a DAEMON, one task on each instance, which is not modelled{held}"));
    }
    match &service.launch_type {
        Some(LaunchType::External) => return Some("runs on machines outside of EC2".to_owned()),
        Some(LaunchType::ManagedInstances) => {
            return Some("runs on instances that ECS manages, which are not modelled".to_owned());
        }
        Some(LaunchType::Other(other)) => {
            return Some(format!("has the unknown launch type `{}`", shown(other)));
        }
        Some(LaunchType::Ec2 | LaunchType::Fargate) | None => (),
    }
    let has_nothing = definition_of(service).is_none();
    (has_nothing && controller(service) == Some(&DeploymentControllerKind::External))
        .then(|| "has the deployment controller EXTERNAL and no primary task set".to_owned())
}

fn planned<'a>(
    service: &Placed<'a, Service>,
    name: &'a str,
    definitions: &Definitions<'_>,
    groups: &Groups<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<PlannedService<'a>> {
    let value = service.value;
    let Some(desired_count) = value.desired_count.filter(|it| *it >= 0) else {
        let message = format!("service `{}` has no desired count", shown(name));
        faults.push(service.fault("B0507", "desiredCount", message));
        return None;
    };
    let Some(written) = definition_of(value) else {
        let message = format!("service `{}` names no task definition", shown(name));
        faults.push(service.fault("B0507", "taskDefinition", message));
        return None;
    };
    let mut notes = notes_of(value);
    let set = primary_task_set(value);
    let strategy = match set.filter(|it| !it.capacity_provider_strategy.is_empty()) {
        Some(set) => &set.capacity_provider_strategy,
        None => &value.capacity_provider_strategy,
    };
    let launch_type = set.and_then(|it| it.launch_type.as_ref()).or(value.launch_type.as_ref());
    let runs_on = if strategy.is_empty() {
        let is_fargate = launch_type == Some(&LaunchType::Fargate);
        Some(RunsOn::LaunchType(if is_fargate { "FARGATE" } else { "EC2" }))
    } else {
        shares(service, name, strategy, groups, &mut notes, faults)
    };
    let definition = definitions.find(written);
    if definition.is_none() {
        let wanted = shown(arn::last(written));
        let message =
            format!("the task definition `{wanted}` of service `{}` is not among the files", shown(name));
        let help = match definitions.names().as_slice() {
            [] => "add what `aws ecs describe-task-definition` prints".to_owned(),
            names => format!("add what `aws ecs describe-task-definition` prints; there are: {}", few(names)),
        };
        faults.push(service.fault("B0503", "taskDefinition", message).help(help));
    }
    if definition.is_some_and(|it| definitions.is_of_any_revision(it)) {
        let note = "its task definition is one that was written, not described: its revision is not known";
        notes.push(note.to_owned());
    }
    let of_set = set.map(|it| it.load_balancers.as_slice()).filter(|it| !it.is_empty());
    Some(PlannedService {
        value,
        name,
        definition: definition?,
        desired_count,
        runs_on: runs_on?,
        network: set
            .and_then(|it| it.network_configuration.as_ref())
            .or(value.network_configuration.as_ref()),
        load_balancers: of_set.unwrap_or(&value.load_balancers),
        platform_version: set
            .and_then(|it| it.platform_version.as_deref())
            .or(value.platform_version.as_deref()),
        notes,
    })
}

/// The first few of many.
fn few(names: &[String]) -> String {
    let shown = names.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > 10 { format!("{shown}, …") } else { shown }
}

/// The providers of a strategy that are there.
fn shares<'a>(
    service: &Placed<'a, Service>,
    name: &str,
    strategy: &'a [CapacityProviderStrategyItem],
    groups: &Groups<'_>,
    notes: &mut Vec<String>,
    faults: &mut Vec<Diagnostic>,
) -> Option<RunsOn<'a>> {
    let mut kept = Vec::new();
    let mut missing = Vec::new();
    for item in strategy {
        let provider = item.capacity_provider.as_deref().unwrap_or("");
        if is_fargate(provider) || groups.has(provider) {
            kept.push(item);
        } else {
            missing.push(shown(provider));
        }
    }
    let is_used = |it: &&CapacityProviderStrategyItem| it.weight.unwrap_or(0) > 0 || it.base.unwrap_or(0) > 0;
    if !missing.is_empty() && !kept.iter().any(is_used) {
        let message = format!(
            "service `{}` runs on {}, of which no container instance is among the files",
            shown(name),
            missing.join(", ")
        );
        let fault = service.fault("B0504", "capacityProviderStrategy", message);
        faults.push(fault.help("add what `aws ecs describe-container-instances` prints"));
        return None;
    }
    for provider in missing {
        notes.push(format!(
            "its capacity provider `{provider}` has no instance, so that its instance type is not known: left \
             out of the strategy"
        ));
    }
    Some(RunsOn::Shares(kept))
}

/// What cannot be said of a service that takes part.
fn notes_of(service: &Service) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |is_so: bool, text: &str| {
        if is_so {
            notes.push(text.to_owned());
        }
    };
    match controller(service) {
        Some(DeploymentControllerKind::CodeDeploy) => {
            note(true, "its deployment controller is CODE_DEPLOY (blue/green): a rolling update is played");
        }
        Some(DeploymentControllerKind::External) => {
            note(
                true,
                "its deployment controller is EXTERNAL: the primary task set is played, with rolling updates",
            );
        }
        _ => (),
    }
    if let Some(configuration) = &service.deployment_configuration {
        let is_on = configuration.circuit_breaker.as_ref().and_then(|it| it.enable) == Some(true);
        note(is_on, "its deployment circuit breaker is left out");
        let has_alarms = configuration.alarms.as_ref().and_then(|it| it.enable) == Some(true);
        note(has_alarms, "its deployment alarms are left out");
        note(!configuration.lifecycle_hooks.is_empty(), "its lifecycle hooks are left out");
        if let Some(strategy) =
            configuration.strategy.as_ref().filter(|it| **it != DeploymentStrategy::Rolling)
        {
            let strategy = shown(strategy.as_str());
            note(true, &format!("its deployment strategy is {strategy}: a rolling update is played"));
        }
    }
    let primary = service.deployments.iter().find(|it| it.status.as_deref() == Some("PRIMARY"));
    if let Some(primary) = primary {
        let connect = primary.service_connect_configuration.as_ref();
        note(connect.and_then(|it| it.enabled) == Some(true), "Service Connect is left out");
        note(!primary.volume_configurations.is_empty(), "EBS volumes of its tasks are left out");
        note(!primary.vpc_lattice_configurations.is_empty(), "VPC Lattice is left out");
    }
    let under_way = service.deployments.iter().any(|it| it.status.as_deref() == Some("ACTIVE"));
    note(under_way, "a deployment was under way: the newest revision is the service's from the start");
    let is_balanced = service.availability_zone_rebalancing == Some(Switch::Enabled);
    note(is_balanced, "rebalancing of availability zones is left out");
    note(!service.service_registries.is_empty(), "service discovery is left out");
    notes
}

fn add_target_groups<'a>(plan: &mut Plan<'a>, idx: usize, definitions: &Definitions<'_>) {
    let service = &plan.services[idx];
    let mode = definitions.definition(service.definition).network_mode();
    let is_ip = mode == Some(NetworkMode::Awsvpc);
    let mut notes = Vec::new();
    for balancer in service.load_balancers {
        let Some(group) = balancer.target_group_arn.as_deref().filter(|it| !it.is_empty()) else {
            let name = shown(balancer.load_balancer_name.as_deref().unwrap_or("?"));
            notes.push(format!("its classic load balancer `{name}` is left out"));
            continue;
        };
        if balancer.advanced_configuration.is_some() {
            notes.push("the alternate target group of its load balancer is left out".to_owned());
        }
        let known = plan.target_groups.get(group).map(|it| it.1);
        if known.is_some_and(|it| it != is_ip) {
            let name = shown(arn::target_group(group));
            notes.push(format!("target group `{name}` also has tasks of another network mode"));
        }
        if known.is_none() {
            let mut name = arn::target_group(group).to_owned();
            while plan.target_groups.values().any(|it| it.0 == name) {
                name.push_str("-2");
            }
            plan.target_groups.insert(group, (name, is_ip));
        }
    }
    plan.services[idx].notes.extend(notes);
}

/// Writes services and target groups, and why some are left out.
pub(super) fn write(plan: &Plan<'_>, definitions: &Definitions<'_>, text: &mut Text) {
    let mut left_out = plan.left_out.iter().peekable();
    for service in &plan.services {
        while let Some((_, note)) = left_out.next_if(|it| it.0.as_str() < service.name) {
            text.open();
            text.note(note);
        }
        write_service(service, plan, definitions, text);
    }
    for (_, note) in left_out {
        text.open();
        text.note(note);
    }
    for (name, is_ip) in plan.target_groups.values() {
        text.open();
        text.head("[[target_group]]");
        text.field("name", name.as_str());
        text.field("target_type", if *is_ip { "ip" } else { "instance" });
    }
}

fn write_service(
    service: &PlannedService<'_>,
    plan: &Plan<'_>,
    definitions: &Definitions<'_>,
    text: &mut Text,
) {
    let value = service.value;
    text.open();
    for note in &service.notes {
        text.note(&format!("service `{}`: {note}", shown(service.name)));
    }
    let bounds = value.deployment_configuration.as_ref().and_then(|it| bounds(it, service.name, text));
    text.head("[[service]]");
    text.field("name", service.name);
    text.field("task_definition", definitions.path(service.definition));
    text.field("desired_count", i64::from(service.desired_count));
    match &service.runs_on {
        RunsOn::LaunchType(launch_type) => text.field("launch_type", *launch_type),
        RunsOn::Shares(items) => {
            let item = |it: &&CapacityProviderStrategyItem| {
                inline([
                    ("capacity_provider", it.capacity_provider.as_deref().map(Value::from)),
                    ("weight", Some(i64::from(it.weight.unwrap_or(0)).into())),
                    ("base", Some(i64::from(it.base.unwrap_or(0)).into())),
                ])
            };
            text.field("capacity_provider_strategy", Value::Array(items.iter().map(item).collect()));
        }
    }
    if let Some(version) = service.platform_version {
        text.field("platform_version", version);
    }
    if let Some(bounds) = bounds {
        text.field("deployment_configuration", bounds);
    }
    let strategies = value.placement_strategy.iter().map(|it| {
        let field = it.field.as_deref().filter(|it| !it.is_empty());
        let kind = it.kind.as_ref().map(|it| it.as_str());
        inline([("type", kind.map(Value::from)), ("field", field.map(Value::from))])
    });
    write_list("placement_strategy", strategies, text);
    let constraints = value.placement_constraints.iter().map(|it| {
        let expression = it.expression.as_deref().filter(|it| !it.is_empty());
        let kind = it.kind.as_ref().map(|it| it.as_str());
        inline([("type", kind.map(Value::from)), ("expression", expression.map(Value::from))])
    });
    write_list("placement_constraints", constraints, text);
    if let Some(seconds) = value.health_check_grace_period_seconds.filter(|it| *it > 0) {
        text.field("health_check_grace_period_seconds", i64::from(seconds));
    }
    let balancers = service.load_balancers.iter().filter_map(|it| {
        let group = plan.target_groups.get(it.target_group_arn.as_deref()?)?;
        Some(inline([
            ("target_group", Some(group.0.as_str().into())),
            ("container_name", it.container_name.as_deref().map(Value::from)),
            ("container_port", it.container_port.map(Value::from)),
        ]))
    });
    write_list("load_balancers", balancers, text);
    if let Some(awsvpc) = service.network.and_then(|it| it.awsvpc.as_ref()) {
        let network = inline([
            ("security_groups", Some(list(awsvpc.security_groups.iter().map(String::as_str)))),
            ("subnets", Some(list(awsvpc.subnets.iter().map(String::as_str)))),
            ("assign_public_ip", awsvpc.assign_public_ip.as_ref().map(|it| it.as_str().into())),
        ]);
        text.field("network_configuration", network);
    }
}

fn write_list(key: &str, items: impl Iterator<Item = Value>, text: &mut Text) {
    let items: Vec<Value> = items.collect();
    if !items.is_empty() {
        text.field(key, Value::Array(items));
    }
}

/// The percentages, if a rolling update can be played with them.
fn bounds(configuration: &DeploymentConfiguration, name: &str, text: &mut Text) -> Option<Value> {
    let (minimum, maximum) = (configuration.minimum_healthy_percent, configuration.maximum_percent);
    if minimum.is_none() && maximum.is_none() {
        return None;
    }
    let is_good = minimum.is_none_or(|it| (0..=100).contains(&it))
        && maximum.is_none_or(|it| (100..=1000).contains(&it));
    if !is_good {
        text.note(&format!(
            "service `{}`: minimum and maximum of {} and {} percent are no bounds of a rolling update: the \
             defaults are played",
            shown(name),
            minimum.unwrap_or(100),
            maximum.unwrap_or(200)
        ));
        return None;
    }
    Some(inline([
        ("minimum_healthy_percent", minimum.map(Value::from)),
        ("maximum_percent", maximum.map(Value::from)),
    ]))
}
