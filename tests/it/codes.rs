//! Every code that the program can tell is documented, and nothing else is.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_code_in_the_source_is_in_the_list_and_the_other_way_round() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut used = BTreeSet::new();
    gather(&top.join("src"), &mut used);
    let page = fs::read_to_string(top.join("docs/codes.md")).expect("the list of codes");
    let rows: Vec<&str> = page.lines().filter_map(|it| it.strip_prefix("| B")).collect();
    let listed: Vec<String> = rows.iter().map(|it| format!("B{}", &it[..4])).collect();
    for row in &rows {
        let meaning = row[4..].trim_matches(['|', ' ']);
        assert!(meaning.len() > 5, "`{row}` does not say what it means");
    }
    assert!(listed.is_sorted_by(|a, b| a < b), "codes ascend, each has one line: {listed:?}");
    let listed: BTreeSet<String> = listed.into_iter().collect();
    let undocumented: Vec<_> = used.difference(&listed).collect();
    let unused: Vec<_> = listed.difference(&used).collect();
    assert!(undocumented.is_empty(), "docs/codes.md lacks {undocumented:?}");
    assert!(unused.is_empty(), "docs/codes.md has {unused:?}, which nothing tells");
}

/// Codes in string literals below `folder`; those of tests are no codes.
fn gather(folder: &Path, used: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the source can be read") {
        let path = entry.expect("the source can be read").path();
        if path.is_dir() {
            gather(&path, used);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(&path).expect("source is text");
            let told = text.split("#[cfg(test)]").next().unwrap_or_default();
            let is_code = |it: &&str| {
                it.len() == 5 && it.starts_with("B0") && it[1..].bytes().all(|it| it.is_ascii_digit())
            };
            used.extend(told.split('"').filter(is_code).map(str::to_owned));
        }
    }
}
