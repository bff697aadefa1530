//! Data that outlives a task: host paths and shared Docker volumes stay with
//! their instance, and go with it (semantics 3.1; API Volume). What lives no
//! longer than its task, or lives elsewhere, is not kept track of.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::id::{Id as _, InstanceId, TaskId};
use crate::model::container::VolumeKind;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// The volumes with data, by instance and name or path.
#[derive(Debug, Default)]
pub(super) struct Volumes {
    with_data: BTreeSet<(InstanceId, String)>,
}

impl Volumes {
    /// A task mounts it: whether somebody has left data in it.
    fn mount(&mut self, instance: InstanceId, name: &str) -> bool {
        !self.with_data.insert((instance, name.to_owned()))
    }

    /// An instance is gone, and its disks with it.
    pub(super) fn forget(&mut self, instance: InstanceId) {
        let next = InstanceId::from_idx(instance.idx() + 1);
        let gone: Vec<_> =
            self.with_data.range((instance, String::new())..(next, String::new())).cloned().collect();
        gone.iter().for_each(|it| {
            self.with_data.remove(it);
        });
    }
}

impl<W: Watch> Simulation<'_, W> {
    /// A task is placed on an instance: what it finds in the instance's volumes
    /// is noted.
    pub(super) fn mount_volumes(&mut self, task: TaskId, instance: InstanceId) {
        let row = self.cluster.task(task);
        let Some(blueprint) = self.cluster.definition(row.definition).blueprint.as_ref().map(Arc::clone)
        else {
            return;
        };
        let Some((service, _)) = self.service_of(task) else { return };
        for volume in &blueprint.volumes {
            let name = match &volume.kind {
                VolumeKind::HostPath(path) => path,
                VolumeKind::SharedOnInstance(name) => name,
                VolumeKind::Task | VolumeKind::Elsewhere => continue,
            };
            let has_data = self.volumes.mount(instance, name);
            self.recorder.volume_mounted(self.now, service.idx(), has_data);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_stays_with_the_instance_and_goes_with_it() {
        let (one, other) = (InstanceId::new(1), InstanceId::new(2));
        let mut volumes = Volumes::default();
        assert!(!volumes.mount(one, "/data"), "new");
        assert!(volumes.mount(one, "/data"), "left by the task before");
        assert!(!volumes.mount(other, "/data"), "another disk");
        assert!(!volumes.mount(one, "/cache"), "another path");
        volumes.forget(one);
        assert!(!volumes.mount(one, "/data"));
        assert!(volumes.mount(other, "/data"));
    }
}
