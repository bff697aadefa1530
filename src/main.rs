//! The `berthlab` program.

fn main() {}
