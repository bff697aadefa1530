//! Roles and what they may do, policies of resources, and what of it changes
//! while a run is played; secrets, parameters and files that may or may not be
//! there. How it is decided stands in the room `access`.

use std::fmt;

use crate::base::SimTime;

/// A role as the experiment describes it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Role {
    /// Its name, or its ARN.
    pub name: String,
    /// The account that it is of; `None`: that of its ARN, of the ARN by which
    /// it is asked for, or else of whatever it asks for.
    pub account: Option<String>,
    /// What it may and may not do.
    pub statements: Vec<Statement>,
}

/// A statement of a policy of a role (IAM user guide,
/// reference_policies_elements).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// `Deny` beats every `Allow`.
    pub effect: Effect,
    /// Actions such as `s3:Get*`; `*` and `?` match, case does not matter.
    pub actions: Patterns,
    /// ARNs; `*` and `?` match, case matters.
    pub resources: Patterns,
}

/// Whether a text is an action of a policy: `*`, or `service:Action` with `*` and
/// `?` anywhere.
pub fn is_action(text: &str) -> bool {
    let is_part = |it: &str| {
        let is_allowed = |it: u8| it.is_ascii_alphanumeric() || b"-*?".contains(&it);
        !it.is_empty() && it.bytes().all(is_allowed)
    };
    text == "*" || text.split_once(':').is_some_and(|(service, action)| is_part(service) && is_part(action))
}

/// Whether a text is a resource of a policy: `*`, or an ARN with `*` and `?`
/// anywhere.
pub fn is_resource(text: &str) -> bool {
    let is_arn = text.starts_with("arn:") && text.split(':').count() >= 6;
    let is_wide = text.starts_with("arn:") && text.contains('*');
    is_arn || is_wide || text == "*"
}

/// What a statement does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Unless another denies.
    Allow,
    /// In any case.
    Deny,
}

/// What a statement is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Patterns {
    /// What one of these matches (`Action`, `Resource`).
    Only(Vec<String>),
    /// What none of these matches (`NotAction`, `NotResource`).
    AllBut(Vec<String>),
}

/// The policy of a resource, here of a repository (ECR user guide,
/// repository-policies).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourcePolicy {
    /// The ARN of the resource. One that is described and has no policy has a
    /// row without statements.
    pub resource: String,
    /// Who may and may not do what with it.
    pub statements: Vec<ResourceStatement>,
}

/// A statement of the policy of a resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourceStatement {
    /// `Deny` beats every `Allow`.
    pub effect: Effect,
    /// Of whom it speaks.
    pub principals: Principals,
    /// As in [`Statement::actions`].
    pub actions: Patterns,
}

/// Of whom a statement speaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Principals {
    /// Of these (`Principal`).
    Only(Vec<Principal>),
    /// Of all others (`NotPrincipal`).
    AllBut(Vec<Principal>),
}

/// One who asks (IAM user guide, reference_policies_elements_principal).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Principal {
    /// `*`
    Everyone,
    /// An account: its id or the ARN of its root.
    Account(String),
    /// A role, by its ARN.
    Role(String),
    /// A service, a user, a session: nobody who pulls for a task.
    Other(String),
}

impl Principal {
    /// One of the kind `AWS`; `None` if the text is no principal of it.
    pub fn of_aws(text: &str) -> Option<Self> {
        let is_account = |it: &str| it.len() == 12 && it.bytes().all(|it| it.is_ascii_digit());
        if text == "*" {
            return Some(Self::Everyone);
        }
        if is_account(text) {
            return Some(Self::Account(text.to_owned()));
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, "", account, who] = parts.as_slice() else { return None };
        if !partition.starts_with("aws") || !is_account(account) {
            return None;
        }
        match (*service, who.split_once('/')) {
            ("iam", None) if *who == "root" => Some(Self::Account((*account).to_owned())),
            ("iam", Some(("role", name))) if !name.is_empty() => Some(Self::Role(text.to_owned())),
            ("iam" | "sts", Some((_, name))) if !name.is_empty() => Some(Self::Other(text.to_owned())),
            _ => None,
        }
    }
}

/// What happens to the policies of a role at a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessChange {
    /// From then on.
    pub at: SimTime,
    /// The role's name as in [`Role::name`].
    pub role: String,
    /// What.
    pub kind: AccessChangeKind,
}

/// How the policies of a role can change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AccessChangeKind {
    /// It has these statements too.
    Add(Vec<Statement>),
    /// It has what it had at first.
    Restore,
}

/// All that decides access in a run. A role that is not described here may do
/// everything, a resource that is not described has no policy that anyone would
/// ask, and what is not said to be missing is there: a user's documents name
/// them without describing them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Access {
    /// The roles that are described.
    pub roles: Vec<Role>,
    /// The resources that are described, each once.
    pub resource_policies: Vec<ResourcePolicy>,
    /// What changes, in the order of time.
    pub changes: Vec<AccessChange>,
    /// ARNs or names of secrets, parameters and files that do not exist.
    pub missing: Vec<String>,
}

/// Whoever decides what a role may do and what is there.
pub trait Permissions {
    /// Whether `role` (a name or an ARN) may do `action` on `resource`. No role
    /// at all is the instance's own, which may, unless the resource denies
    /// everyone.
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
    /// The name of the role; empty for an instance whose role nobody names.
    pub role: String,
    /// Such as `s3:GetObject`.
    pub action: String,
    /// What it was to be done on.
    pub resource: String,
    /// What denies it.
    pub reason: DenialReason,
}

/// Why a call is denied (IAM user guide, troubleshoot_access-denied).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DenialReason {
    /// A statement of the role.
    DenyOfIdentity,
    /// A statement of the resource.
    DenyOfResource,
    /// Nothing of the role allows it, and in the same account nothing of the
    /// resource either.
    NoAllowOfIdentity,
    /// The resource is of another account, and its policy does not allow it.
    NoAllowOfResource,
}

/// One sentence, in the words of an AccessDeniedException.
impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, action, resource, reason } = self;
        match role.as_str() {
            "" => f.write_str("the instance")?,
            role => write!(f, "role `{role}`")?,
        }
        write!(f, " is not authorized to perform: {action} on resource: {resource} ")?;
        match reason {
            DenialReason::DenyOfIdentity => f.write_str("with an explicit deny in an identity-based policy"),
            DenialReason::DenyOfResource => f.write_str("with an explicit deny in a resource-based policy"),
            DenialReason::NoAllowOfIdentity => {
                write!(f, "because no identity-based policy allows the {action} action")
            }
            DenialReason::NoAllowOfResource => {
                write!(f, "because no resource-based policy allows the {action} action")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_are_everyone_accounts_roles_and_others() {
        use Principal::{Account, Everyone, Other, Role};
        let account = || Account("123456789012".to_owned());
        for (text, expected) in [
            ("*", Some(Everyone)),
            ("123456789012", Some(account())),
            ("arn:aws:iam::123456789012:root", Some(account())),
            ("arn:aws-cn:iam::123456789012:root", Some(account())),
            (
                "arn:aws:iam::123456789012:role/a/exec",
                Some(Role("arn:aws:iam::123456789012:role/a/exec".to_owned())),
            ),
            (
                "arn:aws:iam::123456789012:user/bob",
                Some(Other("arn:aws:iam::123456789012:user/bob".to_owned())),
            ),
            ("12345678901", None),
            ("arn:aws:iam::123456789012:role/", None),
            ("arn:aws:iam::123:root", None),
            ("arn:aws:s3:::bucket", None),
            ("exec", None),
            ("", None),
        ] {
            assert_eq!(Principal::of_aws(text), expected, "`{text}`");
        }
    }
}
