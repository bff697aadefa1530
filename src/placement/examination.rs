//! A decision taken apart: every instance with what became of it, and the keys
//! at each link of the chain. Asked by those who explain; a run only asks for
//! the outcome, of the same functions.

use crate::base::id::InstanceId;
use crate::placement::chain::keep_least;
use crate::placement::failure::{FailureReason, Tally};
use crate::placement::placer::{self, Rules};
use crate::placement::strategy::PlacementView;

/// A decision with its grounds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Examination {
    /// Every instance of the provider, ascending, with the reason that rules it
    /// out; `None` if it may be chosen.
    pub verdicts: Vec<(InstanceId, Option<FailureReason>)>,
    /// The links of the chain, as far as there was something to decide.
    pub links: Vec<Link>,
    /// Those that no link tells apart, ascending.
    pub left: Vec<InstanceId>,
    /// The one that the tie break takes.
    pub chosen: Option<InstanceId>,
}

/// One link of the chain at work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Those before it with their keys; the least are kept.
    pub keys: Vec<(InstanceId, u64)>,
}

impl Examination {
    /// Takes the decision on the task of `view` apart.
    pub fn of(rules: &Rules<'_>, view: &PlacementView<'_>) -> Self {
        let alive = view.cluster.alive(rules.provider).iter();
        let verdicts: Vec<_> = alive.map(|&it| (it, placer::reason(rules, view, it))).collect();
        let mut left: Vec<InstanceId> = verdicts.iter().filter(|it| it.1.is_none()).map(|it| it.0).collect();
        let mut links = Vec::new();
        for strategy in rules.chain.strategies() {
            if left.len() < 2 {
                break;
            }
            links.push(Link { keys: left.iter().map(|&it| (it, strategy.key(view, it))).collect() });
            keep_least(&mut left, |it| strategy.key(view, it));
        }
        let chosen = placer::choose(rules, view, &mut Vec::new());
        Self { verdicts, links, left, chosen }
    }

    /// How many instances each reason rules out.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.verdicts.iter().filter_map(|it| it.1).for_each(|it| tally.add(it));
        tally
    }
}
