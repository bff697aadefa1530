//! berthlab says, before anything is deployed, what an Amazon ECS setting will
//! cost, how many instances it will take and how available the services will be.
//!
//! The floors, from the ground up; a room imports only from floors below its own
//! (`ARCHITECTURE.md`):
//!
//! 1. [`base`]: ids, units, time, randomness, statistics, the shape of an error
//! 2. [`model`], [`record`]: the nouns and their rules; what a run writes down
//! 3. [`trace`], [`placement`], [`deployment`], [`scaling`], [`disruption`],
//!    [`billing`], [`bounds`], [`metrics`], [`containers`], [`access`], [`reach`],
//!    [`traffic`], [`images`]: pure decisions and readings
//! 4. [`sim`], [`documents`]: the event loop; ECS JSON
//! 5. [`experiment`]: scenarios, runs, results; the only floor with files and threads
//! 6. [`report`], [`explain`], [`conform`], [`import`], [`lint`]: charts, tables, one
//!    page; one decision taken apart; documented behaviour as cases; a described
//!    cluster as an experiment; problems that no validator sees
//! 7. [`cli`]: the only code that knows a terminal

pub mod base;
pub mod model;
pub mod record;

pub mod access;
pub mod billing;
pub mod bounds;
pub mod containers;
pub mod deployment;
pub mod disruption;
pub mod images;
pub mod metrics;
pub mod placement;
pub mod reach;
pub mod scaling;
pub mod trace;
pub mod traffic;

pub mod documents;
pub mod sim;

pub mod experiment;

pub mod conform;
pub mod explain;
pub mod import;
pub mod lint;
pub mod report;

pub mod cli;
