//! What the machine has left: what the kernel says could be had without
//! swapping, and what the control groups of this process leave of it.
//!
//! Only Linux says so. Elsewhere nothing is known, and nothing is limited.

use std::fs;
use std::path::{Path, PathBuf};

/// Bytes that could be had now; `None` where nobody says.
pub fn available_bytes() -> Option<u64> {
    available_under(Path::new("/"))
}

fn available_under(root: &Path) -> Option<u64> {
    let free = of_machine(root);
    groups_of(root).iter().filter_map(|it| of_group(it)).chain(free).min()
}

/// `MemAvailable` of `/proc/meminfo` (proc_meminfo(5)): what can be had without
/// swapping, caches that can go included.
fn of_machine(root: &Path) -> Option<u64> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let line = text.lines().find_map(|it| it.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The folders of the control groups that this process is in, from its own to
/// the root: of version 2, and of the memory controller of version 1. In a
/// container the path may be that of the host; what is not there says nothing.
fn groups_of(root: &Path) -> Vec<PathBuf> {
    let Ok(text) = fs::read_to_string(root.join("proc/self/cgroup")) else { return Vec::new() };
    let mut found = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let mount = match controllers {
            "" => "sys/fs/cgroup",
            it if it.split(',').any(|it| it == "memory") => "sys/fs/cgroup/memory",
            _ => continue,
        };
        let mount = root.join(mount);
        let own = mount.join(path.trim_start_matches('/'));
        found.extend(own.ancestors().take_while(|it| it.starts_with(&mount)).map(Path::to_owned));
    }
    found
}

/// What is left of a group's limit, caches that can go counted as free; `None`
/// without a limit.
fn of_group(folder: &Path) -> Option<u64> {
    // Names of version 2, then of version 1.
    let names = [
        ("memory.max", "memory.current", "inactive_file "),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "),
    ];
    let number = |name: &str| fs::read_to_string(folder.join(name)).ok()?.trim().parse::<u64>().ok();
    names.iter().find_map(|(limit, usage, inactive)| {
        let limit = number(limit)?;
        let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
        let inactive = stat.lines().find_map(|it| it.strip_prefix(inactive)?.trim().parse().ok());
        let used = number(usage)?.saturating_sub(inactive.unwrap_or(0));
        Some(limit.saturating_sub(used))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    const MEMINFO: (&str, &str) = ("proc/meminfo", "MemTotal: 2000 kB\nMemAvailable:    1000 kB\n");

    #[test]
    fn the_least_of_machine_and_groups_counts() {
        let check = |files: &[(&str, &str)], expected: Option<u64>, what: &str| {
            assert_eq!(available_under(machine(files).path()), expected, "{what}");
        };
        check(&[], None, "nothing is known");
        check(&[MEMINFO], Some(1_024_000), "the machine alone");
        let group = ("proc/self/cgroup", "0::/jobs/one\n");
        check(&[MEMINFO, group], Some(1_024_000), "a group that is not to be seen");
        let own = [("sys/fs/cgroup/jobs/one/memory.max", "max\n")];
        check(&[&[MEMINFO, group][..], &own].concat(), Some(1_024_000), "a group without a limit");
        let above = [
            ("sys/fs/cgroup/jobs/memory.max", "500000\n"),
            ("sys/fs/cgroup/jobs/memory.current", "300000\n"),
            ("sys/fs/cgroup/jobs/memory.stat", "anon 1\ninactive_file 100000\n"),
        ];
        check(&[&[MEMINFO, group][..], &own, &above].concat(), Some(300_000), "the limit of a group above");
        let old = [
            ("proc/self/cgroup", "3:cpu:/a\n2:memory,x:/a\n0::/\n"),
            ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9000\n"),
            ("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "10000\n"),
        ];
        check(&[&[MEMINFO][..], &old].concat(), Some(0), "version 1, and nothing left");
        let unlimited = ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
        check(&[MEMINFO, old[0], unlimited, old[2]], Some(1_024_000), "version 1 without a limit");
    }
}
