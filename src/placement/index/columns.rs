//! What a decision reads of every instance, in dense columns by instance number:
//! free CPU and free memory, one more than there is, so that 0 is an instance
//! that takes no tasks; and whose it is, as bits.

use crate::base::id::{CapacityProviderId, Id as _, InstanceId};
use crate::model::Cluster;
use crate::placement::index::lanes::{Block, LANES};

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
    pub(super) fn read(&mut self, cluster: &Cluster, id: InstanceId) -> Option<(Rooms, Rooms)> {
        let row = Row::of(cluster, id)?;
        let (block, lane) = (id.idx() / LANES, id.idx() % LANES);
        if block >= self.n_blocks() {
            self.rooms.iter_mut().for_each(|it| it.resize(block + 1, [0; LANES]));
        }
        self.n_instances = self.n_instances.max(id.idx() + 1);
        let mut before = [0; 2];
        for ((column, now), before) in self.rooms.iter_mut().zip(row.rooms).zip(&mut before) {
            *before = std::mem::replace(&mut column[block][lane], now);
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
}

impl Row {
    fn of(cluster: &Cluster, id: InstanceId) -> Option<Self> {
        let instance = cluster.instance(id);
        let amounts = [instance.free.cpu.0, instance.free.memory.0];
        if amounts.iter().any(|&it| it > AMOUNT_MAX) {
            return None;
        }
        let rooms = if instance.takes_tasks() { amounts.map(|it| it + 1) } else { [0; 2] };
        Some(Self { rooms, provider: instance.provider })
    }
}
