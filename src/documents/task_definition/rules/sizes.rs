//! The size of the task: how it is written, what Fargate and EC2 allow, and
//! that the containers' CPU fits into it.

use super::super::amount::{cpu_units, memory_mib};
use super::super::shapes::TaskDefinition;
use super::{Report, Rule, quoted, root};
use crate::model::fargate_sizes::FARGATE_SIZES;

/// TD-10 (observed).
pub(super) const CPU_SUM: Rule = Rule {
    id: "TD-10",
    code: "B0310",
    words: "the sum of the containers' `cpu` is at most the task's",
    check: |definition, report| {
        let Some(of_task) = definition.cpu.as_deref().and_then(cpu_units) else { return };
        let cpu = definition.container_definitions.iter().filter_map(|it| u64::try_from(it.cpu?).ok());
        let sum: u64 = cpu.sum();
        if sum > of_task {
            let message =
                format!("the containers ask for {sum} CPU units, more than the {of_task} of the task");
            let says =
                "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.";
            report.fault_saying(root().key("containerDefinitions"), message, says);
        }
    },
};

/// TD-11 (API; the notations are a choice of the model where they differ).
pub(super) const AMOUNTS: Rule = Rule {
    id: "TD-11",
    code: "B0311",
    words: "the task's `cpu` is a whole number of units or `N vCPU`, its `memory` of MiB or `N GB`",
    check: |definition, report| {
        if let Some(cpu) = definition.cpu.as_deref().filter(|it| cpu_units(it).is_none()) {
            let message = format!("{} is no amount of CPU, such as \"256\" or \".25 vCPU\"", quoted(cpu));
            report.fault_saying(root().key("cpu"), message, "Invalid 'cpu' setting for task.");
        }
        let is_none = |it: &&str| memory_mib(it).is_none_or(|it| it == 0);
        if let Some(memory) = definition.memory.as_deref().filter(is_none) {
            let message = format!("{} is no amount of memory, such as \"512\" or \".5 GB\"", quoted(memory));
            report.fault(root().key("memory"), message);
        }
    },
};

/// TD-12 (developer guide, fargate-tasks-services).
pub(super) const FARGATE_SIZE: Rule = Rule {
    id: "TD-12",
    code: "B0312",
    words: "on Fargate the task has `cpu` and `memory`, a pair of the table of sizes",
    check: check_fargate_size,
};

const NO_CONFIGURATION: &str = "No Fargate configuration exists for given values.";

fn check_fargate_size(definition: &TaskDefinition, report: &mut Report<'_, '_>) {
    if !definition.is_for_fargate() {
        return;
    }
    for (key, value) in [("cpu", &definition.cpu), ("memory", &definition.memory)] {
        if value.is_none() {
            let says = format!("Fargate requires that '{key}' be defined at the task level.");
            report.fault_saying(root().key(key), format!("Fargate needs `{key}` of the task"), &says);
        }
    }
    let Some(cpu) = definition.cpu.as_deref().and_then(cpu_units) else { return };
    let platform = if definition.is_windows() { "Windows tasks on Fargate" } else { "Fargate" };
    let sizes = FARGATE_SIZES.iter().filter(|it| it.is_for_windows || !definition.is_windows());
    let Some(size) = sizes.clone().find(|it| it.cpu_units == cpu) else {
        let known: Vec<String> = sizes.map(|it| it.cpu_units.to_string()).collect();
        let message = format!("{platform}: no size of {cpu} CPU units, only {}", known.join(", "));
        report.fault_saying(root().key("cpu"), message, NO_CONFIGURATION);
        return;
    };
    let memory = definition.memory.as_deref().and_then(memory_mib).filter(|&it| it > 0);
    if let Some(memory) = memory.filter(|&it| !size.memory.allows(it)) {
        let allowed = size.memory.describe();
        let message = format!("{memory} MiB do not go with {cpu} CPU units on Fargate, only {allowed}");
        report.fault_saying(root().key("memory"), message, NO_CONFIGURATION);
    }
}

/// TD-13 (API RegisterTaskDefinition.cpu): from 0.125 to 192 vCPU.
pub(super) const EC2_CPU: Rule = Rule {
    id: "TD-13",
    code: "B0313",
    words: "on EC2 the task's `cpu` is 128 to 196608 units",
    check: |definition, report| {
        if definition.is_for_fargate() {
            return;
        }
        let cpu = definition.cpu.as_deref().and_then(cpu_units);
        if let Some(cpu) = cpu.filter(|it| !(128..=196_608).contains(it)) {
            report.fault(root().key("cpu"), format!("{cpu} CPU units: a task on EC2 has 128 to 196608"));
        }
    },
};
