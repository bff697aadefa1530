//! Which instances will do: placement constraints and the CPU architecture.

use super::super::choices::{ConstraintKind, CpuArchitecture};
use super::super::shapes::TaskDefinition;
use super::{Report, Rule, quoted, root, text};
use crate::model::query::Expression;

/// TD-31 (API TaskDefinitionPlacementConstraint).
pub(super) const CONSTRAINTS: Rule = Rule {
    id: "TD-31",
    code: "B0331",
    words: "at most 10 placement constraints of type memberOf, each an expression of the cluster query language of at most 2000 characters",
    check: check_constraints,
};

fn check_constraints(definition: &TaskDefinition, report: &mut Report<'_, '_>) {
    let list = root().key("placementConstraints");
    let n_constraints = definition.placement_constraints.len();
    if n_constraints > 10 {
        report.fault(list.clone(), format!("{n_constraints} placement constraints, more than 10"));
    }
    for (idx, constraint) in definition.placement_constraints.iter().enumerate() {
        let at = list.idx(idx);
        let message = match &constraint.kind {
            Some(ConstraintKind::MemberOf) => {
                let expression = text(&constraint.expression).unwrap_or("");
                if let Some((message, offset)) = expression_fault(expression) {
                    let field = at.key("expression");
                    report.fault_seen_at(field.clone(), &field, Some(offset), message);
                }
                continue;
            }
            // What kind of expression it would have is not known.
            Some(other) => {
                format!("a placement constraint of type {}, not \"memberOf\"", quoted(other.as_str()))
            }
            None => "a placement constraint without a type: expected \"memberOf\"".to_owned(),
        };
        report.fault(at.key("type"), message);
    }
}

/// What is wrong with an expression of the cluster query language, and at which
/// byte of it.
pub fn expression_fault(expression: &str) -> Option<(String, usize)> {
    if expression.trim().is_empty() {
        return Some(("the constraint has no expression".to_owned(), 0));
    }
    Expression::parse(expression).err().map(|error| (error.message, error.start))
}

/// TD-32 (API RuntimePlatform).
pub(super) const PLATFORM: Rule = Rule {
    id: "TD-32",
    code: "B0332",
    words: "`cpuArchitecture` is X86_64 or ARM64, and not ARM64 with Windows",
    check: |definition, report| {
        let platform = definition.runtime_platform.as_ref();
        let message = match platform.and_then(|it| it.cpu_architecture.as_ref()) {
            Some(CpuArchitecture::Other(other)) => {
                format!("the CPU architecture {} is neither X86_64 nor ARM64", quoted(other))
            }
            Some(CpuArchitecture::Arm64) if definition.is_windows() => {
                "there is no Windows on ARM64".to_owned()
            }
            _ => return,
        };
        report.fault(root().key("runtimePlatform").key("cpuArchitecture"), message);
    },
};
