//! Once warm, the handlers of stand-alone tasks do not allocate: a run that is twice
//! as long on the same pool, with as many tasks alive, has twice the events and next
//! to no more allocations.
//!
//! A target of its own, because the counting allocator is the program's.

#[path = "../benches/support/played.rs"]
mod played;
#[path = "../benches/support/mod.rs"]
mod support;

use played::{Played, tasks_on_a_pool};

/// Plays both; at most so many allocations more for a thousand events more.
#[track_caller]
fn check(what: &str, short: &Played, long: &Played, most_per_thousand: u64) {
    let [short, long] = [short, long].map(|it| {
        let mut n_events = 0;
        let counted = allocation_counter::measure(|| n_events = it.run().n_events);
        (counted.count_total, n_events)
    });
    let n_events = long.1 - short.1;
    assert!(n_events > 4_000, "{what}: {n_events} events more are too few to tell");
    let n_allocations = long.0.saturating_sub(short.0);
    let found =
        format!("{what}: {n_allocations} allocations for {n_events} events more ({} + {})", short.0, short.1);
    assert!(
        n_allocations * 1000 <= most_per_thousand * n_events,
        "{found}: above {most_per_thousand} a thousand"
    );
}

#[test]
fn stand_alone_tasks_on_a_pool() {
    let [short, long] = [4_000, 8_000].map(|it| tasks_on_a_pool(40, it, "0s"));
    // What a thousand events more still take: a list on an instance grows, a slot of the queue.
    check("tasks", &short, &long, 2);
}
