//! Instances of a capacity provider: one file a way of scaling.

pub mod fixed;
pub mod managed;
pub mod purchase;

/// Instances of one kind of need that wait for room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WaitingGroup {
    /// How many tasks.
    pub count: u32,
    /// How many of them an empty instance of the group's type holds.
    pub per_instance: u32,
}

/// What a scaler wants done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CapacityPlan {
    /// The size the group should have.
    pub desired_capacity: u32,
    /// Low points of the metric in a row, to be handed in at the next review.
    pub n_low_points: u32,
}
