//! Tokens to a chain of tests. Every comparison knows where to go on if it
//! holds and where if not, so `and`, `or` and `not` cost nothing when an
//! instance is looked at, the order of evaluation is that of the text, and
//! neither parsing nor evaluation recurses: parentheses may nest as deep as an
//! expression is long.
//!
//! Precedence is not, and, or (MODEL: undocumented), left to right.

use super::error::{self, QueryError};
use super::lexer::{Lexer, Spanned, Token};
use crate::base::nearest::nearest;

/// What a comparison is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Subject<'e> {
    AgentConnected,
    AgentVersion,
    Ec2InstanceId,
    RegisteredAt,
    RunningTasksCount,
    TaskGroup,
    Attribute(&'e str),
}

/// How it is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operator {
    Exists,
    NotExists,
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Matches,
    NotMatches,
    In,
    NotIn,
}

/// A value and the bytes of its text, quotes not counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'e> {
    pub(super) text: &'e str,
    pub(super) start: usize,
}

/// One comparison as written. `exists` has no value, sets have several.
#[derive(Clone, Debug)]
pub(super) struct Comparison<'e> {
    pub(super) subject: Subject<'e>,
    pub(super) operator: Operator,
    pub(super) values: Vec<Value<'e>>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Where a chain goes on: at a step, or it is over.
pub(super) type Goto = u16;
/// The expression holds.
pub(super) const YES: Goto = u16::MAX;
/// It does not.
pub(super) const NO: Goto = u16::MAX - 1;

/// A test and where to go on after it.
#[derive(Clone, Debug)]
pub(super) struct Step<T> {
    pub(super) test: T,
    pub(super) if_true: Goto,
    pub(super) if_false: Goto,
}

const SUBJECTS: [&str; 7] = [
    "agentConnected",
    "agentVersion",
    "ec2InstanceId",
    "registeredAt",
    "runningTasksCount",
    "task:group",
    "attribute:NAME",
];

const OPERATORS: [(&str, &str, Operator); 12] = [
    ("exists", "exists", Operator::Exists),
    ("!exists", "not_exists", Operator::NotExists),
    ("==", "equals", Operator::Equal),
    ("!=", "not_equals", Operator::NotEqual),
    (">", "greater_than", Operator::Greater),
    (">=", "greater_than_equal", Operator::GreaterEqual),
    ("<", "less_than", Operator::Less),
    ("<=", "less_than_equal", Operator::LessEqual),
    ("=~", "matches", Operator::Matches),
    ("!~", "not_matches", Operator::NotMatches),
    ("in", "in", Operator::In),
    ("!in", "not_in", Operator::NotIn),
];

/// The longest name of an attribute (API Attribute).
const ATTRIBUTE_NAME_MAX: usize = 128;

impl Operator {
    fn of(token: Token<'_>) -> Option<Self> {
        let known = |name: &str| OPERATORS.iter().find(|it| it.0 == name || it.1 == name).map(|it| it.2);
        match token {
            Token::Word(word) => known(word),
            Token::Sign(sign) => known(sign),
            _ => None,
        }
    }

    fn is_unary(self) -> bool {
        matches!(self, Self::Exists | Self::NotExists)
    }

    fn is_order(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterEqual | Self::Less | Self::LessEqual)
    }

    fn is_set(self) -> bool {
        matches!(self, Self::In | Self::NotIn)
    }

    fn is_pattern(self) -> bool {
        matches!(self, Self::Matches | Self::NotMatches)
    }
}

impl Subject<'_> {
    /// The operators of a subject: the guide's lists, and for `task:group` and
    /// attributes, of which it says nothing, those of texts (MODEL).
    fn takes(self, operator: Operator) -> bool {
        match self {
            Self::AgentVersion | Self::RegisteredAt | Self::RunningTasksCount => {
                !operator.is_unary() && !operator.is_set() && !operator.is_pattern()
            }
            Self::AgentConnected | Self::Ec2InstanceId | Self::TaskGroup => {
                !operator.is_unary() && !operator.is_order()
            }
            Self::Attribute(_) => !operator.is_order(),
        }
    }
}

/// The chain of an expression; its first step is where evaluation begins.
pub(super) fn parse(text: &str) -> Result<Vec<Step<Comparison<'_>>>, QueryError> {
    let mut lexer = Lexer::new(text);
    let next = lexer.next()?;
    let mut parser =
        Parser { lexer, next, last_end: 0, steps: Vec::new(), pending: Vec::new(), parts: Vec::new() };
    if parser.next.token == Token::End {
        let message = "the expression is empty";
        return Err(QueryError::new(error::EMPTY, 0, text.len(), message));
    }
    loop {
        parser.operand()?;
        if parser.joint()? {
            return Ok(parser.steps);
        }
    }
}

/// What waits for its right side.
enum Pending {
    /// With the place of the parenthesis.
    Open(usize),
    Not,
    And,
    Or,
}

/// A piece of the chain whose ways out are not joined to anything yet.
struct Part {
    first: Goto,
    if_true: Vec<WayOut>,
    if_false: Vec<WayOut>,
}

/// The end of a step that leads nowhere yet.
#[derive(Clone, Copy)]
struct WayOut {
    step: usize,
    when: bool,
}

struct Parser<'e> {
    lexer: Lexer<'e>,
    next: Spanned<'e>,
    last_end: usize,
    steps: Vec<Step<Comparison<'e>>>,
    pending: Vec<Pending>,
    parts: Vec<Part>,
}

impl<'e> Parser<'e> {
    fn take(&mut self) -> Result<Spanned<'e>, QueryError> {
        let taken = self.next;
        self.last_end = taken.end;
        self.next = self.lexer.next()?;
        Ok(taken)
    }

    fn fault<T>(&self, code: &'static str, message: impl Into<String>) -> Result<T, QueryError> {
        Err(QueryError::new(code, self.next.start, self.next.end, message))
    }

    /// What stands before a comparison, and the comparison.
    fn operand(&mut self) -> Result<(), QueryError> {
        loop {
            match self.next.token {
                Token::Bracket('(') => self.pending.push(Pending::Open(self.next.start)),
                Token::Word("not") | Token::Sign("!") => self.pending.push(Pending::Not),
                _ => break,
            }
            self.take()?;
        }
        let comparison = self.comparison()?;
        let step = self.steps.len();
        let first = Goto::try_from(step).expect("an expression is at most 2,000 characters");
        // Unless something is joined to it later, the chain ends here.
        self.steps.push(Step { test: comparison, if_true: YES, if_false: NO });
        self.parts.push(Part {
            first,
            if_true: vec![WayOut { step, when: true }],
            if_false: vec![WayOut { step, when: false }],
        });
        Ok(())
    }

    /// What stands behind a comparison; true at the end of the expression.
    fn joint(&mut self) -> Result<bool, QueryError> {
        loop {
            match self.next.token {
                Token::Word("and") | Token::Sign("&&") => {
                    self.close_while(|it| matches!(it, Pending::Not | Pending::And));
                    self.pending.push(Pending::And);
                    self.take()?;
                    return Ok(false);
                }
                Token::Word("or") | Token::Sign("||") => {
                    self.close_while(|it| !matches!(it, Pending::Open(_)));
                    self.pending.push(Pending::Or);
                    self.take()?;
                    return Ok(false);
                }
                Token::Bracket(')') => {
                    self.close_while(|it| !matches!(it, Pending::Open(_)));
                    if self.pending.pop().is_none() {
                        return self.fault(error::PARENTHESES, "this parenthesis was never opened");
                    }
                    self.take()?;
                }
                Token::End => {
                    self.close_while(|it| !matches!(it, Pending::Open(_)));
                    if let Some(Pending::Open(at)) = self.pending.pop() {
                        let message = "this parenthesis is not closed";
                        return Err(QueryError::new(error::PARENTHESES, at, at + 1, message));
                    }
                    let whole = self.parts.pop().expect("an operand was read");
                    assert!(self.parts.is_empty(), "every operator has joined its two sides");
                    self.lead(&whole.if_true, YES);
                    self.lead(&whole.if_false, NO);
                    return Ok(true);
                }
                Token::Bracket('(') => {
                    let message =
                        "parentheses stand around comparisons, not in them; a value with some needs quotes";
                    return self.fault(error::PARENTHESES_INSIDE, message);
                }
                Token::Bracket(_) if self.last_value_was_pattern() => {
                    return self.fault(error::NOT_JOINED, "a pattern with brackets or commas needs quotes");
                }
                _ => {
                    let message = "expected `and`, `or` or the end; a value with spaces needs quotes";
                    return self.fault(error::NOT_JOINED, message);
                }
            }
        }
    }

    fn last_value_was_pattern(&self) -> bool {
        self.steps.last().is_some_and(|it| it.test.operator.is_pattern())
    }

    fn close_while(&mut self, closes: impl Fn(&Pending) -> bool) {
        while self.pending.last().is_some_and(&closes) {
            let operator = self.pending.pop().expect("it was just seen");
            let promise = "an operator has its sides";
            let mut right = self.parts.pop().expect(promise);
            let joined = match operator {
                Pending::Open(_) => unreachable!("a parenthesis is closed by its partner alone"),
                Pending::Not => Part { first: right.first, if_true: right.if_false, if_false: right.if_true },
                Pending::And => {
                    let mut left = self.parts.pop().expect(promise);
                    self.lead(&left.if_true, right.first);
                    left.if_false.append(&mut right.if_false);
                    Part { first: left.first, if_true: right.if_true, if_false: left.if_false }
                }
                Pending::Or => {
                    let mut left = self.parts.pop().expect(promise);
                    self.lead(&left.if_false, right.first);
                    left.if_true.append(&mut right.if_true);
                    Part { first: left.first, if_true: left.if_true, if_false: right.if_false }
                }
            };
            self.parts.push(joined);
        }
    }

    fn lead(&mut self, ways: &[WayOut], to: Goto) {
        for way in ways {
            let step = &mut self.steps[way.step];
            *(if way.when { &mut step.if_true } else { &mut step.if_false }) = to;
        }
    }

    fn comparison(&mut self) -> Result<Comparison<'e>, QueryError> {
        let start = self.next.start;
        let subject = self.subject()?;
        let operator = self.operator(subject)?;
        let values = match operator {
            it if it.is_unary() => Vec::new(),
            it if it.is_set() => self.list()?,
            _ => vec![self.value()?],
        };
        Ok(Comparison { subject, operator, values, start, end: self.last_end })
    }

    fn subject(&mut self) -> Result<Subject<'e>, QueryError> {
        let word = match self.next.token {
            Token::Word("and" | "or") | Token::Sign("&&" | "||") | Token::End | Token::Bracket(')') => {
                return self.fault(error::OPERAND, "a comparison is missing here");
            }
            Token::Word(word) => word,
            Token::Quoted(_) => {
                return self
                    .fault(error::SUBJECT, "a quoted text is a value; a comparison begins with its subject");
            }
            _ => return self.fault(error::SUBJECT, "a comparison begins with its subject"),
        };
        let subject = match word {
            "agentConnected" => Subject::AgentConnected,
            "agentVersion" => Subject::AgentVersion,
            "ec2InstanceId" => Subject::Ec2InstanceId,
            "registeredAt" => Subject::RegisteredAt,
            "runningTasksCount" => Subject::RunningTasksCount,
            "task:group" => Subject::TaskGroup,
            _ => match word.strip_prefix("attribute:") {
                Some(name) => {
                    let start = self.next.start + word.len() - name.len();
                    self.take()?;
                    self.check_attribute_name(name, start)?;
                    return Ok(Subject::Attribute(name));
                }
                None => {
                    let advice = match nearest(word, SUBJECTS) {
                        Some(name) => format!("did you mean `{name}`?"),
                        None if word.starts_with("ecs.") => format!("did you mean `attribute:{word}`?"),
                        None => format!("known: {}", SUBJECTS.join(", ")),
                    };
                    return self.fault(error::SUBJECT, format!("`{word}` is no subject; {advice}"));
                }
            },
        };
        self.take()?;
        Ok(subject)
    }

    fn check_attribute_name(&self, name: &str, start: usize) -> Result<(), QueryError> {
        let end = start + name.len();
        let allowed = |it: u8| it.is_ascii_alphanumeric() || b"-_/\\.".contains(&it);
        if name.is_empty() {
            if self.next.token == Token::Bracket('(') {
                return self
                    .fault(error::PARENTHESES_INSIDE, "parentheses are not allowed inside a comparison");
            }
            return Err(QueryError::new(error::ATTRIBUTE_NAME, start, end, "the attribute has no name"));
        }
        if let Some(at) = name.bytes().position(|it| !allowed(it)) {
            let message = "the name of an attribute has letters, digits and `-_/\\.` only";
            return Err(QueryError::new(error::ATTRIBUTE_NAME, start + at, start + at + 1, message));
        }
        if name.len() > ATTRIBUTE_NAME_MAX {
            let message =
                format!("the name of an attribute has at most 128 characters, this one {}", name.len());
            return Err(QueryError::new(error::ATTRIBUTE_NAME, start, end, message));
        }
        Ok(())
    }

    fn operator(&mut self, subject: Subject<'_>) -> Result<Operator, QueryError> {
        let Some(operator) = Operator::of(self.next.token) else {
            return match self.next.token {
                Token::Bracket('(') => {
                    self.fault(error::PARENTHESES_INSIDE, "parentheses are not allowed inside a comparison")
                }
                Token::Word(word) if !matches!(word, "and" | "or") => {
                    let names = OPERATORS.iter().map(|it| it.1);
                    let advice =
                        nearest(word, names).map_or(String::new(), |it| format!("; did you mean `{it}`?"));
                    self.fault(error::OPERATOR, format!("`{word}` is no operator{advice}"))
                }
                _ => self.fault(error::OPERATOR, "an operator is missing here"),
            };
        };
        if !subject.takes(operator) {
            let signs: Vec<&str> = OPERATORS.iter().filter(|it| subject.takes(it.2)).map(|it| it.0).collect();
            let message = format!("this subject has no such operator; it has {}", signs.join(" "));
            return self.fault(error::NOT_FOR_SUBJECT, message);
        }
        self.take()?;
        Ok(operator)
    }

    fn value(&mut self) -> Result<Value<'e>, QueryError> {
        let value = match self.next.token {
            Token::Word(text) => Value { text, start: self.next.start },
            Token::Quoted(text) => Value { text, start: self.next.start + 1 },
            Token::Bracket('[') => return self.fault(error::LIST, "a list goes with `in` and `not_in` only"),
            Token::Bracket('(') => {
                let message =
                    "parentheses are not allowed inside a comparison; a value with some needs quotes";
                return self.fault(error::PARENTHESES_INSIDE, message);
            }
            _ => return self.fault(error::OPERAND, "a value is missing here"),
        };
        self.take()?;
        Ok(value)
    }

    fn list(&mut self) -> Result<Vec<Value<'e>>, QueryError> {
        if self.next.token != Token::Bracket('[') {
            return self.fault(error::LIST, "expected a list such as [a, b]");
        }
        let open = self.take()?.start;
        let mut values = Vec::new();
        loop {
            match self.next.token {
                Token::Word(_) | Token::Quoted(_) => values.push(self.value()?),
                Token::Bracket(']') if values.is_empty() => {
                    return self.fault(error::LIST, "a list has at least one value");
                }
                Token::End => return Err(open_list(open)),
                _ => return self.fault(error::LIST, "expected a value of the list"),
            }
            match self.next.token {
                Token::Bracket(',') => drop(self.take()?),
                Token::Bracket(']') => {
                    self.take()?;
                    return Ok(values);
                }
                Token::End => return Err(open_list(open)),
                _ => return self.fault(error::LIST, "expected `,` or `]`"),
            }
        }
    }
}

fn open_list(at: usize) -> QueryError {
    QueryError::new(error::LIST, at, at + 1, "this list is not closed")
}
