//! `random`: any instance that is allowed, by an order drawn for the task. It
//! leaves nothing equal, so what stands behind it in a chain has no effect.

use std::sync::Arc;

use crate::base::id::{InstanceId, TaskId};
use crate::model::attribute::Attributes;
use crate::placement::strategy::{Entry, KeyOrder, PlacementStrategy, PlacementView, StopView};

pub(super) const ENTRY: Entry = Entry {
    name: "random",
    summary: "any instance that fits; a field is ignored",
    is_of_ecs: true,
    build: |_, _| Ok(Arc::new(Random)),
};

/// The strategy.
pub struct Random;

impl PlacementStrategy for Random {
    fn key(&self, view: &PlacementView<'_>, instance: InstanceId) -> u64 {
        view.order.rank(instance)
    }

    /// Any task: the draw that ends every choice decides.
    fn stop_key(&self, _: &StopView<'_>, _: TaskId, _: InstanceId) -> u64 {
        0
    }

    fn describe(&self, _: &Attributes) -> String {
        "random".to_owned()
    }

    fn order(&self) -> KeyOrder {
        KeyOrder::Drawn
    }

    fn key_unit(&self) -> &'static str {
        "place in an order drawn for the task"
    }
}
