//! Everything that is seen from outside: one binary, one module a subject.

mod clusters;
mod common_luck;
mod properties;
mod reference;
mod rolling;
