//! Task definitions (API RegisterTaskDefinition, DescribeTaskDefinition): the
//! document as types, every rule that ECS asks of it, and what a task started
//! from it takes.

pub mod amount;
mod blueprint;
pub mod choices;
pub mod needs;
mod read;
pub mod rules;
pub mod shapes;
mod strays;

pub use needs::TaskNeeds;
pub(super) use read::{MAX_TEXT, examine_tree, too_large};
pub use read::{Reading, examine, read};
