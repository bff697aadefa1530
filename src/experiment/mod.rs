//! From a file to results: what was written, checked; what will run; the runs
//! in parallel; their outcomes in files.

pub mod profile;
pub mod results;
