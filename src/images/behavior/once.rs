//! `once`: an image that an earlier task of the instance has pulled is used while
//! it is there. One that came with the instance is pulled all the same, and a
//! failed pull fails the task although an image is there (agent source,
//! imagePullRequired and handleEventError).

use super::{Decision, Entry, OnFailure};
use crate::model::agent::ImagePullBehavior;

/// Its entry in the list.
pub const ENTRY: Entry = Entry {
    behavior: ImagePullBehavior::Once,
    name: "once",
    summary: "asks the registry unless an earlier task of the instance has pulled the image",
    decide: |known| {
        if known.is_cached && known.was_pulled_here {
            Decision::UseCached
        } else {
            Decision::Pull { on_failure: OnFailure::FailTask }
        }
    },
    may_be_cleaned_up: true,
};
