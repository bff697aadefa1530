//! The host ports of one instance: its own, the static ones of tasks, and those
//! that the agent chooses when a task is placed (semantics 4.2).

use crate::base::id::TaskId;
use crate::model::network::{DYNAMIC_PORTS, HostPort, Protocol, RESERVED_PORTS_MAX};
use crate::model::task::TaskDefinition;

/// Which ports of an instance are in use, and by whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostPorts {
    /// Sorted by port.
    in_use: Vec<PortUse>,
    /// Where the search for a dynamic port begins.
    cursor: u16,
    /// Ports of the dynamic range that the agent does not choose: tasks that a
    /// snapshot found have them as static ones.
    avoided: Vec<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct PortUse {
    port: HostPort,
    /// `None` for the instance itself.
    holder: Option<TaskId>,
    is_dynamic: bool,
}

impl HostPorts {
    /// Only the instance's own are in use; one named twice is one.
    pub fn new(own: &[HostPort]) -> Self {
        let of_instance = |&port: &HostPort| PortUse { port, holder: None, is_dynamic: false };
        let mut in_use: Vec<PortUse> = own.iter().map(of_instance).collect();
        in_use.sort_unstable();
        in_use.dedup();
        Self { in_use, cursor: *DYNAMIC_PORTS.start(), avoided: Vec::new() }
    }

    /// Whether a task of this definition finds its ports free, and leaves the
    /// instance with no more reserved ports than it may have.
    pub fn have_room_for(&self, definition: &TaskDefinition) -> bool {
        let statics = &definition.host_ports;
        if !statics.is_empty() {
            let is_free = |port: &HostPort| self.find(*port).is_err();
            if !statics.iter().all(is_free) || self.n_reserved() + statics.len() > RESERVED_PORTS_MAX {
                return false;
            }
        }
        [Protocol::Tcp, Protocol::Udp].into_iter().all(|protocol| {
            let n = definition.dynamic_ports.iter().filter(|&&it| it == protocol).count();
            n == 0 || self.n_free_dynamic(protocol) >= n
        })
    }

    /// Reserved ports: the instance's own and the static ones of tasks.
    pub fn n_reserved(&self) -> usize {
        self.in_use.iter().filter(|it| !it.is_dynamic).count()
    }

    /// How many ports tasks can have at once: reserved ones and dynamic ones.
    pub fn n_for_tasks(&self) -> usize {
        let own = self.in_use.iter().filter(|it| it.holder.is_none());
        let own_dynamic = own.clone().filter(|it| DYNAMIC_PORTS.contains(&it.port.port)).count();
        RESERVED_PORTS_MAX.saturating_sub(own.count()) + DYNAMIC_PORTS.len() - own_dynamic
    }

    /// How many ports tasks have now.
    pub fn n_of_tasks(&self) -> usize {
        self.in_use.iter().filter(|it| it.holder.is_some()).count()
    }

    /// All ports of a task: static and dynamic, ascending.
    pub fn of(&self, task: TaskId) -> impl Iterator<Item = HostPort> {
        self.in_use.iter().filter(move |it| it.holder == Some(task)).map(|it| it.port)
    }

    /// The ports that the agent chose for a task, ascending.
    pub fn dynamic_of(&self, task: TaskId) -> impl Iterator<Item = HostPort> {
        self.in_use.iter().filter(move |it| it.holder == Some(task) && it.is_dynamic).map(|it| it.port)
    }

    /// All static ports in use, the instance's own included, with their tasks.
    pub fn statics(&self) -> impl Iterator<Item = (HostPort, Option<TaskId>)> {
        self.in_use.iter().filter(|it| !it.is_dynamic).map(|it| (it.port, it.holder))
    }

    /// The task takes its ports. Dynamic ones: the next free of the range from
    /// where the last search ended (MODEL).
    ///
    /// # Panics
    ///
    /// If there is no room for them.
    pub(in crate::model) fn take(&mut self, task: TaskId, definition: &TaskDefinition) {
        for &port in &definition.host_ports {
            self.insert(PortUse { port, holder: Some(task), is_dynamic: false });
        }
        for &protocol in &definition.dynamic_ports {
            let n_ports = DYNAMIC_PORTS.len();
            let port = (0..n_ports)
                .map(|_| {
                    let port = HostPort { port: self.cursor, protocol };
                    self.cursor = if self.cursor == *DYNAMIC_PORTS.end() {
                        *DYNAMIC_PORTS.start()
                    } else {
                        self.cursor + 1
                    };
                    port
                })
                .find(|&port| {
                    let is_free = self.in_use.binary_search_by_key(&port, |it| it.port).is_err();
                    is_free && !self.avoided.contains(&port.port)
                })
                .expect("a dynamic port is free");
            self.insert(PortUse { port, holder: Some(task), is_dynamic: true });
        }
    }

    /// The agent chooses none of these from now on.
    pub(in crate::model) fn avoid(&mut self, ports: &[HostPort]) {
        self.avoided.extend(ports.iter().map(|it| it.port).filter(|it| DYNAMIC_PORTS.contains(it)));
    }

    /// The task's ports are free again.
    pub(in crate::model) fn give_back(&mut self, task: TaskId) {
        self.in_use.retain(|it| it.holder != Some(task));
    }

    fn insert(&mut self, port: PortUse) {
        let idx = self.find(port.port).expect_err("a host port has one user");
        self.in_use.insert(idx, port);
    }

    fn find(&self, port: HostPort) -> Result<usize, usize> {
        self.in_use.binary_search_by_key(&port, |it| it.port)
    }

    fn n_free_dynamic(&self, protocol: Protocol) -> usize {
        let is_taken = |it: &&PortUse| it.port.protocol == protocol && DYNAMIC_PORTS.contains(&it.port.port);
        let n_taken = self.in_use.iter().filter(is_taken).count();
        DYNAMIC_PORTS.len().saturating_sub(n_taken + self.avoided.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::reserved_ports;
    use crate::model::task::Needs;

    fn wants(statics: &[u16], n_dynamic: usize) -> TaskDefinition {
        let tcp = |&port: &u16| HostPort { port, protocol: Protocol::Tcp };
        TaskDefinition {
            host_ports: statics.iter().map(tcp).collect(),
            dynamic_ports: vec![Protocol::Tcp; n_dynamic],
            ..TaskDefinition::plain("web", Needs::default())
        }
    }

    #[test]
    fn dynamic_ports_rotate_and_the_range_can_be_used_up() {
        let mut ports = HostPorts::new(&reserved_ports());
        let one = wants(&[], 1);
        ports.take(TaskId::new(0), &one);
        ports.take(TaskId::new(1), &one);
        ports.give_back(TaskId::new(0));
        ports.take(TaskId::new(2), &one);
        let chosen = |task| ports.of(TaskId::new(task)).map(|it| it.port).collect::<Vec<_>>();
        assert_eq!((chosen(1), chosen(2)), (vec![32_769], vec![32_770]));
        assert_eq!(ports.n_reserved(), 6, "dynamic ports do not count");

        // 28,232 ports, three of which the agent keeps for itself.
        let all = wants(&[], 28_232 - 3 - 2);
        assert!(ports.have_room_for(&all));
        assert!(!ports.have_room_for(&wants(&[], 28_232 - 3 - 1)));
        ports.take(TaskId::new(3), &all);
        assert!(!ports.have_room_for(&one));
        ports.give_back(TaskId::new(1));
        assert!(ports.have_room_for(&one));
        ports.take(TaskId::new(4), &one);
        assert_eq!(ports.of(TaskId::new(4)).map(|it| it.port).collect::<Vec<_>>(), [32_769]);
    }

    #[test]
    fn a_static_port_of_a_task_to_come_is_left_alone() {
        let mut ports = HostPorts::new(&reserved_ports());
        let fixed = wants(&[32_768], 0);
        ports.avoid(&fixed.host_ports);
        ports.take(TaskId::new(0), &wants(&[], 1));
        ports.take(TaskId::new(1), &fixed);
        let chosen = |task| ports.of(TaskId::new(task)).map(|it| it.port).collect::<Vec<_>>();
        assert_eq!((chosen(0), chosen(1)), (vec![32_769], vec![32_768]));
    }

    #[test]
    fn an_instance_has_a_hundred_reserved_ports() {
        let mut ports = HostPorts::new(&reserved_ports());
        let many: Vec<u16> = (1000..1094).collect();
        assert!(ports.have_room_for(&wants(&many, 0)));
        ports.take(TaskId::new(0), &wants(&many, 0));
        assert!(!ports.have_room_for(&wants(&[2000], 0)));
        assert!(ports.have_room_for(&wants(&[], 1)));
        assert!(!ports.have_room_for(&wants(&[22], 0)), "the instance's own");
    }
}
