//! What is wrong with an expression: a stable code and the characters at fault.

use crate::base::{Diagnostic, Place};

/// A fault of an expression. Rejected by the service as
/// `InvalidParameterException`; it says less of where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("[{code}] {message}")]
pub struct QueryError {
    /// Stable, such as `B0405`; documented in `docs/codes.md`.
    pub code: &'static str,
    /// What was found and what was expected: lower case, no full stop.
    pub message: String,
    /// Where the fault begins, in bytes of the expression.
    pub start: usize,
    /// Where it ends; equal to `start` where something is missing.
    pub end: usize,
}

pub(super) const TOO_LONG: &str = "B0401";
pub(super) const EMPTY: &str = "B0402";
pub(super) const CHARACTER: &str = "B0403";
pub(super) const OPEN_QUOTE: &str = "B0404";
pub(super) const SUBJECT: &str = "B0405";
pub(super) const OPERATOR: &str = "B0406";
pub(super) const NOT_FOR_SUBJECT: &str = "B0407";
pub(super) const OPERAND: &str = "B0408";
pub(super) const PARENTHESES: &str = "B0409";
pub(super) const PARENTHESES_INSIDE: &str = "B0410";
pub(super) const LIST: &str = "B0411";
pub(super) const ATTRIBUTE_NAME: &str = "B0412";
pub(super) const VALUE: &str = "B0413";
pub(super) const NOT_JOINED: &str = "B0414";
pub(super) const PATTERN: &str = "B0415";
pub(super) const PATTERN_UNSUPPORTED: &str = "B0416";
pub(super) const PATTERN_TOO_LARGE: &str = "B0417";

/// Every code of this room, so that a test finds each in `docs/codes.md`.
pub const CODES: &[&str] = &[
    TOO_LONG,
    EMPTY,
    CHARACTER,
    OPEN_QUOTE,
    SUBJECT,
    OPERATOR,
    NOT_FOR_SUBJECT,
    OPERAND,
    PARENTHESES,
    PARENTHESES_INSIDE,
    LIST,
    ATTRIBUTE_NAME,
    VALUE,
    NOT_JOINED,
    PATTERN,
    PATTERN_UNSUPPORTED,
    PATTERN_TOO_LARGE,
];

impl QueryError {
    pub(super) fn new(code: &'static str, start: usize, end: usize, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), start, end }
    }

    /// The same fault as a diagnostic whose place lies in the expression alone,
    /// for callers that know no better place for it.
    pub fn diagnostic(&self, name: &str, expression: &str) -> Diagnostic {
        let place = Place::in_source(name, expression, self.start, self.end);
        Diagnostic::new(self.code, self.message.as_str()).at(place)
    }
}
