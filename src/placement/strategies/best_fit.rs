//! `best_fit`: least free CPU first, the instance that was launched first among
//! equals; memory only forbids. Not of ECS: `binpack:cpu` whose ties are decided,
//! as packing studies have it.

use std::sync::Arc;

use crate::base::id::{InstanceId, TaskId};
use crate::model::attribute::Attributes;
use crate::placement::strategy::{Entry, KeyOrder, PlacementStrategy, PlacementView, StopView};

pub(super) const ENTRY: Entry = Entry {
    name: "best_fit",
    summary: "least free CPU, then the instance launched first; not of ECS, for stand-alone tasks only, a field is ignored",
    is_of_ecs: false,
    build: |_, _| Ok(Arc::new(BestFit)),
};

/// The strategy.
pub struct BestFit;

impl PlacementStrategy for BestFit {
    fn key(&self, view: &PlacementView<'_>, instance: InstanceId) -> u64 {
        let free = view.cluster.instance(instance).free.cpu.0;
        u64::from(free) << 32 | u64::from(instance.number())
    }

    /// The stop that leaves the most CPU free, as of `binpack`.
    fn stop_key(&self, view: &StopView<'_>, task: TaskId, instance: InstanceId) -> u64 {
        let needs = view.cluster.definition(view.cluster.task(task).definition).needs;
        let left = view.cluster.instance(instance).free.cpu.0 + needs.cpu.0;
        u64::MAX - u64::from(left)
    }

    fn order(&self) -> KeyOrder {
        KeyOrder::FreeCpuThenNumber
    }

    fn describe(&self, _: &Attributes) -> String {
        "best_fit".to_owned()
    }

    fn key_unit(&self) -> &'static str {
        "CPU units left, then number of the instance"
    }
}
