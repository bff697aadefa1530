//! `distinctInstance`: no other wanted task of the same group on the instance.
//! A stopping task does not block; both revisions of a service are one group,
//! so during a rolling update an old task blocks its instance.

use std::sync::Arc;

use crate::base::id::InstanceId;
use crate::placement::constraint::{Entry, PlacementConstraint};
use crate::placement::strategy::PlacementView;

pub(super) const ENTRY: Entry = Entry {
    name: "distinctInstance",
    summary: "each task of a group on an instance of its own",
    build: |expression| match expression {
        None => Ok(Arc::new(DistinctInstance)),
        Some(_) => Err("no expression: distinctInstance expression should not be specified"),
    },
};

struct DistinctInstance;

impl PlacementConstraint for DistinctInstance {
    fn allows(&self, view: &PlacementView<'_>, instance: InstanceId) -> bool {
        view.cluster.group_on_instance(view.group, instance) == 0
    }

    fn depends_on_group(&self) -> bool {
        true
    }
}
