//! `binpack:cpu` and `binpack:memory` fill the fullest instance first: the one
//! with the least left in absolute units that still has room (API
//! PlacementStrategy). It leaves the most instances empty, ready to go.

use std::sync::Arc;

use crate::base::id::{InstanceId, TaskId};
use crate::model::attribute::Attributes;
use crate::model::task::Needs;
use crate::placement::strategy::{Entry, FieldError, KeyOrder, PlacementStrategy, PlacementView, StopView};

pub(super) const ENTRY: Entry = Entry {
    name: "binpack",
    summary: "least unused CPU or memory first; field: cpu or memory",
    is_of_ecs: true,
    build: |field, _| match field.map(str::to_ascii_lowercase).as_deref() {
        Some("cpu") => Ok(Arc::new(Binpack::Cpu)),
        Some("memory") => Ok(Arc::new(Binpack::Memory)),
        _ => Err(FieldError { expected: "the field `cpu` or `memory`", known: &["cpu", "memory"] }),
    },
};

/// The strategy, by what it packs.
pub enum Binpack {
    /// CPU units.
    Cpu,
    /// MiB.
    Memory,
}

impl Binpack {
    fn amount(&self, needs: Needs) -> u32 {
        match self {
            Self::Cpu => needs.cpu.0,
            Self::Memory => needs.memory.0,
        }
    }
}

impl PlacementStrategy for Binpack {
    fn key(&self, view: &PlacementView<'_>, instance: InstanceId) -> u64 {
        self.amount(view.cluster.instance(instance).free).into()
    }

    /// The stop that leaves the most free (2023 edition of the guide,
    /// task-placement-strategies).
    fn stop_key(&self, view: &StopView<'_>, task: TaskId, instance: InstanceId) -> u64 {
        let needs = view.cluster.definition(view.cluster.task(task).definition).needs;
        let left = self.amount(view.cluster.instance(instance).free) + self.amount(needs);
        u64::MAX - u64::from(left)
    }

    fn describe(&self, _: &Attributes) -> String {
        match self {
            Self::Cpu => "binpack:cpu".to_owned(),
            Self::Memory => "binpack:memory".to_owned(),
        }
    }

    fn order(&self) -> KeyOrder {
        match self {
            Self::Cpu => KeyOrder::FreeCpu,
            Self::Memory => KeyOrder::FreeMemory,
        }
    }

    fn key_unit(&self) -> &'static str {
        match self {
            Self::Cpu => "CPU units left",
            Self::Memory => "MiB left",
        }
    }
}
