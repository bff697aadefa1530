//! What was varied, and the combinations that came of it.

use serde::{Deserialize, Serialize};

/// Something that was varied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Axis {
    /// The path in the experiment file, or its short name.
    pub name: String,
    /// A label for each value, unique within the axis.
    pub values: Vec<String>,
}

/// One combination of the axes' values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// For each axis the position of its value.
    pub values: Vec<usize>,
    /// The labels in one: `binpack:cpu · 50/100`, or `base` without axes.
    pub label: String,
}
