//! Requests on their way to targets: who gets them, who waits, who gets none.
//! Two models of one subject: [`interval`] as a flow, for high rates;
//! [`request`] one by one, for low ones. They agree within 1 % of the requests
//! offered on small cases (`tests/it/traffic.rs`).

pub mod counts;
pub mod interval;
pub mod request;
pub mod target;

mod dead_targets;
mod erlang;
mod fixed;

pub use counts::Counts;
pub use interval::Flow;
pub use request::Requests;
pub use target::{Occupancy, Standing, Target, Targets};
