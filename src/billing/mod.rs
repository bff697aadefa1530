//! From use to billed units: one file a service that bills.

mod per_second;

pub mod fargate;
pub mod instance;
