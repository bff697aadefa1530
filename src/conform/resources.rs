//! Resources and ports, as the cases of several topics write them.

use super::reader::{Faults, Object};
use crate::base::{CpuUnits, MemoryMib};
use crate::documents::json::Json;
use crate::model::network::{HostPort, Protocol};
use crate::model::task::Needs;

/// `cpu`, `memory`, `gpu` and `eni`; nothing of what is left out.
pub(super) fn read_needs(object: &mut Object<'_>, faults: &mut Faults<'_>) -> Option<Needs> {
    let mut number = |key| object.number_or::<u32>(key, 0, faults);
    let (cpu, memory, gpus, interfaces) = (number("cpu"), number("memory"), number("gpu"), number("eni"));
    let needs = Needs::of(CpuUnits(cpu?), MemoryMib(memory?));
    Some(Needs { gpus: gpus?, network_interfaces: interfaces?, ..needs })
}

/// `host_ports`, sorted and each once; none if they are left out.
pub(super) fn read_host_ports(object: &mut Object<'_>, faults: &mut Faults<'_>) -> Option<Vec<HostPort>> {
    let items = object.list_or_none("host_ports", faults)?;
    let read: Vec<_> = items.iter().map(|it| read_host_port(it, faults)).collect();
    let mut ports = read.into_iter().collect::<Option<Vec<_>>>()?;
    ports.sort_unstable();
    ports.dedup();
    Some(ports)
}

fn read_host_port(json: &Json, faults: &mut Faults<'_>) -> Option<HostPort> {
    let mut object = Object::of(json, faults)?;
    let port = object.required("port", faults).and_then(|it| read_port(it, faults));
    let protocol = object
        .optional("protocol")
        .map_or(Some(Protocol::Tcp), |it| faults.word(it, &[("tcp", Protocol::Tcp), ("udp", Protocol::Udp)]));
    object.finish(faults);
    Some(HostPort { port: port?, protocol: protocol? })
}

/// A port.
pub(super) fn read_port(json: &Json, faults: &mut Faults<'_>) -> Option<u16> {
    let port = faults.number(json)?;
    if port == 0 {
        faults.note("B0607", json, "a host port is 1 to 65535");
        return None;
    }
    Some(port)
}
