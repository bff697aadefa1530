//! Patterns against the real `java.util.regex`, where there is a `java`:
//! generated ones and a list of those that are known to be tricky.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use berthlab::base::rng::Stream;
use berthlab::base::{Domain, Seed};
use berthlab::model::query::java_regex::JavaRegex;

const SEED: Seed = Seed(20_180_213);
const N_GENERATED: u64 = 1500;

/// What a pattern must hold for a refusal that Java does not share.
const REFUSED_HERE: &[&str] = &[
    "(?x",
    "(?c",
    "(?U",
    "\\X",
    "\\G",
    "\\N",
    "\\b{g}",
    "\\p{In",
    "\\p{block",
    "\\ud800",
    "&&",
    "\\1",
    "\\2",
    "\\3",
    "\\k<",
    "(?<=",
    "(?<!",
    "{1000}",
    "(?ix",
    "\\p{IsEmoji",
    "\\p{javaMirrored",
];

/// A pattern a line: what Rust accepts with another meaning, quoting, escapes,
/// classes, properties, flags, groups, quantifiers, boundaries.
const TRICKY: &str = include_str!("java_patterns.txt");

const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "ab",
    "aa",
    "aab",
    "aaa",
    "aaaa",
    "abab",
    "abc",
    "aA",
    "A",
    "B",
    "aB",
    "AB",
    "c",
    "z",
    "x",
    "a\n",
    "a\r\n",
    "a\r",
    "\n",
    "\r\n",
    "a\nb",
    "a\r\nb",
    "a\rb",
    "a\u{2028}b",
    "a\u{85}",
    "1",
    "7",
    "\u{663}",
    "é",
    "É",
    "ß",
    "ı",
    "K",
    "ſ",
    " ",
    "\u{a0}",
    "\t",
    "\u{b}",
    "\u{1}",
    "_",
    "-",
    "^",
    "&",
    "]",
    "[",
    ":",
    ".",
    "a.b",
    "+",
    "++",
    "\\",
    "}",
    "{",
    "$",
    "😀",
    "α",
    "ac",
    "bc",
    "cb",
    "aba",
    "abba",
    "aabb",
    "a1",
    "22",
    "a22",
    "a b",
    "a-b",
    "t2.small",
    "c6g.large",
    "r/7",
    "us-east-1a",
    "i-0abc12345",
    "m5.large",
    "prod",
    "PRODUCTION",
    "\u{7}",
    "\u{ff}",
    "\u{101}",
    "a2",
    "aaaaaa",
    "abcd",
    "abccba",
    "aaaaaaaaaaa",
    "\u{c}",
    "~",
    "!",
    "B7",
    "S",
    "s",
    "k",
    "İ",
    "i",
    "(",
    "a]",
];

/// Patterns of the common constructs, over few letters so that they often match.
fn generated(stream: &mut Stream, depth: u32) -> String {
    let atoms = [
        "a",
        "b",
        "c",
        ".",
        "[ab]",
        "[^a]",
        "[a-c&&[^b]]",
        "[b-c[a]]",
        r"\w",
        r"\d",
        r"\s",
        r"\Qa.\E",
        r"\.",
        "$",
        "^",
        r"\b",
        r"\Z",
        r"\R",
        r"\p{Alpha}",
        r"\P{Lower}",
        "1",
        "-",
        r"[\w&&[^1]]",
        r"\x61",
        r"\h",
        "(?i)",
        r"\1",
    ];
    let quantifiers =
        ["", "", "", "", "?", "*", "+", "*?", "+?", "??", "{2}", "{1,2}", "{0,1}", "*+", "++", "?+"];
    let mut pattern = String::new();
    let pick = |stream: &mut Stream, n: usize| stream.below(n as u64) as usize;
    for _ in 0..=stream.below(3) {
        if depth > 0 && stream.below(3) == 0 {
            let heads = ["(", "(", "(?:", "(?:", "(?=", "(?!", "(?>", "(?i:", "(?<!", "(?<="];
            pattern.push_str(heads[pick(stream, heads.len())]);
            pattern.push_str(&generated(stream, depth - 1));
            pattern.push(')');
        } else {
            pattern.push_str(atoms[pick(stream, atoms.len())]);
        }
        pattern.push_str(quantifiers[pick(stream, quantifiers.len())]);
        if stream.below(6) == 0 {
            pattern.push('|');
        }
    }
    pattern
}

fn generated_text(stream: &mut Stream) -> String {
    let letters = ["a", "b", "c", "A", "1", "-", ".", "\n", "\r\n", " ", "_"];
    let n = stream.below(6);
    let wide = if stream.below(3) == 0 { letters.len() as u64 } else { 3 };
    (0..n).map(|_| letters[stream.below(wide) as usize]).collect()
}

#[test]
fn patterns_mean_what_java_says() {
    let mut cases: Vec<(String, Vec<String>)> = Vec::new();
    let texts: Vec<String> = TEXTS.iter().map(|&it| it.to_owned()).collect();
    cases.extend(TRICKY.lines().map(|it| (it.to_owned(), texts.clone())));
    for case in 0..N_GENERATED {
        let mut stream = SEED.stream(Domain::Lifetime, case);
        let pattern = generated(&mut stream, 2);
        let texts = (0..24).map(|_| generated_text(&mut stream)).collect();
        cases.push((pattern, texts));
    }
    let Some(answers) = ask_java(&cases) else {
        println!("skipped: there is no java");
        return;
    };
    assert_eq!(answers.len(), cases.len(), "java answers every line");

    let (mut n_pairs, mut n_matches, mut n_refused, mut n_linear, mut n_limited) = (0, 0, 0, 0, 0);
    let mut faults = Vec::new();
    for ((pattern, texts), answer) in cases.iter().zip(&answers) {
        let found = JavaRegex::new(pattern);
        match (found, answer.as_str()) {
            // "!" is a crash of Java's compiler: no verdict.
            (_, "!") | (Err(_), "x") => (),
            (Ok(_), "x") => faults.push(format!("accepted, Java refuses: {pattern:?}")),
            (Err(fault), _) => {
                n_refused += 1;
                let is_listed = REFUSED_HERE.iter().any(|it| pattern.contains(it));
                if fault.code == "B0415" || !is_listed {
                    faults.push(format!("refused, Java accepts: {pattern:?}: {fault}"));
                }
            }
            (Ok(regex), answer) => {
                n_linear += usize::from(regex.is_linear());
                for (text, wanted) in texts.iter().zip(answer.chars()) {
                    if is_known_to_differ(pattern, text) {
                        continue;
                    }
                    n_pairs += 1;
                    n_matches += usize::from(wanted == '1');
                    match regex.try_match(text) {
                        None => n_limited += 1,
                        Some(found) if (found && wanted == '0') || (!found && wanted == '1') => {
                            faults.push(format!("{pattern:?} on {text:?}: {found}, Java says {wanted}"));
                        }
                        Some(_) => (),
                    }
                }
            }
        }
    }
    println!(
        "{SEED:?}: {} patterns, {n_linear} of them linear, {n_refused} refused that Java accepts; {n_pairs} pairs, \
         {n_matches} match, {n_limited} hit the limit",
        cases.len(),
    );
    assert!(n_matches > 1000, "the patterns have stopped matching");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// `\b` of JDK 17 knows letters beyond ASCII, later ones do not; and it does not
/// come back to a repeated `\R` that took `\r\n` for one end.
fn is_known_to_differ(pattern: &str, text: &str) -> bool {
    let has_boundary = pattern.contains("\\b") || pattern.contains("\\B");
    let repeats_line_end = pattern.contains("\\R") && pattern.contains(['?', '*', '+', '{']);
    has_boundary && !text.is_ascii() || repeats_line_end && text.contains("\r\n")
}

/// The answers, a line a case; `None` without a `java` that runs source files.
fn ask_java(cases: &[(String, Vec<String>)]) -> Option<Vec<String>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/JavaRegexOracle.java");
    let mut java = Command::new("java")
        .arg(source)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut lines = String::new();
    for (pattern, texts) in cases {
        lines.push_str(&base64(pattern.as_bytes()));
        for text in texts {
            lines.push(' ');
            lines.push_str(&base64(text.as_bytes()));
        }
        lines.push('\n');
    }
    // It answers while it reads: writing all first would fill both pipes.
    let mut input = java.stdin.take().expect("a piped input");
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = java.wait_with_output().expect("java was started");
    let written = writer.join().expect("the writer does not panic");
    if !output.status.success() {
        println!("skipped: java failed: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    written.expect("java reads all of its input");
    Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut word = [0; 3];
        word[..chunk.len()].copy_from_slice(chunk);
        let word = u32::from_be_bytes([0, word[0], word[1], word[2]]);
        for idx in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * idx)) as usize & 63];
            text.push(if idx > chunk.len() { '=' } else { char::from(digit) });
        }
    }
    text
}
