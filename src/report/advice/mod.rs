//! Which setting to take: the cheapest that holds a target of availability with
//! confidence, what the next one costs, which cheaper ones fail, and the
//! settings that none beats in both.

mod decide;
mod told;

pub use decide::{Advice, Candidate, QUALITIES, Question, Verdict, advise};
pub use told::{json, table, text};
