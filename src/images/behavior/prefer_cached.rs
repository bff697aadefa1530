//! `prefer-cached`: the image that is there is used, wherever it came from; the
//! clean-up keeps it. A tag that has moved is not noticed.

use super::{Decision, Entry, OnFailure};
use crate::model::agent::ImagePullBehavior;

/// Its entry in the list.
pub const ENTRY: Entry = Entry {
    behavior: ImagePullBehavior::PreferCached,
    name: "prefer-cached",
    summary: "uses the cached image if there is one, and keeps it",
    decide: |known| {
        if known.is_cached { Decision::UseCached } else { Decision::Pull { on_failure: OnFailure::FailTask } }
    },
    may_be_cleaned_up: false,
};
