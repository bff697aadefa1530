//! What a decision reads of every instance, in dense columns by instance number:
//! free CPU and free memory, one more than there is, so that 0 is an instance
//! that takes no tasks; and whose it is, as bits.

use crate::base::id::{CapacityProviderId, Id as _, InstanceId};
use crate::model::instance::ContainerInstance;
use crate::placement::index::lanes::{Block, LANES, Lanes};

/// Free CPU units and MiB, one more than there are; both 0 where no task is
/// taken.
pub(super) type Rooms = [u32; 2];

/// The most that the columns hold: one more of it is still a number.
pub(super) const AMOUNT_MAX: u32 = u32::MAX - 2;

/// The columns.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    n_instances: usize,
    /// By packed resource: CPU, memory.
    pub(super) rooms: [Vec<Block>; 2],
    /// The most that any instance of each block has, once somebody goes through
    /// them by number; empty until then.
    pub(super) most: [Vec<Block>; 2],
    /// For each provider a bit for each instance of it that takes tasks.
    available: Vec<Vec<u64>>,
    /// How many these are.
    n_available: Vec<usize>,
}

impl Columns {
    /// How many instances are known.
    pub(super) fn n_instances(&self) -> usize {
        self.n_instances
    }

    /// How many blocks they are in.
    pub(super) fn n_blocks(&self) -> usize {
        self.rooms[0].len()
    }

    /// What an instance has now; nothing if it is not known.
    pub(super) fn rooms_of(&self, number: usize) -> Rooms {
        let (block, lane) = (number / LANES, number % LANES);
        match (self.rooms[0].get(block), self.rooms[1].get(block)) {
            (Some(cpu), Some(memory)) => [cpu[lane], memory[lane]],
            _ => [0, 0],
        }
    }

    /// The instances of a provider that take tasks, a word for each block.
    pub(super) fn available(&self, provider: CapacityProviderId) -> &[u64] {
        self.available.get(provider.idx()).map_or(&[], Vec::as_slice)
    }

    /// Whether an instance is one of these.
    pub(super) fn is_of(&self, provider: CapacityProviderId, number: usize) -> bool {
        self.available(provider).get(number / LANES).is_some_and(|it| it >> (number % LANES) & 1 == 1)
    }

    /// How many of these there are.
    pub(super) fn n_available(&self, provider: CapacityProviderId) -> usize {
        self.n_available.get(provider.idx()).copied().unwrap_or(0)
    }

    /// Whether no other provider has instances.
    pub(super) fn is_alone(&self, provider: CapacityProviderId) -> bool {
        self.available.iter().enumerate().all(|(idx, it)| idx == provider.idx() || it.is_empty())
    }

    /// There is a place for this instance.
    pub(super) fn stretch(&mut self, id: InstanceId) {
        let block = id.idx() / LANES;
        if block >= self.n_blocks() {
            self.rooms.iter_mut().for_each(|it| it.resize(block + 1, [0; LANES]));
        }
        self.n_instances = self.n_instances.max(id.idx() + 1);
    }

    /// Reads an instance that has a place, and says what it had before and has now.
    #[inline]
    pub(super) fn read(
        &mut self,
        lanes: Lanes,
        instance: &ContainerInstance,
        id: InstanceId,
    ) -> (Rooms, Rooms) {
        let free = instance.free;
        let now = if instance.takes_tasks() { [free.cpu.0 + 1, free.memory.0 + 1] } else { [0; 2] };
        let (block, lane) = (id.idx() / LANES, id.idx() % LANES);
        let [cpu, memory] = &mut self.rooms;
        let before = [
            std::mem::replace(&mut cpu[block][lane], now[0]),
            std::mem::replace(&mut memory[block][lane], now[1]),
        ];
        if !self.most[0].is_empty() {
            self.keep_most(lanes, block, before, now);
        }
        (before, now)
    }

    /// An instance that had `before` and has `now` takes tasks, or takes none.
    pub(super) fn note_status(
        &mut self,
        provider: CapacityProviderId,
        id: InstanceId,
        before: Rooms,
        now: Rooms,
    ) {
        if (before[0] > 0) == (now[0] > 0) {
            return;
        }
        let (block, lane) = (id.idx() / LANES, id.idx() % LANES);
        if self.available.len() <= provider.idx() {
            self.available.resize(provider.idx() + 1, Vec::new());
            self.n_available.resize(provider.idx() + 1, 0);
        }
        let words = &mut self.available[provider.idx()];
        if words.len() <= block {
            words.resize(block + 1, 0);
        }
        words[block] ^= 1 << lane;
        let n = &mut self.n_available[provider.idx()];
        *n = if now[0] > 0 { *n + 1 } else { *n - 1 };
    }

    /// From now on the most of each block is known.
    pub(super) fn know_most(&mut self, lanes: Lanes) {
        if self.most[0].is_empty() && self.n_blocks() > 0 {
            for (most, rooms) in self.most.iter_mut().zip(&self.rooms) {
                most.resize(rooms.len().div_ceil(LANES), [0; LANES]);
                for (most, block) in most.as_flattened_mut().iter_mut().zip(rooms) {
                    *most = lanes.greatest(block);
                }
            }
        }
    }

    /// An instance of the block had `before` and has `now`.
    fn keep_most(&mut self, lanes: Lanes, block: usize, before: Rooms, now: Rooms) {
        let n_blocks = self.n_blocks().div_ceil(LANES);
        for (resource, most) in self.most.iter_mut().enumerate() {
            if most.len() < n_blocks {
                most.resize(n_blocks, [0; LANES]);
            }
            let most = &mut most[block / LANES][block % LANES];
            if now[resource] >= *most {
                *most = now[resource];
            } else if before[resource] == *most {
                *most = lanes.greatest(&self.rooms[resource][block]);
            }
        }
    }
}
