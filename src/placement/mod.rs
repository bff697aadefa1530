//! Which instance a task goes to, and which task a shrinking service gives up.
//! The documented process in three visible steps (developer guide,
//! task-placement): what fits, what the constraints allow, what the strategies
//! like best. Pure functions of a view; nothing here changes a cluster.

pub mod constraint;
pub mod strategy;

pub mod capacity_strategy;
pub mod chain;
pub mod placer;
pub mod reasons;
pub mod scale_in;

pub mod examination;
pub mod failure;
pub mod index;

pub mod constraints;
pub mod order;
pub mod request;
pub mod strategies;

pub use chain::Chain;
pub use constraint::PlacementConstraint;
pub use index::PlacementIndex;
pub use strategy::{PlacementStrategy, PlacementView};
