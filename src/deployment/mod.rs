//! How a service gets from what runs to what is wanted: pure decisions from a
//! view of the service to a plan.

pub mod controller;
pub mod request;

pub mod alarm;
pub mod circuit_breaker;
pub mod early_success;
pub mod traffic_shift;
pub mod zone_balance;

mod rolling;

use crate::model::deployment::{DeploymentStrategy, SchedulingStrategy};

pub use controller::{DeploymentController, DeploymentPlan, ServiceView, Standstill};
pub use rolling::ROLLING;

/// Every deployment controller that a service may name.
pub const CONTROLLERS: &[controller::Entry] = &[rolling::ENTRY];

/// What decides the deployments of a service.
pub fn controller_of(
    _scheduling: SchedulingStrategy,
    _is_external: bool,
    _strategy: DeploymentStrategy,
) -> &'static dyn DeploymentController {
    ROLLING
}
