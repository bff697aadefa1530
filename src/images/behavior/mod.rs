//! Whether an agent pulls an image that is there, and what follows if it cannot:
//! one file for each value of ECS_IMAGE_PULL_BEHAVIOR, one list of all (agent
//! README; semantics 9.4). On Fargate nothing is there, and every task pulls.

pub mod always;
pub mod default;
pub mod once;
pub mod prefer_cached;

use crate::model::agent::ImagePullBehavior;

/// A behaviour, as an agent's configuration names it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Which one.
    pub behavior: ImagePullBehavior,
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// What is done about an image of which so much is known.
    pub decide: fn(Known) -> Decision,
    /// Whether the clean-up may remove images that came this way.
    pub may_be_cleaned_up: bool,
}

/// What an instance knows of the image that a task names, by that name: a tag may
/// have moved to an image of which it knows nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// An image of that name is there.
    pub is_cached: bool,
    /// It is there because an earlier task of the instance pulled it, and not from
    /// the start.
    pub was_pulled_here: bool,
}

/// What is done about an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// The image that is there is used; nobody is asked.
    UseCached,
    /// The registry is asked for the manifest, and what is missing is moved.
    Pull {
        /// What follows if that fails.
        on_failure: OnFailure,
    },
}

/// What follows if a pull fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnFailure {
    /// The image that is there is used.
    UseCached,
    /// The task fails: CannotPullContainerError.
    FailTask,
}

/// The list of behaviours.
pub const PULL_BEHAVIORS: &[Entry] = &[default::ENTRY, always::ENTRY, once::ENTRY, prefer_cached::ENTRY];

/// The entry of a behaviour.
///
/// # Panics
///
/// If the list lacks it.
pub fn entry_of(behavior: ImagePullBehavior) -> &'static Entry {
    PULL_BEHAVIORS.iter().find(|it| it.behavior == behavior).expect("every behaviour is in the list")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_list_has_each_behavior_once() {
        let names: BTreeSet<&str> = PULL_BEHAVIORS.iter().map(|it| it.name).collect();
        assert_eq!(names.len(), PULL_BEHAVIORS.len());
        for (behavior, name) in [
            (ImagePullBehavior::Default, "default"),
            (ImagePullBehavior::Always, "always"),
            (ImagePullBehavior::Once, "once"),
            (ImagePullBehavior::PreferCached, "prefer-cached"),
        ] {
            assert_eq!(entry_of(behavior).name, name);
            assert!(!entry_of(behavior).summary.is_empty());
        }
        assert_eq!(entry_of(ImagePullBehavior::default()).name, "default");
    }

    #[test]
    fn what_is_not_there_is_pulled_and_nothing_else_can_be_used() {
        let known = Known { is_cached: false, was_pulled_here: false };
        for entry in PULL_BEHAVIORS {
            assert_eq!(
                (entry.decide)(known),
                Decision::Pull { on_failure: OnFailure::FailTask },
                "{}",
                entry.name
            );
        }
    }

    /// The table of the agent's README, row by row.
    #[test]
    fn what_is_there_is_used_as_the_behavior_says() {
        let from_the_start = Known { is_cached: true, was_pulled_here: false };
        let pulled = Known { is_cached: true, was_pulled_here: true };
        let or_cached = Decision::Pull { on_failure: OnFailure::UseCached };
        let or_fail = Decision::Pull { on_failure: OnFailure::FailTask };
        for (name, of_start, of_pulled, may_be_cleaned_up) in [
            ("default", or_cached, or_cached, true),
            ("always", or_fail, or_fail, true),
            ("once", or_fail, Decision::UseCached, true),
            ("prefer-cached", Decision::UseCached, Decision::UseCached, false),
        ] {
            let entry = PULL_BEHAVIORS.iter().find(|it| it.name == name).unwrap();
            assert_eq!((entry.decide)(from_the_start), of_start, "{name}");
            assert_eq!((entry.decide)(pulled), of_pulled, "{name}");
            assert_eq!(entry.may_be_cleaned_up, may_be_cleaned_up, "{name}");
        }
    }
}
