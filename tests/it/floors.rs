//! The floors of the house: imports go downward only, the rooms of one floor do
//! not know each other, and what a room must not know it does not name. Read
//! from the `use` lines and paths of `src/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room with its floor; `ARCHITECTURE.md` draws the same.
const FLOORS: &[(&str, u32)] = &[
    ("base", 1),
    ("model", 2),
    ("record", 2),
    ("trace", 3),
    ("placement", 3),
    ("deployment", 3),
    ("scaling", 3),
    ("disruption", 3),
    ("billing", 3),
    ("bounds", 3),
    ("metrics", 3),
    ("containers", 3),
    ("access", 3),
    ("reach", 3),
    ("traffic", 3),
    ("images", 3),
    ("sim", 4),
    ("documents", 4),
    ("experiment", 5),
    ("report", 6),
    ("conform", 6),
    ("explain", 6),
    ("import", 6),
    ("lint", 6),
    ("cli", 7),
    ("main", 8),
];

/// Words that must not stand below a floor, with what they would bring in.
const BANS: &[(&str, &[&str], &str)] = &[
    ("std::fs", &["experiment", "cli", "main"], "opens files"),
    ("std::env", &["experiment", "cli", "main"], "reads the environment"),
    ("std::thread", &["experiment", "cli", "main"], "starts threads"),
    ("std::time::", &["cli", "main"], "reads a clock"),
    ("rayon", &["experiment", "cli", "main"], "starts threads"),
    ("println!", &["cli", "main"], "prints"),
    ("eprintln!", &["cli", "main"], "prints"),
    ("&mut Cluster", &["model", "sim"], "changes a cluster"),
    ("serde::", &["record", "documents", "experiment", "cli"], "binds the model to a file format"),
    ("plotters", &["report"], "knows how charts are drawn"),
    ("indicatif", &["cli"], "knows a terminal"),
    ("clap", &["cli"], "knows a terminal"),
    ("thread_rng", &[], "draws from a global generator"),
];

struct SourceFile {
    room: String,
    path: PathBuf,
    text: String,
}

fn sources() -> Vec<SourceFile> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|it| it == "rs") {
                found.push(path);
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&src, &mut paths);
    // Modules that only tests are built with.
    paths.retain(|it| !it.ends_with("testing.rs") && !it.ends_with("tests.rs"));
    paths.sort();
    let file = |path: PathBuf| {
        let inner = path.strip_prefix(&src).unwrap();
        let first = inner.components().next().unwrap().as_os_str().to_str().unwrap();
        let room = first.trim_end_matches(".rs").to_owned();
        // What stands in tests and comments is no arrow of the house.
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let code: Vec<&str> = code.lines().filter(|it| !it.trim_start().starts_with("//")).collect();
        SourceFile { room, text: code.join("\n"), path }
    };
    paths.into_iter().map(file).filter(|it| it.room != "lib").collect()
}

/// The rooms that a file's code names: `crate::room` and `berthlab::room`.
fn named_rooms(text: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for prefix in ["crate::", "berthlab::"] {
        for (at, _) in text.match_indices(prefix) {
            let rest = &text[at + prefix.len()..];
            let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '_').unwrap_or(rest.len());
            rooms.push(rest[..end].to_owned());
        }
    }
    rooms.retain(|it| !it.is_empty());
    rooms.sort();
    rooms.dedup();
    rooms
}

#[test]
fn imports_go_downward_only() {
    let floors: BTreeMap<&str, u32> = FLOORS.iter().copied().collect();
    let mut broken = Vec::new();
    let mut n_arrows = 0;
    for file in sources() {
        let Some(&floor) = floors.get(file.room.as_str()) else {
            panic!("{} is in no room of the plan", file.path.display());
        };
        for room in named_rooms(&file.text).iter().filter(|it| **it != file.room) {
            n_arrows += 1;
            match floors.get(room.as_str()) {
                Some(&below) if below < floor => (),
                Some(&other) => broken.push(format!(
                    "{}: {} (floor {floor}) -> {room} (floor {other})",
                    file.path.display(),
                    file.room
                )),
                None => broken.push(format!("{}: -> {room}, which is no room", file.path.display())),
            }
        }
    }
    assert!(n_arrows > 50, "the test has stopped seeing the arrows: {n_arrows}");
    assert!(broken.is_empty(), "arrows that break the floors:\n{}", broken.join("\n"));
}

#[test]
fn no_room_names_what_it_must_not_know() {
    let mut broken = Vec::new();
    for file in sources() {
        for (word, rooms, what) in BANS {
            if !rooms.contains(&file.room.as_str()) && file.text.contains(word) {
                broken.push(format!("{}: `{word}` {what}", file.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "what a room must not know:\n{}", broken.join("\n"));
}

#[test]
fn sim_knows_contracts_and_the_placer_but_no_list() {
    for file in sources().iter().filter(|it| it.room == "sim") {
        for list in ["STRATEGIES", "CONSTRAINTS", "CONTROLLERS", "FORMATS", "METRICS", "binpack", "spread"] {
            assert!(!file.text.contains(list), "{} names `{list}`", file.path.display());
        }
    }
}

#[test]
fn the_plan_names_every_room_and_floor() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    for (room, _) in FLOORS {
        assert!(text.contains(room), "ARCHITECTURE.md says nothing of `{room}`");
    }
    for file in sources() {
        assert!(FLOORS.iter().any(|it| it.0 == file.room), "{} is in no room", file.path.display());
    }
}
