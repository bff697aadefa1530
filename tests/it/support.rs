//! The program in a folder of its own: what it is given, what it says, and what
//! it leaves behind.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// No command of these tests works as long as this; one that does, hangs.
const PATIENCE: Duration = Duration::from_secs(50);

/// A folder that goes with the test.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A small experiment with all that there is: tasks of a trace, a service, a
/// release, two axes, replicates. The service's count is written so that tests
/// can put others in its place.
pub(crate) const SMALL: &str = r#"name = "small"
horizon = "2h"
warm_up = "10m"
seed = 5
replicates = 2

[workload]
trace = "trace.csv"

[cluster]
[[cluster.capacity_provider]]
name = "general"
instance_type = "m6i.large"
max_size = 20

[[service]]
name = "web"
task_definition = { cpu = 512, memory = 1024 }
desired_count = 4
release = [{ at = "30m", image = "web:2" }]

[axes]
placement = ["binpack:cpu", "random"]
deployment = ["50/100", "100/200"]
"#;

/// Two small batches.
pub(crate) const TRACE: &str = "arrival_s,count,cpu_units,memory_mib,lifetime_s
0,3,256,512,600
1200,5,512,1024,900
";

/// A service alone on a pool that holds it: the least that can be played.
pub(crate) const LEAST: &str = r#"name = "least"
horizon = "1h"
[cluster]
instances = 3
instance_type = "m6i.large"
[[service]]
name = "web"
task_definition = { cpu = 512, memory = 1024 }
desired_count = 2
"#;

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A bench with `small.toml` and its trace.
    pub(crate) fn with_small() -> Self {
        let bench = Self::new();
        bench.write("small.toml", SMALL);
        bench.write("trace.csv", TRACE);
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("the bench can be written to");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The program with these arguments, in the bench's folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_berthlab"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        finish(self.command(arguments))
    }

    /// Runs the program and wants it to end well.
    pub(crate) fn run_well(&self, arguments: &[&str]) -> Outcome {
        let outcome = self.run(arguments);
        assert_eq!(outcome.code, Some(0), "{arguments:?}: {}", outcome.err);
        outcome
    }

    /// Every file below `folder` by its name there.
    pub(crate) fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        let top = self.path(folder);
        gather(&top, &top, &mut found);
        found
    }

    /// The same without what a clock measured.
    pub(crate) fn result(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.files(folder);
        files.remove("timings.csv");
        files
    }
}

/// Waits for the end of a command; one that hangs fails its test.
pub(crate) fn finish(mut command: Command) -> Outcome {
    let shown = format!("{command:?}");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let number = child.id();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    match receiver.recv_timeout(PATIENCE) {
        Ok(output) => Outcome::of(&output.expect("the program can be waited for")),
        Err(_) => {
            let _ = Command::new("kill").args(["-KILL", &number.to_string()]).status();
            panic!("it hangs: {shown}");
        }
    }
}

impl Outcome {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |it: &[u8]| String::from_utf8_lossy(it).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

fn gather(top: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            gather(top, &path, found);
        } else {
            let name = path.strip_prefix(top).expect("it is below").to_string_lossy().into_owned();
            found.insert(name, fs::read(&path).expect("the file can be read"));
        }
    }
}

/// Two results that must not differ in a byte; says in which files they do.
#[track_caller]
pub(crate) fn assert_equal(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) {
    let names: Vec<&String> = one.keys().collect();
    assert_eq!(names, other.keys().collect::<Vec<_>>());
    let differing: Vec<&String> = names.into_iter().filter(|it| one[*it] != other[*it]).collect();
    assert!(differing.is_empty(), "the files {differing:?} differ");
}
