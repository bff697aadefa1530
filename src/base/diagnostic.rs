//! What is wrong with an input, and where. Found on any floor, drawn by the
//! command line alone.

use std::fmt;

/// One fault of an input: a stable code, the place, what was found and what
/// was expected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Stable, such as `B0104`; documented in `docs/codes.md`.
    pub code: &'static str,
    /// What was found and what was expected: lower case, no full stop.
    pub message: String,
    /// Where; `None` only when there is no text to point at.
    pub place: Option<Place>,
    /// What to do about it.
    pub help: Option<String>,
}

/// A place in a text that a user gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The file as the user named it, or `--set`.
    pub file: String,
    /// From 1.
    pub line: u64,
    /// From 1, in characters.
    pub column: u64,
    /// How many characters are at fault; at least 1.
    pub width: u64,
    /// The line itself, without its end.
    pub text: String,
}

impl Diagnostic {
    /// A fault without a place yet.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), place: None, help: None }
    }

    /// The same fault at `place`.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same fault with a line of advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Advice that names the nearest of the known `names`, or lists them all.
    #[must_use]
    pub fn help_nearest<'a>(self, typed: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        match super::nearest::nearest(typed, names.iter().copied()) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self.help(format!("known: {}", names.join(", "))),
        }
    }
}

impl Place {
    /// The bytes `start..end` of `source`; what lies beyond its line is cut.
    pub fn in_source(file: &str, source: &str, start: usize, end: usize) -> Self {
        let start = floor_boundary(source, start);
        let end = floor_boundary(source, end.max(start));
        let line_start = source[..start].rfind('\n').map_or(0, |it| it + 1);
        let line_end = source[start..].find('\n').map_or(source.len(), |it| start + it);
        let text = source[line_start..line_end].trim_end_matches('\r');
        let width = source[start..end.min(line_end)].chars().count().max(1);
        Self {
            file: file.to_owned(),
            line: 1 + source[..line_start].matches('\n').count() as u64,
            column: 1 + source[line_start..start].chars().count() as u64,
            width: width as u64,
            text: text.to_owned(),
        }
    }
}

fn floor_boundary(source: &str, at: usize) -> usize {
    let mut at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// One line, for logs and tests; the command line draws more.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{}:{}:{}: ", place.file, place.line, place.column)?;
        }
        write!(f, "[{}] {}", self.code, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let source = "a = 1\nname = \"ümläut\"\n";
        let start = source.find("ml").unwrap();
        let place = Place::in_source("x.toml", source, start, start + 2);
        assert_eq!((place.line, place.column, place.width), (2, 10, 2));
        assert_eq!(place.text, "name = \"ümläut\"");
        let end = Place::in_source("x.toml", source, 999, 999);
        assert_eq!((end.line, end.column), (3, 1));
    }
}
