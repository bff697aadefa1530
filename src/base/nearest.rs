//! The name a user most likely meant, for "did you mean" lines.

/// The one of `names` nearest to `typed`, if any is near enough to be a slip
/// of the fingers rather than another word.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&typed, &name.to_lowercase()), name))
        .min()
        .filter(|(distance, name)| *distance <= (name.len().max(typed.len()) / 3).max(1))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_another_word_is_not() {
        let names = ["binpack", "random", "spread"];
        assert_eq!(nearest("binpak", names), Some("binpack"));
        assert_eq!(nearest("Sprad", names), Some("spread"));
        assert_eq!(nearest("round-robin", names), None);
        assert_eq!(nearest("x", []), None);
    }
}
