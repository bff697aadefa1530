//! What memory the containers ask for, beside each other and beside the task.

use super::super::amount::memory_mib;
use super::super::shapes::TaskDefinition;
use super::{Report, Rule, containers, named, root, text};
use crate::documents::json::shortened;

/// TD-06 (observed). On Windows memory may be left out.
pub(super) const ANY_MEMORY: Rule = Rule {
    id: "TD-06",
    code: "B0306",
    words: "on EC2 under Linux the task has `memory`, or each container `memory` or `memoryReservation`",
    check: |definition, report| {
        let task_has = definition.memory.is_some() || report.is_malformed(&root().key("memory"));
        if definition.is_for_fargate() || definition.is_windows() || task_has {
            return;
        }
        for (at, container) in containers(definition) {
            let is_given =
                container.reserved_memory().is_some() || report.is_malformed(&at.key("memoryReservation"));
            if !is_given {
                let message = format!(
                    "{} has neither `memory` nor `memoryReservation`, and the task has no `memory`",
                    named(container)
                );
                let name = container.name.as_deref().unwrap_or("");
                let says = format!(
                    "Invalid setting for container '{}'. At least one of 'memory' or 'memoryReservation' must be specified.",
                    shortened(name)
                );
                report.fault_saying(at.key("memory"), message, &says);
            }
        }
    },
};

/// TD-07: the API says greater; that equal ones are accepted is observed.
pub(super) const RESERVATION: Rule = Rule {
    id: "TD-07",
    code: "B0307",
    words: "a container's `memory` is at least its `memoryReservation`",
    check: |definition, report| {
        for (at, container) in containers(definition) {
            let limits = container.hard_memory().zip(container.soft_memory());
            if let Some((hard, soft)) = limits.filter(|(hard, soft)| hard < soft) {
                let message =
                    format!("{} reserves {soft} MiB, more than its limit of {hard}", named(container));
                report.fault(at.key("memoryReservation"), message);
            }
        }
    },
};

/// The container runtime starts nothing in less (API ContainerDefinition.memory).
const LEAST_MIB: i32 = 6;

/// TD-08: that the registration refuses it is a choice of the model.
pub(super) const LEAST_MEMORY: Rule = Rule {
    id: "TD-08",
    code: "B0308",
    words: "a container's `memory` is at least 6 MiB",
    check: |definition, report| {
        for (at, container) in containers(definition) {
            if let Some(memory) = container.hard_memory().filter(|&it| it < LEAST_MIB) {
                let message = format!("{} has {memory} MiB, less than {LEAST_MIB}", named(container));
                report.fault(at.key("memory"), message);
            }
        }
    },
};

/// TD-09: the sum is asked only where each container fits alone (model).
pub(super) const FITS_TASK: Rule = Rule {
    id: "TD-09",
    code: "B0309",
    words: "each container's `memory`, and the sum of what they reserve, is at most the task's `memory`",
    check: check_fits_task,
};

fn check_fits_task(definition: &TaskDefinition, report: &mut Report<'_, '_>) {
    let Some(of_task) = text(&definition.memory).and_then(memory_mib).filter(|&it| it > 0) else { return };
    let mut fit_alone = true;
    for (at, container) in containers(definition) {
        let memory = container.hard_memory().unwrap_or(0);
        if u64::try_from(memory).is_ok_and(|it| it > of_task) {
            fit_alone = false;
            let name = shortened(container.name.as_deref().unwrap_or(""));
            let says = format!("The 'memory' setting for container '{name}' is greater than for the task.");
            let message =
                format!("{} has {memory} MiB, more than the {of_task} of the task", named(container));
            report.fault_saying(at.key("memory"), message, &says);
        }
    }
    let reserved = |it: Option<i32>| it.and_then(|it| u64::try_from(it).ok()).unwrap_or(0);
    let sum: u64 = definition.container_definitions.iter().map(|it| reserved(it.reserved_memory())).sum();
    if fit_alone && sum > of_task {
        let message = format!("the containers reserve {sum} MiB, more than the {of_task} of the task");
        report.fault(root().key("containerDefinitions"), message);
    }
}
