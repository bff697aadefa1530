#!/usr/bin/env bash
# Counts the instructions of the kernels and holds them against their budgets;
# with --renew the counts become the budgets. Installs Valgrind and the runner
# of Gungraun where they are missing, the runner in the version of the lock file.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n '/^name = "gungraun"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock)
[ -n "$version" ] || { echo "Cargo.lock names no version of gungraun"; exit 1; }
command -v valgrind > /dev/null || { apt-get update -q && apt-get install -yq valgrind; } \
    || { echo "SKIPPED: Valgrind cannot be installed"; exit 0; }
cargo install --list | grep -q "^gungraun-runner v$version:" \
    || cargo install --locked --quiet gungraun-runner --version "$version" \
    || { echo "SKIPPED: gungraun-runner $version cannot be installed"; exit 0; }

# What is left there of other kernels must not be counted.
rm -rf target/gungraun
status=0
cargo bench --locked --quiet --bench instructions || status=$?
# A kernel over its budget ends the bench with 3.
[ "$status" -eq 0 ] || [ "$status" -eq 3 ] || exit "$status"
cargo run --release --locked --quiet --example instruction_budgets -- "$@"
