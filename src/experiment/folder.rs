//! The folder of a result. A file appears only whole: it is written under a
//! temporary name and renamed. The manifest comes last; a folder without one
//! holds runs, but no result.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::record::RunRecord;

/// The manifest's name.
pub const MANIFEST: &str = "manifest.json";
const RUNS: &str = "runs";
const CHARTS: &str = "charts";
const TABLES: &str = "tables";
const LOCK: &str = ".lock";
const LINK: &str = "a symbolic link leads out of the folder";
/// How a file is called until it is whole.
const PARTIAL: &str = ".partial-";

/// An output folder that this process alone may write to.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Held until the folder is let go; the system lets it go with the process.
    lock: File,
}

/// What is already in the folder may be in the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Existing {
    /// Nothing may be there.
    Refuse,
    /// Finished runs are taken over.
    Resume,
    /// It is replaced.
    Replace,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is a result or finished runs, and nobody said what to do.
    #[error("{} already holds {what}", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// What it holds.
        what: &'static str,
    },
    /// Another process works in it.
    #[error("another process is writing to {}{who}", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
        /// Which process, if it said so.
        who: String,
    },
    /// The world is at fault.
    #[error("{action} {}", path.display())]
    World {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What came of it.
        source: io::Error,
    },
}

fn world(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    move |source| FolderError::World { action, path: path.to_owned(), source }
}

impl Folder {
    /// Makes the folder, or takes it over.
    ///
    /// # Errors
    ///
    /// If it is occupied, busy, or cannot be written.
    pub fn open(path: &Path, existing: Existing) -> Result<Self, FolderError> {
        let runs = path.join(RUNS);
        let has_result = path.join(MANIFEST).exists();
        let has_runs = fs::read_dir(&runs).is_ok_and(|mut it| it.next().is_some());
        if existing == Existing::Refuse && (has_result || has_runs) {
            let what = if has_result { "a result" } else { "finished runs of an interrupted experiment" };
            return Err(FolderError::Occupied { path: path.to_owned(), what });
        }
        fs::create_dir_all(&runs).map_err(world("creating the folder", &runs))?;
        let lock_path = path.join(LOCK);
        if lock_path.is_symlink() {
            return Err(world("writing", &lock_path)(io::Error::other(LINK)));
        }
        // What another process wrote there is not cut before it is ours.
        let options = File::options().write(true).create(true).truncate(false).open(&lock_path);
        let mut lock = options.map_err(world("writing", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => (),
            Err(TryLockError::WouldBlock) => {
                let process = fs::read_to_string(&lock_path).unwrap_or_default();
                let who = match process.trim().parse::<u32>() {
                    Ok(number) => format!(": process {number}"),
                    Err(_) => String::new(),
                };
                return Err(FolderError::Busy { path: path.to_owned(), who });
            }
            Err(TryLockError::Error(error)) => return Err(world("locking", &lock_path)(error)),
        }
        lock.set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(world("writing", &lock_path))?;
        let folder = Self { path: path.to_owned(), lock };
        folder.remove(|_, name| name.starts_with(PARTIAL))?;
        if existing == Existing::Replace {
            // A folder with a manifest is whole, so that goes first.
            folder.remove_manifest()?;
            folder.remove(|place, name| is_ours(place, name, has_result))?;
        }
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes from where results are written the files that are meant by
    /// their folder and name; what else is there stays.
    fn remove(&self, is_meant: impl Fn(&str, &str) -> bool) -> Result<(), FolderError> {
        for place in ["", RUNS, CHARTS, TABLES] {
            let folder = self.path.join(place);
            if (folder.is_symlink() && !place.is_empty()) || !folder.is_dir() {
                continue;
            }
            for entry in fs::read_dir(&folder).map_err(world("reading", &folder))? {
                let path = entry.map_err(world("reading", &folder))?.path();
                let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
                if is_meant(place, name) && !path.is_dir() {
                    fs::remove_file(&path).map_err(world("removing", &path))?;
                }
            }
        }
        Ok(())
    }

    /// Writes a file whole.
    ///
    /// # Errors
    ///
    /// What the world says; nothing is left behind under the final name.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), FolderError> {
        let path = self.path.join(name);
        let parent = path.parent().unwrap_or(&self.path);
        if parent != self.path && parent.is_symlink() {
            return Err(world("writing", &path)(io::Error::other(LINK)));
        }
        fs::create_dir_all(parent).map_err(world("creating the folder", parent))?;
        let written = tempfile::Builder::new().prefix(PARTIAL).tempfile_in(parent).and_then(|mut file| {
            file.write_all(content)?;
            file.as_file().sync_data()?;
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
            }
            file.persist(&path).map_err(|it| it.error)
        });
        written.map(drop).map_err(world("writing", &path))
    }

    /// The manifest of an earlier result goes before its files are replaced.
    ///
    /// # Errors
    ///
    /// What the world says.
    pub fn remove_manifest(&self) -> Result<(), FolderError> {
        let path = self.path.join(MANIFEST);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(world("removing", &path)(error)),
            _ => Ok(()),
        }
    }

    /// Keeps the record of a finished run under its key.
    ///
    /// # Errors
    ///
    /// What the world says.
    pub fn keep_run(&self, key: &str, record: &RunRecord) -> Result<(), FolderError> {
        let text = serde_json::to_vec(record).expect("a record is plain numbers and text");
        self.write(&run_file(key), &text)
    }

    /// The record of a run that was kept under this key; what cannot be read is
    /// played again.
    pub fn find_run(&self, key: &str) -> Option<RunRecord> {
        read_run(&self.path, key)
    }
}

/// A result does not say which process wrote it.
impl Drop for Folder {
    fn drop(&mut self) {
        // If it stays, the next process writes over it.
        let _ = self.lock.set_len(0);
    }
}

/// The record kept under `key` in the folder at `path`.
pub fn read_run(path: &Path, key: &str) -> Option<RunRecord> {
    let text = fs::read(path.join(run_file(key))).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Whether a result put a file of this name in this place. Names of charts and
/// tables change from version to version; they are ours where there was a result.
fn is_ours(place: &str, name: &str, has_result: bool) -> bool {
    const WHOLE: [&str; 5] =
        ["results.csv", "results.parquet", "series.parquet", "timings.csv", "index.html"];
    let is_key = |it: &str| it.len() == 32 && it.bytes().all(|it| it.is_ascii_hexdigit());
    match place {
        RUNS => name.strip_suffix(".json").is_some_and(is_key),
        CHARTS => has_result && (name.ends_with(".svg") || name.ends_with(".png")),
        TABLES => has_result && name.ends_with(".csv"),
        _ => WHOLE.contains(&name),
    }
}

fn run_file(key: &str) -> String {
    format!("{RUNS}/{key}.json")
}
