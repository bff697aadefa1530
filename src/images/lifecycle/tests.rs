//! Each sentence of semantics 9.6, by hand.

use super::*;

const DAY: i64 = 86_400_000;
const NOW: i64 = 1_000 * DAY;

/// An image pushed so many milliseconds ago.
fn aged<'a>(age_ms: i64, tags: &[&'a str]) -> ImageView<'a> {
    ImageView { tags: tags.to_vec(), pushed_at_ms: NOW - age_ms, ..ImageView::default() }
}

/// An image pushed so many days ago.
fn image<'a>(age_days: i64, tags: &[&'a str]) -> ImageView<'a> {
    aged(age_days * DAY, tags)
}

fn archived(archived_days: i64) -> ImageView<'static> {
    ImageView {
        storage_class: StorageClass::Archive,
        last_archived_at_ms: Some(NOW - archived_days * DAY),
        ..image(900, &["a"])
    }
}

fn rule(tags: TagSelection, count: Count) -> LifecycleRule {
    LifecycleRule {
        priority: 1,
        description: None,
        tags,
        storage_class: StorageClass::Standard,
        count,
        action: LifecycleAction::Expire,
    }
}

fn prefixes(list: &[&str]) -> TagSelection {
    TagSelection::Prefixes(list.iter().map(|it| (*it).to_owned()).collect())
}

fn patterns(list: &[&str]) -> TagSelection {
    TagSelection::Patterns(list.iter().map(|it| (*it).to_owned()).collect())
}

fn decide(rules: Vec<LifecycleRule>, images: &[ImageView<'_>]) -> Vec<Decision> {
    let rules = (1..).zip(rules).map(|(priority, it)| LifecycleRule { priority, ..it });
    evaluate(&LifecyclePolicy { rules: rules.collect() }, images, NOW)
}

/// The positions of the images that go.
fn gone(rules: Vec<LifecycleRule>, images: &[ImageView<'_>]) -> Vec<usize> {
    let decisions = decide(rules, images);
    (0..images.len()).filter(|&it| decisions[it].action().is_some()).collect()
}

use Count::{ImageCountMoreThan, SinceImagePulled, SinceImagePushed, SinceImageTransitioned};
use TagSelection::{Any, Untagged};

#[test]
fn each_status_selects_its_images() {
    let images =
        [image(9, &["v1", "ci-7"]), image(9, &[]), image(9, &["v2"]), image(9, &["ci-8"]), archived(9)];
    for (tags, selected) in [
        (Any, &[0, 1, 2, 3][..]),
        (Untagged, &[1]),
        (prefixes(&["v"]), &[0, 2]),
        (prefixes(&["v", "ci"]), &[0]),
        (prefixes(&["v1", "v"]), &[0]),
        (prefixes(&[""]), &[0, 2, 3]),
        (patterns(&["v*"]), &[0, 2]),
        (patterns(&["v"]), &[]),
        (patterns(&["v1"]), &[0]),
        (patterns(&["*", "ci-*"]), &[0, 3]),
        (patterns(&["V*"]), &[]),
    ] {
        let found = gone(vec![rule(tags.clone(), SinceImagePushed(1))], &images);
        assert_eq!(found, selected, "{tags:?}");
    }
}

#[test]
fn a_pattern_selects_by_the_whole_tag() {
    for (pattern, tag, expected) in [
        ("*", "anything", true),
        ("prod", "prod", true),
        ("prod", "prod-1", false),
        ("prod*", "prod", true),
        ("prod*", "preprod", false),
        ("*prod", "preprod", true),
        ("*prod", "prod-1", false),
        ("*prod*", "a-prod-b", true),
        ("a*a", "a", false),
        ("a*a", "aa", true),
        ("a*b*a", "aba", true),
        ("a*b*a", "aa", false),
        ("*ab*ab", "ab", false),
        ("*ab*ab", "abab", true),
        ("*test*1*2*3", "test-1-2-3", true),
        ("*test*1*2*3", "unittest123", true),
        ("*test*1*2*3", "test-3-2-1", false),
        ("**", "x", true),
        ("v?", "v1", false),
        ("v?", "v?", true),
        ("v.", "v1", false),
        ("*é*", "café-1", true),
    ] {
        let rule = rule(patterns(&[pattern]), SinceImagePushed(1));
        assert_eq!(selects(&rule, &image(9, &[tag])), expected, "`{pattern}` on `{tag}`");
    }
}

#[test]
fn what_stands_behind_the_first_n_by_push_time_goes() {
    let images = [image(1, &["a"]), image(4, &["b"]), image(3, &["c"]), image(2, &["d"])];
    for (n, expected) in [(1, &[1, 2, 3][..]), (2, &[1, 2]), (3, &[1]), (4, &[]), (u64::MAX, &[])] {
        assert_eq!(gone(vec![rule(Any, ImageCountMoreThan(n))], &images), expected);
    }
}

#[test]
fn of_equal_push_times_the_later_entry_is_newer() {
    let images = [image(2, &[]), image(2, &[]), image(2, &[])];
    assert_eq!(gone(vec![rule(Any, ImageCountMoreThan(1))], &images), [0, 1]);
}

#[test]
fn an_age_of_exactly_n_days_stays() {
    let images = [aged(14 * DAY, &[]), aged(14 * DAY + 1, &[]), aged(14 * DAY - 1, &[]), aged(-DAY, &[])];
    assert_eq!(gone(vec![rule(Any, SinceImagePushed(14))], &images), [1]);
    assert_eq!(gone(vec![rule(Any, SinceImagePushed(u64::MAX))], &images), [0_usize; 0]);
}

#[test]
fn a_pull_counts_from_the_last_one_or_the_restore_or_the_push() {
    let pulled = |days: i64| Some(NOW - days * DAY);
    let is_archived = |last_pulled_at_ms, last_activated_at_ms| {
        let image = ImageView { last_pulled_at_ms, last_activated_at_ms, ..image(100, &[]) };
        let transition =
            LifecycleRule { action: LifecycleAction::Archive, ..rule(Any, SinceImagePulled(30)) };
        decide(vec![transition], &[image])[0].action() == Some(LifecycleAction::Archive)
    };
    assert!(is_archived(None, None), "never pulled: its push");
    assert!(is_archived(pulled(31), None));
    assert!(!is_archived(pulled(30), None), "exactly so long ago");
    assert!(!is_archived(pulled(29), None));
    assert!(!is_archived(None, pulled(20)), "restored and never pulled");
    assert!(!is_archived(pulled(60), pulled(20)), "restored and not pulled since");
    assert!(!is_archived(pulled(20), pulled(60)), "pulled since it was restored");
    assert!(is_archived(pulled(50), pulled(60)));
    assert!(is_archived(pulled(60), pulled(50)));
}

#[test]
fn archived_images_are_only_met_by_rules_of_their_class() {
    let year =
        LifecycleRule { storage_class: StorageClass::Archive, ..rule(Any, SinceImageTransitioned(365)) };
    let unknown = ImageView { last_archived_at_ms: None, ..archived(0) };
    let images = [archived(365), archived(366), image(900, &["a"]), unknown];
    assert_eq!(gone(vec![year], &images), [1]);
    assert_eq!(gone(vec![rule(Any, SinceImagePushed(1))], &images), [2]);
    // They do not count among those of the other class either.
    assert_eq!(gone(vec![rule(Any, ImageCountMoreThan(1))], &images), [0_usize; 0]);
}

#[test]
fn a_restored_image_ranks_by_its_restore_and_ages_by_its_push() {
    let restored = ImageView { last_activated_at_ms: Some(NOW - DAY), ..image(300, &["a"]) };
    let images = [restored, image(10, &["b"]), image(20, &["c"])];
    assert_eq!(gone(vec![rule(Any, ImageCountMoreThan(1))], &images), [1, 2]);
    assert_eq!(gone(vec![rule(Any, SinceImagePushed(100))], &images), [0]);
    let acted = decide(vec![rule(Any, SinceImagePushed(5))], &images);
    assert_eq!(in_order(&images, &acted), [0, 2, 1], "oldest first by push time, restored or not");
}

#[test]
fn the_first_rule_that_selects_decides_and_shields() {
    let images = [image(40, &["rel-1"]), image(50, &["rel-2"]), image(60, &["tmp"]), image(5, &["tmp-2"])];
    let rules = vec![
        rule(prefixes(&["rel-"]), ImageCountMoreThan(5)),
        rule(prefixes(&["rel-2"]), SinceImagePushed(1)),
        rule(Any, SinceImagePushed(30)),
    ];
    let acted = |by| Decision::Acted { by, action: LifecycleAction::Expire };
    let kept = |by, shielded_from| Decision::Kept { by, shielded_from };
    assert_eq!(decide(rules, &images), [kept(0, Some(2)), kept(0, Some(1)), acted(2), kept(2, None)]);
    assert_eq!(decide(vec![], &images), [Decision::NotSelected; 4]);
    assert_eq!(decide(vec![rule(Any, ImageCountMoreThan(1))], &[]), []);
}

#[test]
fn a_later_rule_counts_what_it_may_not_touch() {
    let images = [image(1, &["rel-1"]), image(2, &["rel-2"]), image(3, &["tmp"]), image(4, &["tmp2"])];
    let shield = rule(prefixes(&["rel-"]), ImageCountMoreThan(10));
    assert_eq!(gone(vec![shield, rule(Any, ImageCountMoreThan(2))], &images), [2, 3]);
    // What an earlier rule deletes counts as well: each looks at the repository as it is.
    let early = rule(prefixes(&["rel-"]), SinceImagePushed(0));
    assert_eq!(gone(vec![early, rule(Any, ImageCountMoreThan(2))], &images), [0, 1, 2, 3]);
}

#[test]
fn the_documented_example_in_both_orders() {
    let images = [image(10, &["beta-1", "prod-1"]), image(9, &["beta-2", "prod-2"]), image(8, &["beta-3"])];
    let prod = || rule(patterns(&["prod*"]), ImageCountMoreThan(1));
    let beta = || rule(patterns(&["beta*"]), ImageCountMoreThan(1));
    assert_eq!(gone(vec![prod(), beta()], &images), [0]);
    assert_eq!(gone(vec![beta(), prod()], &images), [0, 1]);
}

#[test]
fn what_a_list_refers_to_goes_in_a_run_after_the_list() {
    let list = ImageView { children: vec![1, 2, 3], ..image(50, &["multi"]) };
    let inner = ImageView { children: vec![2, 3], ..image(50, &[]) };
    let mut images = vec![list, inner, image(50, &[]), image(2, &[]), image(50, &[])];
    let untagged = || vec![rule(Untagged, SinceImagePushed(7))];
    let referenced = |list| Decision::Referenced { by: 0, list };
    let acted = Decision::Acted { by: 0, action: LifecycleAction::Expire };
    let kept = Decision::Kept { by: 0, shielded_from: None };
    let found = decide(untagged(), &images);
    assert_eq!(found, [Decision::NotSelected, referenced(0), referenced(0), kept, acted]);
    // The list itself is due: it goes alone.
    assert_eq!(gone(vec![rule(Any, SinceImagePushed(7))], &images), [0, 4]);
    // The next run meets what only the inner list refers to.
    images[0].children.clear();
    assert_eq!(gone(untagged(), &images), [1, 4]);
    images[1].children.clear();
    assert_eq!(gone(untagged(), &images), [1, 2, 4]);
    // A list that names itself holds nothing.
    images[4].children = vec![4];
    assert_eq!(gone(untagged(), &images), [1, 2, 4]);
}
