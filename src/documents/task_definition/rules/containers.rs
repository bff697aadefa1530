//! How many containers, under which names, of which images, and that one of
//! them is essential.

use super::super::shapes::TaskDefinition;
use super::{Report, Rule, container_idx, containers, is_name, named, quoted, root, text};

/// TD-02 (general reference, ecs-service; the lower bound is observed).
pub(super) const COUNT: Rule = Rule {
    id: "TD-02",
    code: "B0302",
    words: "a definition has 1 to 10 containers",
    check: |definition, report| {
        let message = match definition.container_definitions.len() {
            0 => "no container: a definition has 1 to 10".to_owned(),
            1..=10 => return,
            n => format!("{n} containers: a definition has 1 to 10"),
        };
        report.fault(root().key("containerDefinitions"), message);
    },
};

/// TD-03 (API ContainerDefinition.name).
pub(super) const NAME: Rule = Rule {
    id: "TD-03",
    code: "B0303",
    words: "each container has a name of its own: 1 to 255 letters, digits, hyphens and underscores",
    check: check_names,
};

fn check_names(definition: &TaskDefinition, report: &mut Report<'_, '_>) {
    for (idx, (at, container)) in containers(definition).enumerate() {
        let message = match text(&container.name) {
            None => {
                let says = "Container.name should not be null or empty.";
                report.fault_saying(at.key("name"), "the container has no name", says);
                continue;
            }
            Some(name) if !is_name(name) => {
                format!("the name {} is not 1 to 255 letters, digits, hyphens and underscores", quoted(name))
            }
            Some(name) if container_idx(definition, name) != Some(idx) => {
                format!("two containers have the name {}", quoted(name))
            }
            Some(_) => continue,
        };
        report.fault(at.key("name"), message);
    }
}

/// TD-04 (API ContainerDefinition.image).
pub(super) const IMAGE: Rule = Rule {
    id: "TD-04",
    code: "B0304",
    words: "each container has an image of at most 255 characters before its digest",
    check: |definition, report| {
        for (at, container) in containers(definition) {
            let message = match text(&container.image) {
                None => format!("{} has no image", named(container)),
                Some(image) if image.split('@').next().is_some_and(|it| it.chars().count() > 255) => {
                    format!("{} has an image of more than 255 characters", named(container))
                }
                Some(_) => continue,
            };
            report.fault(at.key("image"), message);
        }
    },
};

/// TD-05 (API ContainerDefinition.essential).
pub(super) const ESSENTIAL: Rule = Rule {
    id: "TD-05",
    code: "B0305",
    words: "at least one container is essential",
    check: |definition, report| {
        let containers = &definition.container_definitions;
        if !containers.is_empty() && !containers.iter().any(|it| it.is_essential()) {
            report
                .fault(root().key("containerDefinitions"), "no container is essential: at least one must be");
        }
    },
};
