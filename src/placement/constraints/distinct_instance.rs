//! `distinctInstance`: no other wanted task of the same group on the instance.
//! A stopping task does not block; both revisions of a service are one group,
//! so during a rolling update an old task blocks its instance.

use std::sync::Arc;

use crate::base::id::InstanceId;
use crate::placement::constraint::{BuildError, ConstraintKind, Entry, PlacementConstraint};
use crate::placement::failure::FailureReason;
use crate::placement::strategy::PlacementView;

pub(super) const ENTRY: Entry = Entry {
    name: "distinctInstance",
    summary: "each task of a group on an instance of its own",
    build: |expression, _| match expression {
        None => Ok(Arc::new(DistinctInstance)),
        Some(_) => {
            let expected = "no expression: distinctInstance expression should not be specified";
            Err(BuildError::Expected(expected))
        }
    },
};

struct DistinctInstance;

impl PlacementConstraint for DistinctInstance {
    fn allows(&self, view: &PlacementView<'_>, instance: InstanceId) -> bool {
        view.cluster.group_on_instance(view.group, instance) == 0
    }

    fn reason(&self) -> FailureReason {
        FailureReason::DistinctInstance
    }

    fn kind(&self) -> ConstraintKind {
        ConstraintKind::NoneOfGroup
    }

    fn depends_on_group(&self) -> bool {
        true
    }

    fn may_be_helped_by_tasks(&self) -> bool {
        false
    }

    fn describe(&self, _: &PlacementView<'_>) -> String {
        "distinctInstance".to_owned()
    }
}
