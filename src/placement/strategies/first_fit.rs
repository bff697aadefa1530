//! `first_fit`: the instance that was launched first of those that fit. Not of
//! ECS: it is one of the three rules by which packing studies compare, and is
//! here so that a run can be held against theirs.

use std::sync::Arc;

use crate::base::id::{InstanceId, TaskId};
use crate::model::attribute::Attributes;
use crate::placement::strategy::{Entry, KeyOrder, PlacementStrategy, PlacementView, StopView};

pub(super) const ENTRY: Entry = Entry {
    name: "first_fit",
    summary: "the instance launched first; not of ECS, for stand-alone tasks only, a field is ignored",
    is_of_ecs: false,
    build: |_, _| Ok(Arc::new(FirstFit)),
};

/// The strategy.
pub struct FirstFit;

impl PlacementStrategy for FirstFit {
    fn key(&self, _: &PlacementView<'_>, instance: InstanceId) -> u64 {
        instance.number().into()
    }

    /// From the instance that was launched last, which empties first.
    fn stop_key(&self, _: &StopView<'_>, _: TaskId, instance: InstanceId) -> u64 {
        u64::MAX - u64::from(instance.number())
    }

    fn order(&self) -> KeyOrder {
        KeyOrder::Number
    }

    fn describe(&self, _: &Attributes) -> String {
        "first_fit".to_owned()
    }

    fn key_unit(&self) -> &'static str {
        "number of the instance"
    }
}
