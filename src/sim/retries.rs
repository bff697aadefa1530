//! RunTask calls that will be made again, and how often single tasks came back.

use rustc_hash::FxHashMap;

/// Calls that wait for their next try.
#[derive(Debug, Default)]
pub(super) struct Retries {
    calls: Vec<Call>,
    vacant: Vec<u32>,
    /// How often a single task was given back, for those that were. Only
    /// looked up.
    attempts: FxHashMap<u32, u32>,
}

/// A RunTask call: equal tasks with consecutive arrival numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) first: u32,
    pub(super) n: u32,
    /// How often it was refused.
    pub(super) attempt: u32,
}

impl Retries {
    /// Keeps a call; the slot it is taken from again.
    pub(super) fn keep(&mut self, call: Call) -> u32 {
        match self.vacant.pop() {
            Some(slot) => {
                self.calls[slot as usize] = call;
                slot
            }
            None => {
                self.calls.push(call);
                u32::try_from(self.calls.len() - 1).expect("fewer than 2^32 calls")
            }
        }
    }

    /// Takes the call of a slot, once.
    pub(super) fn take(&mut self, slot: u32) -> Call {
        self.vacant.push(slot);
        self.calls[slot as usize]
    }

    /// How often a task was given back.
    pub(super) fn n_attempts(&self, arrival: u32) -> u32 {
        self.attempts.get(&arrival).copied().unwrap_or(0)
    }

    /// A task was given back this often.
    pub(super) fn remember(&mut self, arrival: u32, n_attempts: u32) {
        self.attempts.insert(arrival, n_attempts);
    }

    /// A task found room: how often it was given back no longer matters.
    pub(super) fn forget(&mut self, arrival: u32) {
        if !self.attempts.is_empty() {
            self.attempts.remove(&arrival);
        }
    }
}
