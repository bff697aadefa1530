//! What the tests of this wing share.

/// A file of the reference data beside the repository; tests that need it say
/// that they are skipped where it is absent.
pub(crate) fn real_file(name: &str) -> Option<String> {
    of_folder("traces", name)
}

/// The same of a file of Spot capacity.
pub(crate) fn real_spot_file(name: &str) -> Option<String> {
    of_folder("spot", name)
}

fn of_folder(folder: &str, name: &str) -> Option<String> {
    let path = format!("{}/../shared/data/{folder}/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: {name} is not there");
        }
    }
    text
}
