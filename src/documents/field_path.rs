//! Which field of a document is meant, in the form in which people write it:
//! `containerDefinitions[0].portMappings[1].hostPort`.

use std::fmt;

use super::json::{Json, Span, Value};

/// The way from the root of a document to a field, which need not be there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct FieldPath(Vec<Step>);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Step {
    Key(String),
    Idx(usize),
}

impl FieldPath {
    /// The document itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// The field `key` of this object.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        let mut path = self.clone();
        path.0.push(Step::Key(key.to_owned()));
        path
    }

    /// The item `idx` of this list.
    #[must_use]
    pub fn idx(&self, idx: usize) -> Self {
        let mut path = self.clone();
        path.0.push(Step::Idx(idx));
        path
    }

    /// Whether `other` is this field or lies in it.
    pub fn holds(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Where to point: at the value if it is a plain one, at the key or the
    /// opening bracket if it is a large one, and at the nearest of those above
    /// if the field is not there.
    pub fn span(&self, root: &Json) -> Span {
        let opening = |json: &Json| match json.value {
            Value::Array(_) | Value::Object(_) => Span { start: json.span.start, end: json.span.start + 1 },
            _ => json.span,
        };
        let mut at = root;
        let mut span = opening(root);
        for step in &self.0 {
            match step {
                Step::Key(key) => {
                    let Some(member) = at.get(key) else { break };
                    at = &member.value;
                    span = match at.value {
                        Value::Array(_) | Value::Object(_) => member.key_span,
                        _ => at.span,
                    };
                }
                Step::Idx(idx) => {
                    let Value::Array(items) = &at.value else { break };
                    let Some(item) = items.get(*idx) else { break };
                    at = item;
                    span = opening(at);
                }
            }
        }
        span
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("(document)");
        }
        for (n_before, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if n_before > 0 => write!(f, ".{key}")?,
                Step::Key(key) => f.write_str(key)?,
                Step::Idx(idx) => write!(f, "[{idx}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::json::{Source, parse};

    #[test]
    fn a_path_points_at_what_is_there() {
        let source = Source::new("x", r#"{"a": [{"b": 1}, {"c": {"d": null}}]}"#);
        let json = parse(&source).unwrap();
        let a = FieldPath::root().key("a");
        let cases = [
            (FieldPath::root(), "(document)", "{"),
            (a.clone(), "a", "\"a\""),
            (a.idx(0).key("b"), "a[0].b", "1"),
            (a.idx(0).key("x").key("y"), "a[0].x.y", "{"),
            (a.idx(1).key("c"), "a[1].c", "\"c\""),
            (a.idx(9), "a[9]", "\"a\""),
        ];
        for (path, shown, pointed_at) in cases {
            assert_eq!(path.to_string(), shown);
            assert_eq!(source.slice(path.span(&json)), pointed_at, "{shown}");
        }
        assert!(a.holds(&a.idx(1)) && !a.idx(1).holds(&a));
    }
}
