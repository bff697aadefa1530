//! From use to billed units: one file a meter.

pub mod instance;
