//! A story for a program to read.

use serde_json::{Value, json};

use super::{Attempt, Spot, Story};
use crate::base::SimTime;
use crate::base::id::InstanceId;
use crate::model::options::TieBreak;

/// What became of the task called `name`: times in seconds, keys ascending.
pub fn json(name: &str, story: &Story) -> Value {
    let seconds = |at: SimTime| at.millis() as f64 / 1000.0;
    let chosen = story.attempts.last().and_then(|it| Some((it, it.examination.chosen?)));
    let definition = &story.definition;
    json!({
        "task": name,
        "definition": {
            "name": definition.name,
            "cpu_units": definition.needs.cpu.0,
            "memory_mib": definition.needs.memory.0,
            "gpus": definition.needs.gpus,
            "network_interfaces": definition.needs.network_interfaces,
            "host_ports": definition.host_ports.iter().map(ToString::to_string).collect::<Vec<_>>(),
        },
        "is_found": story.is_found,
        "requested_at_s": story.requested_at.map(seconds),
        "placed_at_s": story.placed_at.map(seconds),
        "instance": chosen.filter(|_| story.placed_at.is_some()).map(|(it, id)| spot(it.spot(id))),
        "fargate_zone": story.fargate_zone,
        "statuses": story.stays.iter().map(|it| json!({
            "status": it.status.name(), "from_s": seconds(it.from), "to_s": seconds(it.to),
        })).collect::<Vec<_>>(),
        "n_attempts": story.n_attempts,
        "n_given_back": story.n_given_back,
        "never_fits": story.never_fits.map(|it| it.text()),
        "attempts": story.attempts.iter().map(attempt).collect::<Vec<_>>(),
    })
}

fn attempt(attempt: &Attempt) -> Value {
    let examination = &attempt.examination;
    let name = |id: InstanceId| attempt.spot(id).id.clone();
    let verdicts = examination.verdicts.iter().zip(&attempt.spots).map(|((_, reason), of)| {
        let mut row = spot(of);
        row["reason"] = json!(reason.map(|it| it.text()));
        row
    });
    let links = examination.links.iter().zip(&attempt.links).map(|(link, (strategy, unit))| {
        let mut keys: Vec<(u64, InstanceId)> = link.keys.iter().map(|&(id, key)| (key, id)).collect();
        keys.sort_unstable();
        let keys: Vec<_> =
            keys.into_iter().map(|(key, id)| json!({"instance": name(id), "key": key})).collect();
        json!({"strategy": strategy, "unit": unit, "keys": keys})
    });
    let relaxations = attempt.relaxations.iter().map(|it| {
        json!({
            "change": it.change,
            "share": f64::from(it.share) / 1000.0,
            "instance": name(it.instance),
            "n_instances": it.n_instances,
        })
    });
    json!({
        "number": attempt.number,
        "at_s": attempt.at.millis() as f64 / 1000.0,
        "instances": verdicts.collect::<Vec<_>>(),
        "links": links.collect::<Vec<_>>(),
        "left": examination.left.iter().map(|&it| name(it)).collect::<Vec<_>>(),
        "tie_break": match attempt.tie_break {
            TieBreak::Random => "random",
            TieBreak::LowestId => "lowest_id",
        },
        "chosen": examination.chosen.map(name),
        "nearest_miss": attempt.nearest_miss.as_ref().map(|it| json!({
            "instance": name(it.instance),
            "reason": it.reason.text(),
            "lacks": it.lacks,
        })),
        "relaxations": relaxations.collect::<Vec<_>>(),
    })
}

fn spot(spot: &Spot) -> Value {
    json!({"instance": spot.id, "zone": spot.zone, "instance_type": spot.instance_type})
}
