//! One binary for all integration tests, so that the crate is linked once.
#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

mod clusters;
mod support;

mod access;
mod advise;
mod agent_settings;
mod azure;
mod bad_bill;
mod bad_disruptions;
mod bad_input;
mod bounds;
mod catalogue;
mod codes;
mod command_line;
mod common_luck;
mod conform;
mod containers;
mod controllers;
mod costs;
mod deadlocks;
mod deployment_settings;
mod documentation;
mod ecs_documents;
mod explain;
mod floor_runs;
mod floors;
mod image_stories;
mod import;
mod import_end_to_end;
mod import_properties;
mod java_regex;
mod lifecycle_policies;
mod lint;
mod named_stories;
mod properties;
mod reach;
mod reference;
mod rolling;
mod service_scaling;
mod stories;
mod tables;
mod task_definitions;
mod theory;
mod timelines;
mod traffic;
