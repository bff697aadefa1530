//! Requests for virtual machines with the moments of their arrival and of their
//! departure, as packing studies write them: a machine stands for a task, a row
//! is a batch of its own.
//!
//! Times are exact and counted from the start of the run. A machine without a
//! departure outlives the trace. `vm_id` names the row for a reader; nothing
//! depends on it.

use super::builder::{Reckoning, UnnumberedRow};
use super::csv_rows::{Column, Fault, Rows, required};
use super::csv_trace::{self, Form};
use super::source::{Format, LifetimeRange};
use crate::base::{CpuUnits, MemoryMib, SimDuration, SimTime};
use crate::model::task::Needs;

/// The format.
pub const FORMAT: Format = Format {
    name: "vm-requests",
    summary: "virtual machine requests with arrival and departure: vm_id,arrival_s,departure_s,vcpu,mem_gib",
    recognises: |header| header.contains("departure_s") && header.contains("mem_gib"),
    read: csv_trace::read::<VmRequests>,
};

const COLUMNS: &[Column] = &[
    required("vm_id"),
    required("arrival_s"),
    required("departure_s"),
    required("vcpu"),
    required("mem_gib"),
];
const ARRIVAL: usize = 1;
const DEPARTURE: usize = 2;
const VCPU: usize = 3;
const MEM_GIB: usize = 4;

/// What is particular to this form.
struct VmRequests;

impl Form for VmRequests {
    const COLUMNS: &'static [Column] = COLUMNS;
    const ARRIVAL: usize = ARRIVAL;
    const RECKONING: Reckoning = Reckoning { starts_with_first_row: false, names_last_a_moment: false };

    #[inline(always)]
    fn row(rows: &mut Rows<'_>) -> Option<UnnumberedRow> {
        // All fields before the first `?`, so that a row tells all its faults.
        let arrival = rows.millis(ARRIVAL);
        let departure = if rows.is_empty(DEPARTURE) { Some(None) } else { rows.millis(DEPARTURE).map(Some) };
        let cpu = rows.of_1024(VCPU);
        let memory = rows.of_1024(MEM_GIB);
        let arrival = arrival?;
        let lifetime = match departure? {
            // What the file does not know of its length, it does not bound either.
            None => LifetimeRange { max: SimDuration::FOREVER, ..LifetimeRange::exactly(SimDuration::ZERO) },
            Some(departure) if departure > arrival => {
                LifetimeRange::exactly(SimDuration::from_millis(departure - arrival))
            }
            Some(departure) => {
                refuse(rows, SimTime::from_millis(arrival), SimTime::from_millis(departure));
                return None;
            }
        };
        Some(UnnumberedRow {
            arrival: SimTime::from_millis(arrival),
            arrival_step: SimDuration::ZERO,
            batch: None,
            count: 1,
            needs: Needs::of(CpuUnits(cpu?), MemoryMib(memory?)),
            lifetime,
        })
    }
}

/// Keeps that a machine leaves before it comes.
#[cold]
fn refuse(rows: &mut Rows<'_>, arrival: SimTime, departure: SimTime) {
    let message = format!("leaves at {departure}, expected after its arrival at {arrival}");
    rows.fault(DEPARTURE, Fault::new("B0214", message));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Seed;
    use crate::trace::{Input, OneThread, ReadError, Trace};

    fn read(input: &mut dyn Input, file: &str) -> Result<Trace, ReadError> {
        (FORMAT.read)(input, file, &OneThread)
    }

    const HEADER: &str = "vm_id,arrival_s,departure_s,vcpu,mem_gib\n";

    #[test]
    fn a_row_becomes_a_task_that_leaves_when_it_is_said() {
        let text = format!("{HEADER}0,0,12.5,1,2\n1,3,,64,256\n7,3,3.001,0.5,0.75\n");
        let trace = read(&mut text.as_bytes(), "t.csv").unwrap();
        assert_eq!((trace.n_tasks(), trace.n_batches, trace.n_outliving()), (3, 3, 1));
        let arrivals = trace.arrivals(Seed(1), true, SimDuration::from_secs(4));
        let met: Vec<_> = arrivals
            .iter()
            .map(|it| {
                let needs = trace.definitions[it.definition].needs;
                (it.at.millis(), it.lifetime, needs.cpu.0, needs.memory.0)
            })
            .collect();
        let lasts = SimDuration::from_millis;
        assert_eq!(
            met,
            [
                (0, lasts(12_500), 1024, 2048),
                (3000, SimDuration::FOREVER, 65_536, 262_144),
                (3000, lasts(1), 512, 768),
            ]
        );
    }

    #[test]
    fn each_fault_has_its_code() {
        for (row, code) in [
            ("0,0,0,1,2", "B0214"),
            ("0,7,6.5,1,2", "B0214"),
            ("0,,5,1,2", "B0210"),
            ("0,0,never,1,2", "B0210"),
            ("0,-1,5,1,2", "B0211"),
            ("0,0,5.0005,1,2", "B0217"),
            ("0,0,5,0,2", "B0213"),
            ("0,0,5,1,0.001", "B0217"),
            ("0,0,5,1", "B0209"),
            ("0,5,9,1,2\n1,4,9,1,2", "B0215"),
        ] {
            match read(&mut format!("{HEADER}{row}\n").as_bytes(), "t.csv") {
                Err(ReadError::Content(faults)) => {
                    assert_eq!(faults.iter().map(|it| it.code).collect::<Vec<_>>(), [code], "{row}");
                }
                other => panic!("{row}: {other:?}"),
            }
        }
    }
}
