//! A story for a person to read.

use std::fmt::Write as _;

use super::{Attempt, Spot, Story, Subject};
use crate::base::id::InstanceId;
use crate::model::options::TieBreak;
use crate::placement::failure::FailureReason;

/// As many keys of a link are shown.
const N_SHOWN: usize = 5;

/// What became of the task called `name`.
pub fn text(name: &str, story: &Story) -> String {
    let mut text = format!("{}\n", headline(name, story));
    let needs = story.definition.needs;
    let mut parts = vec![needs.cpu.to_string(), needs.memory.to_string()];
    parts.extend((needs.gpus > 0).then(|| format!("{} GPUs", needs.gpus)));
    parts.extend((needs.network_interfaces > 0).then(|| "a network interface".to_owned()));
    parts.extend(story.definition.host_ports.iter().map(|it| format!("host port {it}")));
    line(&mut text, 1, &format!("runs {}: {}", story.definition.name, parts.join(", ")));
    push_stays(&mut text, story);
    for attempt in &story.attempts {
        push_attempt(&mut text, attempt, story.n_attempts);
    }
    text
}

/// Its statuses, one a line.
fn push_stays(text: &mut String, story: &Story) {
    for stay in &story.stays {
        let (name, from) = (stay.status.name(), stay.from.to_string());
        let end = match stay.to == story.horizon {
            true => "to the end of the run".to_owned(),
            false => format!("for {}", stay.to - stay.from),
        };
        line(text, 1, &format!("{name:<14} from {from} {end}"));
    }
}

fn headline(name: &str, story: &Story) -> String {
    if story.is_found {
        return format!("{name} runs already when the run begins: where is not decided by it");
    }
    let Some(requested_at) = story.requested_at else {
        return match story.never_fits {
            Some(reason) => format!(
                "{name} never came before the placer: it fits no instance of its provider, not even an empty one: {reason}"
            ),
            None => format!("{name} never came before the placer within the {} of the run", story.horizon),
        };
    };
    if let (Some(zone), Some(at)) = (&story.fargate_zone, story.placed_at) {
        return format!(
            "{name} was placed on Fargate in {zone} at {at}: in the zone with the fewest tasks of its group"
        );
    }
    let tries = match story.n_attempts {
        1 => "at the first try".to_owned(),
        n => format!("at try {n}"),
    };
    let mut given_back = match story.n_given_back {
        0 => String::new(),
        1 => ", given back once".to_owned(),
        n => format!(", given back {n} times"),
    };
    if story.n_given_back > story.n_attempts {
        given_back.push_str(" (while nothing changed, the placer was not asked again)");
    }
    if story.n_given_back > 0 && matches!(story.subject, Subject::OfService { .. }) {
        given_back.push_str("; its service asks again with another task");
    }
    match (story.placed_at, story.attempts.last()) {
        (Some(at), Some(last)) => {
            let spot = last.examination.chosen.map(|it| last.spot(it));
            let spot = spot.map(shown).unwrap_or_default();
            let waited = if at == requested_at {
                String::new()
            } else {
                format!(", {} after it was asked for", at - requested_at)
            };
            format!("{name} was placed on {spot} at {at}{waited}, {tries}{given_back}")
        }
        _ => {
            let n = story.n_attempts;
            let tries = if n == 1 { "1 try".to_owned() } else { format!("{n} tries") };
            let how = match story.n_given_back {
                0 => format!("waits since {requested_at}"),
                _ => format!("was asked for at {requested_at} and found no room"),
            };
            format!("{name} {how}: never placed in {} of the run, {tries}{given_back}", story.horizon)
        }
    }
}

fn push_attempt(text: &mut String, attempt: &Attempt, n_attempts: u32) {
    let which = match attempt.number {
        1 if n_attempts == 1 => "the decision".to_owned(),
        1 => "the first try".to_owned(),
        n => format!("the last try, number {n}"),
    };
    let examination = &attempt.examination;
    let n_instances = examination.verdicts.len();
    let n_allowed = examination.verdicts.iter().filter(|it| it.1.is_none()).count();
    text.push('\n');
    line(text, 0, &format!("{which}, at {}", attempt.at));
    line(text, 1, &format!("{}, {n_allowed} would do", counted(n_instances, "instance")));
    let tally = examination.tally();
    for reason in FailureReason::ALL {
        let n = tally.n_instances[reason as usize];
        if n > 0 {
            line(text, 2, &format!("{n} ruled out: {reason}"));
        }
    }
    for (link, (strategy, unit)) in examination.links.iter().zip(&attempt.links) {
        push_link(text, attempt, &link.keys, strategy, unit);
    }
    if let Some(chosen) = examination.chosen {
        let how = match (examination.left.len(), attempt.tie_break) {
            (1, _) => "the only one left".to_owned(),
            (n, TieBreak::Random) => format!("by the task's draw among {n}"),
            (n, TieBreak::LowestId) => format!("the oldest of {n}"),
        };
        line(text, 1, &format!("chosen: {}, {how}", shown(attempt.spot(chosen))));
    }
    if let Some(miss) = &attempt.nearest_miss {
        let spot = shown(attempt.spot(miss.instance));
        line(text, 1, &format!("nearest miss: {spot}: {}: {}", miss.reason, miss.lacks));
    }
    if examination.chosen.is_none() && n_instances > 0 {
        push_relaxations(text, attempt);
    }
}

fn push_link(text: &mut String, attempt: &Attempt, keys: &[(InstanceId, u64)], strategy: &str, unit: &str) {
    let mut sorted: Vec<(u64, InstanceId)> = keys.iter().map(|&(id, key)| (key, id)).collect();
    sorted.sort_unstable();
    let n_kept = sorted.iter().take_while(|it| it.0 == sorted[0].0).count();
    line(text, 1, &format!("{strategy} keeps {n_kept} of {} by {unit}", sorted.len()));
    for (key, id) in sorted.iter().take(N_SHOWN) {
        line(text, 2, &format!("{key}  {}", shown(attempt.spot(*id))));
    }
    if sorted.len() > N_SHOWN {
        line(text, 2, &format!("and {} more", sorted.len() - N_SHOWN));
    }
}

fn push_relaxations(text: &mut String, attempt: &Attempt) {
    let Some((first, rest)) = attempt.relaxations.split_first() else {
        line(text, 1, "no single change would have let it in");
        return;
    };
    let of = |it: &super::Relaxation| {
        let share = match it.share {
            1000 => String::new(),
            share => format!(" ({}.{} % of it)", share / 10, share % 10),
        };
        let spot = shown(attempt.spot(it.instance));
        let more = match it.n_instances {
            1 => String::new(),
            n => format!(" and {}", counted(n - 1, "other")),
        };
        format!("{}{share}: {spot}{more} would do", it.change)
    };
    line(text, 1, &format!("the smallest change that lets it in: {}", of(first)));
    for other in rest {
        line(text, 2, &format!("or {}", of(other)));
    }
}

fn shown(spot: &Spot) -> String {
    format!("{} ({}, {})", spot.id, spot.zone, spot.instance_type)
}

fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

fn line(text: &mut String, depth: usize, line: &str) {
    writeln!(text, "{:width$}{line}", "", width = depth * 2).expect("a string can be written to");
}
