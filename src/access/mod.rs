//! What roles may do (IAM user guide, reference_policies_evaluation-logic): an
//! explicit denial beats every permission, of a role or of a resource; within
//! an account either policy may allow, across accounts both must; what nothing
//! allows is denied. Conditions, permissions boundaries and policies of
//! organizations are left out.

mod glob;
mod policy;

pub use policy::AccessAt;
