//! Documents of ECS and of its image registry as JSON: what a user already has,
//! turned into the model's nouns. A text becomes a tree whose values know their place, the tree a typed
//! document, and rules find every fault of it at once.

pub mod ecs;
pub mod faults;
pub mod field_path;
pub mod image_manifest;
pub mod json;
pub mod lifecycle_policy;
pub mod policy;
mod shape;
pub mod task_definition;
