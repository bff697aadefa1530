//! What an image registry and the agents that pull from it decide: which layers
//! must move, how long that takes beside other pulls, what an instance keeps,
//! which images a lifecycle policy expires (semantics 9).

pub mod api_limits;
pub mod behavior;
pub mod layer_cache;
pub mod lifecycle;
pub mod pulling;
pub mod scanning;

mod bandwidth;
mod exact;
mod parallel_layers;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use layer_cache::{CleanUpSettings, LayerCache};
pub use pulling::{LayerToPull, LinkKey, LinkRates, PullKey, Pulls};
