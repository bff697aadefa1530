//! How a service gets from what runs to what is wanted: pure decisions from a
//! view of the service to a plan.

pub mod alarm;
pub mod circuit_breaker;
pub mod controller;
pub mod early_success;
pub mod external;
pub mod request;
pub mod stages;
pub mod traffic_shift;
pub mod zone_balance;

mod daemon;
mod rolling;
mod shifting;

use crate::model::deployment::{DeploymentStrategy, SchedulingStrategy};

pub use controller::{DeploymentController, DeploymentPlan, Marked, ServiceView, Standstill};
pub use daemon::DAEMON;
pub use external::EXTERNAL;
pub use rolling::ROLLING;
pub use shifting::SHIFTING;

/// Every way in which a deployment can go.
pub const CONTROLLERS: &[controller::Entry] = &[
    rolling::ENTRY,
    shifting::BLUE_GREEN,
    shifting::LINEAR,
    shifting::CANARY,
    daemon::ENTRY,
    external::ENTRY,
];

/// What decides the deployments of a service.
pub fn controller_of(
    scheduling: SchedulingStrategy,
    is_external: bool,
    strategy: DeploymentStrategy,
) -> &'static dyn DeploymentController {
    match (scheduling, is_external, strategy) {
        (SchedulingStrategy::Daemon, ..) => DAEMON,
        (_, true, _) => EXTERNAL,
        (.., DeploymentStrategy::Rolling) => ROLLING,
        _ => SHIFTING,
    }
}
