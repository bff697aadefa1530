//! What stands behind a definition for the model: its containers with all that
//! decides how they start, are checked and stop. Of a document without fault;
//! what a rule would refuse is left out.

use super::choices::{self, Condition, LogDriver, NetworkMode, VersionConsistency};
use super::shapes::{ContainerDefinition, TaskDefinition};
use crate::base::SimDuration;
use crate::model::container::{
    self, Behaviour, Blueprint, Container, Dependency, EPHEMERAL_GIB, Exit, HostSide, Log, Platform, Read,
    ReadKind, RestartPolicy, Volume, VolumeKind,
};
use crate::model::network::Protocol;

/// The blueprint of a valid definition; `required_attributes` are those of an
/// answer of the service.
pub(super) fn blueprint(definition: &TaskDefinition, required_attributes: Vec<String>) -> Blueprint {
    let mode = network_mode(definition);
    let platform = definition.runtime_platform.as_ref();
    let storage = definition.ephemeral_storage.as_ref().and_then(|it| it.size_in_gib);
    let written = definition.container_definitions.iter();
    let mut containers: Vec<Container> = written.map(|it| container(it, definition, mode)).collect();
    for idx in awaited_to_end(&containers) {
        containers[idx].behaviour.exit = Some(Exit { after: SimDuration::ZERO, code: 0 });
    }
    Blueprint {
        containers,
        network_mode: mode,
        task_role: given(definition.task_role_arn.as_deref()),
        execution_role: given(definition.execution_role_arn.as_deref()),
        ephemeral_gib: storage.and_then(|it| u32::try_from(it).ok()).unwrap_or(EPHEMERAL_GIB),
        platform: Platform {
            is_arm: platform.and_then(|it| it.cpu_architecture.as_ref())
                == Some(&choices::CpuArchitecture::Arm64),
            is_windows: definition.is_windows(),
        },
        volumes: definition.volumes.iter().map(volume).collect(),
        required_attributes,
    }
}

/// Host ports that are chosen at placement, by protocol, sorted.
pub(super) fn dynamic_ports(blueprint: &Blueprint) -> Vec<Protocol> {
    let mappings = blueprint.containers.iter().flat_map(|it| &it.ports);
    let mut ports: Vec<Protocol> =
        mappings.filter(|it| it.host == HostSide::Dynamic).map(|it| it.protocol).collect();
    ports.sort_unstable();
    ports
}

/// MODEL: a container whose end others wait for ends well at once, unless the
/// workload says otherwise; nobody would wait for one that runs for ever.
fn awaited_to_end(containers: &[Container]) -> Vec<usize> {
    let all = containers.iter().flat_map(|it| &it.depends_on);
    let of_end = |it: &&Dependency| {
        matches!(it.condition, container::Condition::Complete | container::Condition::Success)
    };
    all.filter(of_end).map(|it| it.container).collect()
}

/// An empty text is as good as none.
fn given(text: Option<&str>) -> Option<String> {
    text.filter(|it| !it.is_empty()).map(str::to_owned)
}

/// On Windows the mode without a name maps ports as bridge does.
fn network_mode(definition: &TaskDefinition) -> container::NetworkMode {
    match definition.network_mode() {
        Some(NetworkMode::Host) => container::NetworkMode::Host,
        Some(NetworkMode::Awsvpc) => container::NetworkMode::Awsvpc,
        Some(NetworkMode::None) => container::NetworkMode::None,
        Some(NetworkMode::Bridge | NetworkMode::Other(_)) | None => container::NetworkMode::Bridge,
    }
}

fn container(
    written: &ContainerDefinition,
    definition: &TaskDefinition,
    mode: container::NetworkMode,
) -> Container {
    Container {
        name: written.name.clone().unwrap_or_default(),
        image: written.image.clone().unwrap_or_default(),
        resolves_digest: written.version_consistency != Some(VersionConsistency::Disabled),
        is_essential: written.is_essential(),
        depends_on: dependencies(written, definition),
        start_timeout: seconds(written.start_timeout),
        stop_timeout: seconds(written.stop_timeout),
        health_check: written.health_check.as_ref().map(|it| container::HealthCheck {
            interval: seconds(it.interval).unwrap_or(SimDuration::from_secs(30)),
            timeout: seconds(it.timeout).unwrap_or(SimDuration::from_secs(5)),
            retries: it.retries.and_then(|it| u32::try_from(it).ok()).unwrap_or(3),
            start_period: seconds(it.start_period).unwrap_or_default(),
        }),
        restart_policy: restart_policy(written),
        reads: reads(written),
        log: log(written),
        ports: ports(written, mode),
        behaviour: Behaviour::default(),
    }
}

fn seconds(value: Option<i32>) -> Option<SimDuration> {
    value.and_then(|it| u64::try_from(it).ok()).map(SimDuration::from_secs)
}

fn dependencies(written: &ContainerDefinition, definition: &TaskDefinition) -> Vec<Dependency> {
    let all = &definition.container_definitions;
    let dependency = |it: &super::shapes::ContainerDependency| {
        let container = all.iter().position(|other| other.name == it.container_name)?;
        let condition = match it.condition.as_ref()? {
            Condition::Start => container::Condition::Start,
            Condition::Complete => container::Condition::Complete,
            Condition::Success => container::Condition::Success,
            Condition::Healthy => container::Condition::Healthy,
            Condition::Other(_) => return None,
        };
        Some(Dependency { container, condition })
    };
    written.depends_on.iter().filter_map(dependency).collect()
}

/// 300 s unless it is written (API ContainerRestartPolicy).
fn restart_policy(written: &ContainerDefinition) -> Option<RestartPolicy> {
    let policy = written.restart_policy.as_ref().filter(|it| it.enabled == Some(true))?;
    Some(RestartPolicy {
        attempt_period: seconds(policy.restart_attempt_period).unwrap_or(SimDuration::from_secs(300)),
        ignored_exit_codes: policy.ignored_exit_codes.clone(),
    })
}

/// In the order in which the fields of a container are listed by the API.
fn reads(written: &ContainerDefinition) -> Vec<Read> {
    let credentials =
        written.repository_credentials.iter().filter_map(|it| it.credentials_parameter.as_deref());
    let credentials = credentials.map(|it| Read { kind: ReadKind::RegistryCredentials, resource: whole(it) });
    let files = written.environment_files.iter().filter_map(|it| it.value.as_deref());
    let files = files.map(|it| Read { kind: ReadKind::EnvironmentFile, resource: it.to_owned() });
    let options = written.log_configuration.iter().flat_map(|it| &it.secret_options);
    let secrets = written.secrets.iter().chain(options).filter_map(|it| it.value_from.as_deref());
    let secrets = secrets.map(|it| {
        let is_secret = it.starts_with("arn:") && it.split(':').nth(2) == Some("secretsmanager");
        Read { kind: if is_secret { ReadKind::Secret } else { ReadKind::Parameter }, resource: whole(it) }
    });
    let mut reads: Vec<Read> = Vec::new();
    for read in credentials.chain(files).chain(secrets) {
        if !reads.contains(&read) {
            reads.push(read);
        }
    }
    reads
}

/// The ARN of a secret without `:json-key:version-stage:version-id`: it has
/// seven parts (`arn:aws:secretsmanager:region:account:secret:name`).
fn whole(value_from: &str) -> String {
    let parts: Vec<&str> = value_from.split(':').collect();
    match parts.get(2) {
        Some(&"secretsmanager") if parts[0] == "arn" => parts[..parts.len().min(7)].join(":"),
        _ => value_from.to_owned(),
    }
}

fn log(written: &ContainerDefinition) -> Option<Log> {
    let log = written.log_configuration.as_ref()?;
    let option = |name: &str| log.options.get(name).cloned();
    Some(Log {
        driver: log.log_driver.as_ref().map_or("", LogDriver::as_str).to_owned(),
        is_blocking: match log.options.get("mode").map(String::as_str) {
            Some("blocking") => Some(true),
            Some("non-blocking") => Some(false),
            _ => None,
        },
        group: option("awslogs-group"),
        region: option("awslogs-region"),
    })
}

fn ports(written: &ContainerDefinition, mode: container::NetworkMode) -> Vec<container::PortMapping> {
    let mut ports = Vec::new();
    for mapping in &written.port_mappings {
        let is_udp = mapping.protocol == Some(choices::Protocol::Udp);
        let protocol = if is_udp { Protocol::Udp } else { Protocol::Tcp };
        let port = |it: i32| u16::try_from(it).ok().filter(|&it| it > 0);
        let host_port = mapping.host_port.and_then(port);
        let range = match (&mapping.container_port_range, mapping.container_port.and_then(port)) {
            (_, Some(port)) => port..=port,
            (Some(text), None) => match text.split_once('-').map(|(a, b)| (a.parse(), b.parse())) {
                Some((Ok(first), Ok(last))) => first..=last,
                _ => continue,
            },
            (None, None) => continue,
        };
        for container_port in range {
            let host = match mode {
                container::NetworkMode::Bridge => host_port.map_or(HostSide::Dynamic, HostSide::Static),
                container::NetworkMode::Host => HostSide::Static(host_port.unwrap_or(container_port)),
                container::NetworkMode::Awsvpc => HostSide::OwnInterface,
                container::NetworkMode::None => continue,
            };
            ports.push(container::PortMapping { container_port, host, protocol });
        }
    }
    ports
}

fn volume(written: &super::shapes::Volume) -> Volume {
    let name = written.name.clone().unwrap_or_default();
    let path = written.host.as_ref().and_then(|it| given(it.source_path.as_deref()));
    let is_shared = written.docker.as_ref().is_some_and(|it| it.scope == Some(choices::Scope::Shared));
    let is_elsewhere = written.efs.is_some()
        || written.s3_files.is_some()
        || written.fsx_windows.is_some()
        || written.configured_at_launch == Some(true);
    let kind = match path {
        Some(path) => VolumeKind::HostPath(path),
        None if is_shared => VolumeKind::SharedOnInstance(name.clone()),
        None if is_elsewhere => VolumeKind::Elsewhere,
        None => VolumeKind::Task,
    };
    Volume { name, kind }
}
