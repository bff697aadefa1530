//! A task definition as sent to RegisterTaskDefinition or returned by
//! DescribeTaskDefinition, for what it takes from an instance: CPU, memory and
//! static host ports (API ContainerDefinition, PortMapping).
//!
//! Left out so far: everything else a definition says, and its validation. CPU
//! is the task's, else the sum of the containers'; memory likewise, a
//! container's being its reservation if it has one, else its limit.

use serde::Deserialize;
use serde_json::Value;

use crate::base::{CpuUnits, Diagnostic, MemoryMib, Place};
use crate::model::network::{HostPort, Protocol};
use crate::model::task::{Needs, TaskDefinition};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a task definition")]
struct Document {
    family: Option<String>,
    cpu: Option<Value>,
    memory: Option<Value>,
    network_mode: Option<String>,
    #[serde(default)]
    container_definitions: Vec<Container>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a container definition")]
struct Container {
    #[serde(default)]
    cpu: u32,
    memory: Option<u32>,
    memory_reservation: Option<u32>,
    #[serde(default)]
    port_mappings: Vec<PortMapping>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a port mapping")]
struct PortMapping {
    container_port: Option<u16>,
    host_port: Option<u16>,
    protocol: Option<String>,
}

/// Reads a definition; `file` is only for messages.
///
/// # Errors
///
/// The first fault of syntax, type or size.
pub fn read(file: &str, text: &str) -> Result<TaskDefinition, Diagnostic> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let fault_at = |error: &serde_json::Error| {
        let line_text = text.lines().nth(error.line().saturating_sub(1)).unwrap_or("").to_owned();
        let place = Place {
            file: file.to_owned(),
            line: error.line().max(1) as u64,
            column: error.column().max(1) as u64,
            width: 1,
            text: line_text,
        };
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or("no JSON").to_owned();
        Diagnostic::new("B0130", message).at(place)
    };
    let whole: Value = serde_json::from_str(text).map_err(|it| fault_at(&it))?;
    // As DescribeTaskDefinition returns it, one level further in.
    let document: Document = if whole.get("taskDefinition").is_some() {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Described {
            task_definition: Document,
        }
        serde_json::from_str::<Described>(text).map_err(|it| fault_at(&it))?.task_definition
    } else {
        serde_json::from_str(text).map_err(|it| fault_at(&it))?
    };
    document.into_definition().map_err(|message| {
        let place = Place {
            file: file.to_owned(),
            line: 1,
            column: 1,
            width: 1,
            text: text.lines().next().unwrap_or("").into(),
        };
        Diagnostic::new("B0131", message).at(place)
    })
}

impl Document {
    fn into_definition(self) -> Result<TaskDefinition, String> {
        let name = self.family.ok_or("`family` is missing")?;
        if self.container_definitions.is_empty() {
            return Err("`containerDefinitions` needs at least one container".to_owned());
        }
        let cpu = match &self.cpu {
            Some(value) => amount(value, "vcpu", 1024)
                .ok_or("`cpu` is not CPU units or vCPU, such as \"256\" or \".25 vCPU\"")?,
            None => self.container_definitions.iter().map(|it| u64::from(it.cpu)).sum(),
        };
        let memory = match &self.memory {
            Some(value) => {
                amount(value, "gb", 1024).ok_or("`memory` is not MiB or GB, such as \"512\" or \"1 GB\"")?
            }
            None => {
                let of_container = |it: &Container| it.memory_reservation.or(it.memory).unwrap_or(0);
                self.container_definitions.iter().map(|it| u64::from(of_container(it))).sum()
            }
        };
        if memory == 0 {
            return Err("no memory: neither the task nor a container has a `memory` above 0".to_owned());
        }
        let small =
            |it: u64, what: &str| u32::try_from(it).map_err(|_| format!("`{what}` is beyond any instance"));
        let is_host = self.network_mode.as_deref() == Some("host");
        let takes_host_ports = is_host || matches!(self.network_mode.as_deref(), None | Some("bridge"));
        let mut host_ports: Vec<HostPort> = Vec::new();
        for mapping in self.container_definitions.iter().flat_map(|it| &it.port_mappings) {
            let port = if is_host { mapping.host_port.or(mapping.container_port) } else { mapping.host_port };
            let protocol =
                if mapping.protocol.as_deref() == Some("udp") { Protocol::Udp } else { Protocol::Tcp };
            if let Some(port) = port.filter(|&port| takes_host_ports && port > 0) {
                let port = HostPort { port, protocol };
                if host_ports.contains(&port) {
                    return Err(format!("the host port {port} is mapped twice"));
                }
                host_ports.push(port);
            }
        }
        host_ports.sort_unstable();
        let needs = Needs { cpu: CpuUnits(small(cpu, "cpu")?), memory: MemoryMib(small(memory, "memory")?) };
        Ok(TaskDefinition { name, needs, host_ports })
    }
}

/// `256`, `"256"`, `"1 vCPU"`, `".5 GB"`: whole units after scaling.
fn amount(value: &Value, unit: &str, per_unit: u64) -> Option<u64> {
    let text = match value {
        Value::String(text) => text.trim().to_ascii_lowercase(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let Some(number) = text.strip_suffix(unit) else { return text.parse().ok() };
    let number = number.trim();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits_only = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
    if number.is_empty()
        || number == "."
        || !digits_only(whole)
        || !digits_only(fraction)
        || fraction.len() > 9
    {
        return None;
    }
    let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction: u64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let scaled = whole.checked_mul(scale)?.checked_add(fraction)?.checked_mul(per_unit)?;
    scaled.is_multiple_of(scale).then_some(scaled / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(text: &str) -> (u32, u32, usize) {
        let definition = read("x.json", text).unwrap();
        (definition.needs.cpu.0, definition.needs.memory.0, definition.host_ports.len())
    }

    #[test]
    fn what_a_definition_takes_follows_the_page() {
        let containers = r#""containerDefinitions": [
            {"name": "a", "image": "a", "cpu": 100, "memory": 300, "memoryReservation": 200,
             "portMappings": [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 81}]},
            {"name": "b", "image": "b", "cpu": 50, "memory": 100}]"#;
        assert_eq!(needs(&format!(r#"{{"family": "f", {containers}}}"#)), (150, 300, 1));
        assert_eq!(
            needs(&format!(r#"{{"family": "f", "cpu": ".25 vCPU", "memory": "1GB", {containers}}}"#)),
            (256, 1024, 1)
        );
        assert_eq!(
            needs(&format!(r#"{{"family": "f", "networkMode": "awsvpc", {containers}}}"#)),
            (150, 300, 0)
        );
        assert_eq!(
            needs(&format!(r#"{{"family": "f", "networkMode": "host", {containers}}}"#)),
            (150, 300, 2)
        );
        assert_eq!(
            needs(&format!(r#"{{"taskDefinition": {{"family": "f", {containers}}}}}"#)),
            (150, 300, 1)
        );
    }

    #[test]
    fn a_fault_has_its_place() {
        let error = read("x.json", "{\n \"family\": 3}").unwrap_err();
        assert_eq!(error.place.unwrap().line, 2);
        assert!(read("x.json", &"[".repeat(10_000)).is_err());
        assert!(read("x.json", r#"{"family": "f"}"#).is_err());
    }
}
