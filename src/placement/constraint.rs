//! The contract of a placement constraint: it forbids, and nothing else.

use std::sync::Arc;

use crate::base::id::InstanceId;
use crate::placement::strategy::PlacementView;

/// A rule that an instance must satisfy to be given a task.
pub trait PlacementConstraint: Send + Sync {
    /// Whether the task may go to `instance`.
    fn allows(&self, view: &PlacementView<'_>, instance: InstanceId) -> bool;

    /// Whether the answer depends on the task's group, so that equal tasks of
    /// two groups may meet different answers.
    fn depends_on_group(&self) -> bool;
}

/// A constraint as the list has it.
pub struct Entry {
    /// What a user writes, as in the API.
    pub name: &'static str,
    /// One line of help.
    pub summary: &'static str,
    /// Makes the constraint from its expression; an error says what was expected.
    pub build: fn(expression: Option<&str>) -> Result<Arc<dyn PlacementConstraint>, &'static str>,
}

/// The most constraints of one task (API RunTask, CreateService).
pub const CONSTRAINTS_MAX: usize = 10;
