//! Storage: what Fargate adds, volumes, and who mounts them (API Volume,
//! EphemeralStorage).

use std::collections::BTreeSet;

use super::super::choices::{Compatibility, Scope, Switch};
use super::super::shapes::{EfsVolume, TaskDefinition, Volume};
use super::{Report, Rule, container_idx, containers, named, quoted, root, text};
use crate::documents::field_path::FieldPath;
use crate::documents::json::shortened;

/// TD-24: that EC2 refuses it is observed; a definition that lists nothing is
/// not for EC2 alone (model).
pub(super) const EPHEMERAL_STORAGE: Rule = Rule {
    id: "TD-24",
    code: "B0324",
    words: "`ephemeralStorage.sizeInGiB` is 21 to 200, and there is none on definitions for EC2 alone",
    check: |definition, report| {
        let Some(storage) = &definition.ephemeral_storage else { return };
        let at = root().key("ephemeralStorage");
        if definition.requires_compatibilities == [Compatibility::Ec2] {
            report.fault(at, "ephemeral storage is for Fargate, and the definition is for EC2 alone");
            return;
        }
        let message = match storage.size_in_gib {
            Some(21..=200) => return,
            Some(20) => {
                "ephemeral storage of 20 GiB is the default and cannot be written: 21 to 200".to_owned()
            }
            Some(size) => format!("ephemeral storage of {size} GiB, not 21 to 200"),
            None => "ephemeral storage without a size".to_owned(),
        };
        report.fault(at.key("sizeInGiB"), message);
    },
};

/// TD-30.
pub(super) const VOLUMES: Rule = Rule {
    id: "TD-30",
    code: "B0330",
    words: "each volume has a name of its own and one kind; `autoprovision` is for scope shared; EFS has a \
            `fileSystemId`, with an access point the root directory `/`, with IAM transit encryption; mount \
            points and `volumesFrom` name what is there",
    check: |definition, report| {
        check_volumes(definition, report);
        check_mounts(definition, report);
    },
};

fn check_volumes(definition: &TaskDefinition, report: &mut Report<'_, '_>) {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for (idx, volume) in definition.volumes.iter().enumerate() {
        let at = root().key("volumes").idx(idx);
        match text(&volume.name) {
            None => report.fault(at.key("name"), "a volume without a name"),
            Some(name) if !names.insert(name) => {
                report.fault(at.key("name"), format!("two volumes have the name {}", quoted(name)));
            }
            Some(_) => (),
        }
        let kinds = kinds(volume);
        if kinds.len() > 1 {
            report.fault(at.clone(), format!("a volume has one kind, this one {}", kinds.join(" and ")));
        }
        if let Some(docker) = &volume.docker
            && docker.autoprovision.is_some()
            && docker.scope != Some(Scope::Shared)
        {
            let field = at.key("dockerVolumeConfiguration").key("autoprovision");
            report.fault(field, "`autoprovision` is for volumes of scope shared");
        }
        if let Some(efs) = &volume.efs {
            check_efs(efs, &at.key("efsVolumeConfiguration"), report);
        }
    }
}

fn kinds(volume: &Volume) -> Vec<&'static str> {
    let kinds = [
        ("`host`", volume.host.is_some()),
        ("`dockerVolumeConfiguration`", volume.docker.is_some()),
        ("`efsVolumeConfiguration`", volume.efs.is_some()),
        ("`s3filesVolumeConfiguration`", volume.s3_files.is_some()),
        ("`fsxWindowsFileServerVolumeConfiguration`", volume.fsx_windows.is_some()),
        ("`configuredAtLaunch`", volume.configured_at_launch == Some(true)),
    ];
    kinds.into_iter().filter(|it| it.1).map(|it| it.0).collect()
}

fn check_efs(efs: &EfsVolume, at: &FieldPath, report: &mut Report<'_, '_>) {
    if text(&efs.file_system_id).is_none() {
        report.fault(at.key("fileSystemId"), "an EFS volume without a file system");
    }
    let Some(authorization) = &efs.authorization_config else { return };
    let root_directory = text(&efs.root_directory).filter(|it| *it != "/");
    if let Some(directory) = root_directory.filter(|_| text(&authorization.access_point_id).is_some()) {
        let message =
            format!("with an access point the root directory is absent or `/`, not {}", quoted(directory));
        report.fault(at.key("rootDirectory"), message);
    }
    if authorization.iam == Some(Switch::Enabled) && efs.transit_encryption != Some(Switch::Enabled) {
        report.fault(at.key("transitEncryption"), "IAM authorization needs transit encryption");
    }
}

fn check_mounts(definition: &TaskDefinition, report: &mut Report<'_, '_>) {
    let volumes = root().key("volumes");
    let is_volume = |name: &str| definition.volumes.iter().any(|it| it.name.as_deref() == Some(name));
    let are_volumes_known = !report.is_malformed(&volumes)
        && !(0..definition.volumes.len()).any(|it| report.is_malformed(&volumes.idx(it).key("name")));
    let containers_list = root().key("containerDefinitions");
    let n_containers = definition.container_definitions.len();
    let are_containers_known =
        !(0..n_containers).any(|it| report.is_malformed(&containers_list.idx(it).key("name")));
    for (at, container) in containers(definition) {
        for (idx, mount) in container.mount_points.iter().enumerate() {
            let volume = text(&mount.source_volume);
            if are_volumes_known && !volume.is_some_and(is_volume) {
                let message = match volume {
                    Some(name) => format!("{} mounts {}, which is no volume", named(container), quoted(name)),
                    None => format!("a mount point of {} names no volume", named(container)),
                };
                let says = format!("Unknown volume '{}'", shortened(volume.unwrap_or("")));
                report.fault_saying(at.key("mountPoints").idx(idx).key("sourceVolume"), message, &says);
            }
        }
        for (idx, from) in container.volumes_from.iter().enumerate() {
            let source = text(&from.source_container);
            if are_containers_known && source.and_then(|it| container_idx(definition, it)).is_none() {
                let message = match source {
                    Some(name) => {
                        format!(
                            "{} takes the volumes of {}, which is no container",
                            named(container),
                            quoted(name)
                        )
                    }
                    None => format!("{} takes the volumes of no container", named(container)),
                };
                report.fault(at.key("volumesFrom").idx(idx).key("sourceContainer"), message);
            }
        }
    }
}
