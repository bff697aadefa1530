//! An expression's tokens. The language has no modes: what a word means is
//! decided by where it stands, so the same token serves as subject, operator
//! and value.

use super::error::{self, QueryError};

/// The most specific thing that can be told without a grammar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token<'e> {
    /// A run of bare characters: a subject, a keyword or a value.
    Word(&'e str),
    /// A text in quotes, without them: always a value.
    Quoted(&'e str),
    /// An operator made of signs, `!exists` and `!in` included.
    Sign(&'static str),
    /// One of `( ) [ ] ,`.
    Bracket(char),
    End,
}

/// A token and its bytes in the expression.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spanned<'e> {
    pub(super) token: Token<'e>,
    pub(super) start: usize,
    pub(super) end: usize,
}

pub(super) struct Lexer<'e> {
    text: &'e str,
    at: usize,
}

/// What may stand in a value without quotes. No `=`, `!`, `<`, `>`, `&`: they
/// begin operators, so white space around those is optional.
fn is_bare(it: u8) -> bool {
    it.is_ascii_alphanumeric() || b"_.:/\\@+*?^$|{}-#%~".contains(&it)
}

const NEGATED_WORDS: [(&str, &str); 2] = [("exists", "!exists"), ("in", "!in")];

impl<'e> Lexer<'e> {
    pub(super) fn new(text: &'e str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn next(&mut self) -> Result<Spanned<'e>, QueryError> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        let start = self.at;
        let Some(&first) = bytes.get(start) else {
            return Ok(Spanned { token: Token::End, start, end: start });
        };
        let (token, len) = match first {
            b'(' | b')' | b'[' | b']' | b',' => (Token::Bracket(char::from(first)), 1),
            b'\'' | b'"' => self.quoted(start, first)?,
            b'=' | b'<' | b'>' => self.comparison(start)?,
            b'!' => self.negation(start),
            _ if self.text[start..].starts_with("&&") => (Token::Sign("&&"), 2),
            _ if self.text[start..].starts_with("||") => (Token::Sign("||"), 2),
            _ if is_bare(first) => {
                let len = self.bare_len(start);
                (Token::Word(&self.text[start..start + len]), len)
            }
            _ => return Err(self.stranger(start)),
        };
        self.at = start + len;
        Ok(Spanned { token, start, end: self.at })
    }

    /// `||` ends a word: it is always the operator.
    fn bare_len(&self, start: usize) -> usize {
        let bytes = &self.text.as_bytes()[start..];
        let ends = |at: usize| !is_bare(bytes[at]) || bytes[at..].starts_with(b"||");
        (0..bytes.len()).find(|&at| ends(at)).unwrap_or(bytes.len())
    }

    fn quoted(&self, start: usize, quote: u8) -> Result<(Token<'e>, usize), QueryError> {
        let inner = &self.text[start + 1..];
        match inner.find(char::from(quote)) {
            Some(len) => Ok((Token::Quoted(&inner[..len]), len + 2)),
            None => {
                let message = "this quote is not closed";
                Err(QueryError::new(error::OPEN_QUOTE, start, start + 1, message))
            }
        }
    }

    fn comparison(&self, start: usize) -> Result<(Token<'e>, usize), QueryError> {
        let rest = &self.text[start..];
        let run = rest.find(|it| !"=<>".contains(it)).unwrap_or(rest.len());
        if &rest[..run] == "=" && rest[run..].starts_with('~') {
            return Ok((Token::Sign("=~"), 2));
        }
        match ["==", ">=", "<=", ">", "<"].into_iter().find(|it| *it == &rest[..run]) {
            Some(sign) => Ok((Token::Sign(sign), run)),
            None => {
                let message = format!("`{}` is no operator; known: == != > >= < <= =~ !~", &rest[..run]);
                Err(QueryError::new(error::OPERATOR, start, start + run, message))
            }
        }
    }

    fn negation(&self, start: usize) -> (Token<'e>, usize) {
        let rest = &self.text[start + 1..];
        if rest.starts_with('=') {
            return (Token::Sign("!="), 2);
        }
        if rest.starts_with('~') {
            return (Token::Sign("!~"), 2);
        }
        let word = &rest[..self.bare_len(start + 1)];
        match NEGATED_WORDS.into_iter().find(|it| it.0 == word) {
            Some((_, sign)) => (Token::Sign(sign), sign.len()),
            None => (Token::Sign("!"), 1),
        }
    }

    fn stranger(&self, start: usize) -> QueryError {
        let it = self.text[start..].chars().next().expect("the caller saw a byte");
        let message = if it == '&' {
            "a single `&` is no operator; `&&` or `and` is".to_owned()
        } else {
            format!("{it:?} may stand in quotes only")
        };
        QueryError::new(error::CHARACTER, start, start + it.len_utf8(), message)
    }
}
