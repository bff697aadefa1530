//! How the containers of a task start, pass their checks, end and stop
//! (semantics 2.2 to 2.6, 3.5): of a definition, its roles and its workload the
//! life that every task of it has, found once, in whole milliseconds.
//!
//! Left out: a restart in place takes no time and nobody notices it, so a
//! container that is restarted runs for ever; waits for resources; the agent's
//! own time-outs, which no figure of the model comes near.

mod conduct;
mod health;
mod life;
mod pull;
mod reads;
mod start_up;

pub use life::{LifeContext, blocked_by_logs, life, pull_refusals, refusals};
pub use pull::{Pull, TOKEN_VALIDITY, expired_token, pull_refusal, puller, repository_arn, token_is_valid};
pub use reads::{Cause, Refusal};
