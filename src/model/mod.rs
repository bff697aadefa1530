//! The nouns of the field and their rules: what a cluster consists of, what
//! one may ask it, and the only ways in which it may change.

pub mod access;
pub mod agent;
pub mod arrivals;
pub mod attribute;
pub mod bill;
pub mod capacity;
pub mod changes;
pub mod container;
pub mod deployment;
pub mod fargate_sizes;
pub mod group;
pub mod held;
pub mod identity;
pub mod image;
pub mod instance;
pub mod life;
pub mod lifecycle_policy;
pub mod network;
pub mod options;
pub mod ports;
pub mod price;
pub mod query;
pub mod registry_options;
pub mod repository;
pub mod scaling;
pub mod scanning;
pub mod service;
pub mod task;
pub mod traffic;
pub mod workload;

pub mod audit;
pub mod cluster;
pub mod transitions;

pub use cluster::Cluster;
