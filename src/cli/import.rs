//! `berthlab import ecs`: files in, files out; what they say to each other is
//! `crate::import`'s.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Failure;
use super::args::{Args, ImportEcsArgs};
use super::diagnostics::printable;
use super::run::{folder_of, read_source};
use super::trace::write_whole;
use crate::import::{DEFINITIONS_FOLDER, Input, PRICES_FILE, import};

pub(super) fn import_ecs(command: &ImportEcsArgs, args: &Args) -> Result<(), Failure> {
    let mut inputs = Vec::new();
    let mut faults = Vec::new();
    for path in &command.files {
        match read_source(path, Vec::new()) {
            Ok(source) => inputs.push(Input { file: source.file, text: source.text }),
            Err(Failure::Input(found)) => faults.extend(found),
            Err(other) => return Err(other),
        }
    }
    if !faults.is_empty() {
        return Err(Failure::Input(faults));
    }
    let imported = import(&inputs, command.cluster.as_deref()).map_err(Failure::Input)?;

    let beside = folder_of(&command.output);
    let folder = beside.join(DEFINITIONS_FOLDER);
    let definitions = imported.definitions.iter().map(|it| (folder.join(&it.0), it.1.as_str()));
    let prices = imported.prices.iter().map(|it| (beside.join(PRICES_FILE), it.as_str()));
    let files: Vec<(PathBuf, &str)> = definitions.chain(prices).collect();
    refuse_what_is_there(command, &folder, files.iter().map(|it| it.0.as_path()))?;
    if !imported.definitions.is_empty() {
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    }
    for (path, text) in &files {
        write_whole(path, |out| out.write_all(text.as_bytes()))?;
    }
    // Last, so that an experiment never names a definition that is not there.
    write_whole(&command.output, |out| out.write_all(imported.toml.as_bytes()))?;

    if !args.quiet {
        let mut err = io::stderr().lock();
        for note in &imported.notes {
            writeln!(err, "note: {}", printable(note))?;
        }
    }
    let n = imported.definitions.len();
    let definitions = if n == 1 { "task definition" } else { "task definitions" };
    writeln!(io::stdout(), "experiment: {} ({n} {definitions})", command.output.display())?;
    Ok(())
}

/// Nothing is written beside a file that would be lost, nor through a link.
fn refuse_what_is_there<'a>(
    command: &'a ImportEcsArgs,
    folder: &Path,
    files: impl Iterator<Item = &'a Path>,
) -> Result<(), Failure> {
    if fs::symlink_metadata(folder).is_ok_and(|it| !it.is_dir()) {
        return Err(Failure::Usage(format!("`{}` is there and is no folder", folder.display())));
    }
    let paths = files.chain([command.output.as_path()]);
    let taken: Vec<&Path> = paths.filter(|it| fs::symlink_metadata(it).is_ok()).collect();
    if let Some(dir) = taken.iter().find(|it| it.is_dir()) {
        return Err(Failure::Usage(format!("`{}` is a folder", dir.display())));
    }
    match taken.as_slice() {
        [] => Ok(()),
        _ if command.force => Ok(()),
        [one] => Err(Failure::Usage(format!("`{}` is already there; `--force` replaces it", one.display()))),
        [one, rest @ ..] => Err(Failure::Usage(format!(
            "`{}` and {} other files are already there; `--force` replaces them",
            one.display(),
            rest.len()
        ))),
    }
}
