//! From the syntax of `java.util.regex` to one that `regex` and `fancy-regex`
//! read alike: plain characters, explicit ranges, groups, alternatives,
//! counts, and the assertions that both have. Everything whose meaning differs
//! is rewritten or refused here.

use super::java_class::{self as class, Case, Set};
use super::java_escape::{Escape, Letter, unquote};

/// Which engine is written for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dialect {
    /// Without look-around, back references and atomic groups.
    Linear,
    Backtracking,
}

/// The pattern in the engine's syntax, anchored at both ends.
pub(super) struct Translated {
    /// `None`: it needs what the dialect has not.
    pub(super) text: Option<String>,
}

/// Why there is no translation.
pub(super) struct Refusal {
    /// In bytes of the pattern.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) message: String,
    /// Whether Java would take the pattern.
    pub(super) valid_in_java: bool,
}

/// Groups and classes nest no deeper: so recursion is bounded here and in the
/// engines (`fancy-regex` stops at 64).
const NESTING_MAX: usize = 40;

pub(super) fn translate(pattern: &str, dialect: Dialect) -> Result<Translated, Refusal> {
    let mut translator = Translator {
        letters: unquote(pattern),
        next: 0,
        len: pattern.len(),
        dialect,
        beyond_dialect: false,
        flags: Flags::default(),
        depth: 0,
        n_look_behinds: 0,
        groups: Vec::new(),
        names: Vec::new(),
    };
    let whole = translator.alternatives()?;
    if translator.next < translator.letters.len() {
        return translator.invalid(translator.next, "this parenthesis was never opened");
    }
    let text = (!translator.beyond_dialect).then(|| format!(r"\A(?:{})\z", whole.text));
    Ok(Translated { text })
}

#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    unicode_case: bool,
    multi_line: bool,
    dot_all: bool,
    unix_lines: bool,
}

impl Flags {
    pub(super) fn case(self) -> Case {
        match (self.ignore_case, self.unicode_case) {
            (false, _) => Case::Matters,
            (true, false) => Case::IgnoredInAscii,
            (true, true) => Case::IgnoredInUnicode,
        }
    }
}

/// A translated part of the pattern.
struct Piece {
    text: String,
    shape: Shape,
    /// The most characters it can match; `None` without a bound.
    longest: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// What one quantifier applies to.
    Single,
    Group,
    /// Must be wrapped before it is repeated.
    Open,
    /// Nothing at all: what Java repeats where a `{` follows no atom.
    Empty,
}

pub(super) struct Translator {
    pub(super) letters: Vec<Letter>,
    pub(super) next: usize,
    len: usize,
    dialect: Dialect,
    /// Something was written that the linear engine has not.
    beyond_dialect: bool,
    pub(super) flags: Flags,
    pub(super) depth: usize,
    n_look_behinds: usize,
    /// Of each capturing group opened so far, whether it is closed.
    groups: Vec<bool>,
    names: Vec<(String, usize)>,
}

/// A part of the pattern, or why there is none.
pub(super) type Translation<T> = Result<T, Refusal>;

impl Translator {
    pub(super) fn refusal(&self, from: usize, message: impl Into<String>, valid_in_java: bool) -> Refusal {
        let at = |idx: usize| self.letters.get(idx).map_or(self.len, |it| it.at);
        let start = at(from);
        let end = at(self.next.max(from + 1)).max(start);
        Refusal { start, end, message: message.into(), valid_in_java }
    }

    /// Java refuses it as well.
    pub(super) fn invalid<T>(&self, from: usize, message: impl Into<String>) -> Translation<T> {
        Err(self.refusal(from, message, false))
    }

    pub(super) fn unsupported<T>(&self, from: usize, what: &str) -> Translation<T> {
        Err(self.refusal(from, format!("{what} is valid in Java but not supported here"), true))
    }

    /// The next letter if it may have a meaning of its own.
    pub(super) fn special(&self) -> Option<char> {
        self.special_at(self.next)
    }

    pub(super) fn special_at(&self, idx: usize) -> Option<char> {
        self.letters.get(idx).filter(|it| !it.quoted).map(|it| it.value)
    }

    pub(super) fn take_special(&mut self, wanted: char) -> bool {
        let found = self.special() == Some(wanted);
        self.next += usize::from(found);
        found
    }

    pub(super) fn take_char(&mut self) -> Option<char> {
        let letter = self.special();
        self.next += usize::from(letter.is_some());
        letter
    }

    fn alternatives(&mut self) -> Translation<Piece> {
        let mut whole = self.sequence()?;
        while self.take_special('|') {
            let branch = self.sequence()?;
            whole.text.push('|');
            whole.text.push_str(&branch.text);
            whole.longest = whole.longest.zip(branch.longest).map(|(a, b)| a.max(b));
        }
        Ok(whole)
    }

    fn sequence(&mut self) -> Translation<Piece> {
        let mut whole = Piece { text: String::new(), shape: Shape::Open, longest: Some(0) };
        while self.next < self.letters.len() {
            let from = self.next;
            let piece = match self.special() {
                Some('|' | ')') => break,
                Some(it @ ('?' | '*' | '+')) => {
                    return self.invalid(from, format!("`{it}` has nothing to repeat"));
                }
                // Flags for the rest of the group.
                Some('(') => match self.group()? {
                    Some(group) => group,
                    None => continue,
                },
                _ => self.atom()?,
            };
            let piece = self.quantified(piece)?;
            whole.text.push_str(&piece.text);
            whole.longest = whole.longest.zip(piece.longest).map(|(a, b)| a.saturating_add(b));
        }
        Ok(whole)
    }

    fn quantified(&mut self, piece: Piece) -> Translation<Piece> {
        let from = self.next;
        let (min, max) = match self.special() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => self.counts()?,
            _ => return Ok(piece),
        };
        if self.special_at(from) != Some('{') {
            self.next += 1;
        }
        let lazy = self.take_special('?');
        let possessive = !lazy && self.take_special('+');
        if piece.shape == Shape::Empty {
            return Ok(piece);
        }
        if self.n_look_behinds > 0 && piece.shape == Shape::Group && (min, max) != (0, Some(1)) {
            return self.unsupported(from, "a repeated group in a look-behind");
        }
        if piece.longest == Some(0) {
            return Ok(self.repeated_assertion(piece, min, max, lazy, possessive));
        }
        let inner = match piece.shape {
            Shape::Open => format!("(?:{})", piece.text),
            _ => piece.text,
        };
        let count = match (min, max) {
            (0, Some(1)) => "?".to_owned(),
            (0, None) => "*".to_owned(),
            (1, None) => "+".to_owned(),
            (min, None) => format!("{{{min},}}"),
            (min, Some(max)) => format!("{{{min},{max}}}"),
        };
        let lazy = if lazy { "?" } else { "" };
        let text = format!("{inner}{count}{lazy}");
        let longest = piece.longest.zip(max).map(|(longest, max)| longest.saturating_mul(max));
        if possessive {
            self.beyond_dialect |= self.dialect == Dialect::Linear;
            return Ok(Piece { text: format!("(?>{text})"), shape: Shape::Group, longest });
        }
        // A quantifier behind a quantifier repeats nothing in Java.
        Ok(Piece { text, shape: Shape::Open, longest })
    }

    /// What takes no room is there once or not at all; the engine does not
    /// repeat look-around.
    fn repeated_assertion(
        &mut self,
        piece: Piece,
        min: u64,
        max: Option<u64>,
        lazy: bool,
        possessive: bool,
    ) -> Piece {
        let Piece { text, .. } = piece;
        let text = match (min, max) {
            (_, Some(0)) => return Piece { text: String::new(), shape: Shape::Empty, longest: Some(0) },
            (0, _) if lazy => format!("(?:|{text})"),
            (0, _) => format!("(?:{text}|)"),
            _ => format!("(?:{text})"),
        };
        if possessive {
            self.beyond_dialect |= self.dialect == Dialect::Linear;
            return Piece { text: format!("(?>{text})"), shape: Shape::Open, longest: Some(0) };
        }
        Piece { text, shape: Shape::Open, longest: Some(0) }
    }

    /// `{n}`, `{n,}`, `{n,m}`.
    fn counts(&mut self) -> Translation<(u64, Option<u64>)> {
        let from = self.next;
        self.next += 1;
        let min = match self.number(from)? {
            Some(min) => min,
            None => {
                return self.invalid(from, "a repetition begins with a number; else `{` needs a backslash");
            }
        };
        let max = if !self.take_special(',') {
            Some(min)
        } else if self.special() == Some('}') {
            None
        } else {
            Some(self.number(from)?.unwrap_or(0))
        };
        if !self.take_special('}') {
            return self.invalid(from, "this repetition is not closed");
        }
        if max.is_some_and(|it| it < min) {
            return self.invalid(from, "this repetition ends below its beginning");
        }
        Ok((min, max))
    }

    fn number(&mut self, from: usize) -> Translation<Option<u64>> {
        let mut number = None;
        while let Some(digit) = self.special().and_then(|it| it.to_digit(10)) {
            let grown = number.unwrap_or(0) * 10 + u64::from(digit);
            if grown > i32::MAX as u64 {
                return self.invalid(from, "this repetition is out of range");
            }
            number = Some(grown);
            self.next += 1;
        }
        Ok(number)
    }

    /// `None`: flags without a group.
    fn group(&mut self) -> Translation<Option<Piece>> {
        let from = self.next;
        self.next += 1;
        let flags = self.flags;
        let mut behind = false;
        let mut shape = Shape::Group;
        let mut number = None;
        let mut hard = true;
        let head = if !self.take_special('?') {
            number = Some(self.groups.len());
            self.groups.push(false);
            hard = false;
            self.capture()
        } else {
            match self.take_char() {
                Some(':') => {
                    hard = false;
                    "(?:"
                }
                Some('>') => "(?>",
                Some(it @ ('=' | '!')) => {
                    shape = Shape::Open;
                    if it == '=' { "(?=" } else { "(?!" }
                }
                Some('<') => match self.take_char() {
                    Some(it @ ('=' | '!')) => {
                        behind = true;
                        shape = Shape::Open;
                        if it == '=' { "(?<=" } else { "(?<!" }
                    }
                    first => {
                        let name = self.group_name(first, from)?;
                        if self.names.iter().any(|it| it.0 == name) {
                            return self.invalid(from, format!("there are two groups named `{name}`"));
                        }
                        number = Some(self.groups.len());
                        self.names.push((name, self.groups.len()));
                        self.groups.push(false);
                        hard = false;
                        self.capture()
                    }
                },
                first => {
                    self.inline_flags(first, from)?;
                    if self.take_special(')') {
                        return Ok(None);
                    }
                    self.next += 1;
                    hard = false;
                    "(?:"
                }
            }
        };
        self.beyond_dialect |= hard && self.dialect == Dialect::Linear;
        self.enter(from)?;
        self.n_look_behinds += usize::from(behind);
        let inner = self.alternatives()?;
        self.n_look_behinds -= usize::from(behind);
        self.depth -= 1;
        if !self.take_special(')') {
            self.next = from + 1;
            return self.invalid(from, "this group is not closed");
        }
        self.flags = flags;
        if let Some(number) = number {
            self.groups[number] = true;
        }
        if behind && inner.longest.is_none() {
            // Java refuses most of these, but takes some by an oversight.
            let message = "a look-behind must have an obvious longest match";
            return Err(self.refusal(from, message, true));
        }
        let longest = if shape == Shape::Open { Some(0) } else { inner.longest };
        Ok(Some(Piece { text: format!("{head}{})", inner.text), shape, longest }))
    }

    pub(super) fn enter(&mut self, from: usize) -> Translation<()> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return self.unsupported(from, "nesting deeper than 40 levels");
        }
        Ok(())
    }

    /// What is never referred to need not be remembered.
    fn capture(&self) -> &'static str {
        match self.dialect {
            Dialect::Linear => "(?:",
            Dialect::Backtracking => "(",
        }
    }

    fn group_name(&mut self, first: Option<char>, from: usize) -> Translation<String> {
        let mut name = String::new();
        let mut letter = first;
        while let Some(it) = letter.filter(|it| it.is_ascii_alphanumeric()) {
            name.push(it);
            letter = self.take_char();
        }
        let starts_well = name.starts_with(|it: char| it.is_ascii_alphabetic());
        if starts_well && letter == Some('>') {
            Ok(name)
        } else {
            self.invalid(from, "the name of a group is letters and digits, in < >, a letter first")
        }
    }

    /// Up to the `)` or `:` behind the flags, which stays.
    fn inline_flags(&mut self, first: Option<char>, from: usize) -> Translation<()> {
        let mut wanted = true;
        let mut letter = first;
        loop {
            let flag = match letter {
                Some('i') => &mut self.flags.ignore_case,
                Some('u') => &mut self.flags.unicode_case,
                Some('m') => &mut self.flags.multi_line,
                Some('s') => &mut self.flags.dot_all,
                Some('d') => &mut self.flags.unix_lines,
                Some('-') if wanted => {
                    wanted = false;
                    letter = self.take_char();
                    continue;
                }
                Some(it @ ('x' | 'c' | 'U')) if wanted => {
                    return self.unsupported(from, &format!("the flag `{it}`"));
                }
                // They are never on.
                Some('x' | 'c') => {
                    letter = self.take_char();
                    continue;
                }
                Some('U') => &mut self.flags.unicode_case,
                Some(')' | ':') => {
                    self.next -= 1;
                    return Ok(());
                }
                _ => return self.invalid(from, "no group begins like this"),
            };
            *flag = wanted;
            letter = self.take_char();
        }
    }

    fn set_piece(&self, found: &Set) -> Piece {
        let mut text = String::new();
        class::push_set(&mut text, found);
        Piece { text, shape: Shape::Single, longest: Some(1) }
    }

    fn literal(&self, it: char) -> Piece {
        self.set_piece(&class::single(it, self.flags.case()))
    }

    fn assertion(&mut self, text: &str, is_hard: bool) -> Piece {
        self.beyond_dialect |= is_hard && self.dialect == Dialect::Linear;
        Piece { text: text.to_owned(), shape: Shape::Open, longest: Some(0) }
    }

    fn atom(&mut self) -> Translation<Piece> {
        let from = self.next;
        let letter = self.letters[from];
        if !letter.quoted {
            match letter.value {
                '{' => return Ok(Piece { text: String::new(), shape: Shape::Empty, longest: Some(0) }),
                '[' => {
                    self.next += 1;
                    let found = self.class(from)?;
                    return Ok(self.set_piece(&found));
                }
                '\\' => return self.escaped_atom(),
                '^' => {
                    self.next += 1;
                    return Ok(self.line_start());
                }
                '$' => {
                    self.next += 1;
                    return Ok(self.line_end(self.flags.multi_line));
                }
                '.' => {
                    self.next += 1;
                    let ends: &[(char, char)] = match self.flags {
                        Flags { dot_all: true, .. } => &[],
                        Flags { unix_lines: true, .. } => &[('\n', '\n')],
                        _ => class::LINE_ENDS,
                    };
                    return Ok(self.set_piece(&class::negated(class::set(ends))));
                }
                _ => (),
            }
        }
        self.next += 1;
        Ok(self.literal(letter.value))
    }

    fn line_start(&mut self) -> Piece {
        match (self.flags.multi_line, self.flags.unix_lines) {
            (false, _) => self.assertion(r"\A", false),
            // Never at the very end, not even of an empty text.
            (true, true) => self.assertion(r"(?:(?!\z)(?:\A|(?<=\x{A})))", true),
            (true, false) => self
                .assertion(r"(?:(?!\z)(?:\A|(?<=[\x{A}\x{85}\x{2028}\x{2029}])|(?<=\x{D})(?!\x{A})))", true),
        }
    }

    fn line_end(&mut self, multi_line: bool) -> Piece {
        // The whole value must match, so what ends the pattern ends the value.
        let ends_pattern = matches!(self.special(), None | Some('|')) && self.depth == 0;
        if ends_pattern && (self.special().is_some() || self.next == self.letters.len()) {
            return self.assertion(r"\z", false);
        }
        match (multi_line, self.flags.unix_lines) {
            (false, true) => self.assertion(r"(?:\z|(?=\x{A}\z))", true),
            (true, true) => self.assertion(r"(?:\z|(?=\x{A}))", true),
            (false, false) => self.assertion(
                r"(?:\z|(?=\x{D}\x{A}\z)|(?<!\x{D})(?=\x{A}\z)|(?=[\x{D}\x{85}\x{2028}\x{2029}]\z))",
                true,
            ),
            (true, false) => {
                self.assertion(r"(?:\z|(?<!\x{D})(?=\x{A})|(?=[\x{D}\x{85}\x{2028}\x{2029}]))", true)
            }
        }
    }

    fn escaped_atom(&mut self) -> Translation<Piece> {
        let from = self.next;
        let letter = match self.escape(false)? {
            Escape::Char(it) => return Ok(self.literal(it)),
            Escape::Set(found) => return Ok(self.set_piece(&found)),
            Escape::Letter(letter) => letter,
        };
        match letter {
            'A' => Ok(self.assertion(r"\A", false)),
            'z' => Ok(self.assertion(r"\z", false)),
            'Z' => Ok(self.line_end(false)),
            'b' if self.special() == Some('{') && self.special_at(self.next + 1) == Some('g') => {
                self.unsupported(from, "a boundary of graphemes")
            }
            'b' | 'B' => Ok(self.word_boundary(letter == 'b')),
            'R' => {
                let mut text = r"(?:\x{D}\x{A}|".to_owned();
                class::push_set(&mut text, &class::set(class::VERTICAL));
                text.push(')');
                Ok(Piece { text, shape: Shape::Group, longest: Some(2) })
            }
            '1'..='9' => {
                let mut number = letter.to_digit(10).expect("a digit") as usize;
                // More digits belong to it as long as there is such a group.
                while let Some(digit) = self.special().and_then(|it| it.to_digit(10)) {
                    let longer = number * 10 + digit as usize;
                    if longer > self.groups.len() {
                        break;
                    }
                    number = longer;
                    self.next += 1;
                }
                self.back_reference(number, from)
            }
            'k' => {
                if !self.take_special('<') {
                    return self.invalid(from, "`\\k` is followed by the name of a group in < >");
                }
                let first = self.take_char();
                let name = self.group_name(first, from)?;
                match self.names.iter().find(|it| it.0 == name).map(|it| it.1) {
                    Some(idx) => self.back_reference(idx + 1, from),
                    None => self.invalid(from, format!("there is no group named `{name}` before this")),
                }
            }
            'X' | 'G' | 'N' => self.unsupported(from, &format!("`\\{letter}`")),
            _ => self.invalid(from, format!("`\\{letter}` is no escape")),
        }
    }

    fn word_boundary(&mut self, at_boundary: bool) -> Piece {
        // The linear engine has it as a byte-wise assertion, which `\B` may not be.
        if self.dialect == Dialect::Linear && at_boundary {
            return self.assertion(r"(?-u:\b)", false);
        }
        let mut word = String::new();
        class::push_set(&mut word, &class::set(class::WORD));
        let text = if at_boundary {
            format!("(?:(?<={word})(?!{word})|(?<!{word})(?={word}))")
        } else {
            format!("(?:(?<={word})(?={word})|(?<!{word})(?!{word}))")
        };
        self.assertion(&text, true)
    }

    fn back_reference(&mut self, number: usize, from: usize) -> Translation<Piece> {
        if self.groups.get(number - 1) != Some(&true) {
            return self.unsupported(from, "a reference to a group that is not closed before it");
        }
        if self.flags.ignore_case {
            return self.unsupported(from, "a reference that ignores case");
        }
        self.beyond_dialect |= self.dialect == Dialect::Linear;
        Ok(Piece { text: format!("(?:\\{number})"), shape: Shape::Single, longest: None })
    }
}
