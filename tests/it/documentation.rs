//! What the documentation promises to list is listed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;

/// Every field that a reader of the scenario asks for stands in the page on the
/// experiment file, as code.
#[test]
fn every_field_of_an_experiment_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/experiment-file.md")).unwrap();
    // Every other piece between backticks is code, the fenced ones too.
    let code = page.split('`').skip(1).step_by(2);
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_';
    let documented: BTreeSet<&str> = code.flat_map(|it| it.split(|letter| !is_part(letter))).collect();

    // `table.required("max_size")`, `in_range("target_capacity", 1..=100)`, `("subnets", SUBNETS_MAX)`. The fields
    // of `[model]` are those of `berthlab list options`.
    let asked = Regex::new(r#"\(\s*"([a-z][a-z0-9_]*)""#).unwrap();
    let folder = root.join("src/experiment/scenario");
    let mut missing = BTreeSet::new();
    let mut n_fields = 0;
    let mut folders = vec![folder];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    for path in files {
        if path.ends_with("scenario/model.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for found in asked.captures_iter(code) {
            let name = found.get(1).unwrap().as_str();
            n_fields += 1;
            if !documented.contains(name) {
                missing.insert(format!("{name} ({})", path.file_name().unwrap().to_string_lossy()));
            }
        }
    }
    assert!(n_fields > 150, "{n_fields} fields are found: the readers look otherwise");
    assert!(missing.is_empty(), "not in docs/experiment-file.md: {missing:?}");
}
