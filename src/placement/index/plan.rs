//! A chain of strategies, as far as the index knows how to follow it.

use std::sync::Arc;

use crate::base::id::AttributeId;
use crate::model::options::TieBreak;
use crate::placement::strategy::{KeyOrder, PlacementStrategy};

/// What decides, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::placement) struct Plan {
    /// The fewest tasks of the group where this attribute is the same.
    pub(super) spread_over: Option<AttributeId>,
    /// The fewest tasks of the group on the instance.
    pub(super) is_spread_over_instances: bool,
    /// What decides then.
    pub(super) last: Last,
    /// What decides in the end.
    pub(super) tie_break: TieBreak,
}

/// The link of a chain before the tie break.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Last {
    /// There is none.
    Nothing,
    /// The least of a resource, as the columns count them.
    Least(usize),
    /// The most of it.
    Most(usize),
}

impl Plan {
    /// The plan of a chain; `None` if all instances have to be looked at.
    pub(in crate::placement) fn of(
        strategies: &[Arc<dyn PlacementStrategy>],
        tie_break: TieBreak,
    ) -> Option<Self> {
        let mut plan =
            Self { spread_over: None, is_spread_over_instances: false, last: Last::Nothing, tie_break };
        for strategy in strategies {
            let is_open = plan.last == Last::Nothing;
            match strategy.order() {
                KeyOrder::GroupOnValue(attribute)
                    if is_open && plan.spread_over.is_none() && !plan.is_spread_over_instances =>
                {
                    plan.spread_over = Some(attribute);
                }
                KeyOrder::GroupOnInstance if is_open => plan.is_spread_over_instances = true,
                KeyOrder::FreeCpu if is_open => plan.last = Last::Least(0),
                KeyOrder::FreeMemory if is_open => plan.last = Last::Least(1),
                // The others leave nothing equal: what stands behind them has
                // no effect.
                KeyOrder::Drawn => return Some(Self { tie_break: TieBreak::Random, ..plan }),
                KeyOrder::Number => return Some(Self { tie_break: TieBreak::LowestId, ..plan }),
                KeyOrder::FreeCpuThenNumber if is_open => {
                    return Some(Self { last: Last::Least(0), tie_break: TieBreak::LowestId, ..plan });
                }
                KeyOrder::MostFreeCpuThenNumber if is_open => {
                    return Some(Self { last: Last::Most(0), tie_break: TieBreak::LowestId, ..plan });
                }
                _ => return None,
            }
        }
        Some(plan)
    }
}
