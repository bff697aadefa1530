//! `memberOf`: an expression of the Cluster Query Language must select the
//! instance (API PlacementConstraint). Asked when a task is placed; running
//! tasks are not looked at again when attributes change.

use std::sync::Arc;

use crate::base::id::{ExpressionId, InstanceId};
use crate::placement::constraint::{BuildError, ConstraintKind, Entry, PlacementConstraint};
use crate::placement::failure::FailureReason;
use crate::placement::strategy::PlacementView;

pub(super) const ENTRY: Entry = Entry {
    name: "memberOf",
    summary: "an expression of the Cluster Query Language selects the instance",
    build: |text, expressions| {
        let text = text.ok_or(BuildError::Expected("an expression"))?;
        let expression = expressions.intern(text).map_err(BuildError::Query)?;
        let is_static = expressions.get(expression).is_static();
        Ok(Arc::new(MemberOf { expression, is_static }))
    },
};

struct MemberOf {
    expression: ExpressionId,
    is_static: bool,
}

impl PlacementConstraint for MemberOf {
    fn allows(&self, view: &PlacementView<'_>, instance: InstanceId) -> bool {
        view.cluster.matches(self.expression, instance)
    }

    fn reason(&self) -> FailureReason {
        FailureReason::MemberOf
    }

    fn kind(&self) -> ConstraintKind {
        ConstraintKind::MemberOf(self.expression)
    }

    fn depends_on_group(&self) -> bool {
        false
    }

    /// `task:group == cache` and `runningTasksCount > 0` wait for company.
    fn may_be_helped_by_tasks(&self) -> bool {
        !self.is_static
    }

    fn describe(&self, view: &PlacementView<'_>) -> String {
        format!("memberOf {}", view.cluster.expression(self.expression).text())
    }
}
