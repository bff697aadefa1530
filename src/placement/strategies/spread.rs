//! `spread`: evenly over instances or over the values of an attribute, counting
//! wanted tasks of the same service or group (API PlacementStrategy.field). All
//! instances that share a value are counted, also those without room; an
//! instance without the attribute belongs to a group of its own.

use std::sync::Arc;

use crate::base::id::{AttributeId, InstanceId, TaskId};
use crate::model::attribute::Attributes;
use crate::placement::strategy::{Entry, FieldError, KeyOrder, PlacementStrategy, PlacementView, StopView};

pub(super) const ENTRY: Entry = Entry {
    name: "spread",
    summary: "fewest tasks of the service or group first; field: instanceId or an attribute",
    is_of_ecs: true,
    build: |field, attributes| {
        let field = match field {
            Some(it) if it.eq_ignore_ascii_case("instanceId") || it.eq_ignore_ascii_case("host") => {
                SpreadField::InstanceId
            }
            Some(it) => {
                let name = it.strip_prefix("attribute:").unwrap_or(it);
                if !is_attribute_name(name) {
                    return Err(UNKNOWN_FIELD);
                }
                SpreadField::Attribute(attributes.track(name))
            }
            None => return Err(UNKNOWN_FIELD),
        };
        Ok(Arc::new(Spread { field }))
    },
};

const UNKNOWN_FIELD: FieldError = FieldError {
    expected: "the field `instanceId` or an attribute such as `attribute:ecs.availability-zone`",
    known: &["instanceId", "attribute:ecs.availability-zone", "attribute:ecs.instance-type"],
};

/// Attribute names: 1 to 128 letters, digits, `- _ / \ .` (API Attribute).
pub fn is_attribute_name(name: &str) -> bool {
    let is_allowed = |it: u8| it.is_ascii_alphanumeric() || b"-_/\\.".contains(&it);
    (1..=128).contains(&name.len()) && name.bytes().all(is_allowed)
}

/// What tasks are spread over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpreadField {
    /// Instances.
    InstanceId,
    /// Values of an attribute.
    Attribute(AttributeId),
}

/// The strategy.
pub struct Spread {
    /// What it spreads over.
    pub field: SpreadField,
}

impl PlacementStrategy for Spread {
    fn key(&self, view: &PlacementView<'_>, instance: InstanceId) -> u64 {
        let n_tasks = match self.field {
            SpreadField::InstanceId => view.cluster.group_on_instance(view.group, instance),
            SpreadField::Attribute(attribute) => view.cluster.group_on_value(view.group, instance, attribute),
        };
        n_tasks.into()
    }

    /// From the value with the most tasks.
    fn stop_key(&self, view: &StopView<'_>, _: TaskId, instance: InstanceId) -> u64 {
        let n_tasks = match self.field {
            SpreadField::InstanceId => view.cluster.group_on_instance(view.group, instance),
            SpreadField::Attribute(attribute) => view.cluster.group_on_value(view.group, instance, attribute),
        };
        u64::MAX - u64::from(n_tasks)
    }

    fn describe(&self, attributes: &Attributes) -> String {
        match self.field {
            SpreadField::InstanceId => "spread:instanceId".to_owned(),
            SpreadField::Attribute(id) => format!("spread:attribute:{}", attributes.name(id)),
        }
    }

    fn order(&self) -> KeyOrder {
        match self.field {
            SpreadField::InstanceId => KeyOrder::GroupOnInstance,
            SpreadField::Attribute(attribute) => KeyOrder::GroupOnValue(attribute),
        }
    }

    fn key_unit(&self) -> &'static str {
        match self.field {
            SpreadField::InstanceId => "tasks of its group on the instance",
            SpreadField::Attribute(_) => "tasks of its group where the attribute is the same",
        }
    }
}
