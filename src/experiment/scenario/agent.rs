//! `agent`: how the agents of a group are configured, in the words of their
//! `ECS_…` variables.

use crate::base::SimDuration;
use crate::experiment::reader::{self, Table};
use crate::images::behavior::PULL_BEHAVIORS;
use crate::model::agent::AgentSettings;

/// A cycle that removes more images than this removes all.
const IMAGES_PER_CYCLE_MAX: u64 = 1_000_000;

/// Reads `agent` of a group of instances, as it is written: what an agent ignores
/// of it is not taken out here.
pub(super) fn read(table: &Table<'_>) -> AgentSettings {
    let default = AgentSettings::default();
    let Some(node) = table.optional("agent") else { return default };
    let faults = table.faults();
    let table = Table::of(node, faults);
    let names: Vec<&str> = PULL_BEHAVIORS.iter().map(|it| it.name).collect();
    let behavior = table.optional("image_pull_behavior").and_then(|it| reader::word(it, &names, faults));
    let duration = |name, default: SimDuration| table.duration(name).unwrap_or(default);
    let per_cycle = table.integer("num_images_delete_per_cycle", 0..=IMAGES_PER_CYCLE_MAX);
    let settings = AgentSettings {
        image_pull_behavior: behavior.map_or(default.image_pull_behavior, |it| PULL_BEHAVIORS[it].behavior),
        image_cleanup_interval: duration("image_cleanup_interval", default.image_cleanup_interval),
        num_images_delete_per_cycle: per_cycle.map_or(default.num_images_delete_per_cycle, |it| it as u32),
        image_minimum_cleanup_age: duration("image_minimum_cleanup_age", default.image_minimum_cleanup_age),
        engine_task_cleanup_wait_duration: duration(
            "engine_task_cleanup_wait_duration",
            default.engine_task_cleanup_wait_duration,
        ),
        disable_image_cleanup: table.flag("disable_image_cleanup").unwrap_or(default.disable_image_cleanup),
        registry_auth_at_boot: table.flag("registry_auth_at_boot").unwrap_or(default.registry_auth_at_boot),
    };
    table.finish();
    settings
}
