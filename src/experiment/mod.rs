//! From a file to results: what was written, checked; what will run; the runs
//! in parallel; their outcomes in files.

mod agreement;
pub mod axes;
pub mod catalogue;
mod clusters;
pub mod columns;
mod disruption_files;
pub mod folder;
pub mod inputs;
mod labels;
pub mod manifest;
pub mod matrix;
pub mod memory;
pub mod play;
mod policy_files;
pub mod profile;
mod random_access;
pub mod reader;
mod registry_files;
pub mod results;
pub mod scenario;
pub mod text;
pub mod threads;
pub mod tree;
