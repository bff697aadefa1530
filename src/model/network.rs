//! Ports on an instance. A static host port is a placement resource: two tasks
//! with the same port and protocol cannot share an instance (API PortMapping).

use std::fmt;

/// A transport protocol of a port mapping.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Protocol {
    /// The default.
    Tcp,
    /// Has ports of its own.
    Udp,
}

/// A port of an instance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HostPort {
    /// 1 to 65535.
    pub port: u16,
    /// TCP or UDP.
    pub protocol: Protocol,
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        write!(f, "{}/{protocol}", self.port)
    }
}

/// TCP ports that an instance keeps for itself: SSH, the Docker daemon, the
/// agent (API PortMapping.hostPort).
pub const RESERVED_TCP_PORTS: [u16; 6] = [22, 2375, 2376, 51678, 51679, 51680];

/// The ports in use on an instance without tasks, sorted.
pub fn reserved_ports() -> Vec<HostPort> {
    RESERVED_TCP_PORTS.iter().map(|&port| HostPort { port, protocol: Protocol::Tcp }).collect()
}
