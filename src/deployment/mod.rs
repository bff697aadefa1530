//! How a service gets from what runs to what is wanted: pure decisions from a
//! view of the service to a plan.

pub mod controller;
pub mod request;

mod rolling;

pub use controller::{DeploymentController, DeploymentPlan, ServiceView, Standstill};
pub use rolling::ROLLING;

/// Every deployment controller that a service may name.
pub const CONTROLLERS: &[controller::Entry] = &[rolling::ENTRY];
