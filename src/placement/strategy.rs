//! The contract of a placement strategy: a sort key for placing, and one for
//! stopping. A strategy prefers; only a constraint forbids.

use std::sync::Arc;

use crate::base::id::{AttributeId, GroupId, InstanceId, TaskDefinitionId, TaskId};
use crate::model::Cluster;
use crate::model::attribute::Attributes;
use crate::model::task::TaskDefinition;
use crate::placement::order::RandomOrder;

/// What a strategy may look at when a task is placed.
pub struct PlacementView<'a> {
    /// The cluster at this moment, earlier tasks of the same request included.
    pub cluster: &'a Cluster,
    /// What is to be placed.
    pub definition: TaskDefinitionId,
    /// The task's group.
    pub group: GroupId,
    /// An order of all instances, drawn for this task.
    pub order: RandomOrder,
}

impl<'a> PlacementView<'a> {
    /// What is to be placed.
    pub fn definition(&self) -> &'a TaskDefinition {
        self.cluster.definition(self.definition)
    }
}

/// What a strategy may look at when a task is to be stopped.
pub struct StopView<'a> {
    /// The cluster at this moment, earlier stops of the same plan included.
    pub cluster: &'a Cluster,
    /// The service's group.
    pub group: GroupId,
}

/// A way to prefer some instances over others.
pub trait PlacementStrategy: Send + Sync {
    /// How well `instance` suits this decision; the smaller the better. A chain
    /// of strategies is one lexicographic key: the placer keeps the least of
    /// each in turn, and an index ordered by that key answers the same question
    /// without looking at every instance.
    fn key(&self, view: &PlacementView<'_>, instance: InstanceId) -> u64;

    /// How gladly `task`, which is on `instance`, is given up when its service
    /// shrinks; the smaller the sooner. Not always the mirror image of `key`:
    /// after a stop, `binpack` wants the most room free, `spread` takes from
    /// the fullest value.
    fn stop_key(&self, view: &StopView<'_>, task: TaskId, instance: InstanceId) -> u64;

    /// As a person would write it, such as `binpack:memory`.
    fn describe(&self, attributes: &Attributes) -> String;

    /// What its key is, for an index that keeps instances in such an order.
    fn order(&self) -> KeyOrder {
        KeyOrder::Opaque
    }

    /// What its key counts, such as `MiB left`.
    fn key_unit(&self) -> &'static str;
}

/// What the key of a strategy is, where an index may know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyOrder {
    /// Free CPU units.
    FreeCpu,
    /// Free MiB.
    FreeMemory,
    /// The place in the order drawn for the task: nothing is left equal.
    Drawn,
    /// Tasks of the group on the instance; where most are, one is stopped first.
    GroupOnInstance,
    /// Tasks of the group where the attribute is the same; likewise.
    GroupOnValue(AttributeId),
    /// The number of the instance: nothing is left equal.
    Number,
    /// Free CPU units, then the number: nothing is left equal.
    FreeCpuThenNumber,
    /// Most free CPU units first, then the number: nothing is left equal.
    MostFreeCpuThenNumber,
    /// Known to nobody else: every instance is asked.
    Opaque,
}

impl KeyOrder {
    /// Whether keys look at the tasks of the group, as far as anybody knows.
    pub const fn depends_on_group(self) -> bool {
        matches!(self, Self::GroupOnInstance | Self::GroupOnValue(_) | Self::Opaque)
    }

    /// Whether keys look at the order that is drawn for the task, likewise.
    pub const fn looks_at_order(self) -> bool {
        matches!(self, Self::Drawn | Self::Opaque)
    }
}

/// A strategy as the list has it.
pub struct Entry {
    /// What a user writes, as in the API.
    pub name: &'static str,
    /// One line of help.
    pub summary: &'static str,
    /// Whether ECS has it. What it has not is for comparing: only an experiment's
    /// stand-alone tasks may name it.
    pub is_of_ecs: bool,
    /// Makes the strategy from its field, tracking the attributes it reads.
    pub build: fn(
        field: Option<&str>,
        attributes: &mut Attributes,
    ) -> Result<Arc<dyn PlacementStrategy>, FieldError>,
}

/// A field that the strategy cannot work with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldError {
    /// What was expected.
    pub expected: &'static str,
    /// Words that would have been right, for "did you mean".
    pub known: &'static [&'static str],
}
