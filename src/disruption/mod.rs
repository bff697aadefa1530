//! When something breaks: drawn, never decided by what a policy does.

pub mod instance_lifetime;
