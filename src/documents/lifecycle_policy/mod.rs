//! Lifecycle policies of an image repository (semantics 9.5; API
//! PutLifecyclePolicy): the document as a typed policy, and every reason for
//! which the registry refuses it, at once.

mod draft;
mod read;
mod rules;
mod wrapped;
mod write;

pub(super) use read::examine_tree;
pub use read::{MAX_CHARACTERS, Reading, examine, read};
pub use rules::MAX_RULES;
pub(super) use wrapped::{TEXT, examine_wrapped};
pub use write::write;
