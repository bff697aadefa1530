//! One binary for all integration tests, so that the crate is linked once.

#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

mod azure;
mod floors;
mod java_regex;
mod timelines;
