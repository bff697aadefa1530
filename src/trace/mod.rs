//! Traces: what a file says was asked for, and the arrivals that it stands for
//! under a seed; loads over time; and both drawn from a fitted profile instead of
//! read. Reads from what is handed in; opens no file.

pub mod azure_vm_2017;
mod builder;
mod csv_blocks;
mod csv_rows;
mod csv_trace;
pub mod describe;
pub mod fit;
pub mod fit_load;
pub mod formats;
mod image_layers;
pub mod input;
mod lifetimes;
pub mod load_series;
pub mod native;
pub mod native_parquet;
mod number;
mod parquet_columns;
mod parquet_file;
mod parquet_pages;
mod parquet_writer;
mod plain;
pub mod quantiles;
pub mod rows;
mod scan_findings;
pub mod source;
mod spot_availability;
mod spot_prices;
pub mod synthetic;
pub mod synthetic_load;
#[cfg(test)]
pub(crate) mod testing;
pub mod threads;
pub mod vm_requests;

pub use formats::{find, read_recognised, recognise};
pub use image_layers::{ImageLayers, LayerSize};
pub use input::{Input, ReadAt};
pub use lifetimes::read_lifetimes;
pub use load_series::LoadSeries;
pub use rows::{TraceRow, TraceRows};
pub use scan_findings::read_scan_findings;
pub use source::{Format, ReadError, Trace};
pub use spot_availability::{AvailabilitySeries, SpotAvailability};
pub use spot_prices::{PriceSeries, SpotPrices};
pub use synthetic::TaskProfile;
pub use synthetic_load::LoadProfile;
pub use threads::{OneThread, Threads};

/// The list of trace formats.
pub const FORMATS: &[Format] =
    &[native::FORMAT, azure_vm_2017::FORMAT, vm_requests::FORMAT, native_parquet::FORMAT];
