//! `worst_fit`: most free CPU first, the instance that was launched first among
//! equals; memory only forbids. Not of ECS: the opposite of `best_fit`, as
//! packing studies have it.

use std::sync::Arc;

use crate::base::id::{InstanceId, TaskId};
use crate::model::attribute::Attributes;
use crate::placement::strategy::{Entry, KeyOrder, PlacementStrategy, PlacementView, StopView};

pub(super) const ENTRY: Entry = Entry {
    name: "worst_fit",
    summary: "most free CPU, then the instance launched first; not of ECS, for stand-alone tasks only, a field is ignored",
    is_of_ecs: false,
    build: |_, _| Ok(Arc::new(WorstFit)),
};

/// The strategy.
pub struct WorstFit;

impl PlacementStrategy for WorstFit {
    fn key(&self, view: &PlacementView<'_>, instance: InstanceId) -> u64 {
        let free = view.cluster.instance(instance).free.cpu.0;
        u64::from(u32::MAX - free) << 32 | u64::from(instance.number())
    }

    /// From the instance with the least CPU free, so that free CPU stays even.
    fn stop_key(&self, view: &StopView<'_>, _: TaskId, instance: InstanceId) -> u64 {
        view.cluster.instance(instance).free.cpu.0.into()
    }

    fn order(&self) -> KeyOrder {
        KeyOrder::MostFreeCpuThenNumber
    }

    fn describe(&self, _: &Attributes) -> String {
        "worst_fit".to_owned()
    }

    fn key_unit(&self) -> &'static str {
        "CPU units taken, then number of the instance"
    }
}
