//! Services, clusters, capacity providers, container instances, tasks and task
//! sets: requests as they are sent (API CreateService, UpdateService, RunTask,
//! StartTask, CreateTaskSet) and answers as they come back (`describe-services`
//! and its like, `{"service": {…}}` and its like). Requests are held to the
//! model of the request, which a client checks before it sends them, and to the
//! limits that the service states.

mod read;
mod rules;

pub mod answers;
pub mod kinds;
pub mod requests;

pub mod capacity_provider;
pub mod choices;
pub mod cluster;
pub mod container_instance;
pub mod deployment;
pub mod network;
pub mod overrides;
pub mod placement;
pub mod service;
pub mod service_connect;
pub mod tags;
pub mod task;
pub mod timestamp;
pub mod volumes;

pub use kinds::{KINDS, Kind};
pub use read::{Document, Reading, examine};
