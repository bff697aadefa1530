//! ECS documents as JSON: what a user already has, turned into the model's
//! nouns.

pub mod task_definition;
