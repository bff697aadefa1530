//! How many instances a group should have, and how many tasks a service: pure
//! decisions from a view to a plan.

pub mod capacity;
pub mod service;
