//! Roles and what they may do; secrets, parameters and files that may or may
//! not be there.

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
