//! The smallest grant: what to add to which role, or to take from it. A grant
//! is tried out on a copy of what the experiment describes.

use crate::containers::Cause;
use crate::model::access::{Access, Denial, Effect, Permissions as _, Statement};

/// The change in words.
pub(super) fn help(cause: &Cause) -> String {
    match cause {
        Cause::Denied(denial) => grant_help(denial),
        Cause::Missing(resource) => format!("create `{resource}`, or name one that is there"),
    }
}

/// What would let a denied call through.
pub(super) fn grant_help(denial: &Denial) -> String {
    let Denial { role, action, resource, is_explicit } = denial;
    match is_explicit {
        true => format!(
            "take {action} on `{resource}` out of the Deny statement of role `{role}`, and see that one allows it"
        ),
        false => format!(
            "add to role `{role}` the statement {{ effect = \"Allow\", action = [\"{action}\"], resource = \
             [\"{resource}\"] }}"
        ),
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
                    let alone = Access { roles: Vec::new(), missing: vec![missing.clone()] };
                    !alone.exists(resource)
                };
                access.missing.retain(|it| !is_its(it));
            }
        }
    }
}

fn grant(denial: &Denial, access: &mut Access) {
    let Denial { role, action, resource, .. } = denial;
    let Some(idx) = access.roles.iter().position(|it| it.name == *role) else { return };
    let allow =
        Statement { effect: Effect::Allow, actions: vec![action.clone()], resources: vec![resource.clone()] };
    access.roles[idx].statements.push(allow);
    if access.may(Some(role.as_str()), action, resource).is_err() {
        // A denial beats every permission: here none of the role is left.
        access.roles[idx].statements.retain(|it| it.effect == Effect::Allow);
    }
}
