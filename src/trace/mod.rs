//! Traces: what a file says was asked for, and the arrivals that it stands for
//! under a seed. Reads from what is handed in; opens no file.

pub mod source;

pub use source::{Trace, TraceRow};
