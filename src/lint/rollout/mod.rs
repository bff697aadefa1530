//! Rollouts that cannot come to an end (semantics 1.3, 1.5): proven from bounds,
//! desired count, capacity and constraints, with the smallest change that is
//! proven to free them.
//!
//! Three proofs, tried in this order: the bounds alone, by stepping the
//! deployment controller with room for everything; counting, on clusters of any
//! size: whatever the placement, there is never room for the next new task
//! beside the old ones that must stay; and every placement and every order of
//! events of a small cluster, tried one after the other with the controller and
//! the placer that a run asks.

pub mod change;

mod beginnings;
mod counting;
mod finding;
mod question;
mod search;
mod state;

pub(super) use finding::LINT;
pub use question::Question;
pub use search::STATES_MAX;

use crate::deployment::Standstill;
use crate::placement::failure::FailureReason;

/// What is known of a rollout.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It comes to its end, wherever tasks are placed and whatever comes first.
    Completes,
    /// It comes to a standstill, wherever tasks are placed and whatever comes
    /// first.
    Deadlocks(Stand),
    /// It depends on where tasks are placed, or on what comes first.
    CanDeadlock(Stand),
    /// It was not found out: too many placements to try them all, or tasks that
    /// do not come up.
    Unknown,
}

/// A rollout at a standstill.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stand {
    /// What it waits for.
    pub standstill: Standstill,
    /// Old tasks that run then.
    pub n_source: u32,
    /// New tasks that run then.
    pub n_target: u32,
    /// Why instances take no new task then, with how many of them; empty if the
    /// bounds allow none.
    pub reasons: Vec<(FailureReason, u32)>,
    /// How it was shown.
    pub proof: Proof,
}

/// How a verdict was shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proof {
    /// By the bounds alone.
    Bounds,
    /// By counting what fits at most, whatever the placement.
    Counting,
    /// By trying every placement and every order of events.
    EveryPlacement {
        /// How many states of the cluster were looked at.
        n_states: usize,
    },
}

/// Whether the rollout comes to its end.
pub fn judge(question: &Question) -> Verdict {
    if !question.is_sound() {
        return Verdict::Unknown;
    }
    if question.is_daemon() {
        return question.provider().map_or(Verdict::Unknown, |it| search::of_daemon(question, it));
    }
    if question.desired_count == 0 {
        return Verdict::Unknown;
    }
    let stuck = counting::stuck_by_bounds(question);
    let Some(provider) = question.provider() else {
        let stuck = stuck.or_else(|| protected(question));
        return stuck.map_or(Verdict::Completes, Verdict::Deadlocks);
    };
    // What is proven is proven of a service that is there in full; one that
    // never comes up is another lint's.
    if !search::comes_up_in_full(question, provider) {
        return Verdict::Unknown;
    }
    if let Some(stand) = stuck {
        return Verdict::Deadlocks(stand);
    }
    match search::every_placement(question, provider) {
        Verdict::Unknown => match protected(question) {
            Some(stand) => Verdict::Deadlocks(stand),
            None => counting::verdict(question, provider),
        },
        known => known,
    }
}

/// An old task that may not be stopped keeps its rollout from the end.
fn protected(question: &Question) -> Option<Stand> {
    (question.n_protected > 0).then(|| Stand {
        standstill: Standstill::Protection,
        n_source: question.n_protected,
        n_target: 0,
        reasons: Vec::new(),
        proof: Proof::Bounds,
    })
}

/// What counting alone says, which needs no small cluster: never more than what
/// trying every placement says.
pub fn judge_by_counting(question: &Question) -> Verdict {
    match question.provider() {
        Some(provider)
            if question.desired_count > 0
                && question.n_protected == 0
                && !question.is_daemon()
                && question.is_sound() =>
        {
            counting::verdict(question, provider)
        }
        _ => Verdict::Unknown,
    }
}
