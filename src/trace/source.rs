//! The contract of a trace format: bytes in, a [`Trace`] out, with every fault
//! named by line and column. And the one way from a trace to arrivals.
//!
//! A trace is often coarser than the world it was taken from: times rounded to
//! a step, lifetimes given as the limits of a bin, equal requests counted in one
//! row. It is kept as coarse as it is; [`Trace::arrivals`] draws what is
//! missing, by seed, so that each replicate meets another day like that one.

use std::io::BufRead;

use crate::base::id::TaskDefinitionId;
use crate::base::{Diagnostic, SimDuration, SimTime, Table};
use crate::model::task::TaskDefinition;

/// A trace format.
pub struct Format {
    /// What a user writes for it, lower case.
    pub name: &'static str,
    /// One line of help.
    pub summary: &'static str,
    /// Whether a file with this header line is one of the format.
    pub recognises: fn(header: &str) -> bool,
    /// Reads a whole trace; `file` is only for messages.
    pub read: fn(input: &mut dyn BufRead, file: &str) -> Result<Trace, ReadError>,
}

/// Why a trace could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// Its content is at fault: every fault up to a limit.
    Content(Vec<Diagnostic>),
    /// The reader failed.
    Io(std::io::Error),
}

/// What a trace file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The different needs; equal ones are one row.
    pub definitions: Table<TaskDefinitionId, TaskDefinition>,
    /// In the order of `arrival`, ties in the order of the file. The first
    /// arrival is at zero or later.
    pub rows: Vec<TraceRow>,
    /// How many batches the rows name: `0..n_batches`.
    pub n_batches: u32,
}

/// Equal tasks of one batch that were asked for at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRow {
    /// The moment, or the start of its time step.
    pub arrival: SimTime,
    /// How coarse `arrival` is: the true moment lies in
    /// `arrival .. arrival + arrival_step`. Zero if it is exact.
    pub arrival_step: SimDuration,
    /// Tasks of one batch arrive together and form a task group.
    pub batch: u32,
    /// How many tasks.
    pub count: u32,
    /// What each of them runs.
    pub definition: TaskDefinitionId,
    /// How long each of them runs.
    pub lifetime: LifetimeRange,
}

/// What a trace knows of a lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifetimeRange {
    /// The least that the trace allows.
    pub min: SimDuration,
    /// The most; [`SimDuration::FOREVER`] if the task outlived the trace.
    pub max: SimDuration,
    /// The step that both are multiples of, being rounded to the nearest; zero
    /// if they are exact.
    pub step: SimDuration,
}
