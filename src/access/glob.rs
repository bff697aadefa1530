//! `*` and `?` as policies have them: any number of characters, exactly one.

/// Whether the whole of `text` matches `pattern`.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    matches_by(pattern, text, |one, other| one == other)
}

/// The same, where case does not matter.
pub(super) fn matches_any_case(pattern: &str, text: &str) -> bool {
    matches_by(pattern, text, |one, other| one.eq_ignore_ascii_case(&other))
}

fn matches_by(pattern: &str, text: &str, is_same: impl Fn(char, char) -> bool) -> bool {
    let (mut pattern_left, mut text_left) = (pattern.chars(), text.chars());
    // What follows the last star, and what is left of the text without what it
    // has taken so far.
    let mut star: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let rest = text_left.clone();
        let Some(found) = text_left.next() else { break };
        match pattern_left.next() {
            Some('*') => {
                text_left = rest;
                star = Some((pattern_left.clone(), text_left.clone()));
            }
            Some(it) if it == '?' || is_same(it, found) => (),
            _ => {
                let Some((after_star, taken_to)) = &mut star else { return false };
                taken_to.next();
                pattern_left = after_star.clone();
                text_left = taken_to.clone();
            }
        }
    }
    pattern_left.all(|it| it == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_take_any_number_and_question_marks_one() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "anything:at/all", true),
            ("", "", true),
            ("", "a", false),
            ("?", "", false),
            ("?", "ä", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("s3:Get*", "s3:GetObject", true),
            ("s3:Get*", "s3:PutObject", false),
            ("s3:*Object", "s3:GetObject", true),
            ("s3:*Object", "s3:GetObjectAcl", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("**a**", "bab", true),
            ("abc", "ABC", false),
            ("*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "`{pattern}` on `{text}`");
        }
    }
}
