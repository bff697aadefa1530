//! Who waits for room. Tasks of equal needs under equal rules are one class:
//! where one of them finds no room, none of them does, until something changes.
//! So a class is tried once per change of the cluster, and a burst of hundreds
//! costs what one task costs.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::base::Table;
use crate::base::id::{
    CapacityProviderId, GroupId, InstanceId, PlacementClassId, ServiceId, TaskDefinitionId, TaskId,
};
use crate::model::task::Epoch;
use crate::record::PlacementReason;

/// The tasks that wait, by provider and class.
#[derive(Debug)]
pub(super) struct WaitingLine {
    pub(super) classes: Table<PlacementClassId, PlacementClass>,
    by_key: FxHashMap<ClassKey, PlacementClassId>,
    pub(super) providers: Table<CapacityProviderId, ProviderLine>,
    n_joined: u64,
}

/// Tasks that wait for the same thing.
#[derive(Debug)]
pub(super) struct PlacementClass {
    pub(super) key: ClassKey,
    /// Those that wait, in the order in which they joined; a task that was
    /// given up since is recognised by its epoch.
    pub(super) queue: VecDeque<Waiting>,
    /// The provider's number of changes when the class last found no room.
    pub(super) tried_at: Option<u64>,
    /// Why the instance that came closest then did not do.
    pub(super) blocked_by: Option<PlacementReason>,
}

/// What makes tasks of one class.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct ClassKey {
    /// Whose rules hold; `None` are those of the stand-alone tasks.
    pub(super) service: Option<ServiceId>,
    pub(super) definition: TaskDefinitionId,
    /// Whose instances they wait for.
    pub(super) provider: CapacityProviderId,
    /// Only where a constraint asks for it.
    pub(super) group: Option<GroupId>,
}

/// A task in line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    /// Its place: lower joined earlier.
    pub(super) place: u64,
    pub(super) task: TaskId,
    pub(super) epoch: Epoch,
}

/// The line before one provider.
#[derive(Debug, Default)]
pub(super) struct ProviderLine {
    /// Classes that may have somebody in line.
    pub(super) active: Vec<PlacementClassId>,
    /// Instances that gained room since everybody was last tried.
    pub(super) changed: Vec<InstanceId>,
    /// How many changes there ever were, and how many before `changed`.
    pub(super) n_changes: u64,
    pub(super) n_changes_before: u64,
    /// Tasks in line.
    pub(super) n_waiting: u64,
}

impl WaitingLine {
    pub(super) fn new(n_providers: usize) -> Self {
        let providers = (0..n_providers).map(|_| ProviderLine::default()).collect();
        Self { classes: Table::new(), by_key: FxHashMap::default(), providers, n_joined: 0 }
    }

    /// The class with this key.
    pub(super) fn class(&mut self, key: ClassKey) -> PlacementClassId {
        *self.by_key.entry(key).or_insert_with(|| {
            self.classes.push(PlacementClass {
                key,
                queue: VecDeque::new(),
                tried_at: None,
                blocked_by: None,
            })
        })
    }

    /// The task stands in line behind all others.
    pub(super) fn join(&mut self, class: PlacementClassId, task: TaskId, epoch: Epoch) {
        let row = &mut self.classes[class];
        if row.queue.is_empty() {
            let active = &mut self.providers[row.key.provider].active;
            if !active.contains(&class) {
                active.push(class);
            }
        }
        self.providers[row.key.provider].n_waiting += 1;
        row.queue.push_back(Waiting { place: self.n_joined, task, epoch });
        self.n_joined += 1;
    }

    /// A task before `provider` is placed or given up.
    pub(super) fn leave(&mut self, provider: CapacityProviderId) {
        self.providers[provider].n_waiting -= 1;
    }

    /// Something on `instance` changed in favour of those who wait.
    pub(super) fn note_change(&mut self, provider: CapacityProviderId, instance: InstanceId) {
        let line = &mut self.providers[provider];
        line.n_changes += 1;
        // Somebody has to be in line for the list to be worth keeping.
        if line.active.is_empty() {
            line.n_changes_before = line.n_changes;
        } else {
            line.changed.push(instance);
        }
    }

    /// Whether anybody may stand in line before the provider.
    pub(super) fn has_waiting(&self, provider: CapacityProviderId) -> bool {
        !self.providers[provider].active.is_empty()
    }

    /// What a class that found no room at its last try must look at now.
    pub(super) fn outlook(&self, class: PlacementClassId) -> Outlook {
        let class = &self.classes[class];
        let line = &self.providers[class.key.provider];
        match class.tried_at {
            Some(tried_at) if tried_at == line.n_changes => Outlook::Unchanged,
            Some(tried_at) if tried_at == line.n_changes_before => Outlook::ChangedInstances,
            _ => Outlook::Unknown,
        }
    }

    /// Everybody in line has been tried: classes without anybody leave it.
    pub(super) fn everybody_tried(&mut self, provider: CapacityProviderId) {
        let line = &mut self.providers[provider];
        line.changed.clear();
        line.n_changes_before = line.n_changes;
        let classes = &self.classes;
        line.active.retain(|&class| !classes[class].queue.is_empty());
    }

    /// The classes with somebody in line before the provider.
    pub(super) fn waiting_classes(
        &self,
        provider: CapacityProviderId,
    ) -> impl Iterator<Item = &PlacementClass> {
        self.providers[provider].active.iter().map(|&class| &self.classes[class])
    }
}

/// What is known of a class's chances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outlook {
    /// Nothing has changed since it found no room.
    Unchanged,
    /// Only the changed instances can have room for it.
    ChangedInstances,
    /// It was never tried, or too long ago.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_without_room_looks_only_at_what_changed() {
        let provider = CapacityProviderId::new(0);
        let mut line = WaitingLine::new(1);
        let key = ClassKey { service: None, definition: TaskDefinitionId::new(0), provider, group: None };
        let class = line.class(key);
        line.join(class, TaskId::new(0), Epoch(0));
        assert_eq!(line.outlook(class), Outlook::Unknown);
        line.classes[class].tried_at = Some(line.providers[provider].n_changes);
        line.everybody_tried(provider);
        assert_eq!(line.outlook(class), Outlook::Unchanged);
        line.note_change(provider, InstanceId::new(3));
        assert_eq!(line.outlook(class), Outlook::ChangedInstances);
        assert_eq!(line.providers[provider].changed, [InstanceId::new(3)]);
    }
}
