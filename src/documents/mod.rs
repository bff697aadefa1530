//! ECS documents as JSON: what a user already has, turned into the model's
//! nouns.

pub mod field_path;
pub mod json;
pub mod task_definition;
