//! What an expression means: a chain of tests with every literal read, walked
//! without parsing, compiling or allocating. MODEL where the guide is silent:
//! texts are compared exactly; versions by component, missing ones zero; dates
//! without a zone are UTC, dates without a time midnight; a comparison of a
//! missing attribute never holds, and one without a value is the empty text;
//! a comparison of `task:group` holds if it holds for one task.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::error::{self, QueryError};
use super::facts::{InstanceFacts, StaticFacts};
use super::grammar::{self, Comparison, Goto, NO, Operator, Step, Subject, Value, YES};
use super::java_regex::JavaRegex;

/// The longest expression, in characters (API PlacementConstraint).
pub const EXPRESSION_MAX: usize = 2000;

/// An expression that many constraints, classes and threads hold.
pub type SharedExpression = Arc<Expression>;

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expression {
    text: Box<str>,
    pub(super) steps: Box<[Step<Test>]>,
    /// The bytes of each step in the text.
    spans: Box<[(usize, usize)]>,
}

/// One comparison of an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Term<'e> {
    /// As it was written.
    pub text: &'e str,
    /// Where it begins, in bytes of the expression.
    pub start: usize,
    /// Whether its answer for an instance changes with an event of that
    /// instance's attributes, registration or agent only.
    pub is_static: bool,
}

impl Expression {
    /// Reads an expression.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if let Some((end, _)) = text.char_indices().nth(EXPRESSION_MAX) {
            let message =
                format!("an expression has at most {EXPRESSION_MAX} characters; the rest begins here");
            return Err(QueryError::new(error::TOO_LONG, end, text.len(), message));
        }
        let written = grammar::parse(text)?;
        let spans = written.iter().map(|it| (it.test.start, it.test.end)).collect();
        let compile = |step: Step<Comparison<'_>>| {
            let Step { test, if_true, if_false } = step;
            Ok(Step { test: Test::of(&test)?, if_true, if_false })
        };
        let steps: Result<_, QueryError> = written.into_iter().map(compile).collect();
        Ok(Self { text: text.into(), steps: steps?, spans })
    }

    /// Reads an expression that is to be shared.
    pub fn parse_shared(text: &str) -> Result<SharedExpression, QueryError> {
        Self::parse(text).map(Arc::new)
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its comparisons, in the order of the text and of evaluation.
    pub fn terms(&self) -> impl Iterator<Item = Term<'_>> {
        let term = |(step, &(start, end)): (&Step<Test>, &(usize, usize))| Term {
            text: &self.text[start..end],
            start,
            is_static: step.test.is_static(),
        };
        self.steps.iter().zip(&self.spans).map(term)
    }

    /// Whether its answer for an instance cannot change without an event of
    /// that instance's attributes, registration or agent.
    pub fn is_static(&self) -> bool {
        self.steps.iter().all(|it| it.test.is_static())
    }

    /// Whether it selects this instance.
    pub fn matches(&self, instance: &impl InstanceFacts) -> bool {
        self.walk(0, |_, test| test.holds(instance))
    }

    /// From `at` to the end, asking `holds` for each step on the way.
    pub(super) fn walk(&self, mut at: Goto, mut holds: impl FnMut(usize, &Test) -> bool) -> bool {
        while at < NO {
            let step = &self.steps[usize::from(at)];
            at = if holds(usize::from(at), &step.test) { step.if_true } else { step.if_false };
        }
        at == YES
    }
}

/// Two expressions of one text mean the same.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A comparison with its literals read.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Exists {
        name: Box<str>,
        wanted: bool,
    },
    Attribute {
        name: Box<str>,
        test: TextTest,
    },
    Ec2InstanceId(TextTest),
    AgentVersion {
        relation: Relation,
        version: Box<str>,
    },
    RegisteredAt {
        relation: Relation,
        at_ms: i64,
    },
    TaskGroup(TextTest),
    RunningTasks {
        relation: Relation,
        n: u64,
    },
    /// A text test of `true` and `false`, answered beforehand.
    AgentConnected {
        when_connected: bool,
        when_not: bool,
    },
}

impl Test {
    fn of(written: &Comparison<'_>) -> Result<Self, QueryError> {
        let first = || written.values[0];
        Ok(match (written.subject, written.operator) {
            (Subject::Attribute(name), Operator::Exists) => Self::Exists { name: name.into(), wanted: true },
            (Subject::Attribute(name), Operator::NotExists) => {
                Self::Exists { name: name.into(), wanted: false }
            }
            (Subject::Attribute(name), _) => {
                Self::Attribute { name: name.into(), test: TextTest::of(written)? }
            }
            (Subject::Ec2InstanceId, _) => Self::Ec2InstanceId(TextTest::of(written)?),
            (Subject::TaskGroup, _) => Self::TaskGroup(TextTest::of(written)?),
            (Subject::AgentConnected, _) => {
                let test = TextTest::of(written)?;
                Self::AgentConnected { when_connected: test.holds("true"), when_not: test.holds("false") }
            }
            (Subject::AgentVersion, operator) => {
                let version = parse_version(first())?;
                Self::AgentVersion { relation: Relation::of(operator), version }
            }
            (Subject::RegisteredAt, operator) => {
                let at_ms = parse_time_ms(first().text).ok_or_else(|| {
                    let message = "expected a time such as 2018-06-18, 2018-06-18T22:28:28Z or \
                                   2018-06-18T22:28:28+00:00";
                    bad_value(first(), message)
                })?;
                Self::RegisteredAt { relation: Relation::of(operator), at_ms }
            }
            (Subject::RunningTasksCount, operator) => {
                let n = parse_count(first())?;
                Self::RunningTasks { relation: Relation::of(operator), n }
            }
        })
    }

    pub(super) fn is_static(&self) -> bool {
        !matches!(self, Self::TaskGroup(_) | Self::RunningTasks { .. } | Self::AgentConnected { .. })
    }

    fn holds(&self, instance: &impl InstanceFacts) -> bool {
        match self {
            Self::TaskGroup(test) => instance.task_groups().any(|it| test.holds(it)),
            Self::RunningTasks { .. } | Self::AgentConnected { .. } => {
                self.holds_dynamic(instance.agent_connected(), instance.running_tasks_count())
            }
            _ => self.holds_static(instance),
        }
    }

    /// The answer of a static test.
    pub(super) fn holds_static(&self, instance: &impl StaticFacts) -> bool {
        match self {
            Self::Exists { name, wanted } => instance.attribute(name).is_some() == *wanted,
            Self::Attribute { name, test } => {
                instance.attribute(name).is_some_and(|it| test.holds(it.unwrap_or("")))
            }
            Self::Ec2InstanceId(test) => test.holds(instance.ec2_instance_id()),
            Self::AgentVersion { relation, version } => {
                instance.agent_version().is_some_and(|it| relation.holds(compare_versions(it, version)))
            }
            Self::RegisteredAt { relation, at_ms } => relation.holds(instance.registered_at_ms().cmp(at_ms)),
            Self::TaskGroup(_) | Self::RunningTasks { .. } | Self::AgentConnected { .. } => {
                unreachable!("the caller asked whether the test is static")
            }
        }
    }

    /// The answer of a dynamic test that is not about groups.
    pub(super) fn holds_dynamic(&self, agent_connected: bool, running_tasks_count: u32) -> bool {
        match *self {
            Self::RunningTasks { relation, n } => relation.holds(u64::from(running_tasks_count).cmp(&n)),
            Self::AgentConnected { when_connected, when_not } => {
                if agent_connected {
                    when_connected
                } else {
                    when_not
                }
            }
            _ => unreachable!("the caller knows which test it is"),
        }
    }
}

/// A test of one text.
#[derive(Clone, Debug)]
pub(super) struct TextTest {
    kind: TextKind,
    /// `!=`, `!in`, `!~`.
    negated: bool,
}

#[derive(Clone, Debug)]
enum TextKind {
    /// Sorted.
    OneOf(Box<[Box<str>]>),
    Pattern(JavaRegex),
}

impl TextTest {
    fn of(written: &Comparison<'_>) -> Result<Self, QueryError> {
        let negated = matches!(written.operator, Operator::NotEqual | Operator::NotIn | Operator::NotMatches);
        let kind = match written.operator {
            Operator::Matches | Operator::NotMatches => {
                let value = written.values[0];
                TextKind::Pattern(JavaRegex::new(value.text).map_err(|mut fault| {
                    fault.start += value.start;
                    fault.end += value.start;
                    fault
                })?)
            }
            _ => {
                let mut values: Vec<Box<str>> = written.values.iter().map(|it| it.text.into()).collect();
                values.sort_unstable();
                values.dedup();
                TextKind::OneOf(values.into())
            }
        };
        Ok(Self { kind, negated })
    }

    pub(super) fn holds(&self, text: &str) -> bool {
        let found = match &self.kind {
            TextKind::OneOf(values) => values.binary_search_by(|it| (**it).cmp(text)).is_ok(),
            TextKind::Pattern(pattern) => pattern.is_match(text),
        };
        found != self.negated
    }
}

/// How two ordered values are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Relation {
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
}

impl Relation {
    fn of(operator: Operator) -> Self {
        match operator {
            Operator::Equal => Self::Equal,
            Operator::NotEqual => Self::NotEqual,
            Operator::Greater => Self::Greater,
            Operator::GreaterEqual => Self::GreaterEqual,
            Operator::Less => Self::Less,
            Operator::LessEqual => Self::LessEqual,
            _ => unreachable!("the grammar has checked the subject's operators"),
        }
    }

    fn holds(self, found_to_literal: Ordering) -> bool {
        match self {
            Self::Equal => found_to_literal.is_eq(),
            Self::NotEqual => found_to_literal.is_ne(),
            Self::Greater => found_to_literal.is_gt(),
            Self::GreaterEqual => found_to_literal.is_ge(),
            Self::Less => found_to_literal.is_lt(),
            Self::LessEqual => found_to_literal.is_le(),
        }
    }
}

fn bad_value(value: Value<'_>, message: &str) -> QueryError {
    QueryError::new(error::VALUE, value.start, value.start + value.text.len(), message)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

fn parse_count(value: Value<'_>) -> Result<u64, QueryError> {
    if !is_digits(value.text) {
        return Err(bad_value(value, "expected a number of tasks: digits only"));
    }
    // More than 64 bits is more than any instance runs, whatever the number.
    Ok(value.text.parse().unwrap_or(u64::MAX))
}

fn parse_version(value: Value<'_>) -> Result<Box<str>, QueryError> {
    if value.text.split('.').all(is_digits) {
        Ok(value.text.into())
    } else {
        Err(bad_value(value, "expected a version such as 1.14.5: digits and dots only"))
    }
}

/// By component, as numbers of any length; missing components are zero. What
/// is no digit ends a component, so `1.86.0-dev` counts as `1.86.0`.
fn compare_versions(left: &str, right: &str) -> Ordering {
    fn number(component: &str) -> &str {
        let end = component.find(|it: char| !it.is_ascii_digit()).unwrap_or(component.len());
        component[..end].trim_start_matches('0')
    }
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let (left, right) = (left.next(), right.next());
        if left.is_none() && right.is_none() {
            return Ordering::Equal;
        }
        let (left, right) = (number(left.unwrap_or("")), number(right.unwrap_or("")));
        let order = left.len().cmp(&right.len()).then_with(|| left.cmp(right));
        if order.is_ne() {
            return order;
        }
    }
}

/// Milliseconds since 1970, UTC, of `2018-06-18T22:28:28+00:00`, the same with
/// `Z` or without a zone (UTC), or `2018-06-18` (midnight UTC). Seconds are
/// required, fractions are not allowed.
pub fn parse_time_ms(text: &str) -> Option<i64> {
    let number = |from: usize, len: usize| -> Option<i16> {
        text.get(from..from + len).filter(|it| is_digits(it))?.parse().ok()
    };
    let sign_at = |at: usize, wanted: u8| (text.as_bytes().get(at) == Some(&wanted)).then_some(());
    let byte = |from: usize| number(from, 2).and_then(|it| i8::try_from(it).ok());

    let year = number(0, 4)?;
    sign_at(4, b'-')?;
    let month = byte(5)?;
    sign_at(7, b'-')?;
    let day = byte(8)?;
    let date = jiff::civil::Date::new(year, month, day).ok()?;
    let mut at = 10;
    let (mut hour, mut minute, mut second) = (0, 0, 0);
    if text.len() > 10 {
        sign_at(10, b'T')?;
        hour = byte(11)?;
        sign_at(13, b':')?;
        minute = byte(14)?;
        sign_at(16, b':')?;
        second = byte(17)?;
        at = 19;
    }
    let time = jiff::civil::Time::new(hour, minute, second, 0).ok()?;
    let offset_minutes = match text.get(at..)? {
        "" => 0,
        "Z" if at == 19 => 0,
        zone if at == 19 && zone.len() == 6 => {
            let sign = match zone.as_bytes()[0] {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            sign_at(at + 3, b':')?;
            let (hours, minutes) = (byte(at + 1)?, byte(at + 4)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            sign * (i64::from(hours) * 60 + i64::from(minutes))
        }
        _ => return None,
    };
    let epoch = jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    let seconds = date.to_datetime(time).duration_since(epoch).as_secs() - offset_minutes * 60;
    Some(seconds * 1000)
}
