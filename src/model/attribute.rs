//! Attributes of instances that placement looks at. Names and values are
//! interned when a setup is checked, so that a decision compares small numbers.
//!
//! Built-in names follow the developer guide (task-placement-constraints). An
//! instance without the attribute has the value "missing": all such instances
//! are one group of their own (`missing_attribute = own_group`).

use crate::base::Table;
use crate::base::id::{AttributeId, Id as _};

/// The attribute that names an instance's availability zone.
pub const AVAILABILITY_ZONE: &str = "ecs.availability-zone";
/// The attribute that names an instance's type.
pub const INSTANCE_TYPE: &str = "ecs.instance-type";

/// The attribute that names an instance's system: `linux` or `windows`.
pub const OS_TYPE: &str = "ecs.os-type";
/// The attribute that names an instance's architecture: `x86_64` or `arm64`.
pub const CPU_ARCHITECTURE: &str = "ecs.cpu-architecture";

/// A value of an attribute, by its number within the attribute.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AttributeValue(pub u16);

impl AttributeValue {
    /// The instance has no such attribute.
    pub const MISSING: Self = Self(0);
}

/// The attributes that the strategies of a setup look at, and their values.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    tracked: Table<AttributeId, Tracked>,
}

#[derive(Clone, Debug)]
struct Tracked {
    name: String,
    values: Vec<String>,
}

impl Attributes {
    /// The id of the attribute of this name, tracked from now on.
    pub fn track(&mut self, name: &str) -> AttributeId {
        let known = self.tracked.iter().find(|(_, it)| it.name == name).map(|(id, _)| id);
        known.unwrap_or_else(|| self.tracked.push(Tracked { name: name.to_owned(), values: Vec::new() }))
    }

    /// The number of this value, known from now on; `None` is "missing".
    pub fn intern(&mut self, attribute: AttributeId, value: Option<&str>) -> AttributeValue {
        let Some(value) = value else { return AttributeValue::MISSING };
        let values = &mut self.tracked[attribute].values;
        let idx = values.iter().position(|it| it == value).unwrap_or_else(|| {
            values.push(value.to_owned());
            values.len() - 1
        });
        AttributeValue(u16::try_from(idx + 1).expect("an attribute has less than 65,535 values"))
    }

    /// The attribute of this name, if it is tracked.
    pub fn find(&self, name: &str) -> Option<AttributeId> {
        self.tracked.iter().find(|(_, it)| it.name == name).map(|(id, _)| id)
    }

    /// The number of a value that is known.
    ///
    /// # Panics
    ///
    /// If it is not: whoever changes attributes makes their values known first.
    pub fn value(&self, attribute: AttributeId, value: Option<&str>) -> AttributeValue {
        let Some(value) = value else { return AttributeValue::MISSING };
        let values = &self.tracked[attribute].values;
        let idx = values.iter().position(|it| it == value).expect("a value that is known");
        AttributeValue(u16::try_from(idx + 1).expect("an attribute has less than 65,535 values"))
    }

    /// The name of a tracked attribute.
    pub fn name(&self, attribute: AttributeId) -> &str {
        &self.tracked[attribute].name
    }

    /// How many attributes are tracked.
    pub fn len(&self) -> usize {
        self.tracked.len()
    }

    /// Whether no attribute is tracked.
    pub fn is_empty(&self) -> bool {
        self.tracked.is_empty()
    }

    /// The tracked attributes with their names.
    pub fn iter(&self) -> impl Iterator<Item = (AttributeId, &str)> {
        self.tracked.iter().map(|(id, it)| (id, it.name.as_str()))
    }

    /// Where the counts of each attribute begin in a row of counts by value,
    /// and how long the row is.
    pub fn layout(&self) -> AttributeLayout {
        let mut offsets = Vec::with_capacity(self.tracked.len());
        let mut len = 0;
        for tracked in self.tracked.rows() {
            offsets.push(len);
            len += tracked.values.len() + 1;
        }
        AttributeLayout { offsets, len }
    }
}

/// The shape of a row of counts by (attribute, value).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeLayout {
    offsets: Vec<usize>,
    len: usize,
}

impl AttributeLayout {
    /// The position of a value's count.
    pub fn position(&self, attribute: AttributeId, value: AttributeValue) -> usize {
        self.offsets[attribute.idx()] + usize::from(value.0)
    }

    /// How many counts a row has.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many attributes there are.
    pub fn n_attributes(&self) -> usize {
        self.offsets.len()
    }
}
