//! How many instances a group should have: pure decisions from a view of the
//! group to a plan.

pub mod capacity;
