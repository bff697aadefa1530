//! `lifecycle_hooks` of a deployment: at which stages it is asked, how long the
//! answer takes and what it is (API DeploymentLifecycleHook; developer guide,
//! deployment-lifecycle-hooks).

use crate::base::SimDuration;
use crate::experiment::reader;
use crate::experiment::tree::{Node, Value};
use crate::model::deployment::{LifecycleHook, LifecycleStage, STAGE_TIME_OUT};

/// The longest time-out of a pause, in minutes (API
/// DeploymentLifecycleHookTimeoutConfiguration).
const TIME_OUT_MINUTES_MAX: u64 = 20_160;

/// Stages at which nobody is asked: they are ECS's own.
const CLOSED: [LifecycleStage; 3] =
    [LifecycleStage::ScaleUp, LifecycleStage::BakeTime, LifecycleStage::CleanUp];

/// Stages at which nothing may pause.
const WITHOUT_PAUSE: [LifecycleStage; 2] =
    [LifecycleStage::TestTrafficShift, LifecycleStage::ProductionTrafficShift];

/// Reads the hooks; faulty ones are left out.
pub(super) fn read_hooks(items: &[Node], faults: &reader::Faults) -> Vec<LifecycleHook> {
    items.iter().filter_map(|it| read_hook(it, faults)).collect()
}

fn read_hook(node: &Node, faults: &reader::Faults) -> Option<LifecycleHook> {
    let table = reader::Table::of(node, faults);
    table.required("lifecycle_stages");
    // One that waits for somebody has a time-out of its own.
    let time_out = table.optional("timeout_configuration");
    let names: Vec<&'static str> = LifecycleStage::NAMES.iter().map(|it| it.0).collect();
    let mut stages = Vec::new();
    for node in table.list("lifecycle_stages") {
        let Some(idx) = reader::word(node, &names, faults) else { continue };
        let (name, stage) = LifecycleStage::NAMES[idx];
        if CLOSED.contains(&stage) {
            faults.note(node.fault("B0128", format!("no hook is asked at {name}")));
        } else if time_out.is_some() && WITHOUT_PAUSE.contains(&stage) {
            faults.note(node.fault("B0128", format!("a hook with a time-out pauses, and not at {name}")));
        } else if stages.contains(&stage) {
            faults.note(node.fault("B0111", format!("the stage {name} is given twice")));
        } else {
            stages.push(stage);
        }
    }
    if let Some(node) = node.get("lifecycle_stages")
        && matches!(&node.value, Value::List(items) if items.is_empty())
    {
        faults.note(node.fault("B0128", "a hook without a stage is never asked"));
    }
    let takes = match table.optional("takes") {
        None => Some(SimDuration::ZERO),
        Some(Node { value: Value::Text(text), .. }) if text == "never" => Some(SimDuration::FOREVER),
        Some(node) => reader::duration(node, faults),
    };
    let status = table.optional("status").map(|it| reader::word(it, &["SUCCEEDED", "FAILED"], faults));
    let (time_out, continues_on_time_out) = match time_out {
        Some(node) => read_time_out(node, faults),
        // A function that does not answer ends with its stage.
        None => (Some(STAGE_TIME_OUT), false),
    };
    table.finish();
    Some(LifecycleHook {
        stages,
        takes: takes?,
        fails: status == Some(Some(1)),
        time_out: time_out?,
        continues_on_time_out,
    })
}

/// `{ timeout_in_minutes, action }`: a day and ROLLBACK if they are left out.
fn read_time_out(node: &Node, faults: &reader::Faults) -> (Option<SimDuration>, bool) {
    let table = reader::Table::of(node, faults);
    let minutes = match table.optional("timeout_in_minutes") {
        Some(node) => reader::integer(node, 1..=TIME_OUT_MINUTES_MAX, faults),
        None => Some(1440),
    };
    let action = table.optional("action").and_then(|it| reader::word(it, &["ROLLBACK", "CONTINUE"], faults));
    table.finish();
    (minutes.map(|it| SimDuration::from_secs(60 * it)), action == Some(1))
}
