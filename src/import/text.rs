//! The text of the experiment: tables, fields, and comments that bear names
//! from outside without letting them break out.

use std::fmt::Write as _;

use toml::{Table, Value};

use crate::documents::json::shortened;

/// An experiment under way.
#[derive(Default)]
pub(super) struct Text {
    toml: String,
    notes: Vec<String>,
}

/// Where lines of comment are broken.
const WIDTH: usize = 108;

impl Text {
    /// A line apart from what precedes.
    pub(super) fn open(&mut self) {
        self.toml.push('\n');
    }

    /// The head of a table: `[cluster]`, `[[service]]`.
    pub(super) fn head(&mut self, head: &str) {
        writeln!(self.toml, "{head}").expect("a string takes all");
    }

    /// `key = value`.
    pub(super) fn field(&mut self, key: &str, value: impl Into<Value>) {
        writeln!(self.toml, "{key} = {}", value.into()).expect("a string takes all");
    }

    /// A comment, broken into lines.
    pub(super) fn comment(&mut self, comment: &str) {
        let indent = &comment[..comment.len() - comment.trim_start().len()];
        let mut line = format!("#{}", if comment.is_empty() { "" } else { " " });
        line.push_str(indent);
        let mut is_fresh = true;
        for word in comment.split_whitespace() {
            if !is_fresh && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.toml.push_str(&line);
                self.toml.push('\n');
                line = format!("# {indent}");
                is_fresh = true;
            }
            if !is_fresh {
                line.push(' ');
            }
            // What TOML forbids in a comment is not let through, whoever wrote it.
            line.extend(
                word.chars().map(|it| if it.is_control() { char::REPLACEMENT_CHARACTER } else { it }),
            );
            is_fresh = false;
        }
        self.toml.push_str(&line);
        self.toml.push('\n');
    }

    /// Something that the experiment leaves out or takes for something else.
    pub(super) fn note(&mut self, note: &str) {
        self.comment(&format!("note: {note}"));
        self.notes.push(note.to_owned());
    }

    /// The whole text, and the notes in its order.
    pub(super) fn finish(self) -> (String, Vec<String>) {
        (self.toml, self.notes)
    }
}

/// A name from outside in a note.
pub(super) fn shown(name: &str) -> String {
    shortened(name)
}

/// `{ a = 1, b = "x" }` in this order.
pub(super) fn inline<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let mut table = Table::new();
    for (key, value) in fields {
        if let Some(value) = value {
            table.insert(key.to_owned(), value);
        }
    }
    Value::Table(table)
}

/// A list of texts.
pub(super) fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> Value {
    Value::Array(items.into_iter().map(Value::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_stay_inside_their_quotes() {
        for name in ["a\"b", "a\nb = 1", "'''", "\\", "\u{0}\u{1b}", "]\n[[service]]", "é\u{202e}", ""] {
            let mut text = Text::default();
            text.note(&format!("service `{}`", shown(name)));
            text.comment(name);
            text.head("[x]");
            text.field("name", name);
            text.field("table", inline([("a b", Some(name.into())), ("c", None)]));
            let (toml, notes) = text.finish();
            let read: Table = toml.parse().unwrap_or_else(|error| panic!("{error}\n{toml}"));
            assert_eq!(read["x"]["name"].as_str(), Some(name), "{toml}");
            assert_eq!(read["x"]["table"]["a b"].as_str(), Some(name), "{toml}");
            assert_eq!((read.len(), notes.len()), (1, 1), "{toml}");
        }
    }

    #[test]
    fn comments_are_broken_between_words() {
        let mut text = Text::default();
        text.comment(&"word ".repeat(60));
        let (toml, _) = text.finish();
        assert_eq!(toml.lines().count(), 3);
        assert!(toml.lines().all(|it| it.starts_with("# word") && it.len() <= WIDTH));
    }
}
