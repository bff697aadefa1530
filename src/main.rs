//! The `berthlab` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    berthlab::cli::main()
}
