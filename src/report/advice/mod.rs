//! Which setting to take. Where services run: the cheapest that holds a target of
//! availability with confidence, what the next one costs, which cheaper ones
//! fail, and the settings that none beats in both. Where stand-alone tasks run:
//! the cheapest fleet for the same work, and how far it is above its floor.

mod decide;
pub mod fleet;
mod fleet_told;
mod told;

pub use decide::{Advice, Candidate, QUALITIES, Question, Verdict, advise};
pub(super) use fleet_told::sentence as fleets_sentence;
pub use fleet_told::{json as fleets_json, table as fleets_table, text as fleets_text};
pub use told::{json, table, text};
