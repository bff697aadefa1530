//! `[model]`: the choices where the documentation leaves one.

use crate::base::SimDuration;
use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::Node;
use crate::model::options::{ModelOptions, OPTIONS, OptionKind};

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
        }
    }
    if options.capacity_retry == SimDuration::ZERO {
        let written = node.get("capacity_retry").unwrap_or(node);
        faults.note(written.fault("B0106", "a retry needs a pause: capacity_retry is zero"));
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
