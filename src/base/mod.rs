//! The ground floor: ids, units, time, randomness, statistics and the shape of
//! an error. Knows nothing of clusters or files.

pub mod diagnostic;
pub mod id;
pub mod nearest;
pub mod packed;
pub mod rng;
pub mod stats;
pub mod time;
pub mod units;

pub use diagnostic::{Diagnostic, Place};
pub use id::Table;
pub use rng::{Domain, Seed};
pub use time::{SimDuration, SimTime};
pub use units::{CpuUnits, MemoryMib, Money};
