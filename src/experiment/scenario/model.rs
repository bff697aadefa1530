//! `[model]`: the choices where the documentation leaves one.

use crate::base::SimDuration;
use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::{Node, Value};
use crate::model::options::{ModelOptions, OPTIONS, OptionKind};

/// No machine moves or keeps more: 100 TB.
const BYTES_MAX: u64 = 100_000_000_000_000;

/// Reads the choices; what is left out keeps its default.
pub(super) fn read(node: Option<&Node>, faults: &Faults) -> ModelOptions {
    let mut options = ModelOptions::default();
    let Some(node) = node else { return options };
    let table = reader::Table::of(node, faults);
    for entry in OPTIONS {
        let Some(value) = table.optional(entry.name) else { continue };
        match &entry.kind {
            OptionKind::Flag(set) => {
                if let Some(flag) = reader::flag(value, faults) {
                    set(&mut options, flag);
                }
            }
            OptionKind::Duration(set) => {
                if let Some(duration) = reader::duration(value, faults) {
                    set(&mut options, duration);
                }
            }
            OptionKind::Word(words, set) => {
                if let Some(idx) = reader::word(value, words, faults) {
                    set(&mut options, idx);
                }
            }
            OptionKind::Share(set) => {
                if let Some(share) = reader::decimal(value, 1.0, faults) {
                    set(&mut options, (share * 1000.0).round() as u32);
                }
            }
            OptionKind::Ratio(set) => {
                if let Some(ratio) = reader::decimal(value, 1000.0, faults) {
                    set(&mut options, (ratio * 1000.0).round() as u32);
                }
            }
            OptionKind::Bytes(set) => {
                if let Some(bytes) = reader::bytes(value, 1..=BYTES_MAX, faults) {
                    set(&mut options, bytes);
                }
            }
            OptionKind::BytesOrUnlimited(set) => match &value.value {
                Value::Text(text) if text == "unlimited" => set(&mut options, None),
                _ => {
                    if let Some(bytes) = reader::bytes(value, 1..=BYTES_MAX, faults) {
                        set(&mut options, Some(bytes));
                    }
                }
            },
        }
    }
    if options.capacity_retry == SimDuration::ZERO {
        let written = node.get("capacity_retry").unwrap_or(node);
        faults.note(written.fault("B0106", "a retry needs a pause: capacity_retry is zero"));
    }
    if options.registry.lifecycle_policy_run_at >= SimDuration::from_secs(86_400) {
        let written = node.get("lifecycle_policy_run_at").unwrap_or(node);
        faults.note(written.fault("B0107", "a time of the day is less than 24h after midnight"));
    }
    let period = options.replacement_period;
    if period > SimDuration::ZERO && period < SimDuration::from_secs(60) {
        let written = node.get("replacement_period").unwrap_or(node);
        let message = "a re-placement is looked at once a minute at most: replacement_period is shorter";
        faults.note(written.fault("B0145", message));
    }
    table.finish();
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A default that help shows and the model does not have would be a lie.
    #[test]
    fn every_default_is_the_one_that_help_shows() {
        for entry in OPTIONS {
            let text = format!("[model]\n{} = {}\n", entry.name, entry.default);
            let tree = Node::parse("x.toml", &text).unwrap();
            let faults = Faults::default();
            assert_eq!(read(tree.get("model"), &faults), ModelOptions::default(), "{}", entry.name);
            assert!(faults.is_empty(), "{}", entry.name);
        }
    }
}
