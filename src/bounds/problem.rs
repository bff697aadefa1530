//! What the bounds know of tasks and instances: what each class of tasks needs,
//! what each kind of instance offers and costs, and who can share an instance.

use crate::model::instance::InstanceType;
use crate::model::network::{HostPort, RESERVED_PORTS_MAX};
use crate::model::task::{Needs, TaskDefinition};

/// How many resources are counted.
pub const N_RESOURCES: usize = 5;

/// Amounts in the order of [`Resource::ALL`](crate::record::Resource::ALL): CPU
/// units, MiB, network interfaces, reserved host ports, GPUs. Dynamic host ports
/// are left out: an instance has tens of thousands.
pub type Vector = [u64; N_RESOURCES];

/// Tasks that are alike to any packing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Class {
    /// What each takes.
    pub needs: Vector,
    /// Its static host ports: two tasks with one in common never share an
    /// instance (semantics 4.2).
    pub ports: Vec<HostPort>,
    /// Two tasks with the same number never share an instance: wanted tasks of
    /// a service with `distinctInstance` (semantics 5.3).
    pub apart: Option<u32>,
}

/// Instances that are alike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Kind {
    /// What each registers.
    pub capacity: Vector,
    /// What an hour of one costs, in 1e-12 USD.
    pub pico_usd_per_hour: u64,
}

/// Classes and kinds that may meet: every class may be put on every kind that
/// is large enough.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The classes of tasks.
    pub classes: Vec<Class>,
    /// The kinds of instances.
    pub kinds: Vec<Kind>,
}

impl Class {
    /// Tasks of this definition.
    pub fn of(definition: &TaskDefinition, apart: Option<u32>) -> Self {
        Self {
            needs: vector(definition.needs, definition.host_ports.len() as u64),
            ports: definition.host_ports.clone(),
            apart,
        }
    }

    /// Whether a task of this class and one of the other can be on one instance,
    /// room aside.
    pub fn tolerates(&self, other: &Self) -> bool {
        let is_apart = self.apart.is_some() && self.apart == other.apart;
        !is_apart && !self.ports.iter().any(|it| other.ports.contains(it))
    }

    /// How many tasks of this class find room together in `room`.
    pub fn copies(&self, room: &Vector) -> u64 {
        let by_room = (0..N_RESOURCES).filter_map(|it| room[it].checked_div(self.needs[it])).min();
        let is_alone = !self.tolerates(self);
        by_room.unwrap_or(u64::MAX).min(if is_alone { 1 } else { u64::MAX })
    }
}

impl Problem {
    /// Whether a task of this class fits an empty instance of that kind.
    pub fn fits(&self, class: usize, kind: usize) -> bool {
        fits(&self.classes[class].needs, &self.kinds[kind].capacity)
    }

    /// Whether tasks of these classes can be together on an instance of this
    /// kind; of one class twice: whether two of it can.
    pub fn can_share(&self, one: usize, other: usize, kind: usize) -> bool {
        let (one, other) = (&self.classes[one], &self.classes[other]);
        one.tolerates(other) && fits(&sum(&one.needs, &other.needs), &self.kinds[kind].capacity)
    }
}

/// What an instance registers, `own_ports` of its reserved ports being its own.
pub fn capacity(registered: Needs, own_ports: usize) -> Vector {
    vector(registered, RESERVED_PORTS_MAX.saturating_sub(own_ports) as u64)
}

/// A kind of this type, with the ports that every instance keeps for itself.
pub fn kind_of(instance_type: &InstanceType, pico_usd_per_hour: u64) -> Kind {
    let own_ports = crate::model::network::RESERVED_TCP_PORTS.len();
    Kind { capacity: capacity(instance_type.capacity, own_ports), pico_usd_per_hour }
}

/// Needs with reserved host ports.
pub fn vector(needs: Needs, ports: u64) -> Vector {
    [needs.cpu.0.into(), needs.memory.0.into(), needs.network_interfaces.into(), ports, needs.gpus.into()]
}

/// Whether `needs` is nowhere more than `room`.
pub fn fits(needs: &Vector, room: &Vector) -> bool {
    needs.iter().zip(room).all(|(need, room)| need <= room)
}

/// Both together.
pub fn sum(one: &Vector, other: &Vector) -> Vector {
    std::array::from_fn(|it| one[it] + other[it])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CpuUnits, MemoryMib};
    use crate::model::network::Protocol;

    #[test]
    fn room_ports_and_distinct_instance_decide_who_shares() {
        let kind = Kind { capacity: [1000, 1000, 2, 94, 0], pico_usd_per_hour: 1 };
        let class = |cpu: u32, port: Option<u16>, apart| {
            let mut definition = TaskDefinition::plain("", Needs::of(CpuUnits(cpu), MemoryMib(100)));
            definition.host_ports =
                port.map(|port| HostPort { port, protocol: Protocol::Tcp }).into_iter().collect();
            Class::of(&definition, apart)
        };
        let classes = vec![
            class(600, None, None),
            class(400, Some(80), None),
            class(300, Some(80), Some(1)),
            class(100, None, Some(1)),
        ];
        let problem = Problem { classes, kinds: vec![kind] };
        let shares = |one, other| problem.can_share(one, other, 0);
        assert!(!shares(0, 0) && shares(0, 1) && !shares(1, 1) && !shares(1, 2));
        assert!(!shares(2, 3) && !shares(3, 3) && shares(1, 3) && shares(0, 3));
        let copies = |it: usize| problem.classes[it].copies(&kind.capacity);
        assert_eq!([copies(0), copies(1), copies(3)], [1, 1, 1]);
        assert_eq!(class(250, None, None).copies(&kind.capacity), 4);
        assert_eq!(class(0, None, None).copies(&kind.capacity), 10);
    }
}
