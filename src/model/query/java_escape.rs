//! Escapes and classes of `java.util.regex`: what one of them stands for is a
//! character or a set of them, whatever engine runs the pattern.

use super::java_class::{self as class, Set};
use super::java_syntax::{Translation, Translator};

/// What an escape outside or inside a class stands for.
pub(super) enum Escape {
    Char(char),
    Set(Set),
    /// The letter after the backslash, for the caller to read.
    Letter(char),
}

/// A letter of the pattern after `\Q..\E` is resolved.
#[derive(Clone, Copy)]
pub(super) struct Letter {
    pub(super) value: char,
    /// It stood between `\Q` and `\E` and means itself.
    pub(super) quoted: bool,
    /// Byte of the pattern.
    pub(super) at: usize,
}

pub(super) fn unquote(pattern: &str) -> Vec<Letter> {
    let mut letters = Vec::with_capacity(pattern.len());
    let mut chars = pattern.char_indices().peekable();
    let mut quoted = false;
    while let Some((at, value)) = chars.next() {
        let following = chars.peek().map(|it| it.1);
        match (value, following) {
            ('\\', Some('E')) if quoted => {
                chars.next();
                quoted = false;
            }
            ('\\', Some('Q')) if !quoted => {
                chars.next();
                quoted = true;
            }
            ('\\', Some(escaped)) if !quoted => {
                chars.next();
                letters.push(Letter { value, quoted, at });
                letters.push(Letter { value: escaped, quoted, at: at + 1 });
            }
            _ => letters.push(Letter { value, quoted, at }),
        }
    }
    letters
}

impl Translator {
    /// The escape at the backslash, as far as it is the same everywhere.
    pub(super) fn escape(&mut self, in_class: bool) -> Translation<Escape> {
        let from = self.next;
        self.next += 1;
        let Some(letter) = self.take_char() else {
            return self.invalid(from, "a backslash ends the pattern");
        };
        let code = match letter {
            'p' | 'P' => return self.property(letter == 'P', from).map(Escape::Set),
            'a' => 0x07,
            'e' => 0x1b,
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            '0' => self.octal(from)?,
            'x' => self.hexadecimal(from)?,
            'u' => self.utf_16(from)?,
            'c' => {
                let Some(it) = self.letters.get(self.next) else {
                    return self.invalid(from, "`\\c` is followed by a character");
                };
                self.next += 1;
                u32::from(it.value) ^ 64
            }
            // `\v` bounds a range as the one character it once was.
            'v' if in_class && self.special() == Some('-') => 0x0b,
            _ => {
                return match class::predefined(letter) {
                    Some(found) => Ok(Escape::Set(found)),
                    None if letter.is_ascii_alphanumeric() => Ok(Escape::Letter(letter)),
                    None => Ok(Escape::Char(letter)),
                };
            }
        };
        match char::from_u32(code) {
            Some(it) => Ok(Escape::Char(it)),
            None => self.unsupported(from, "half a surrogate pair"),
        }
    }

    fn octal(&mut self, from: usize) -> Translation<u32> {
        let mut code = None;
        for n_digits in 0..3 {
            let Some(digit) = self.special().and_then(|it| it.to_digit(8)) else { break };
            let grown = code.unwrap_or(0) * 8 + digit;
            if n_digits == 2 && grown > 0o377 {
                break;
            }
            code = Some(grown);
            self.next += 1;
        }
        match code {
            Some(code) => Ok(code),
            None => self.invalid(from, "`\\0` is followed by octal digits"),
        }
    }

    fn hex_digit(&mut self) -> Option<u32> {
        let digit = self.special()?.to_digit(16)?;
        self.next += 1;
        Some(digit)
    }

    fn hexadecimal(&mut self, from: usize) -> Translation<u32> {
        let mut code = 0;
        if self.take_special('{') {
            let mut n_digits = 0;
            while let Some(digit) = self.hex_digit() {
                n_digits += 1;
                code = code * 16 + digit;
                if code > u32::from(char::MAX) {
                    return self.invalid(from, "there is no such character");
                }
            }
            if n_digits > 0 && self.take_special('}') {
                return Ok(code);
            }
        } else if let Some(high) = self.hex_digit()
            && let Some(low) = self.hex_digit()
        {
            return Ok(high * 16 + low);
        }
        self.invalid(from, "`\\x` is followed by two hexadecimal digits, or some in { }")
    }

    fn utf_16_unit(&mut self, from: usize) -> Translation<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            match self.hex_digit() {
                Some(digit) => unit = unit * 16 + digit,
                None => return self.invalid(from, "`\\u` is followed by four hexadecimal digits"),
            }
        }
        Ok(unit)
    }

    fn utf_16(&mut self, from: usize) -> Translation<u32> {
        let unit = self.utf_16_unit(from)?;
        let next_is_unit = self.special() == Some('\\') && self.special_at(self.next + 1) == Some('u');
        if (0xd800..0xdc00).contains(&unit) && next_is_unit {
            self.next += 2;
            let low = self.utf_16_unit(from)?;
            if (0xdc00..0xe000).contains(&low) {
                return Ok(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
            }
        }
        Ok(unit)
    }

    fn property(&mut self, is_complement: bool, from: usize) -> Translation<Set> {
        let mut name = String::new();
        if self.take_special('{') {
            loop {
                match self.take_char() {
                    Some('}') => break,
                    Some(it) => name.push(it),
                    None => return self.invalid(from, "this property is not closed"),
                }
            }
        } else {
            match self.take_char() {
                Some(it) => name.push(it),
                None => return self.invalid(from, "a property has a name"),
            }
        }
        match class::property(&name, self.flags.ignore_case) {
            Some(found) => Ok(if is_complement { class::negated(found) } else { found }),
            // It may exist: not every table of Java's is here.
            None => Err(self.refusal(from, format!("the property `{name}` is not known here"), true)),
        }
    }

    /// A class, behind its `[`, up to and with its `]`.
    pub(super) fn class(&mut self, from: usize) -> Translation<Set> {
        self.enter(from)?;
        let is_complement = self.take_special('^');
        let found = self.class_body(from)?;
        self.next += 1;
        self.depth -= 1;
        Ok(if is_complement { class::negated(found) } else { found })
    }

    /// What stands in a class, up to its `]`. What follows `&&` up to there is
    /// a body of its own: intersection binds less than union, to the right.
    fn class_body(&mut self, from: usize) -> Translation<Set> {
        self.enter(from)?;
        let mut body: Option<Set> = None;
        loop {
            if self.next >= self.letters.len() {
                self.next = from + 1;
                return self.invalid(from, "this class is not closed");
            }
            let item_from = self.next;
            let item = match self.special() {
                Some(']') if body.is_some() => break,
                Some('[') => {
                    self.next += 1;
                    self.class(item_from)?
                }
                Some('&') if self.special_at(self.next + 1) == Some('&') => {
                    self.next += 2;
                    let right = self.intersected(from)?;
                    body = Some(match body {
                        Some(mut left) => {
                            left.intersect(&right);
                            left
                        }
                        None => right,
                    });
                    continue;
                }
                _ => self.class_item(from)?,
            };
            body = Some(body.map_or_else(|| item.clone(), |it| class::union(it, &item)));
        }
        self.depth -= 1;
        Ok(body.expect("a class ends behind its first item"))
    }

    /// The right side of `&&`.
    fn intersected(&mut self, from: usize) -> Translation<Set> {
        let operator = self.next - 2;
        let mut right: Option<Set> = None;
        while !matches!(self.special(), Some(']' | '&')) {
            let item_from = self.next;
            let item = if self.take_special('[') { self.class(item_from)? } else { self.class_body(from)? };
            right = Some(right.map_or_else(|| item.clone(), |it| class::union(it, &item)));
        }
        let single = self.special() == Some('&') && self.special_at(self.next + 1) != Some('&');
        match right {
            Some(right) if !single => Ok(right),
            _ => self.unsupported(operator, "this use of `&&`"),
        }
    }

    fn class_item(&mut self, from: usize) -> Translation<Set> {
        let item_from = self.next;
        let low = match self.class_char()? {
            Escape::Set(found) => return Ok(found),
            Escape::Letter(it) => {
                return self.invalid(item_from, format!("`\\{it}` is no escape of a class"));
            }
            Escape::Char(it) => it,
        };
        let case = self.flags.case();
        if self.special() != Some('-') || matches!(self.special_at(self.next + 1), Some('[' | ']')) {
            return Ok(class::single(low, case));
        }
        self.next += 1;
        if self.next >= self.letters.len() {
            self.next = from + 1;
            return self.invalid(from, "this class is not closed");
        }
        let high = if self.special() == Some('\\') && self.special_at(self.next + 1) == Some('v') {
            self.next += 2;
            Escape::Char('\x0b')
        } else {
            self.class_char()?
        };
        match high {
            Escape::Char(high) if low <= high => Ok(class::range(low, high, case)),
            _ => self.invalid(item_from, "this range ends below its beginning"),
        }
    }

    fn class_char(&mut self) -> Translation<Escape> {
        let letter = self.letters[self.next];
        if letter.value == '\\' && !letter.quoted {
            if self.special_at(self.next + 1) == Some('N') {
                return self.unsupported(self.next, "a character by its name");
            }
            return self.escape(true);
        }
        self.next += 1;
        Ok(Escape::Char(letter.value))
    }
}
