//! Sets of characters as Java understands them, as explicit ranges: what a
//! class, a property or a letter without case stands for no longer depends on
//! the engine that runs it.

use std::fmt::Write as _;
use std::sync::OnceLock;

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// A set of characters.
pub(super) type Set = ClassUnicode;

pub(super) fn set(ranges: &[(char, char)]) -> Set {
    Set::new(ranges.iter().map(|&(low, high)| ClassUnicodeRange::new(low, high)))
}

pub(super) fn negated(mut it: Set) -> Set {
    it.negate();
    it
}

pub(super) fn union(mut it: Set, other: &Set) -> Set {
    it.union(other);
    it
}

/// A line ends with one of these, `\r\n` being one end.
pub(super) const LINE_ENDS: &[(char, char)] =
    &[('\n', '\n'), ('\r', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')];
pub(super) const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
pub(super) const VERTICAL: &[(char, char)] = &[('\n', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')];
const DIGIT: &[(char, char)] = &[('0', '9')];
const SPACE: &[(char, char)] = &[('\t', '\r'), (' ', ' ')];
const ALPHA: &[(char, char)] = &[('A', 'Z'), ('a', 'z')];
const HORIZONTAL: &[(char, char)] = &[
    ('\t', '\t'),
    (' ', ' '),
    ('\u{a0}', '\u{a0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{2000}', '\u{200a}'),
    ('\u{202f}', '\u{202f}'),
    ('\u{205f}', '\u{205f}'),
    ('\u{3000}', '\u{3000}'),
];

/// The set of `\d` and its like; capitals are the complements.
pub(super) fn predefined(letter: char) -> Option<Set> {
    let ranges = match letter.to_ascii_lowercase() {
        'd' => DIGIT,
        'w' => WORD,
        's' => SPACE,
        'h' => HORIZONTAL,
        'v' => VERTICAL,
        _ => return None,
    };
    let found = set(ranges);
    Some(if letter.is_ascii_uppercase() { negated(found) } else { found })
}

/// Whether and how case is ignored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Case {
    Matters,
    /// `(?i)`: of ASCII letters.
    IgnoredInAscii,
    /// `(?iu)`.
    IgnoredInUnicode,
}

/// What a letter of the pattern stands for.
pub(super) fn single(it: char, case: Case) -> Set {
    match case {
        Case::IgnoredInAscii if it.is_ascii_alphabetic() => {
            let (lower, upper) = (it.to_ascii_lowercase(), it.to_ascii_uppercase());
            set(&[(lower, lower), (upper, upper)])
        }
        Case::IgnoredInUnicode => {
            let wanted = simple_lower(simple_upper(it));
            let alike = cased().iter().filter(|&&(_, _, folded)| folded == wanted).map(|it| (it.0, it.0));
            let mut ranges: Vec<(char, char)> = alike.collect();
            ranges.push((it, it));
            set(&ranges)
        }
        _ => set(&[(it, it)]),
    }
}

/// What a range of a class stands for: without case, what has an upper or
/// lower form in the range belongs to it.
pub(super) fn range(low: char, high: char, case: Case) -> Set {
    let within = |it: char| low <= it && it <= high;
    let mut ranges = vec![(low, high)];
    match case {
        Case::Matters => (),
        Case::IgnoredInAscii => {
            let letters = ('A'..='Z').chain('a'..='z');
            let more =
                letters.filter(|it| within(it.to_ascii_uppercase()) || within(it.to_ascii_lowercase()));
            ranges.extend(more.map(|it| (it, it)));
        }
        Case::IgnoredInUnicode => {
            let more = cased().iter().filter(|&&(_, upper, folded)| within(upper) || within(folded));
            ranges.extend(more.map(|it| (it.0, it.0)));
        }
    }
    set(&ranges)
}

/// Every character with a case: itself, its upper form, the lower form of that.
fn cased() -> &'static [(char, char, char)] {
    static CASED: OnceLock<Vec<(char, char, char)>> = OnceLock::new();
    CASED.get_or_init(|| {
        // No case beyond Adlam and its neighbours.
        let all = '\0'..='\u{1ffff}';
        let forms = all.map(|it| (it, simple_upper(it), simple_lower(simple_upper(it))));
        forms.filter(|it| it.0 != it.1 || it.0 != it.2).collect()
    })
}

fn simple_upper(it: char) -> char {
    only(it.to_uppercase()).unwrap_or(it)
}

fn simple_lower(it: char) -> char {
    // The one letter whose full mapping has two characters and whose simple one has not.
    if it == 'İ' { 'i' } else { only(it.to_lowercase()).unwrap_or(it) }
}

fn only(mut it: impl Iterator<Item = char>) -> Option<char> {
    let first = it.next();
    if it.next().is_some() { None } else { first }
}

/// Names of properties that the other tables know under the same name.
const CATEGORIES: &[&str] = &[
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Me", "Mc", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Co",
    "Cn", "Pd", "Ps", "Pe", "Pc", "Po", "Sm", "Sc", "Sk", "So", "Pi", "Pf", "L", "M", "N", "Z", "P", "S",
    "LC",
];
const SCRIPTS: &[&str] = &[
    "Arabic",
    "Armenian",
    "Bengali",
    "Common",
    "Cyrillic",
    "Devanagari",
    "Georgian",
    "Greek",
    "Han",
    "Hangul",
    "Hebrew",
    "Hiragana",
    "Katakana",
    "Latin",
    "Thai",
];

/// What `\p{name}` stands for; `None` if this does not know it.
pub(super) fn property(name: &str, ignore_case: bool) -> Option<Set> {
    if let Some((key, value)) = name.split_once('=') {
        return match key.to_ascii_lowercase().as_str() {
            "sc" | "script" => script(value),
            "gc" | "general_category" => plain_property(value, ignore_case),
            _ => None,
        };
    }
    match name.strip_prefix("Is") {
        Some(inner) => binary_property(inner, ignore_case)
            .or_else(|| plain_property(inner, ignore_case))
            .or_else(|| script(inner)),
        None => plain_property(name, ignore_case),
    }
}

fn script(name: &str) -> Option<Set> {
    let known = SCRIPTS.iter().find(|it| it.eq_ignore_ascii_case(name))?;
    Some(unicode(&format!("Script={known}")))
}

/// `\p{IsAlphabetic}` and its like: of Unicode, whatever the case of the name.
fn binary_property(name: &str, ignore_case: bool) -> Option<Set> {
    let any_case = || union(union(unicode("Lowercase"), &unicode("Uppercase")), &unicode("Lt"));
    Some(match name.to_ascii_uppercase().as_str() {
        "ALPHABETIC" | "ALPHA" => unicode("Alphabetic"),
        "LOWERCASE" | "LOWER" | "UPPERCASE" | "UPPER" | "TITLECASE" if ignore_case => any_case(),
        "LOWERCASE" | "LOWER" => unicode("Lowercase"),
        "UPPERCASE" | "UPPER" => unicode("Uppercase"),
        "TITLECASE" => unicode("Lt"),
        "LETTER" => unicode("L"),
        "IDEOGRAPHIC" => unicode("Ideographic"),
        "WHITE_SPACE" | "WHITESPACE" | "SPACE" => unicode("White_Space"),
        "CONTROL" | "CNTRL" => unicode("Cc"),
        "PUNCTUATION" | "PUNCT" => unicode("P"),
        "DIGIT" => unicode("Nd"),
        "ALNUM" => union(unicode("Alphabetic"), &unicode("Nd")),
        "ASSIGNED" => negated(unicode("Cn")),
        _ => return None,
    })
}

fn plain_property(name: &str, ignore_case: bool) -> Option<Set> {
    let any_case = || union(union(unicode("Lowercase"), &unicode("Uppercase")), &unicode("Lt"));
    Some(match name {
        "Lu" | "Ll" | "Lt" if ignore_case => unicode("LC"),
        "LD" => union(unicode("L"), &unicode("Nd")),
        "L1" => set(&[('\0', '\u{ff}')]),
        "all" => set(&[('\0', char::MAX)]),
        "ASCII" => set(&[('\0', '\u{7f}')]),
        "Alnum" => union(set(ALPHA), &set(DIGIT)),
        "Alpha" => set(ALPHA),
        "Blank" => set(&[(' ', ' '), ('\t', '\t')]),
        "Cntrl" => set(&[('\0', '\u{1f}'), ('\u{7f}', '\u{7f}')]),
        "Digit" => set(DIGIT),
        "Graph" => set(&[('!', '~')]),
        "Lower" | "Upper" if ignore_case => set(ALPHA),
        "Lower" => set(&[('a', 'z')]),
        "Print" => set(&[(' ', '~')]),
        "Punct" => set(&[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
        "Space" => set(SPACE),
        "Upper" => set(&[('A', 'Z')]),
        "XDigit" => set(&[('0', '9'), ('A', 'F'), ('a', 'f')]),
        "javaLowerCase" | "javaUpperCase" | "javaTitleCase" if ignore_case => any_case(),
        "javaLowerCase" => unicode("Lowercase"),
        "javaUpperCase" => unicode("Uppercase"),
        "javaTitleCase" => unicode("Lt"),
        "javaAlphabetic" => unicode("Alphabetic"),
        "javaIdeographic" => unicode("Ideographic"),
        "javaDigit" => unicode("Nd"),
        "javaDefined" => negated(unicode("Cn")),
        "javaLetter" => unicode("L"),
        "javaLetterOrDigit" => union(unicode("L"), &unicode("Nd")),
        "javaSpaceChar" => unicode("Z"),
        "javaWhitespace" => {
            let mut spaces = unicode("Z");
            let unbreakable = [('\u{a0}', '\u{a0}'), ('\u{2007}', '\u{2007}'), ('\u{202f}', '\u{202f}')];
            spaces.difference(&set(&unbreakable));
            union(spaces, &set(&[('\t', '\r'), ('\u{1c}', '\u{1f}')]))
        }
        "javaISOControl" => set(&[('\0', '\u{1f}'), ('\u{7f}', '\u{9f}')]),
        _ if CATEGORIES.contains(&name) => unicode(name),
        _ => return None,
    })
}

fn unicode(name: &str) -> Set {
    let parsed = regex_syntax::parse(&format!(r"\p{{{name}}}")).expect("a name from the lists above");
    match parsed.into_kind() {
        HirKind::Class(Class::Unicode(found)) => found,
        other => unreachable!("a property is a class, not {other:?}"),
    }
}

/// The set in the syntax that both engines read alike.
pub(super) fn push_set(text: &mut String, found: &Set) {
    if found.ranges().is_empty() {
        // Nothing is in it; the end cannot follow the beginning of something.
        text.push_str(r"[^\x{0}-\x{10FFFF}]");
        return;
    }
    if let [only] = found.ranges()
        && only.start() == only.end()
    {
        return push_char(text, only.start());
    }
    text.push('[');
    for range in found.ranges() {
        push_char(text, range.start());
        if range.end() != range.start() {
            text.push('-');
            push_char(text, range.end());
        }
    }
    text.push(']');
}

/// The character itself, whatever it means to an engine.
pub(super) fn push_char(text: &mut String, it: char) {
    if it.is_ascii_alphanumeric() {
        text.push(it);
    } else {
        write!(text, "\\x{{{:X}}}", u32::from(it)).expect("writing to a text does not fail");
    }
}
