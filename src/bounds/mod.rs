//! What tasks need at least, whatever the packing: the floor that a run's
//! instances and their cost are measured against. And what keeps a run above
//! it: free capacity that cannot be used, instances that few tasks hold.

pub mod floor;
pub mod optimum;
pub mod problem;
pub mod repack;
pub mod shares;
pub mod stranded;

mod sets;
