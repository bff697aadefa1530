//! One binary for all integration tests, so that the crate is linked once.
#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

mod support;

mod azure;
mod bad_input;
mod codes;
mod command_line;
mod floors;
mod timelines;
