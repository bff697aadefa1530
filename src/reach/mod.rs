//! Who reaches whom (semantics 4.4, 4.5): whether security groups let clients to
//! a load balancer and the load balancer to a task, or which rule is missing;
//! and what the checks of a target group then find, and when. Of the network it
//! knows security groups and zones; routes, network ACLs and endpoints are left
//! out.

pub mod path;
mod ports;
mod target_health;

pub use path::{Target, TargetPort, Unreachable, load_balancer_reaches, web_reaches};
pub use target_health::{TargetChecks, target_health};
