//! JSON (RFC 8259) into a tree in which every value and key knows its place,
//! so that a fault of a rule can be shown where it stands.
//!
//! Stricter than most readers: a key twice in one object is refused (which of
//! the two counts is a guess), so is nesting beyond [`MAX_DEPTH`]. A number is
//! kept as it is written; who wants a whole number asks for one.

use crate::base::{Diagnostic, Place};

/// ECS documents are less than ten levels deep; the bound spares the stack.
pub const MAX_DEPTH: usize = 128;

/// A text with its name, and where its lines begin.
#[derive(Debug)]
pub struct Source<'a> {
    file: &'a str,
    text: &'a str,
    line_starts: Vec<usize>,
}

/// The bytes `start..end` of a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One beyond the last byte.
    pub end: usize,
}

/// A value and its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Json {
    /// What it is.
    pub value: Value,
    /// Where it stands.
    pub span: Span,
}

/// What a JSON value can be.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// As written: `1e400` is a number of JSON, though of no machine.
    Number(String),
    /// With its escapes resolved.
    String(String),
    /// `[…]`
    Array(Vec<Json>),
    /// `{…}` in the order written, no key twice.
    Object(Vec<Member>),
}

/// One entry of an object.
#[derive(Clone, PartialEq, Debug)]
pub struct Member {
    /// With its escapes resolved.
    pub key: String,
    /// Where the key stands, quotes included.
    pub key_span: Span,
    /// What it holds.
    pub value: Json,
}

/// The text of a document's bytes, without a byte order mark.
///
/// # Errors
///
/// Bytes that are not UTF-8, among them UTF-16.
pub fn decode<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Diagnostic> {
    let fault = |line: usize, message: String| {
        let place =
            Place { file: file.to_owned(), line: line as u64, column: 1, width: 1, text: String::new() };
        Diagnostic::new("B0355", message).at(place)
    };
    if matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [_, 0, _, 0, ..] | [0, _, 0, _, ..]) {
        return Err(fault(1, "the text is UTF-16: JSON is UTF-8".to_owned()));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let line = 1 + bytes[..at].iter().filter(|&&it| it == b'\n').count();
        fault(line, format!("the text is not UTF-8: byte {at} is no character"))
    })
}

impl<'a> Source<'a> {
    /// `file` is only for messages; a byte order mark is no part of the text.
    pub fn new(file: &'a str, text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let after_ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { file, text, line_starts: std::iter::once(0).chain(after_ends).collect() }
    }

    /// Length in bytes.
    pub fn n_bytes(&self) -> usize {
        self.text.len()
    }

    /// Length in characters.
    pub fn n_characters(&self) -> usize {
        self.text.chars().count()
    }

    /// The same without the space between the parts of a JSON document.
    pub fn n_characters_without_space(&self) -> usize {
        let (mut n, mut is_quoted, mut is_escaped) = (0, false, false);
        for it in self.text.chars() {
            n += usize::from(is_quoted || !matches!(it, ' ' | '\t' | '\r' | '\n'));
            is_quoted ^= it == '"' && !is_escaped;
            is_escaped = is_quoted && it == '\\' && !is_escaped;
        }
        n
    }

    /// The text of `span`.
    pub fn slice(&self, span: Span) -> &'a str {
        &self.text[span.start..span.end]
    }

    /// How many characters stand before `place`, which is one of this source.
    pub fn n_characters_before(&self, place: &Place) -> usize {
        let line_idx = usize::try_from(place.line).unwrap_or(1).saturating_sub(1);
        let line_start = self.line_starts.get(line_idx).map_or(self.text.len(), |it| *it);
        let n_within = usize::try_from(place.column).unwrap_or(1).saturating_sub(1);
        self.text[..line_start].chars().count() + n_within
    }

    /// Where `span` begins; what lies beyond its line is cut.
    pub fn place(&self, span: Span) -> Place {
        let line_idx = self.line_starts.partition_point(|&it| it <= span.start) - 1;
        let line_start = self.line_starts[line_idx];
        let line_end = self.line_starts.get(line_idx + 1).map_or(self.text.len(), |it| it - 1);
        let end = span.end.clamp(span.start, line_end.max(span.start));
        let n_chars = |from: usize, to: usize| self.text[from..to].chars().count() as u64;
        Place {
            file: self.file.to_owned(),
            line: line_idx as u64 + 1,
            column: 1 + n_chars(line_start, span.start),
            width: n_chars(span.start, end).max(1),
            text: self.text[line_start..line_end].trim_end_matches('\r').to_owned(),
        }
    }
}

impl Json {
    /// The member of an object with this key.
    pub fn get(&self, key: &str) -> Option<&Member> {
        match &self.value {
            Value::Object(members) => members.iter().find(|it| it.key == key),
            _ => None,
        }
    }

    /// What stands here, for messages: `a string`.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

/// Reads the whole of `source` as one value.
///
/// # Errors
///
/// Every key that is given twice and the first fault of syntax.
pub fn parse(source: &Source<'_>) -> Result<Json, Vec<Diagnostic>> {
    let mut parser =
        Parser { bytes: source.text.as_bytes(), source, at: 0, depth: 0, duplicates: Vec::new() };
    let read = parser.document();
    let mut found = parser.duplicates;
    match read {
        Ok(json) if found.is_empty() => Ok(json),
        Ok(_) => Err(found),
        Err(fault) => {
            found.push(*fault);
            Err(found)
        }
    }
}

type Read<T> = Result<T, Box<Diagnostic>>;

/// More than so many keys given twice help nobody.
const MAX_DUPLICATES: usize = 100;

struct Parser<'a> {
    bytes: &'a [u8],
    source: &'a Source<'a>,
    at: usize,
    depth: usize,
    duplicates: Vec<Diagnostic>,
}

impl Parser<'_> {
    fn document(&mut self) -> Read<Json> {
        self.skip_space();
        if self.at == self.bytes.len() {
            return Err(self.fault("B0356", "the file is empty: expected a JSON document"));
        }
        let json = self.value()?;
        self.skip_space();
        if self.at < self.bytes.len() {
            let code = if self.bytes[self.at] == 0 { "B0354" } else { "B0353" };
            return Err(self.fault(code, format!("{} after the end of the document", self.seen())));
        }
        Ok(json)
    }

    fn value(&mut self) -> Read<Json> {
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Json { value, span: Span { start, end: self.at } })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Read<Value>) -> Read<Value> {
        if self.depth == MAX_DEPTH {
            return Err(self.fault("B0351", format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Read<Value> {
        let mut members = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a key in quotes"));
            }
            let key = self.string()?;
            let key_span = Span { start, end: self.at };
            self.skip_space();
            if !self.take(b':') {
                return Err(self.unexpected("`:`"));
            }
            self.skip_space();
            let value = self.value()?;
            members.push(Member { key, key_span, value });
            self.skip_space();
            if self.take(b'}') {
                self.note_duplicates(&members);
                return Ok(Value::Object(members));
            }
            if !self.take(b',') {
                return Err(self.unexpected("`,` or `}`"));
            }
            self.skip_space();
        }
    }

    fn array(&mut self) -> Read<Value> {
        let mut items = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.take(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Value::Array(items));
            }
            if !self.take(b',') {
                return Err(self.unexpected("`,` or `]`"));
            }
            self.skip_space();
        }
    }

    fn note_duplicates(&mut self, members: &[Member]) {
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by_key(|&it| (&members[it].key, it));
        let mut again: Vec<(usize, usize)> = Vec::new();
        for pair in order.windows(2) {
            if members[pair[0]].key == members[pair[1]].key {
                again.push((pair[1], pair[0]));
            }
        }
        again.sort_unstable();
        for (idx, earlier_idx) in again {
            if self.duplicates.len() == MAX_DUPLICATES {
                return;
            }
            let line = self.source.place(members[earlier_idx].key_span).line;
            let key = shortened(&members[idx].key);
            let message = format!("the key `{key}` is given twice, before in line {line}");
            let place = self.source.place(members[idx].key_span);
            self.duplicates.push(Diagnostic::new("B0352", message).at(place));
        }
    }

    fn string(&mut self) -> Read<String> {
        let open = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let from = self.at;
            while self.peek().is_some_and(|it| it != b'"' && it != b'\\' && it >= 0x20) {
                self.at += 1;
            }
            text.push_str(&self.source.text[from..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(b'\n') | None => {
                    let fault = Diagnostic::new("B0357", "a string is not closed in its line");
                    return Err(Box::new(fault.at(self.source.place(Span { start: open, end: self.at }))));
                }
                Some(byte) => {
                    let message = format!("a raw control character (0x{byte:02X}) in a string");
                    return Err(self.fault("B0354", message));
                }
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let start = self.at;
        let bad = |this: &Self, message: &str| {
            let span = Span { start, end: this.at };
            Box::new(Diagnostic::new("B0357", message).at(this.source.place(span)))
        };
        self.at += 1;
        let letter = self.peek();
        let plain = match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let Some(first) = self.hex4() else { return Err(bad(self, "`\\u` wants four hex digits")) };
                let code = if (0xD800..0xDC00).contains(&first) && self.take(b'\\') && self.take(b'u') {
                    match self.hex4() {
                        Some(low) if (0xDC00..0xE000).contains(&low) => {
                            0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00)
                        }
                        _ => first,
                    }
                } else {
                    first
                };
                return char::from_u32(code)
                    .ok_or_else(|| bad(self, "half a surrogate pair is no character"));
            }
            _ => return Err(bad(self, "an escape that JSON does not know")),
        };
        self.at += 1;
        Ok(plain)
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        let mut code = 0;
        for &digit in digits {
            code = code * 16 + char::from(digit).to_digit(16)?;
        }
        self.at += 4;
        Some(code)
    }

    fn number(&mut self) -> Read<String> {
        let start = self.at;
        self.take(b'-');
        let is_good = if self.take(b'0') { true } else { self.digits() };
        let is_good = is_good && (!self.take(b'.') || self.digits());
        let is_good = is_good
            && (!(self.take(b'e') || self.take(b'E')) || {
                let _sign = self.take(b'+') || self.take(b'-');
                self.digits()
            });
        let runs_on =
            self.peek().is_some_and(|it| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'_' | b'+'));
        if !is_good || runs_on {
            let fault = Diagnostic::new("B0358", "a number that JSON does not know");
            return Err(Box::new(fault.at(self.source.place(Span { start, end: self.at }))));
        }
        Ok(self.source.text[start..self.at].to_owned())
    }

    /// At least one digit.
    fn digits(&mut self) -> bool {
        let start = self.at;
        while self.peek().is_some_and(|it| it.is_ascii_digit()) {
            self.at += 1;
        }
        self.at > start
    }

    fn word(&mut self, word: &str, value: Value) -> Read<Value> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.unexpected("a value"))
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// What stands where something else was expected.
    fn seen(&self) -> String {
        match self.source.text[self.at..].chars().next() {
            None => "the end of the file".to_owned(),
            Some('\0') => "a NUL byte".to_owned(),
            Some(it) if it.is_control() => format!("a control character (U+{:04X})", u32::from(it)),
            Some(it) => format!("`{it}`"),
        }
    }

    fn unexpected(&self, wanted: &str) -> Box<Diagnostic> {
        let code = if self.peek() == Some(0) { "B0354" } else { "B0350" };
        self.fault(code, format!("expected {wanted}, found {}", self.seen()))
    }

    fn fault(&self, code: &'static str, message: impl Into<String>) -> Box<Diagnostic> {
        let span = Span { start: self.at, end: self.at };
        Box::new(Diagnostic::new(code, message).at(self.source.place(span)))
    }
}

/// A user's text as a message can bear it.
pub fn shortened(text: &str) -> String {
    let shown: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() { format!("{shown}…") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let found = parse(&Source::new("x.json", text)).expect_err(text);
        found.iter().map(|it| it.to_string().replacen("x.json:", "", 1)).collect()
    }

    #[test]
    fn every_value_and_key_knows_its_place() {
        let source = Source::new("x.json", "\u{feff}{\n  \"ä\": [1, \"\\u00e9\\ud83d\\ude00\"]\r\n}");
        let json = parse(&source).unwrap();
        let member = json.get("ä").unwrap();
        let place = source.place(member.key_span);
        assert_eq!((place.line, place.column, place.width), (2, 3, 3));
        assert_eq!(place.text, "  \"ä\": [1, \"\\u00e9\\ud83d\\ude00\"]");
        let Value::Array(items) = &member.value.value else { panic!("a list") };
        assert_eq!(items[0].value, Value::Number("1".to_owned()));
        assert_eq!(items[1].value, Value::String("é😀".to_owned()));
        let place = source.place(items[1].span);
        assert_eq!((place.line, place.column), (2, 12));
    }

    #[test]
    fn a_bad_text_has_its_code_and_place() {
        let cases = [
            ("", "1:1: [B0356] the file is empty: expected a JSON document"),
            (" \n ", "2:2: [B0356] the file is empty: expected a JSON document"),
            ("{} x", "1:4: [B0353] `x` after the end of the document"),
            ("{}\0", "1:3: [B0354] a NUL byte after the end of the document"),
            ("{\"a\": \0}", "1:7: [B0354] expected a value, found a NUL byte"),
            ("\"a\0\"", "1:3: [B0354] a raw control character (0x00) in a string"),
            ("{\"a\": 1,}", "1:9: [B0350] expected a key in quotes, found `}`"),
            ("[1 2]", "1:4: [B0350] expected `,` or `]`, found `2`"),
            ("[1,", "1:4: [B0350] expected a value, found the end of the file"),
            ("{'a': 1}", "1:2: [B0350] expected a key in quotes, found `'`"),
            ("[\"a]\n", "1:2: [B0357] a string is not closed in its line"),
            ("[\"\\x\"]", "1:3: [B0357] an escape that JSON does not know"),
            ("[\"\\ud800\"]", "1:3: [B0357] half a surrogate pair is no character"),
            ("[\"\\u12", "1:3: [B0357] `\\u` wants four hex digits"),
            ("[0x10]", "1:2: [B0358] a number that JSON does not know"),
            ("[1_000]", "1:2: [B0358] a number that JSON does not know"),
            ("[01]", "1:2: [B0358] a number that JSON does not know"),
            ("[1.]", "1:2: [B0358] a number that JSON does not know"),
            ("[NaN]", "1:2: [B0350] expected a value, found `N`"),
        ];
        for (text, fault) in cases {
            assert_eq!(faults(text), [fault], "{text:?}");
        }
    }

    #[test]
    fn keys_given_twice_are_all_found() {
        let text = "{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": 2},\n \"a\": 2, \"a\": 3}";
        let expected = [
            "2:16: [B0352] the key `c` is given twice, before in line 2",
            "3:2: [B0352] the key `a` is given twice, before in line 1",
            "3:10: [B0352] the key `a` is given twice, before in line 3",
        ];
        assert_eq!(faults(text), expected);
    }

    #[test]
    fn depth_is_bounded_and_numbers_are_not() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(parse(&Source::new("x", &deep(MAX_DEPTH))).is_ok());
        for text in [deep(10_000), "[".repeat(100_000), "{\"a\":".repeat(10_000)] {
            assert!(faults(&text)[0].contains("B0351"));
        }
        assert!(parse(&Source::new("x", &format!("[1e400, -0, {}]", "9".repeat(10_000)))).is_ok());
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        assert_eq!(decode("x", b"\xEF\xBB\xBF{}").unwrap(), "{}");
        for bytes in [&b"\xFF\xFE{\0}\0"[..], b"{\0}\0", b"\0{\0}", b"{\n\xC3}"] {
            assert_eq!(decode("x", bytes).unwrap_err().code, "B0355");
        }
    }
}
