//! Documented behaviour as cases: what goes in, what must come out. Each case
//! is answered by the code that a run uses, never by a second version of it,
//! and its expectation stays closed until the answer is there ([`case`]).
//!
//! One file of cases is one topic. What a file asks that nothing can answer is a
//! fault that names it, so that nothing passes by being left out.

pub mod case;
mod decimal;
mod reader;
mod resources;
pub mod topic;

mod billing;
mod capacity_provider;
mod lifecycle_policy;
mod placement;
mod query;
pub mod rolling;
mod task_definitions;

pub use case::{Difference, Judged, Report};
pub use topic::{Topic, examine};

/// Every topic that can be judged.
pub const TOPICS: &[Topic] = &[
    billing::TOPIC,
    capacity_provider::TOPIC,
    lifecycle_policy::TOPIC,
    placement::TOPIC,
    query::TOPIC,
    rolling::TOPIC,
    task_definitions::TOPIC,
];
