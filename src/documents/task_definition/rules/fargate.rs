//! What a task on Fargate cannot have, since there is no instance to have it
//! on.

use super::super::choices::{PidMode, ResourceKind};
use super::super::shapes::{ContainerDefinition, LinuxParameters, TaskDefinition};
use super::{Report, Rule, containers, named, quoted, root, text};
use crate::documents::field_path::FieldPath;

/// TD-29 (API; developer guide, fargate-tasks-services).
pub(super) const NOT_ON_FARGATE: Rule = Rule {
    id: "TD-29",
    code: "B0329",
    words: "on Fargate there is no privileged mode, no DNS, host or security setting, no link, GPU, IPC mode, \
            host process namespace, placement constraint, device, swap, shared memory or tmpfs, no capability \
            but SYS_PTRACE, no Docker volume and no folder of an instance; `pidMode` is host or task",
    check: check_fargate,
};

fn check_fargate(definition: &TaskDefinition, report: &mut Report<'_, '_>) {
    if let Some(PidMode::Other(other)) = &definition.pid_mode {
        report
            .fault(root().key("pidMode"), format!("the PID mode {} is neither host nor task", quoted(other)));
    }
    if !definition.is_for_fargate() {
        return;
    }
    let of_task = [
        ("ipcMode", definition.ipc_mode.is_some()),
        ("pidMode", definition.pid_mode == Some(PidMode::Host)),
        ("placementConstraints", !definition.placement_constraints.is_empty()),
    ];
    for (key, _) in of_task.into_iter().filter(|it| it.1) {
        let what = if key == "pidMode" { "`pidMode` host".to_owned() } else { format!("`{key}`") };
        report.fault(root().key(key), format!("{what} is not for Fargate"));
    }
    for (at, container) in containers(definition) {
        check_container(container, &at, report);
        if let Some(parameters) = &container.linux_parameters {
            check_linux(parameters, &at.key("linuxParameters"), report);
        }
    }
    for (idx, volume) in definition.volumes.iter().enumerate() {
        let at = root().key("volumes").idx(idx);
        if volume.docker.is_some() {
            let says = "Fargate compatible task definitions do not support dockerVolumeConfiguration";
            report.fault_saying(
                at.key("dockerVolumeConfiguration"),
                "a Docker volume is not for Fargate",
                says,
            );
        }
        if volume.host.as_ref().is_some_and(|it| text(&it.source_path).is_some()) {
            report.fault(at.key("host").key("sourcePath"), "a folder of the instance is not for Fargate");
        }
    }
}

fn check_container(container: &ContainerDefinition, at: &FieldPath, report: &mut Report<'_, '_>) {
    let has_gpu = container.resource_requirements.iter().any(|it| it.kind == Some(ResourceKind::Gpu));
    let given = [
        ("privileged", container.privileged == Some(true)),
        ("disableNetworking", container.disable_networking == Some(true)),
        ("dnsServers", !container.dns_servers.is_empty()),
        ("dnsSearchDomains", !container.dns_search_domains.is_empty()),
        ("dockerSecurityOptions", !container.docker_security_options.is_empty()),
        ("extraHosts", !container.extra_hosts.is_empty()),
        ("links", !container.links.is_empty()),
        ("resourceRequirements", has_gpu),
    ];
    for (key, _) in given.into_iter().filter(|it| it.1) {
        let what = if key == "resourceRequirements" { "a GPU".to_owned() } else { format!("`{key}`") };
        report.fault(at.key(key), format!("{} has {what}, which is not for Fargate", named(container)));
    }
}

fn check_linux(parameters: &LinuxParameters, at: &FieldPath, report: &mut Report<'_, '_>) {
    let given = [
        ("devices", !parameters.devices.is_empty()),
        ("sharedMemorySize", parameters.shared_memory_size.is_some()),
        ("tmpfs", !parameters.tmpfs.is_empty()),
        ("maxSwap", parameters.max_swap.is_some()),
        ("swappiness", parameters.swappiness.is_some()),
    ];
    for (key, _) in given.into_iter().filter(|it| it.1) {
        report.fault(at.key(key), format!("the Linux parameter `{key}` is not for Fargate"));
    }
    let added = parameters.capabilities.iter().flat_map(|it| &it.add);
    if let Some(capability) = added.into_iter().find(|it| *it != "SYS_PTRACE") {
        let message =
            format!("the capability {} cannot be added on Fargate, only SYS_PTRACE", quoted(capability));
        report.fault(at.key("capabilities").key("add"), message);
    }
}
