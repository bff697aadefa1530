//! Requests for virtual machines of Azure, November 2016 to February 2017, as
//! run-length encoded from the Azure Public Dataset V1 (described at SOSP
//! 2017; CC BY 4.0): a machine stands for a task.
//!
//! Times and lifetimes are rounded to 300 s, longer lifetimes given as hours or
//! days: `3900, 7200` are the multiples of 300 s over one hour and up to two.
//! The first row's time becomes zero, so hour 0 of the trace is the hour in
//! which its file begins. A machine that was still running at the end runs for
//! ever; its lifetime in the file is only what had passed.

use super::builder::{Reckoning, UnnumberedRow};
use super::csv_rows::{Column, Fault, Rows, required};
use super::csv_trace::{self, Form};
use super::number;
use super::source::{Format, LifetimeRange};
use crate::base::{CpuUnits, MemoryMib, SimDuration, SimTime};
use crate::model::task::Needs;

/// The format.
pub const FORMAT: Format = Format {
    name: "azure-vm-2017",
    summary: "virtual machine requests of the Azure Public Dataset V1, run-length encoded",
    recognises: |header| header.contains("tenant_batch") && header.contains("still_running"),
    read: csv_trace::read::<Azure>,
};

const COLUMNS: &[Column] = &[
    required("time_s"),
    required("tenant_batch"),
    required("count"),
    required("vcpus"),
    required("memory_gb"),
    required("lifetime_min_s"),
    required("lifetime_max_s"),
    required("still_running"),
];
const TIME: usize = 0;
const TENANT_BATCH: usize = 1;
const COUNT: usize = 2;
const VCPUS: usize = 3;
const MEMORY_GB: usize = 4;
const LIFETIME_MIN: usize = 5;
const LIFETIME_MAX: usize = 6;
const STILL_RUNNING: usize = 7;

/// What the dataset rounded its times to.
const STEP: SimDuration = SimDuration::from_secs(300);

/// What is particular to this form.
pub(super) struct Azure;

impl Form for Azure {
    const COLUMNS: &'static [Column] = COLUMNS;
    const ARRIVAL: usize = TIME;
    // A tenant's batch is one only within its time step.
    const RECKONING: Reckoning = Reckoning { starts_with_first_row: true, names_last_a_moment: true };

    fn row(rows: &mut Rows<'_>) -> Option<UnnumberedRow> {
        // All fields before the first `?`, so that a row tells all its faults.
        let time = rows.millis(TIME);
        let batch = rows.whole(TENANT_BATCH);
        let count = rows.positive(COUNT);
        let cpu = rows.of_1024(VCPUS);
        let memory = rows.of_1024(MEMORY_GB);
        let min = rows.duration(LIFETIME_MIN);
        let max = rows.duration(LIFETIME_MAX);
        let is_still_running = rows.parse(STILL_RUNNING, number::flag);
        let (min, max) = (min?, max?);
        if min > max {
            let message = format!("ends after {max} at most, expected not before its minimum of {min}");
            rows.fault(LIFETIME_MAX, Fault::new("B0214", message));
            return None;
        }
        let max = if is_still_running? { SimDuration::FOREVER } else { max };
        Some(UnnumberedRow {
            arrival: SimTime::from_millis(time?),
            arrival_step: STEP,
            batch: Some(batch?),
            count: count?,
            needs: Needs::of(CpuUnits(cpu?), MemoryMib(memory?)),
            lifetime: LifetimeRange { min, max, step: STEP },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Seed, id::Id as _};
    use crate::trace::input::Input;
    use crate::trace::source::{ReadError, Trace};
    use crate::trace::testing::real_file;
    use crate::trace::threads::OneThread;

    fn read(input: &mut dyn Input, file: &str) -> Result<Trace, ReadError> {
        (FORMAT.read)(input, file, &OneThread)
    }

    const HEADER: &str =
        "time_s,tenant_batch,count,vcpus,memory_gb,lifetime_min_s,lifetime_max_s,still_running\n";

    #[test]
    fn a_row_becomes_tasks_with_exact_needs() {
        let text = format!("{HEADER}1800000,0,2,1,0.75,300,300,0\n1800300,0,1,8,112,86700,172800,1\n");
        let trace = read(&mut text.as_bytes(), "t.csv").unwrap();
        assert_eq!((trace.n_tasks(), trace.n_batches, trace.n_outliving()), (3, 2, 1));
        assert_eq!(trace.rows.get(1).arrival, SimTime::from_secs(300));
        let needs: Vec<(u32, u32)> =
            trace.definitions.rows().iter().map(|it| (it.needs.cpu.0, it.needs.memory.0)).collect();
        assert_eq!(needs, [(1024, 768), (8192, 114_688)]);
        assert_eq!(trace.rows.get(1).definition.idx(), 1);
    }

    #[test]
    fn each_fault_has_its_code() {
        for (row, code) in [
            ("0,0,0,1,2,300,300,0", "B0213"),
            ("0,0,1,0,2,300,300,0", "B0213"),
            ("0,0,1,1,0.001,300,300,0", "B0217"),
            ("0,0,1,1,2,600,300,0", "B0214"),
            ("0,0,1,1,2,300,300,2", "B0210"),
            ("0,0,1,1,2,300,300", "B0209"),
            ("5,0,1,1,2,300,300,0\n4,0,1,1,2,300,300,0", "B0215"),
        ] {
            let text = format!("{HEADER}{row}\n");
            match read(&mut text.as_bytes(), "t.csv") {
                Err(ReadError::Content(faults)) => {
                    assert_eq!(faults.iter().map(|it| it.code).collect::<Vec<_>>(), [code], "{row}");
                }
                other => panic!("{row}: {other:?}"),
            }
        }
    }

    /// Figures of the source's own description.
    #[test]
    fn the_real_file_has_the_known_counts() {
        let Some(text) = real_file("azure-vm-2017/vm-requests-days-20-24.csv") else { return };
        let trace = read(&mut text.as_bytes(), "azure").unwrap();
        assert_eq!(trace.rows.len(), 117_925);
        assert_eq!((trace.n_tasks(), trace.n_batches, trace.n_outliving()), (259_159, 53_109, 14_317));
        // What the agent registers of the memory, by default about 97 %.
        let capacity = |cpu, mib: u32| Needs::of(CpuUnits(cpu), MemoryMib(mib * 97 / 100));
        assert_eq!(trace.n_too_large_for(capacity(16_384, 65_536)), 10);
        assert_eq!(trace.n_too_large_for(capacity(4096, 16_384)), 24_810);

        let horizon = SimDuration::from_secs(4 * 86_400);
        assert_eq!(trace.arrivals(Seed(1), true, horizon).len(), 259_159);

        let mut written = Vec::new();
        crate::trace::native::write(&trace, &mut written).unwrap();
        let again = crate::trace::native::read(&mut written.as_slice(), "again").unwrap();
        assert!(again == trace, "written in the native form and read again it is the same trace");
    }
}
