//! The event loop: the only room that changes a cluster. One run is one thread
//! and one value; nothing in it fails, for its inputs were checked before.

pub mod event;
pub mod ground;
pub mod health;
pub mod image_losses;
pub mod paths;
pub mod run;
pub mod setup;
pub mod watch;

mod queue;
mod retries;
mod simulation;

mod alarms;
mod arrivals;
mod bill;
mod capacity;
mod daemons;
mod deployments;
mod disruptions;
mod failures;
mod fargate;
mod floors;
mod instances;
mod interruptions;
mod launch_limits;
mod lifecycle;
mod lifecycle_policies;
mod lives;
mod looks;
mod outages;
mod placements;
mod protection;
mod pulls;
mod readings;
mod rebalancing;
mod registry;
mod rollouts;
mod scanning;
mod service_scaling;
mod service_tasks;
mod stopping;
mod strategies;
mod targets;
mod task_sets;
mod traffic;
mod volumes;
mod waiting_line;

pub use ground::{full_cluster, sample_cluster};
pub use lifecycle_policies::{Evaluation, ImageNeed};
pub use queue::EventQueue;
pub use run::{Pause, Play, finish_together, run, run_watched, share_images};
pub use setup::Setup;
pub use watch::{Decision, Fact, Watch};
