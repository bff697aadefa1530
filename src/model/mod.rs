//! The nouns of the field and their rules: what a cluster consists of, and the
//! only ways in which it may change.

pub mod network;
pub mod task;
pub mod workload;
