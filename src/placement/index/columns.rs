//! What a decision reads of every instance, in dense columns by instance number:
//! free CPU and free memory, one more than there is, so that 0 is an instance
//! that takes no tasks; and whose it is, as bits.

use crate::base::id::{CapacityProviderId, Id as _, InstanceId};
use crate::model::Cluster;
use crate::placement::index::lanes::{Block, LANES, Lanes};

/// Free CPU units and MiB, one more than there are; both 0 where no task is
/// taken.
pub(super) type Rooms = [u32; 2];

/// The most that the columns hold: one more of it is still a number.
pub(super) const AMOUNT_MAX: u32 = u32::MAX - 2;

/// What the index reads of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Row {
    rooms: Rooms,
    provider: CapacityProviderId,
}

const _: () = assert!(size_of::<Row>() <= 16, "what an index reads of an instance stays small");

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

    /// Whether no other provider has instances.
    pub(super) fn is_alone(&self, provider: CapacityProviderId) -> bool {
        self.available.iter().enumerate().all(|(idx, it)| idx == provider.idx() || it.is_empty())
    }

    /// Reads the instance again and says what it had before and has now; `None`
    /// if it has more than the columns hold.
    #[inline]
    pub(super) fn read(&mut self, lanes: Lanes, cluster: &Cluster, id: InstanceId) -> Option<(Rooms, Rooms)> {
        let row = Row::of(cluster, id)?;
        let (block, lane) = (id.idx() / LANES, id.idx() % LANES);
        if block >= self.n_blocks() {
            self.rooms.iter_mut().for_each(|it| it.resize(block + 1, [0; LANES]));
        }
        self.n_instances = self.n_instances.max(id.idx() + 1);
        let [cpu, memory] = &mut self.rooms;
        let before = [
            std::mem::replace(&mut cpu[block][lane], row.rooms[0]),
            std::mem::replace(&mut memory[block][lane], row.rooms[1]),
        ];
        if !self.most[0].is_empty() {
            self.keep_most(lanes, block, before, row.rooms);
        }
        if (before[0] > 0) != (row.rooms[0] > 0) {
            let provider = row.provider.idx();
            if self.available.len() <= provider {
                self.available.resize(provider + 1, Vec::new());
            }
            let words = &mut self.available[provider];
            if words.len() <= block {
                words.resize(block + 1, 0);
            }
            words[block] ^= 1 << lane;
        }
        Some((before, row.rooms))
    }

    /// From now on the most of each block is known.
    pub(super) fn know_most(&mut self, lanes: Lanes) {
        if self.most[0].is_empty() && self.n_blocks() > 0 {
            for block in 0..self.n_blocks() {
                self.keep_most(lanes, block, [0; 2], [u32::MAX; 2]);
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
            if now[resource] >= *most || before[resource] == *most {
                *most = lanes.greatest(&self.rooms[resource][block]);
            }
        }
    }
}

impl Row {
    #[inline]
    fn of(cluster: &Cluster, id: InstanceId) -> Option<Self> {
        let instance = cluster.instance(id);
        let [cpu, memory] = [instance.free.cpu.0, instance.free.memory.0];
        if cpu > AMOUNT_MAX || memory > AMOUNT_MAX {
            return None;
        }
        let rooms = if instance.takes_tasks() { [cpu + 1, memory + 1] } else { [0; 2] };
        Some(Self { rooms, provider: instance.provider })
    }
}
