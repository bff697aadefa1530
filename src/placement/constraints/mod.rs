//! The placement constraints: one file a kind, one list.

mod distinct_instance;
mod member_of;

use super::constraint::Entry;

/// Every constraint that a task or service may name.
pub const CONSTRAINTS: &[Entry] = &[distinct_instance::ENTRY, member_of::ENTRY];
