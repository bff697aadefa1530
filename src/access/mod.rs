//! What roles may do (IAM user guide, policy evaluation logic): an explicit
//! denial beats every permission, and what nothing allows is denied. Of a policy
//! it knows effect, actions and resources; conditions, principals, `NotAction`,
//! boundaries and policies of resources are left out.

mod glob;
mod policy;
