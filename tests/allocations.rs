//! Once warm, handlers do not allocate, or next to nothing: a run that is twice as
//! long on the same pool, with as many tasks alive, has twice the events and few more
//! allocations. What still grows is stated with each case, in allocations for a
//! thousand events more.
//!
//! A target of its own, because the counting allocator is the program's.

#[path = "../benches/support/played.rs"]
mod played;
#[path = "../benches/support/mod.rs"]
mod support;

use std::fmt::Write as _;

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

/// Services that are released once an hour.
fn services(hours: u32, capacity: &str) -> Played {
    let mut text = format!("name = \"services\"\nhorizon = \"{hours}h\"\n{capacity}\n");
    for (name, desired_count, bounds) in [("web", 60, "50/100"), ("api", 40, "100/150")] {
        let release = |hour| format!("{{ at = \"{hour}h\", image = \"{name}:{hour}\" }}");
        let releases: Vec<String> = (1..hours).map(release).collect();
        writeln!(
            text,
            "[[service]]\nname = \"{name}\"\ntask_definition = {{ cpu = 1024, memory = 2048 }}\n\
             desired_count = {desired_count}\ndeployment_configuration = \"{bounds}\"\nrelease = [{}]",
            releases.join(", ")
        )
        .expect("a string takes what is written");
    }
    if capacity.contains("[[repository]]") {
        text = text.replace("memory = 2048 }", "memory = 2048, image = \"app:1\" }");
        text = text.replace("image = \"web:", "image = \"app:").replace("image = \"api:", "image = \"app:");
    }
    // A look at the whole cluster once an hour is no handler.
    text.push_str("[model]\nreplacement_period = \"0s\"\n");
    Played::read(&text, &[])
}

const POOL: &str = "[cluster]\ninstances = 20\ninstance_type = \"m6i.4xlarge\"";
const GROUP: &str = "[cluster]\n[[cluster.capacity_provider]]\nname = \"general\"\ninstance_type = \"m6i.4xlarge\"\n\
                     min_size = 3\nmax_size = 60";

#[test]
fn services_with_rollouts_on_a_pool() {
    // Mostly what is written down of a release: 16 hours more are 32 releases.
    check("services", &services(8, POOL), &services(24, POOL), 250);
}

#[test]
fn services_with_rollouts_under_managed_scaling() {
    // Besides, who instances that are launched are.
    check("managed scaling", &services(8, GROUP), &services(24, GROUP), 200);
}

/// A common layer and one of each release.
const IMAGES: &str = "[[repository]]\nname = \"app\"\n[[repository.image]]\ntags = [\"{n}\"]\nage = \"1d\"\n\
                      repeat = { every = \"1h\", times = 24 }\n\
                      layers = [{ digest = \"base\", size = \"50MB\" }, { digest = \"app-{n}\", size = \"15MB\" }]";

#[test]
fn rollouts_that_pull_images() {
    let capacity = format!("{POOL}\n{IMAGES}");
    // Besides, what an instance keeps of an image that it had not, and the orders of what
    // moves and is unpacked next.
    check("pulls", &services(8, &capacity), &services(24, &capacity), 800);
}
