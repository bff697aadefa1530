//! Regular expressions with the meaning of `java.util.regex` (the guide names
//! it for `=~`), on engines that end: `regex`, linear in the text, wherever the
//! pattern allows, else `fancy-regex` under a limit of steps.
//!
//! The whole value must match (MODEL; the guide's examples hold under both
//! readings). A search that hits the limit counts as no match, the same on
//! every machine; Java would go on for hours there, or overflow its stack.
//!
//! What Java takes and this refuses (code B0416): the flags `(?x)`, `(?c)`,
//! `(?U)`; `\X`, `\G`, `\N{..}`, `\b{g}`; blocks (`\p{InGreek}`), scripts and
//! properties other than the common ones; back references that ignore case or
//! name a group that is not closed before them; half a surrogate pair; in
//! classes `&&` with nothing behind it or a single `&` after `&&[..]`; more
//! than 40 nested groups; in look-behinds a repeated group, no obvious longest
//! match, and what the engine cannot look back for. Code B0417: what needs more than 1 MiB when compiled.
//!
//! Known to differ: `\b` is that of ASCII words, as from JDK 19 on; a repeated
//! `\R` may take `\r\n` for two ends, as its documentation has it; tables are
//! those of a later Unicode than JDK 17 has; without case under `(?iu)` where
//! Unicode maps a letter to several.

use super::error::{self, QueryError};
use super::java_syntax::{self, Dialect, Refusal};

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct JavaRegex {
    engine: Engine,
}

#[derive(Clone, Debug)]
enum Engine {
    Linear(regex::Regex),
    /// Look-around, back references, atomic groups, possessive quantifiers.
    Backtracking(Box<fancy_regex::Regex>),
}

/// The most steps of one backtracking search: a few milliseconds. Values of
/// attributes have at most 128 characters.
pub const BACKTRACK_LIMIT: usize = 100_000;

/// The most memory of one compiled pattern: `[a-z]{1000}` passes,
/// `((x{1000}){1000}){1000}` does not.
const COMPILED_SIZE_MAX: usize = 1 << 20;

impl JavaRegex {
    /// Reads a pattern. The bytes of an error are those of the pattern.
    pub fn new(pattern: &str) -> Result<Self, QueryError> {
        let linear = java_syntax::translate(pattern, Dialect::Linear).map_err(refused)?;
        if let Some(engine) = linear.text.as_deref().and_then(build_linear) {
            return Ok(Self { engine: Engine::Linear(engine) });
        }
        let backtracking = java_syntax::translate(pattern, Dialect::Backtracking).map_err(refused)?;
        let text = backtracking.text.expect("nothing is beyond the backtracking dialect");
        let built = fancy_regex::RegexBuilder::new(&text)
            .backtrack_limit(BACKTRACK_LIMIT)
            .delegate_size_limit(COMPILED_SIZE_MAX)
            .max_prog_size(COMPILED_SIZE_MAX / 16)
            .build();
        match built {
            Ok(engine) => Ok(Self { engine: Engine::Backtracking(Box::new(engine)) }),
            Err(_) if linear.text.is_some() => {
                Err(whole(pattern, error::PATTERN_TOO_LARGE, "this pattern is too large when compiled"))
            }
            Err(_) => {
                let message = "this pattern is valid in Java but too much for the engine here";
                Err(whole(pattern, error::PATTERN_UNSUPPORTED, message))
            }
        }
    }

    /// Whether the whole `text` matches; false as well if that cannot be told
    /// within [`BACKTRACK_LIMIT`] steps.
    pub fn is_match(&self, text: &str) -> bool {
        self.try_match(text).unwrap_or(false)
    }

    /// The same; `None` if the limit was hit.
    pub fn try_match(&self, text: &str) -> Option<bool> {
        match &self.engine {
            Engine::Linear(engine) => Some(engine.is_match(text)),
            Engine::Backtracking(engine) => engine.is_match(text).ok(),
        }
    }

    /// Whether matching takes time linear in the text.
    pub fn is_linear(&self) -> bool {
        matches!(self.engine, Engine::Linear(_))
    }
}

fn build_linear(text: &str) -> Option<regex::Regex> {
    regex::RegexBuilder::new(text).size_limit(COMPILED_SIZE_MAX).build().ok()
}

fn refused(refusal: Refusal) -> QueryError {
    let code = if refusal.valid_in_java { error::PATTERN_UNSUPPORTED } else { error::PATTERN };
    QueryError::new(code, refusal.start, refusal.end, refusal.message)
}

fn whole(pattern: &str, code: &'static str, message: &str) -> QueryError {
    QueryError::new(code, 0, pattern.len(), message)
}
