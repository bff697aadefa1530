//! Roles and what they may do; secrets, parameters and files that may or may
//! not be there. How it is decided stands in the room `access`.

use std::fmt;

/// A role as the experiment describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Role {
    /// Its name; the last part of its ARN.
    pub name: String,
    /// What it may and may not do.
    pub statements: Vec<Statement>,
}

/// A statement of a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// `Deny` beats every `Allow`.
    pub effect: Effect,
    /// Actions such as `s3:Get*`; `*` and `?` match, case does not matter.
    pub actions: Vec<String>,
    /// ARNs; `*` and `?` match, case matters.
    pub resources: Vec<String>,
}

/// What a statement does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Unless another denies.
    Allow,
    /// In any case.
    Deny,
}

/// All that decides access in a run. A role that is not described here may do
/// everything, and what is not said to be missing is there: a user's documents
/// name both without describing them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Access {
    /// The roles that are described.
    pub roles: Vec<Role>,
    /// ARNs or names of secrets, parameters and files that do not exist.
    pub missing: Vec<String>,
}

/// Whoever decides what a role may do and what is there.
pub trait Permissions {
    /// Whether `role` (a name or an ARN) may do `action` on `resource`. No role
    /// at all is the instance's own, which may.
    ///
    /// # Errors
    ///
    /// Who was denied what, and why.
    fn may(&self, role: Option<&str>, action: &str, resource: &str) -> Result<(), Denial>;

    /// Whether a secret, parameter or file is there.
    fn exists(&self, resource: &str) -> bool;
}

/// A call that was denied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Denial {
    /// The name of the role.
    pub role: String,
    /// Such as `s3:GetObject`.
    pub action: String,
    /// What it was to be done on.
    pub resource: String,
    /// Whether a statement denies it; else none allows it.
    pub is_explicit: bool,
}

/// One sentence, in the words of an AccessDeniedException.
impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, action, resource, is_explicit } = self;
        write!(f, "role `{role}` is not authorized to perform: {action} on resource: {resource} ")?;
        match is_explicit {
            true => f.write_str("with an explicit deny in an identity-based policy"),
            false => write!(f, "because no identity-based policy allows the {action} action"),
        }
    }
}
