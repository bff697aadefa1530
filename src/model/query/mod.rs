//! The Cluster Query Language: which container instances an expression such as
//! `attribute:ecs.instance-type =~ t2.* and runningTasksCount < 3` selects
//! (developer guide, cluster-query-language).
//!
//! A text becomes tokens, tokens become a chain of tests, and the chain is
//! walked for an instance: nothing is parsed, compiled or allocated by then.
//! What cannot change without an event is told from what can, and kept as bits
//! by [`StaticTerms`].

mod error;
mod facts;
mod grammar;
mod lexer;
mod meaning;
mod terms;

mod java_class;
mod java_escape;
pub mod java_regex;
mod java_syntax;

pub use error::{CODES, QueryError};
pub use facts::{DynamicFacts, InstanceFacts, StaticFacts};
pub use meaning::{EXPRESSION_MAX, Expression, SharedExpression, Term, parse_time_ms};
pub use terms::StaticTerms;

#[cfg(test)]
mod tests;
