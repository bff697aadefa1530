//! One binary for all integration tests, so that the crate is linked once.
#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

mod clusters;
mod support;

mod azure;
mod bad_input;
mod billing;
mod codes;
mod command_line;
mod common_luck;
mod conform;
mod containers;
mod explain;
mod floors;
mod java_regex;
mod properties;
mod reach;
mod reference;
mod rolling;
mod task_definitions;
mod timelines;
