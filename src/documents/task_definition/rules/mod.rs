//! The rules of RegisterTaskDefinition, TD-01 to TD-41: one constant a rule,
//! one file a group, one list. All are asked, whatever the others found.
//!
//! TD-34 and TD-39 do not exist; TD-36 is about the life of a revision, not
//! about its document.

mod containers;
mod fargate;
mod identity;
mod logging;
mod memory;
mod network;
mod placement;
mod ports;
mod secrets;
mod sizes;
mod start_order;
mod times;
mod volumes;

use super::super::faults::Faults;
use super::super::field_path::FieldPath;
use super::shapes::{ContainerDefinition, TaskDefinition};

pub use placement::expression_fault;

/// One requirement on the document.
#[derive(Debug)]
pub struct Rule {
    /// `TD-01` and so on.
    pub id: &'static str,
    /// The code of its faults: `B03` and the rule's number.
    pub code: &'static str,
    /// What it asks for.
    pub words: &'static str,
    check: fn(&TaskDefinition, &mut Report<'_, '_>),
}

/// In the order of their numbers.
pub const RULES: &[Rule] = &[
    identity::FAMILY,
    containers::COUNT,
    containers::NAME,
    containers::IMAGE,
    containers::ESSENTIAL,
    memory::ANY_MEMORY,
    memory::RESERVATION,
    memory::LEAST_MEMORY,
    memory::FITS_TASK,
    sizes::CPU_SUM,
    sizes::AMOUNTS,
    sizes::FARGATE_SIZE,
    sizes::EC2_CPU,
    network::FARGATE_MODE,
    network::MODE,
    network::AWSVPC_PORTS,
    network::HOST_PORTS,
    network::NONE_PORTS,
    ports::PORT_MAPPINGS,
    start_order::LINKS,
    start_order::DEPENDS_ON,
    times::HEALTH_CHECK,
    times::FARGATE_TIMEOUTS,
    volumes::EPHEMERAL_STORAGE,
    secrets::ENVIRONMENT_FILES,
    secrets::SECRETS_ROLE,
    secrets::FARGATE_ROLE,
    logging::LOG_DRIVER,
    fargate::NOT_ON_FARGATE,
    volumes::VOLUMES,
    placement::CONSTRAINTS,
    placement::PLATFORM,
    times::RESTART_POLICY,
    identity::SIZE,
    network::AWSVPC_HOSTS,
    identity::TASK_ROLE,
    identity::COMPATIBILITIES,
    identity::TAGS,
];

/// Beyond so many containers their number is all there is to say; rules that
/// look from each at each would take long over it.
const MAX_JUDGED: usize = 100;

/// Asks every rule, unless so much could not be read that no more is shown.
pub(super) fn check(definition: &TaskDefinition, faults: &mut Faults<'_>) {
    let too_many = definition.container_definitions.len() > MAX_JUDGED;
    for rule in RULES.iter().filter(|it| !too_many || it.id == containers::COUNT.id) {
        if !faults.is_full() {
            (rule.check)(definition, &mut Report { rule, faults });
        }
    }
}

/// Where one rule puts what it finds.
struct Report<'r, 'f> {
    rule: &'static Rule,
    faults: &'r mut Faults<'f>,
}

impl Report<'_, '_> {
    /// The rule is broken at `field`.
    fn fault(&mut self, field: FieldPath, message: impl Into<String>) {
        self.broken(&field, (&field, None), message.into(), None);
    }

    /// The same, where it is known what the service says to it.
    fn fault_saying(&mut self, field: FieldPath, message: impl Into<String>, says: &str) {
        let says = format!("the service says: {says}");
        self.broken(&field, (&field, None), message.into(), Some(says));
    }

    /// The rule is broken at `field`, which shows more closely at `place`: there,
    /// or at the character `offset` of its text.
    fn fault_seen_at(
        &mut self,
        field: FieldPath,
        place: &FieldPath,
        offset: Option<usize>,
        message: impl Into<String>,
    ) {
        self.broken(&field, (place, offset), message.into(), None);
    }

    fn broken(
        &mut self,
        field: &FieldPath,
        place: (&FieldPath, Option<usize>),
        message: String,
        help: Option<String>,
    ) {
        self.faults.broken((self.rule.id, self.rule.code), field, place, (message, help));
    }

    /// A wrong type at `field` breaks this rule.
    fn asks_for_type(&mut self, field: &FieldPath) {
        self.faults.ascribe(field, self.rule.id, self.rule.code);
    }

    /// Accepted, and yet odd.
    fn odd(&mut self, field: &FieldPath, message: impl Into<String>) {
        self.faults.odd(Some(self.rule.id), "B0365", field, message.into());
    }

    fn is_malformed(&self, field: &FieldPath) -> bool {
        self.faults.is_malformed(field)
    }

    fn is_any_malformed_in(&self, field: &FieldPath) -> bool {
        self.faults.is_any_malformed_in(field)
    }
}

fn root() -> FieldPath {
    FieldPath::root()
}

/// Each container with its path.
fn containers(
    definition: &TaskDefinition,
) -> impl Iterator<Item = (FieldPath, &ContainerDefinition)> + Clone {
    let list = root().key("containerDefinitions");
    definition.container_definitions.iter().enumerate().map(move |(idx, it)| (list.idx(idx), it))
}

/// A container as messages call it.
fn named(container: &ContainerDefinition) -> String {
    match text(&container.name) {
        Some(name) => format!("container `{}`", super::super::json::shortened(name)),
        None => "a container without a name".to_owned(),
    }
}

/// The number of the container with this name.
fn container_idx(definition: &TaskDefinition, name: &str) -> Option<usize> {
    definition.container_definitions.iter().position(|it| it.name.as_deref() == Some(name))
}

/// A text that is not empty; the service takes an empty one for none.
fn text(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|it| !it.is_empty())
}

/// A user's text in a message.
fn quoted(text: &str) -> String {
    format!("\"{}\"", super::super::json::shortened(text))
}

/// Letters, digits, `_` and `-`, 1 to 255 of them.
fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_' || it == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_in_order_and_their_codes_bear_their_numbers() {
        assert!(RULES.is_sorted_by(|a, b| a.id < b.id));
        for rule in RULES {
            assert_eq!(rule.code, format!("B03{}", &rule.id[3..]), "{}", rule.id);
            assert!(!rule.words.is_empty() && !rule.words.ends_with('.'), "{}", rule.id);
        }
        assert_eq!(RULES.len(), 38);
    }
}
