//! Services: `[[service]]` and `[[target_group]]`.

use std::collections::BTreeSet;

use toml::Value;

use super::arn;
use super::balancers::{self, TargetGroups};
use super::capacity::{self, RunsOn};
use super::choice::Choice;
use super::definitions::Definitions;
use super::deployments;
use super::found::{Found, Placed};
use super::groups::Groups;
use super::placement;
use super::text::{Text, inline, list, shown};
use crate::base::Diagnostic;
use crate::deployment::request::replica_bounds;
use crate::documents::ecs::choices::{DeploymentControllerKind, LaunchType, SchedulingStrategy, Switch};
use crate::documents::ecs::deployment::DeploymentConfiguration;
use crate::documents::ecs::network::{LoadBalancer, NetworkConfiguration};
use crate::documents::ecs::service::{Service, TaskSet};
use crate::experiment::scenario::{
    DESIRED_MAX, SECURITY_GROUPS_MAX, SUBNETS_MAX, is_platform_version, is_security_group_id,
};
use crate::model::service::DeploymentBounds;

/// What becomes of the services.
pub(super) struct Plan<'a> {
    pub(super) services: Vec<PlannedService<'a>>,
    /// In words, with the name that sorts them among the others.
    left_out: Vec<(String, String)>,
    /// DAEMON services, whose tasks take part without them.
    daemons: BTreeSet<&'a str>,
    target_groups: TargetGroups<'a>,
    /// What is said of Fargate's prices.
    pub(super) prices: capacity::FargatePrices,
}

/// A service that takes part.
pub(super) struct PlannedService<'a> {
    value: &'a Service,
    name: &'a str,
    pub(super) definition: usize,
    desired_count: i32,
    pub(super) runs_on: RunsOn<'a>,
    /// Of the deployment, or of the primary task set.
    network: Option<&'a NetworkConfiguration>,
    load_balancers: Vec<Value>,
    placement: placement::Written,
    platform_version: Option<&'a str>,
    deployment: deployments::Written,
    uses_service_connect: bool,
    notes: Vec<String>,
}

impl Plan<'_> {
    /// The service of this name, if it takes part.
    pub(super) fn find(&self, name: &str) -> Option<&PlannedService<'_>> {
        self.services.iter().find(|it| it.name == name)
    }

    /// Whether it is a DAEMON, of which only the tasks take part.
    pub(super) fn is_daemon(&self, name: &str) -> bool {
        self.daemons.contains(name)
    }
}

/// Chooses the services that take part; what they lack are faults.
pub(super) fn plan<'a>(
    found: &Found<'a>,
    definitions: &Definitions<'_>,
    groups: &Groups<'_>,
    choice: &Choice,
    faults: &mut Vec<Diagnostic>,
) -> Plan<'a> {
    let mut plan = Plan {
        services: Vec::new(),
        left_out: Vec::new(),
        daemons: BTreeSet::new(),
        target_groups: TargetGroups::default(),
        prices: capacity::FargatePrices::default(),
    };
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut homeless: Vec<&Placed<'a, Service>> = Vec::new();
    for service in &found.services {
        let Some(name) = name_of(service.value) else {
            faults.push(service.fault("B0507", "serviceName", "a service without a name".to_owned()));
            continue;
        };
        let mut leave_out = |reason: &str| {
            plan.left_out
                .push((name.to_owned(), format!("service `{}` is left out: it {reason}", shown(name))));
        };
        if let Some(reason) = why_not(service.value, definitions) {
            leave_out(&reason);
            if service.value.scheduling_strategy == Some(SchedulingStrategy::Daemon) {
                plan.daemons.insert(name);
            }
            continue;
        }
        if !names.insert(name) {
            leave_out("has the name of another");
            continue;
        }
        let planned = planned(service, name, definitions, groups, found, faults);
        let Some(mut planned) = planned else { continue };
        let definition = definitions.played(planned.definition);
        if let Some(is_spot) = planned.runs_on.fargate() {
            if let Some(reason) = capacity::no_fargate(definition) {
                leave_out(&format!("runs on Fargate, and {reason}"));
                continue;
            }
            plan.prices.need(choice.region_of_prices(), definition, is_spot);
        } else if groups.all.is_empty() {
            homeless.push(service);
        }
        let is_fargate = planned.runs_on.fargate().is_some();
        planned.load_balancers = balancers::of_service(
            balancers_of(service.value),
            definition,
            is_fargate,
            &mut plan.target_groups,
            &mut planned.notes,
        );
        planned.uses_service_connect = uses_service_connect(service.value);
        let has_traffic = planned.uses_service_connect || !planned.load_balancers.is_empty();
        let is_own = !matches!(
            controller(service.value),
            Some(DeploymentControllerKind::CodeDeploy | DeploymentControllerKind::External)
        );
        if let Some(configuration) = service.value.deployment_configuration.as_ref().filter(|_| is_own) {
            planned.deployment = deployments::read(configuration, has_traffic, &mut planned.notes);
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
        let needs = definition.map(|it| definitions.played(it).needs);
        let held = needs.map_or_else(String::new, |it| {
            format!(
                "; the {} CPU units and {} MiB that it holds on each are free on new ones",
                it.cpu.0, it.memory.0
            )
        });
        return Some(format!("is a DAEMON, one task on each instance, which is not imported yet{held}"));
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

/// Of the primary task set, if it has some.
fn balancers_of(service: &Service) -> &[LoadBalancer] {
    let of_set = primary_task_set(service).map(|it| it.load_balancers.as_slice());
    of_set.filter(|it| !it.is_empty()).unwrap_or(&service.load_balancers)
}

fn planned<'a>(
    service: &Placed<'a, Service>,
    name: &'a str,
    definitions: &Definitions<'_>,
    groups: &Groups<'_>,
    found: &Found<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<PlannedService<'a>> {
    let value = service.value;
    let Some(desired_count) = value.desired_count.filter(|it| *it >= 0) else {
        let message = format!("service `{}` has no desired count", shown(name));
        faults.push(service.fault("B0507", "desiredCount", message));
        return None;
    };
    if u64::try_from(desired_count).is_ok_and(|it| it > DESIRED_MAX) {
        let message = format!(
            "service `{}` wants {desired_count} tasks: at most {DESIRED_MAX} are played",
            shown(name)
        );
        faults.push(service.fault("B0508", "desiredCount", message));
        return None;
    }
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
    let runs_on = if !strategy.is_empty() {
        capacity::share(service, name, strategy, groups, &mut notes, faults)
    } else if launch_type == Some(&LaunchType::Fargate) {
        Some(RunsOn::Fargate)
    } else {
        Some(capacity::any_instance(name, found, groups, &mut notes))
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
    let runs_on = runs_on?;
    let is_fargate = runs_on.fargate().is_some();
    let placement = placement::of_service(value, is_fargate, &mut notes);
    Some(PlannedService {
        value,
        name,
        definition: definition?,
        desired_count,
        runs_on,
        network: set
            .and_then(|it| it.network_configuration.as_ref())
            .or(value.network_configuration.as_ref()),
        load_balancers: Vec::new(),
        placement,
        platform_version: set
            .and_then(|it| it.platform_version.as_deref())
            .or(value.platform_version.as_deref()),
        deployment: deployments::Written::default(),
        uses_service_connect: false,
        notes,
    })
}

/// The first few of many.
fn few(names: &[String]) -> String {
    let shown = names.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > 10 { format!("{shown}, …") } else { shown }
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
    let primary = service.deployments.iter().find(|it| it.status.as_deref() == Some("PRIMARY"));
    if let Some(primary) = primary {
        note(!primary.volume_configurations.is_empty(), "EBS volumes of its tasks are left out");
        note(!primary.vpc_lattice_configurations.is_empty(), "VPC Lattice is left out");
    }
    let under_way = service.deployments.iter().any(|it| it.status.as_deref() == Some("ACTIVE"));
    note(
        under_way,
        "a deployment was under way: it goes on from the tasks that are described, or is over if none of an \
         older revision is",
    );
    note(!service.service_registries.is_empty(), "service discovery is left out");
    notes
}

/// Writes services and target groups, and why some are left out.
pub(super) fn write(plan: &Plan<'_>, definitions: &Definitions<'_>, text: &mut Text) {
    let mut left_out = plan.left_out.iter().peekable();
    for service in &plan.services {
        while let Some((_, note)) = left_out.next_if(|it| it.0.as_str() < service.name) {
            text.open();
            text.note(note);
        }
        write_service(service, definitions, text);
    }
    for (_, note) in left_out {
        text.open();
        text.note(note);
    }
    plan.target_groups.write(text);
    let alarms: BTreeSet<&String> = plan.services.iter().flat_map(|it| &it.deployment.alarms).collect();
    for alarm in alarms {
        text.open();
        text.head("[[alarm]]");
        text.field("name", alarm.as_str());
        text.field("in_alarm", list([]));
    }
}

/// Whether the newest deployment has Service Connect.
fn uses_service_connect(service: &Service) -> bool {
    let primary = service.deployments.iter().find(|it| it.status.as_deref() == Some("PRIMARY"));
    let connect = primary.and_then(|it| it.service_connect_configuration.as_ref());
    connect.and_then(|it| it.enabled) == Some(true)
}

fn write_service(service: &PlannedService<'_>, definitions: &Definitions<'_>, text: &mut Text) {
    let value = service.value;
    text.open();
    for note in &service.notes {
        text.note(&format!("service `{}`: {note}", shown(service.name)));
    }
    let bounds = value.deployment_configuration.as_ref().and_then(|it| bounds(it, service.name, text));
    let is_fargate = service.runs_on.fargate().is_some();
    let network = service.network.and_then(|it| network(it, is_fargate, service.name, text));
    let version = service.platform_version.filter(|_| is_fargate);
    let is_known = |it: &&str| is_platform_version(it);
    if let Some(odd) = version.filter(|it| !is_known(it)) {
        text.note(&format!(
            "service `{}`: `{}` is no platform version: the latest is played",
            shown(service.name),
            shown(odd)
        ));
    }
    text.head("[[service]]");
    text.field("name", service.name);
    text.field("task_definition", definitions.path(service.definition));
    text.field("desired_count", i64::from(service.desired_count));
    service.runs_on.write(text);
    if let Some(version) = version.filter(is_known) {
        text.field("platform_version", version);
    }
    let mut deployment = match bounds {
        Some(Value::Table(bounds)) => bounds,
        _ => toml::Table::new(),
    };
    deployment.extend(service.deployment.fields.clone());
    if !deployment.is_empty() {
        text.field("deployment_configuration", Value::Table(deployment));
    }
    // ENABLED is what a service has where it may be; an answer that does not
    // speak of it is of a service from before there was any.
    if value.availability_zone_rebalancing != Some(Switch::Enabled) {
        text.field("availability_zone_rebalancing", "DISABLED");
    }
    if service.uses_service_connect {
        text.field("service_connect", true);
    }
    write_list("placement_strategy", &service.placement.strategies, text);
    write_list("placement_constraints", &service.placement.constraints, text);
    if let Some(seconds) = value.health_check_grace_period_seconds.filter(|it| *it > 0) {
        text.field("health_check_grace_period_seconds", i64::from(seconds));
    }
    write_list("load_balancers", &service.load_balancers, text);
    if let Some(network) = network {
        text.field("network_configuration", network);
    }
}

fn write_list(key: &str, items: &[Value], text: &mut Text) {
    if !items.is_empty() {
        text.field(key, Value::Array(items.to_vec()));
    }
}

/// `awsvpcConfiguration`, within the limits of API AwsVpcConfiguration.
fn network(
    configuration: &NetworkConfiguration,
    is_fargate: bool,
    name: &str,
    text: &mut Text,
) -> Option<Value> {
    let awsvpc = configuration.awsvpc.as_ref()?;
    let (groups, odd): (Vec<&str>, Vec<&str>) =
        awsvpc.security_groups.iter().map(String::as_str).partition(|it| is_security_group_id(it));
    if let Some(first) = odd.first() {
        text.note(&format!(
            "service `{}`: `{}` is no id of a security group: {} left out",
            shown(name),
            shown(first),
            if odd.len() == 1 { "it is".to_owned() } else { format!("{} such are", odd.len()) }
        ));
    }
    let subnets: Vec<&str> = awsvpc.subnets.iter().map(String::as_str).collect();
    let mut taken = |items: &[&str], what: &str, most: usize| {
        if items.len() > most {
            let n = items.len();
            text.note(&format!("service `{}` has {n} {what}: the first {most} are taken", shown(name)));
        }
        list(items.iter().take(most).copied())
    };
    let security_groups = taken(&groups, "security groups", SECURITY_GROUPS_MAX);
    let subnets = taken(&subnets, "subnets", SUBNETS_MAX);
    // Of tasks on instances there is nothing but DISABLED.
    let public = awsvpc.assign_public_ip.as_ref().map(|it| it.as_str());
    let public = public.filter(|it| *it == "DISABLED" || (*it == "ENABLED" && is_fargate));
    Some(inline([
        ("security_groups", Some(security_groups)),
        ("subnets", Some(subnets)),
        ("assign_public_ip", public.map(Value::from)),
    ]))
}

/// The percentages, if a rolling update can be played with them.
fn bounds(configuration: &DeploymentConfiguration, name: &str, text: &mut Text) -> Option<Value> {
    let (minimum, maximum) = (configuration.minimum_healthy_percent, configuration.maximum_percent);
    if minimum.is_none() && maximum.is_none() {
        return None;
    }
    let default = DeploymentBounds::DEFAULT;
    let percents = (
        minimum.unwrap_or(default.minimum_healthy_percent.into()),
        maximum.unwrap_or(default.maximum_percent.into()),
    );
    if replica_bounds(percents.0.into(), percents.1.into()).is_err() {
        text.note(&format!(
            "service `{}`: minimum and maximum of {} and {} percent are no bounds of a rolling update: the \
             defaults are played",
            shown(name),
            percents.0,
            percents.1
        ));
        return None;
    }
    Some(inline([
        ("minimum_healthy_percent", minimum.map(Value::from)),
        ("maximum_percent", maximum.map(Value::from)),
    ]))
}
