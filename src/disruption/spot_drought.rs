//! `spot_drought`: in its windows there is no Spot capacity. Launches on Spot
//! fail, tasks on Fargate Spot wait; what runs is taken back at the begin of a
//! window, or stays if the drought does not reclaim.

use super::{Entry, Windows};

/// Its line in the list.
pub const ENTRY: Entry = Entry {
    name: "spot_drought",
    summary: "no Spot capacity in windows: it is taken back, and none is given",
};

/// No Spot capacity for a while.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drought {
    /// When.
    pub windows: Windows,
    /// Whether what runs is taken back too.
    pub reclaims: bool,
}
