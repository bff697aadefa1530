//! The contract of a placement constraint: it forbids, and nothing else.

use std::sync::Arc;

use crate::base::id::{ExpressionId, InstanceId};
use crate::model::identity::Expressions;
use crate::model::query::QueryError;
use crate::placement::failure::FailureReason;
use crate::placement::strategy::PlacementView;

/// A rule that an instance must satisfy to be given a task.
pub trait PlacementConstraint: Send + Sync {
    /// Whether the task may go to `instance`.
    fn allows(&self, view: &PlacementView<'_>, instance: InstanceId) -> bool;

    /// What it asks, for an index that knows the answers of all instances.
    fn kind(&self) -> ConstraintKind {
        ConstraintKind::Opaque
    }

    /// Whether the answer depends on the task's group, so that equal tasks of
    /// two groups may meet different answers.
    fn depends_on_group(&self) -> bool;

    /// Whether a task that is placed may turn a no into a yes. Most constraints
    /// wait for tasks to go, none for one to come.
    fn may_be_helped_by_tasks(&self) -> bool;

    /// The reason of an instance that it forbids.
    fn reason(&self) -> FailureReason;

    /// As a person would write it.
    fn describe(&self, view: &PlacementView<'_>) -> String;
}

/// What a constraint asks, where an index may know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConstraintKind {
    /// An expression selects the instance.
    MemberOf(ExpressionId),
    /// No wanted task of the group is on the instance.
    NoneOfGroup,
    /// Known to nobody else: each instance is asked.
    Opaque,
}

/// A constraint as the list has it.
pub struct Entry {
    /// What a user writes, as in the API.
    pub name: &'static str,
    /// One line of help.
    pub summary: &'static str,
    /// Makes the constraint from its expression.
    pub build: fn(
        expression: Option<&str>,
        expressions: &mut Expressions,
    ) -> Result<Arc<dyn PlacementConstraint>, BuildError>,
}

/// An expression that the constraint cannot work with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BuildError {
    /// What was expected.
    Expected(&'static str),
    /// It does not parse.
    Query(QueryError),
}

/// The most constraints of one task (API RunTask, CreateService).
pub const CONSTRAINTS_MAX: usize = 10;
