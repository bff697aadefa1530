//! `always`: the registry is asked every time, and a task fails if that fails,
//! whatever is there.

use super::{Decision, Entry, OnFailure};
use crate::model::agent::ImagePullBehavior;

/// Its entry in the list.
pub const ENTRY: Entry = Entry {
    behavior: ImagePullBehavior::Always,
    name: "always",
    summary: "asks the registry; if that fails, the task fails",
    decide: |_| Decision::Pull { on_failure: OnFailure::FailTask },
    may_be_cleaned_up: true,
};
