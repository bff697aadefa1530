//! Values that no rule of the page speaks of and that nothing can be made of:
//! negative amounts, and a number of GPUs that is none.

use super::super::faults::Faults;
use super::super::field_path::FieldPath;
use super::choices::ResourceKind;
use super::shapes::TaskDefinition;

pub(super) fn check(definition: &TaskDefinition, faults: &mut Faults<'_>) {
    let list = FieldPath::root().key("containerDefinitions");
    for (idx, container) in definition.container_definitions.iter().enumerate() {
        let at = list.idx(idx);
        let times_are_judged = definition.is_for_fargate();
        for (key, value) in [
            ("cpu", container.cpu),
            ("memoryReservation", container.memory_reservation),
            ("startTimeout", container.start_timeout.filter(|_| !times_are_judged)),
            ("stopTimeout", container.stop_timeout.filter(|_| !times_are_judged)),
        ] {
            if let Some(value) = value.filter(|&it| it < 0) {
                faults.malformed("B0367", &at.key(key), format!("`{key}` is {value}: it cannot be negative"));
            }
        }
        for (idx, requirement) in container.resource_requirements.iter().enumerate() {
            let is_number = |it: &str| it.parse::<u16>().is_ok_and(|it| it > 0);
            let value = requirement.value.as_deref().filter(|it| !is_number(it));
            if let Some(value) = value.filter(|_| requirement.kind == Some(ResourceKind::Gpu)) {
                let field = at.key("resourceRequirements").idx(idx).key("value");
                let value = super::super::json::shortened(value);
                faults.malformed("B0367", &field, format!("\"{value}\" is no number of GPUs"));
            }
        }
    }
}
