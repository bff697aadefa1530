//! The fewest instances that running tasks could be held by, whatever the
//! packing. Asked by `sim` at each change, kept in the record.

pub mod volume;
