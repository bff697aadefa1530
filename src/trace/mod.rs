//! Traces: what a file says was asked for, and the arrivals that it stands for
//! Reads from what is handed in; opens no file.

pub mod azure_vm_2017;
mod builder;
mod csv_rows;
pub mod formats;
pub mod load_series;
pub mod native;
mod number;
pub mod source;
#[cfg(test)]
pub(crate) mod testing;

pub use load_series::LoadSeries;
pub use source::{Format, ReadError, Trace, TraceRow};

/// The list of trace formats.
pub const FORMATS: &[Format] = &[native::FORMAT, azure_vm_2017::FORMAT];
