//! The placement strategies: one file a kind, one list.

pub mod best_fit;
pub mod binpack;
pub mod first_fit;
pub mod random;
pub mod spread;
pub mod worst_fit;

pub use spread::SpreadField;

use super::strategy::Entry;

/// Every strategy: those of ECS, then those that only stand-alone tasks of an
/// experiment may name.
pub const STRATEGIES: &[Entry] =
    &[binpack::ENTRY, random::ENTRY, spread::ENTRY, first_fit::ENTRY, best_fit::ENTRY, worst_fit::ENTRY];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::attribute::Attributes;
    use crate::placement::constraints::CONSTRAINTS;

    #[test]
    fn names_are_unique_and_explained() {
        let names = STRATEGIES.iter().map(|it| (it.name, it.summary));
        let names: Vec<_> = names.chain(CONSTRAINTS.iter().map(|it| (it.name, it.summary))).collect();
        for (idx, (name, summary)) in names.iter().enumerate() {
            assert!(!summary.is_empty());
            assert!(names[..idx].iter().all(|(other, _)| other != name), "{name}");
        }
    }

    #[test]
    fn a_field_is_checked_as_the_api_checks_it() {
        let build = |name: &str, field: Option<&str>| {
            let entry = STRATEGIES.iter().find(|it| it.name == name).unwrap();
            (entry.build)(field, &mut Attributes::default()).is_ok()
        };
        for (name, field, is_valid) in [
            ("binpack", Some("cpu"), true),
            ("binpack", Some("MEMORY"), true),
            ("binpack", Some("disk"), false),
            ("binpack", None, false),
            ("spread", Some("instanceId"), true),
            ("spread", Some("host"), true),
            ("spread", Some("attribute:ecs.availability-zone"), true),
            ("spread", Some("rack"), true),
            ("spread", Some("attribute:"), false),
            ("spread", None, false),
            ("random", None, true),
            ("random", Some("cpu"), true),
        ] {
            assert_eq!(build(name, field), is_valid, "{name}:{field:?}");
        }
    }
}
