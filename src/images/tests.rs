//! Pulls by hand, each completion worked out beside its case, and drawn ones
//! against what finds them slowly.

use super::pulling::{LayerToPull, LinkKey, LinkRates, PullKey, Pulls};
use super::testing::Call::{self, Abort, Begin};
use super::testing::fluid;
use crate::base::id::LayerId;
use crate::base::rng::Stream;
use crate::base::{Domain, Seed, SimTime};

const MB: u64 = 1_000_000;
/// 60 MB/s down, 100 MB/s of unpacking: the defaults.
const RATES: LinkRates = LinkRates { download: 60 * MB, unpack: 100 * MB };
/// Unpacking takes no time that could be seen.
const BARE: LinkRates = LinkRates { download: 60 * MB, unpack: 1 << 40 };

fn layer(number: u32, compressed: u64, uncompressed: u64) -> LayerToPull {
    LayerToPull { layer: LayerId::new(number), compressed, uncompressed }
}

/// One layer that takes no room when it is unpacked.
fn bytes(number: u32, compressed: u64) -> Vec<LayerToPull> {
    vec![layer(number, compressed, 0)]
}

/// Plays calls at milliseconds, and says which pull was complete when.
fn play(registry_rate: Option<u64>, calls: &[(u64, Call)]) -> (Vec<(u64, u64)>, Pulls) {
    let mut next_extra = None;
    let (told, pulls, _) = play_with(registry_rate, calls, &mut || next_extra.take());
    (told, pulls)
}

/// The same, asked also at the moments that `extra` gives, ascending. The third is
/// how many bytes were said to move, less those said not to.
fn play_with(
    registry_rate: Option<u64>,
    calls: &[(u64, Call)],
    extra: &mut dyn FnMut() -> Option<u64>,
) -> (Vec<(u64, u64)>, Pulls, u64) {
    let mut pulls = Pulls::new(registry_rate);
    let mut told = Vec::new();
    let mut promised = 0;
    let mut calls = calls.iter().peekable();
    let mut extra_at = extra();
    loop {
        let call_at = calls.peek().map(|it| it.0);
        let next_at = pulls.next_at().map(SimTime::millis);
        let Some(now) = [call_at, next_at].into_iter().flatten().min() else { break };
        let now = SimTime::from_millis(now.min(extra_at.unwrap_or(now)));
        while extra_at.is_some_and(|it| it <= now.millis()) {
            extra_at = extra();
        }
        let mut done = Vec::new();
        pulls.advance(now, &mut done);
        told.extend(done.iter().map(|it| (it.0, now.millis())));
        while let Some((_, call)) = calls.next_if(|it| it.0 == now.millis()) {
            match call {
                Begin(key, link, rates, missing) => {
                    promised += pulls.begin(now, PullKey(*key), LinkKey(*link), *rates, missing);
                }
                Abort(key) => promised -= pulls.abort(now, PullKey(*key)),
            }
        }
    }
    assert_eq!(pulls.n_active(), 0);
    (told, pulls, promised)
}

#[track_caller]
fn check(what: &str, registry_rate: Option<u64>, calls: &[(u64, Call)], expected: &[(u64, u64)]) {
    assert_eq!(play(registry_rate, calls).0, expected, "{what}");
}

#[test]
fn one_pull_takes_the_later_of_download_and_unpacking() {
    let one = |missing| [(1000, Begin(1, 1, RATES, missing))];
    check("nothing is missing", None, &one(vec![]), &[(1, 1000)]);
    check("a layer without bytes", None, &one(vec![layer(1, 0, 0)]), &[(1, 1000)]);
    check("60 MB, then 150 MB", None, &one(vec![layer(1, 60 * MB, 150 * MB)]), &[(1, 3500)]);
    check("100 bytes take two microseconds", None, &one(vec![layer(1, 100, 0)]), &[(1, 1001)]);
    check("named twice", None, &one(vec![layer(1, 60 * MB, 0), layer(1, 60 * MB, 0)]), &[(1, 2000)]);
    // Three of 60 MB are there after 3 s, then they are unpacked in turn: 1 + 2 + 3 s.
    let three = vec![layer(1, 60 * MB, 100 * MB), layer(2, 60 * MB, 200 * MB), layer(3, 60 * MB, 300 * MB)];
    check("three at the same time", None, &one(three), &[(1, 10_000)]);
    // 10, 60 and 60 MB: the first after 30 MB, 0.5 s; then the fourth of 5 MB beside the others, after
    // 15 MB more; then the two have 45 MB left each: there after 135 MB, 2.25 s. The first is unpacked at
    // 0.5 + 3 s, the second at 4.5 s, the third at 5.5 s, the fourth, long there, at 5.6 s.
    let four = vec![
        layer(1, 10 * MB, 300 * MB),
        layer(2, 60 * MB, 100 * MB),
        layer(3, 60 * MB, 100 * MB),
        layer(4, 5 * MB, 10 * MB),
    ];
    check("unpacking behind the download", None, &one(four), &[(1, 6600)]);
    // The small last one is there first and waits for its turn behind the first.
    let turned = vec![layer(1, 110 * MB, 100 * MB), layer(2, 10 * MB, 100 * MB)];
    check("in the order of the manifest", None, &one(turned), &[(1, 5000)]);
    // 7/3 s each: rounded once, not three times.
    let thirds = LinkRates { download: 60 * MB, unpack: 3 };
    let sevens = (1..=3).map(|it| layer(it, 0, 7)).collect();
    check("only the sum is rounded", None, &[(0, Begin(1, 1, thirds, sevens))], &[(1, 7000)]);
}

#[test]
fn pulls_of_a_link_share_it_and_retime_each_other() {
    let two = [(0, Begin(1, 1, BARE, bytes(1, 60 * MB))), (0, Begin(2, 1, BARE, bytes(2, 60 * MB)))];
    check("two at once", None, &two, &[(1, 2000), (2, 2000)]);
    // Per pull, not per layer.
    let layers = (2..=4).map(|it| layer(it, 20 * MB, 0)).collect();
    let uneven = [(0, Begin(1, 1, BARE, bytes(1, 60 * MB))), (0, Begin(2, 1, BARE, layers))];
    check("layers do not count", None, &uneven, &[(1, 2000), (2, 2000)]);
    // The first has 30 MB after 0.5 s, the rest at half the rate; the other has 30 MB then, too.
    let late = [(0, Begin(1, 1, BARE, bytes(1, 60 * MB))), (500, Begin(2, 1, BARE, bytes(2, 60 * MB)))];
    check("one joins", None, &late, &[(1, 1500), (2, 2000)]);
    let small = [(0, Begin(1, 1, BARE, bytes(1, 60 * MB))), (500, Begin(2, 1, BARE, bytes(2, 6 * MB)))];
    check("one joins and leaves", None, &small, &[(2, 700), (1, 1100)]);
    let gone = [
        (0, Begin(1, 1, BARE, bytes(1, 60 * MB))),
        (500, Begin(2, 1, BARE, bytes(2, 60 * MB))),
        (700, Abort(2)),
    ];
    check("one joins and is stopped", None, &gone, &[(1, 1100)]);
    let apart = [(0, Begin(1, 1, BARE, bytes(1, 60 * MB))), (0, Begin(2, 2, BARE, bytes(1, 60 * MB)))];
    check("two links", None, &apart, &[(1, 1000), (2, 1000)]);
    // Unpacking is shared with nobody, and one that only unpacks leaves the link to the others.
    let unpacks = [
        (0, Begin(1, 1, RATES, vec![layer(1, 60 * MB, 500 * MB)])),
        (1500, Begin(2, 1, RATES, vec![layer(2, 60 * MB, 100 * MB)])),
    ];
    check("one unpacks", None, &unpacks, &[(2, 3500), (1, 6000)]);
}

#[test]
fn a_layer_that_two_pulls_need_moves_once() {
    let shared = [
        (0, Begin(1, 1, RATES, vec![layer(1, 60 * MB, 100 * MB)])),
        (500, Begin(2, 1, RATES, vec![layer(1, 60 * MB, 100 * MB)])),
    ];
    check("the same image", None, &shared, &[(1, 2000), (2, 2000)]);
    assert_eq!(play(None, &shared).1.bytes_moved(), 60 * MB);
    // The base is there for both at 1 s + 1 s. The second moves its own 30 MB from 0.5 s at half the rate
    // until the base of the first, 30 MB left, is there at 1.5 s, and both are.
    let base = [
        (0, Begin(1, 1, RATES, vec![layer(1, 60 * MB, 100 * MB)])),
        (500, Begin(2, 1, RATES, vec![layer(1, 60 * MB, 100 * MB), layer(2, 30 * MB, 50 * MB)])),
    ];
    check("the same base", None, &base, &[(1, 2500), (2, 3000)]);
    // The first layer is unpacked at 2 s; the first pull goes on with the second until 4 s.
    let unpacked = [
        (0, Begin(1, 1, RATES, vec![layer(1, 60 * MB, 100 * MB), layer(2, 0, 200 * MB)])),
        (3000, Begin(2, 1, RATES, vec![layer(1, 60 * MB, 100 * MB)])),
    ];
    check("unpacked and not yet the caller's", None, &unpacked, &[(2, 3000), (1, 4000)]);
}

#[test]
fn what_others_wait_for_is_taken_over() {
    let both = vec![layer(1, 60 * MB, 100 * MB), layer(2, 30 * MB, 50 * MB)];
    // By 0.5 s each layer of the first has 15 MB. The second takes over 45 + 15 MB: the small one is there
    // at 1 s, both at 1.5 s, and unpacked 1 s and 0.5 s later.
    let abort = [
        (0, Begin(1, 1, RATES, both.clone())),
        (200, Begin(2, 1, RATES, both.clone())),
        (300, Begin(3, 1, RATES, both.clone())),
        (500, Abort(1)),
    ];
    check("the first is stopped", None, &abort, &[(2, 3000), (3, 3000)]);
    assert_eq!(play(None, &abort).1.bytes_moved(), 90 * MB);
    // What was downloaded is not downloaded again, but unpacked from its begin.
    let unpacking = [
        (0, Begin(1, 1, RATES, bytes_and_room(60, 100))),
        (0, Begin(2, 1, RATES, bytes_and_room(60, 100))),
        (1900, Abort(1)),
    ];
    check("while it unpacks", None, &unpacking, &[(2, 2900)]);
    let unpacked = [
        (0, Begin(1, 1, RATES, vec![layer(1, 60 * MB, 100 * MB), layer(2, 60 * MB, 100 * MB)])),
        (0, Begin(2, 1, RATES, bytes_and_room(60, 100))),
        (0, Begin(3, 1, RATES, vec![layer(2, 60 * MB, 100 * MB), layer(1, 60 * MB, 100 * MB)])),
        (3500, Abort(1)),
    ];
    check("what is unpacked stays", None, &unpacked, &[(2, 3000), (3, 4500)]);
    // 18 MB of the first's own layer had moved when it was stopped: nobody wants the other 42.
    let mut pulls = Pulls::new(None);
    pulls.begin(SimTime::ZERO, PullKey(1), LinkKey(1), RATES, &bytes(1, 60 * MB));
    assert_eq!(pulls.abort(SimTime::from_millis(300), PullKey(1)), 42 * MB);
    assert_eq!(pulls.bytes_moved(), 18 * MB);
    assert_eq!(pulls.abort(SimTime::from_millis(300), PullKey(1)), 0);
    assert_eq!((pulls.next_at(), pulls.n_active()), (None, 0));
}

fn bytes_and_room(compressed: u64, uncompressed: u64) -> Vec<LayerToPull> {
    vec![layer(1, compressed * MB, uncompressed * MB)]
}

#[test]
fn links_share_what_the_registry_gives() {
    let of = |download: u64| LinkRates { download: download * MB, unpack: 1 << 40 };
    let four: Vec<_> = (0..4).map(|it| (0, Begin(it, it, of(60), bytes(1, 60 * MB)))).collect();
    check("a quarter each", Some(120 * MB), &four, &[(0, 2000), (1, 2000), (2, 2000), (3, 2000)]);
    check("no need to share", Some(240 * MB), &four, &[(0, 1000), (1, 1000), (2, 1000), (3, 1000)]);
    // 10 MB/s for the slow link, 55 for each of the others; when those are done, nothing is faster for it.
    let slow = [
        (0, Begin(1, 1, of(10), bytes(1, 60 * MB))),
        (0, Begin(2, 2, of(100), bytes(1, 55 * MB))),
        (0, Begin(3, 3, of(60), bytes(1, 110 * MB))),
    ];
    // The third has 55 MB left at 1 s and then its own 60 MB/s.
    check("slow links leave room", Some(120 * MB), &slow, &[(2, 1000), (3, 1917), (1, 6000)]);
    // Links share, not pulls: two pulls of one link have a quarter each.
    let links = [
        (0, Begin(1, 1, of(60), bytes(1, 15 * MB))),
        (0, Begin(2, 1, of(60), bytes(2, 15 * MB))),
        (0, Begin(3, 2, of(60), bytes(1, 60 * MB))),
    ];
    // At 1 s the first two are there; the other has 30 MB left and the whole link.
    check("by link", Some(60 * MB), &links, &[(1, 1000), (2, 1000), (3, 1500)]);
}

#[test]
fn the_largest_and_the_slowest_do_not_overflow() {
    let huge = 52_000 * 1024 * 1024;
    let layers: Vec<_> = (0..100).map(|it| layer(it, huge, u64::MAX)).collect();
    for (download, unpack) in [(0, 0), (1, 1), (u64::MAX, u64::MAX), (1, u64::MAX)] {
        for registry_rate in [None, Some(0), Some(1), Some(u64::MAX)] {
            let mut pulls = Pulls::new(registry_rate);
            for pull in 0..100 {
                let rates = LinkRates { download, unpack };
                pulls.begin(SimTime::ZERO, PullKey(pull), LinkKey(pull / 2), rates, &layers);
            }
            let mut done = Vec::new();
            for _ in 0..1000 {
                let Some(next_at) = pulls.next_at() else { break };
                pulls.advance(next_at, &mut done);
            }
        }
    }
    let slow = LinkRates { download: 1, unpack: 1 };
    check("a byte a second", None, &[(0, Begin(1, 1, slow, vec![layer(1, 70, 9)]))], &[(1, 79_000)]);
}

/// Pulls drawn at random: few layers, so that many are shared.
fn drawn(seed: u64) -> (Option<u64>, Vec<(u64, Call)>) {
    let mut draws = Seed(seed).stream(Domain::TieBreak, 0);
    let uneven = |draws: &mut Stream, bits: u64| draws.bits() >> (64 - 1 - draws.below(bits));
    let n_links = 1 + draws.below(5);
    let n_layers = 3 + draws.below(12) as usize;
    let sizes: Vec<(u64, u64)> = (0..n_layers)
        .map(|_| {
            (draws.below(8).min(1) * uneven(&mut draws, 27), draws.below(8).min(1) * uneven(&mut draws, 28))
        })
        .collect();
    let rates: Vec<LinkRates> = (0..n_links)
        .map(|_| LinkRates { download: MB + uneven(&mut draws, 26), unpack: MB + uneven(&mut draws, 27) })
        .collect();
    let registry_rate = (draws.below(2) == 0).then(|| MB + uneven(&mut draws, 27));
    let mut calls = Vec::new();
    let mut now = 0;
    for key in 0..1 + draws.below(24) {
        now += draws.below(2) * draws.below(3000);
        let link = draws.below(n_links);
        let mut numbers: Vec<usize> = (0..n_layers).collect();
        let n_missing = draws.below(n_layers as u64 + 1) as usize;
        for at in 0..n_missing {
            numbers.swap(at, at + draws.below((n_layers - at) as u64) as usize);
        }
        let missing =
            numbers[..n_missing].iter().map(|&it| layer(it as u32, sizes[it].0, sizes[it].1)).collect();
        calls.push((now, Begin(key, link, rates[link as usize], missing)));
        if draws.below(4) == 0 {
            calls.push((now + draws.below(5000), Abort(key)));
        }
    }
    calls.sort_by_key(|it| it.0);
    (registry_rate, calls)
}

#[test]
fn drawn_pulls_are_complete_when_a_slow_reckoning_says() {
    let mut n_complete = 0;
    for seed in 0..600 {
        let (registry_rate, calls) = drawn(seed);
        let mut told = play(registry_rate, &calls).0;
        let mut expected = fluid(registry_rate, &calls);
        told.sort_unstable();
        expected.sort_by_key(|it| it.0);
        let keys = |told: &[(u64, u64)]| told.iter().map(|it| it.0).collect::<Vec<_>>();
        let expected_keys: Vec<u64> = expected.iter().map(|it| it.0).collect();
        assert_eq!(keys(&told), expected_keys, "seed {seed}");
        for (told, expected) in told.iter().zip(&expected) {
            let late = told.1 as f64 - expected.1;
            assert!((-0.01..1.01).contains(&late), "seed {seed}: {told:?}, {expected:?}");
        }
        n_complete += told.len();
    }
    assert!(n_complete > 4000, "{n_complete}");
}

#[test]
fn what_moves_is_what_is_missing_each_layer_once() {
    for seed in 0..600 {
        let (registry_rate, calls) = drawn(seed);
        let (_, pulls, promised) = play_with(registry_rate, &calls, &mut || None);
        // An aborted pull may have moved a part of a byte.
        let n_aborted = calls.iter().filter(|it| matches!(it.1, Abort(_))).count() as u64;
        assert!(pulls.bytes_moved().abs_diff(promised) <= n_aborted, "seed {seed}");

        // All at once and none aborted: the union of what each link lacks.
        let at_once = calls.into_iter().filter(|it| matches!(it.1, Begin(..))).map(|it| (0, it.1));
        let at_once: Vec<_> = at_once.collect();
        let mut missing: Vec<(u64, u32, u64)> = Vec::new();
        for (_, call) in &at_once {
            let Begin(_, link, _, layers) = call else { unreachable!() };
            missing.extend(layers.iter().map(|it| (*link, it.layer.number(), it.compressed)));
        }
        missing.sort_unstable();
        missing.dedup();
        let sum: u64 = missing.iter().map(|it| it.2).sum();
        // What is complete at once is its caller's before the next begins.
        let mut pulls = Pulls::new(registry_rate);
        for (_, call) in &at_once {
            let Begin(key, link, rates, layers) = call else { unreachable!() };
            pulls.begin(SimTime::ZERO, PullKey(*key), LinkKey(*link), *rates, layers);
        }
        while let Some(next_at) = pulls.next_at() {
            pulls.advance(next_at, &mut Vec::new());
        }
        assert_eq!(pulls.bytes_moved(), sum, "seed {seed}");
    }
}

#[test]
fn asking_more_often_changes_nothing() {
    for seed in 0..300 {
        let (registry_rate, calls) = drawn(seed);
        let expected = play(registry_rate, &calls).0;
        let mut draws = Seed(seed).stream(Domain::TieBreak, 1);
        let mut now = 0;
        let mut extra = || {
            now += draws.below(200);
            Some(now)
        };
        assert_eq!(play_with(registry_rate, &calls, &mut extra).0, expected, "seed {seed}");
    }
}

#[test]
fn asking_late_finds_the_same_in_the_same_order() {
    for seed in 0..300 {
        let (registry_rate, calls) = drawn(seed);
        let calls: Vec<_> = calls.into_iter().filter(|it| matches!(it.1, Begin(..))).collect();
        let mut pulls = Pulls::new(registry_rate);
        for (at, call) in &calls {
            let Begin(key, link, rates, missing) = call else { unreachable!() };
            // Links apart, so that it does not count when a layer became the caller's.
            let link = LinkKey(link * 100 + key);
            pulls.begin(SimTime::from_millis(*at), PullKey(*key), link, *rates, missing);
        }
        let mut late = Vec::new();
        pulls.advance(SimTime::from_secs(1 << 40), &mut late);
        let apart = |(at, call): &(u64, Call)| {
            let Begin(key, link, rates, missing) = call else { unreachable!() };
            (*at, Begin(*key, link * 100 + key, *rates, missing.clone()))
        };
        let calls: Vec<_> = calls.iter().map(apart).collect();
        let told = play(registry_rate, &calls).0;
        assert_eq!(late.iter().map(|it| it.0).collect::<Vec<_>>(), keys_of(&told), "seed {seed}");
    }
}

fn keys_of(told: &[(u64, u64)]) -> Vec<u64> {
    told.iter().map(|it| it.0).collect()
}

#[test]
fn the_order_of_calls_at_one_moment_does_not_matter_where_nothing_is_shared() {
    for seed in 0..300 {
        let (registry_rate, calls) = drawn(seed);
        // Each pull with layers of its own, on the links that were drawn.
        let own = |call| match call {
            Begin(key, link, rates, layers) => {
                let of = |it: LayerToPull| LayerId::new(it.layer.number() + 1000 * key as u32);
                // What moves within a microsecond is there before the next call.
                let compressed = |it: LayerToPull| it.compressed.max(10_000);
                let layers = layers.into_iter();
                let layers = layers.map(|it| LayerToPull { layer: of(it), compressed: compressed(it), ..it });
                Begin(key, link, rates, layers.collect())
            }
            abort => abort,
        };
        let mut calls: Vec<_> = calls.into_iter().map(|(at, call)| (at - at % 2000, own(call))).collect();
        // A pull is not stopped before it begins.
        calls.retain(|it| matches!(it.1, Begin(..)) || it.0 > 0);
        let (mut told, mut turned_told) = (play(registry_rate, &calls).0, {
            let mut turned = calls.clone();
            turned.reverse();
            turned.sort_by_key(|it| (it.0, matches!(it.1, Abort(_))));
            play(registry_rate, &turned).0
        });
        told.sort_unstable();
        turned_told.sort_unstable();
        let aborted_at_once = |key: u64| {
            let at = |is: &dyn Fn(&Call) -> bool| calls.iter().find(|it| is(&it.1)).map(|it| it.0);
            let abort = at(&|it| matches!(it, Abort(it) if *it == key));
            abort.is_some() && abort == at(&|it| matches!(it, Begin(it, ..) if *it == key))
        };
        told.retain(|it| !aborted_at_once(it.0));
        turned_told.retain(|it| !aborted_at_once(it.0));
        assert_eq!(told, turned_told, "seed {seed}");
    }
}

/// Steps that `n` pulls take.
fn n_steps(n: u64, registry_rate: Option<u64>, call: impl Fn(u64) -> Call) -> u64 {
    let calls: Vec<_> = (0..n).map(|it| (it / 100, call(it))).collect();
    let (told, pulls) = play(registry_rate, &calls);
    assert_eq!(told.len() as u64, n);
    pulls.n_steps()
}

#[test]
fn the_work_grows_with_the_number_of_pulls_and_not_with_its_square() {
    let layers = |pull: u64, n: u32, is_shared: bool| {
        let size = |it: u32| MB * u64::from(it) + pull * 1000;
        let of = |it| if is_shared { it } else { it + pull as u32 * n };
        (0..n).map(|it| layer(of(it), size(it), 2 * size(it))).collect::<Vec<_>>()
    };
    let rates = |it: u64| LinkRates { download: (20 + it % 5 * 10) * MB, unpack: 100 * MB };
    let fargate = |it: u64| Begin(it, it, rates(it), layers(it, 8, false));
    let one_link = |it: u64| Begin(it, 1, rates(0), layers(it, 8, false));
    let one_image = |it: u64| Begin(it, 1, rates(0), layers(0, 8, true));
    let cases: [(&str, Option<u64>, &dyn Fn(u64) -> Call); 4] = [
        ("tasks on Fargate", None, &fargate),
        ("tasks on Fargate under a cap", Some(1000 * MB), &fargate),
        ("one link", None, &one_link),
        ("one image on one link", None, &one_image),
    ];
    for (what, registry_rate, call) in cases {
        let (few, many) = (n_steps(500, registry_rate, call), n_steps(4000, registry_rate, call));
        assert!(many <= few * 8 * 11 / 10, "{what}: {few} steps of 500 pulls, {many} of 4000");
        assert!(many <= 4000 * 8 * 15, "{what}: {many} steps");
    }
}
