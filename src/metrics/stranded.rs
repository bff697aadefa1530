//! Capacity that was free and could not be used, by what stood in the way; see
//! `bounds::stranded` for what counts.

use super::{Direction, Metric};
use crate::record::{Resource, StrandedCause};

macro_rules! stranded {
    ($($name:ident $column:literal $summary:literal $resource:ident $cause:expr;)*) => {$(
        pub(super) const $name: Metric = Metric {
            name: $column,
            summary: $summary,
            unit: "%",
            direction: Direction::LowerIsBetter,
            decimals: 1,
            of: |record| record.floors.stranded.percent(Resource::$resource, $cause),
        };
    )*};
}

stranded! {
    CPU "stranded_cpu_percent" "CPU that is free and cannot be used, of what is registered" Cpu None;
    CPU_BY_MEMORY "stranded_cpu_by_memory_percent" "of it: no memory is left beside it" Cpu Some(StrandedCause::Memory);
    CPU_BY_INTERFACES "stranded_cpu_by_interfaces_percent" "of it: no network interface is left" Cpu Some(StrandedCause::NetworkInterfaces);
    CPU_BY_PORTS "stranded_cpu_by_ports_percent" "of it: a host port is taken" Cpu Some(StrandedCause::Ports);
    CPU_BY_GPUS "stranded_cpu_by_gpus_percent" "of it: no GPU is left" Cpu Some(StrandedCause::Gpus);
    CPU_BY_CONSTRAINT "stranded_cpu_by_constraint_percent" "of it: a placement constraint or an attribute forbids it" Cpu Some(StrandedCause::Constraint);
    CPU_BY_ZONE "stranded_cpu_by_zone_percent" "of it: in no zone of the tasks' subnets" Cpu Some(StrandedCause::Zone);
    CPU_BY_STATE "stranded_cpu_by_state_percent" "of it: the instance registers, drains, or is not heard" Cpu Some(StrandedCause::State);
    CPU_BY_REMAINDER "stranded_cpu_by_remainder_percent" "of it: less than a task needs" Cpu Some(StrandedCause::Remainder);
    MEMORY "stranded_memory_percent" "memory that is free and cannot be used, of what is registered" Memory None;
    MEMORY_BY_CPU "stranded_memory_by_cpu_percent" "of it: no CPU is left beside it" Memory Some(StrandedCause::Cpu);
    MEMORY_BY_REMAINDER "stranded_memory_by_remainder_percent" "of it: less than a task needs" Memory Some(StrandedCause::Remainder);
    INTERFACES "stranded_interfaces_percent" "network interfaces that are free and cannot be used" NetworkInterfaces None;
    GPU "stranded_gpu_percent" "GPUs that are free and cannot be used" Gpus None;
}
