//! `default`: the registry is asked every time, which moves nothing if the image
//! is there; if that fails, the image that is there is used.

use super::{Decision, Entry, OnFailure};
use crate::model::agent::ImagePullBehavior;

/// Its entry in the list.
pub const ENTRY: Entry = Entry {
    behavior: ImagePullBehavior::Default,
    name: "default",
    summary: "asks the registry; if that fails, the cached image is used",
    decide: |known| Decision::Pull {
        on_failure: if known.is_cached { OnFailure::UseCached } else { OnFailure::FailTask },
    },
    may_be_cleaned_up: true,
};
