//! The smallest grant: what to add to which role, or to take from it. A grant
//! is tried out on a copy of what the experiment describes.

use crate::containers::Cause;
use crate::model::access::{
    Access, Denial, DenialReason, Effect, Patterns, Permissions as _, Principal, Principals,
    ResourceStatement, Statement,
};

/// The change in words.
pub(super) fn help(cause: &Cause) -> String {
    match cause {
        Cause::Denied(denial) => grant_help(denial),
        Cause::Missing(resource) => format!("create `{resource}`, or name one that is there"),
    }
}

/// What would let a denied call through.
pub(super) fn grant_help(denial: &Denial) -> String {
    let Denial { role, action, resource, reason } = denial;
    match reason {
        DenialReason::DenyOfIdentity => format!(
            "take {action} on `{resource}` out of the Deny statement of role `{role}`, and see that one allows it"
        ),
        DenialReason::NoAllowOfIdentity => format!(
            "add to role `{role}` the statement {{ effect = \"Allow\", action = [\"{action}\"], resource = \
             [\"{resource}\"] }}"
        ),
        DenialReason::DenyOfResource => {
            format!("take {action} out of the Deny statement of the policy of `{resource}`")
        }
        DenialReason::NoAllowOfResource => {
            format!("let the policy of `{resource}` allow {action} to role `{role}` or its account")
        }
    }
}

/// Carries the change out.
pub(super) fn apply(cause: &Cause, access: &mut Access) {
    match cause {
        Cause::Denied(denial) => grant(denial, access),
        Cause::Missing(resource) => {
            while !access.exists(resource) {
                // One of the names is taken for the resource's.
                let is_its = |missing: &String| {
                    let alone = Access { missing: vec![missing.clone()], ..Access::default() };
                    !alone.exists(resource)
                };
                access.missing.retain(|it| !is_its(it));
            }
        }
    }
}

fn grant(denial: &Denial, access: &mut Access) {
    let Denial { role, action, resource, reason } = denial;
    if matches!(reason, DenialReason::DenyOfResource | DenialReason::NoAllowOfResource) {
        return grant_of_resource(denial, access);
    }
    let Some(idx) = access.roles.iter().position(|it| it.name == *role) else { return };
    let only = |it: &String| Patterns::Only(vec![it.clone()]);
    let allow = Statement { effect: Effect::Allow, actions: only(action), resources: only(resource) };
    access.roles[idx].statements.push(allow);
    let is_denied = |access: &Access| {
        let found = access.may(Some(role.as_str()), action, resource);
        found.is_err_and(|it| it.reason == DenialReason::DenyOfIdentity)
    };
    if is_denied(access) {
        // A denial beats every permission: here none of the role is left, nor of
        // what happens to it at the first moment.
        access.roles[idx].statements.retain(|it| it.effect == Effect::Allow);
        access.changes.retain(|it| it.role != *role);
    }
}

/// MODEL: the grant that is tried out is everyone's, the one that is proposed
/// only the role's.
fn grant_of_resource(denial: &Denial, access: &mut Access) {
    let Some(policy) = access.resource_policies.iter_mut().find(|it| it.resource == denial.resource) else {
        return;
    };
    if denial.reason == DenialReason::DenyOfResource {
        policy.statements.retain(|it| it.effect == Effect::Allow);
    }
    policy.statements.push(ResourceStatement {
        effect: Effect::Allow,
        principals: Principals::Only(vec![Principal::Everyone]),
        actions: Patterns::Only(vec![denial.action.clone()]),
    });
}
