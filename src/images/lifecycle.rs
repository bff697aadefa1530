//! What a lifecycle policy does to the images of a repository, and why (semantics
//! 9.6; ECR user guide, LifecyclePolicies, lifecycle_policy_examples,
//! lifecycle_policy_parameters).
//!
//! Each rule looks at the repository as it is, whatever the others do: it selects
//! images, ranks them and marks some. The first rule that selects an image, by
//! priority, decides about it, whether it marks it or not; what it does not mark
//! is shielded from all later rules. An image that a manifest list refers to stays
//! as long as the list is there, also in the run in which the list goes.

use crate::model::lifecycle_policy::{
    Count, LifecycleAction, LifecyclePolicy, LifecycleRule, StorageClass, TagSelection,
};
use crate::model::repository::matches_wildcard;

/// An image of a repository as a policy sees it. Moments are milliseconds since
/// 1970.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImageView<'a> {
    /// In any order; empty for an untagged image.
    pub tags: Vec<&'a str>,
    /// When it was pushed.
    pub pushed_at_ms: i64,
    /// If it is a manifest list: the images that it refers to, by their position
    /// in the list of images.
    pub children: Vec<usize>,
    /// Where it is kept.
    pub storage_class: StorageClass,
    /// When it was last pulled, if ever.
    pub last_pulled_at_ms: Option<i64>,
    /// When it was last restored from the archive, if ever.
    pub last_activated_at_ms: Option<i64>,
    /// When it was last archived, if ever.
    pub last_archived_at_ms: Option<i64>,
}

/// What a policy decides about one image. Rules are named by their position in
/// [`LifecyclePolicy::rules`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// No rule selects it: it stays.
    NotSelected,
    /// `by` is the first rule that selects it and does not mark it: it stays.
    Kept {
        /// The rule.
        by: usize,
        /// The first later rule that marks it, from which `by` shields it.
        shielded_from: Option<usize>,
    },
    /// `by` marks it, but a manifest list refers to it: it stays until a run
    /// after the list went.
    Referenced {
        /// The rule.
        by: usize,
        /// The position of the first such list.
        list: usize,
    },
    /// It goes.
    Acted {
        /// The rule that marks it.
        by: usize,
        /// Where to.
        action: LifecycleAction,
    },
}

const MS_PER_DAY: i128 = 86_400_000;

impl Decision {
    /// What is done to the image; `None` if it stays as it is.
    pub fn action(self) -> Option<LifecycleAction> {
        match self {
            Self::Acted { action, .. } => Some(action),
            Self::NotSelected | Self::Kept { .. } | Self::Referenced { .. } => None,
        }
    }

    /// The rule that decides, by its position; `None` if none selects the image.
    pub fn rule(self) -> Option<usize> {
        match self {
            Self::NotSelected => None,
            Self::Kept { by, .. } | Self::Referenced { by, .. } | Self::Acted { by, .. } => Some(by),
        }
    }
}

/// One evaluation at `now_ms`: a decision for each of `images`, in their order. Of
/// two images that were pushed at the same moment the later in the list is newer
/// (a choice of the model).
pub fn evaluate(policy: &LifecyclePolicy, images: &[ImageView<'_>], now_ms: i64) -> Vec<Decision> {
    // The first list that refers to each image.
    let mut lists: Vec<Option<usize>> = vec![None; images.len()];
    for (list, image) in images.iter().enumerate() {
        for &child in image.children.iter().filter(|it| **it != list) {
            lists[child].get_or_insert(list);
        }
    }
    // Newest first; the same for every rule.
    let mut ranking: Vec<usize> = (0..images.len()).collect();
    ranking.sort_unstable_by_key(|&it| std::cmp::Reverse((images[it].ranked_at_ms(), it)));

    let mut decisions = vec![Decision::NotSelected; images.len()];
    for (by, rule) in policy.rules.iter().enumerate() {
        let mut n_newer = 0;
        for &image in &ranking {
            if !selects(rule, &images[image]) {
                continue;
            }
            let is_marked = match rule.count {
                Count::ImageCountMoreThan(n) => n_newer >= n,
                _ => is_overdue(rule.count, &images[image], now_ms),
            };
            n_newer += 1;
            let decision = &mut decisions[image];
            match decision {
                Decision::NotSelected => {
                    *decision = match lists[image] {
                        _ if !is_marked => Decision::Kept { by, shielded_from: None },
                        Some(list) => Decision::Referenced { by, list },
                        None => Decision::Acted { by, action: rule.action },
                    };
                }
                Decision::Kept { shielded_from: it @ None, .. } if is_marked => *it = Some(by),
                _ => (),
            }
        }
    }
    decisions
}

/// The positions of the images that go, in the order in which they do: oldest
/// first, always by the time of their push.
pub fn in_order(images: &[ImageView<'_>], decisions: &[Decision]) -> Vec<usize> {
    let mut acted: Vec<usize> = (0..images.len()).filter(|&it| decisions[it].action().is_some()).collect();
    acted.sort_unstable_by_key(|&it| (images[it].pushed_at_ms, it));
    acted
}

impl ImageView<'_> {
    /// A restored image ranks by the time at which it was restored.
    fn ranked_at_ms(&self) -> i64 {
        self.last_activated_at_ms.unwrap_or(self.pushed_at_ms)
    }

    /// Since when nobody has asked for it: its last pull, or the time at which it
    /// was restored if that is later; of an image with neither, its push.
    fn idle_since_ms(&self) -> i64 {
        self.last_pulled_at_ms.max(self.last_activated_at_ms).unwrap_or(self.pushed_at_ms)
    }
}

/// Whether `rule` looks at the image at all.
pub fn selects(rule: &LifecycleRule, image: &ImageView<'_>) -> bool {
    if rule.storage_class != image.storage_class {
        return false;
    }
    // Different tags may serve different entries of the list.
    let each = |list: &[String], fits: fn(&str, &str) -> bool| {
        list.iter().all(|wanted| image.tags.iter().any(|tag| fits(wanted, tag)))
    };
    match &rule.tags {
        TagSelection::Any => true,
        TagSelection::Untagged => image.tags.is_empty(),
        TagSelection::Prefixes(list) => each(list, |prefix, tag| tag.starts_with(prefix)),
        TagSelection::Patterns(list) => each(list, matches_wildcard),
    }
}

/// Whether more than the days of `count` have passed: exactly so many is not more.
fn is_overdue(count: Count, image: &ImageView<'_>, now_ms: i64) -> bool {
    let (since_ms, days) = match count {
        Count::ImageCountMoreThan(_) => return false,
        Count::SinceImagePushed(days) => (image.pushed_at_ms, days),
        Count::SinceImagePulled(days) => (image.idle_since_ms(), days),
        Count::SinceImageTransitioned(days) => match image.last_archived_at_ms {
            Some(at) => (at, days),
            // Nobody knows since when.
            None => return false,
        },
    };
    i128::from(now_ms) - i128::from(since_ms) > i128::from(days) * MS_PER_DAY
}

#[cfg(test)]
mod tests;
