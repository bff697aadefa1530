//! `zone_outage`: in its windows a zone is gone. Instances there are lost, launches
//! there fail, tasks on Fargate there end and none is placed there. Which zones is
//! the scope's to say.
//!
//! MODEL: nothing moves back when the zone returns; a group fills it with what it
//! launches from then on, a service with what it starts. Rebalancing of instances
//! between zones by the group (AZRebalance) is left out.

use super::Entry;

/// Its line in the list.
pub const ENTRY: Entry = Entry { name: "zone_outage", summary: "an availability zone is gone in windows" };
