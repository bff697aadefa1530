//! From use to billed units: one file a service that bills. What is counted is
//! whole numbers; a cost is rounded once, to 1e-12 USD.

mod per_second;

pub mod address;
pub mod attribution;
pub mod commitments;
pub mod fargate;
pub mod instance;
pub mod load_balancer;
pub mod registry;
pub mod transfer;
pub mod volume;
