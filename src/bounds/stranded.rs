//! Stranded capacity: what is free on an instance and cannot be used.
//!
//! It is measured against the mix of the moment: the classes of tasks that run
//! or wait before the same capacity providers. Of one resource of an instance,
//! a class could use as much as that resource alone would allow; of that, some
//! because the rest of the instance allows it too. The class that could use the
//! most speaks for the mix, so that nothing is called stranded that tasks of
//! some one class could take. For it,
//!
//! ```text
//! free = usable + held back + remainder
//! usable     n tasks of it, as many as fit now
//! held back  what more tasks of it would take if this resource were all
//! remainder  less than one task of it needs
//! ```
//!
//! What is held back is stranded by what stands in the way of the next task:
//! the first resource that is short, a host port, a rule. On an instance that
//! takes no tasks (registering, draining, its agent not heard) all that is free
//! is stranded by its state. Where nothing of the mix needs the resource,
//! nothing is.

use crate::bounds::problem::{Class, N_RESOURCES, Vector};
use crate::record::StrandedCause;

/// Whether a task of a class may go to an instance, room aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// As many as find room, this many at most.
    Upto(u64),
    /// None, for this reason.
    Refused(StrandedCause),
}

/// Resources in the order of a [`Vector`], as causes.
const SHORT_OF: [StrandedCause; N_RESOURCES] = [
    StrandedCause::Cpu,
    StrandedCause::Memory,
    StrandedCause::NetworkInterfaces,
    StrandedCause::Ports,
    StrandedCause::Gpus,
];

/// How much of each resource is stranded on an instance where so much is free: by
/// a cause, and as a remainder. `mix` are the classes of the moment with their
/// admission to it.
pub fn stranded<'a>(
    free: &Vector,
    mix: impl Iterator<Item = (&'a Class, Admission)>,
) -> [Stranded; N_RESOURCES] {
    let mut best: [Option<(u64, u64, Stranded)>; N_RESOURCES] = [None; N_RESOURCES];
    for (class, admission) in mix {
        let needs = &class.needs;
        let room: Vector = std::array::from_fn(|it| free[it].checked_div(needs[it]).unwrap_or(u64::MAX));
        let by_room = room.into_iter().min().unwrap_or(0);
        for resource in (0..N_RESOURCES).filter(|&it| needs[it] > 0) {
            let (n, cause) = match admission {
                Admission::Refused(cause) => (0, cause),
                // Its own port or group is in the way of the next one.
                Admission::Upto(most) if most < by_room => {
                    let cause =
                        if class.ports.is_empty() { StrandedCause::Constraint } else { StrandedCause::Ports };
                    (most, cause)
                }
                Admission::Upto(_) => {
                    let short = (0..N_RESOURCES).find(|&it| it != resource && room[it] == by_room);
                    (by_room, short.map_or(StrandedCause::Remainder, |it| SHORT_OF[it]))
                }
            };
            let usable = n * needs[resource];
            let held_back = room[resource] * needs[resource] - usable;
            let it = Stranded { cause, held_back, remainder: free[resource] - usable - held_back };
            let best = &mut best[resource];
            if best.is_none_or(|best| (usable, usable + held_back) > (best.0, best.1)) {
                *best = Some((usable, usable + held_back, it));
            }
        }
    }
    best.map(|it| it.map_or_else(Stranded::default, |it| it.2))
}

/// What is stranded of one resource on one instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stranded {
    /// What holds it back.
    pub cause: StrandedCause,
    /// How much that is; often nothing.
    pub held_back: u64,
    /// Less than a task needs.
    pub remainder: u64,
}

impl Default for Stranded {
    fn default() -> Self {
        Self { cause: StrandedCause::Remainder, held_back: 0, remainder: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use StrandedCause as Because;

    fn class(cpu: u64, memory: u64, interfaces: u64) -> Class {
        Class { needs: [cpu, memory, interfaces, 0, 0], ports: Vec::new(), apart: None }
    }

    #[track_caller]
    fn check(
        free: [u64; 3],
        mix: &[(Class, Admission)],
        cpu: (Because, u64, u64),
        memory: (Because, u64, u64),
    ) {
        let free = [free[0], free[1], free[2], 94, 0];
        let of = stranded(&free, mix.iter().map(|it| (&it.0, it.1)));
        let told = |it: Stranded| (it.cause, it.held_back, it.remainder);
        assert_eq!((told(of[0]), told(of[1])), (cpu, memory));
    }

    #[test]
    fn what_is_free_is_usable_held_back_or_a_remainder() {
        let any = Admission::Upto(u64::MAX);
        let web = (class(100, 200, 0), any);
        // Five by CPU, two by memory.
        let by_memory = (Because::Memory, 300, 50);
        check([550, 450, 0], std::slice::from_ref(&web), by_memory, (Because::Remainder, 0, 50));
        // None at all.
        let by_cpu = (Because::Cpu, 800, 0);
        check([90, 800, 0], std::slice::from_ref(&web), (Because::Remainder, 0, 90), by_cpu);
        // A class that needs less memory could have the CPU.
        let lean = (class(100, 50, 0), any);
        check([550, 450, 0], &[web.clone(), lean], (Because::Remainder, 0, 50), (Because::Remainder, 0, 50));
        // Interfaces.
        let own = (class(100, 100, 1), any);
        let by_interfaces = |held_back| (Because::NetworkInterfaces, held_back, 0);
        check([500, 300, 1], &[own], by_interfaces(400), by_interfaces(200));
        check([500, 300, 0], &[], (Because::Remainder, 0, 0), (Because::Remainder, 0, 0));
    }

    #[test]
    fn rules_hold_back_what_room_would_allow() {
        let zone = (class(100, 100, 0), Admission::Refused(Because::Zone));
        check([250, 100, 0], std::slice::from_ref(&zone), (Because::Zone, 200, 50), (Because::Zone, 100, 0));
        let one = (class(200, 50, 0), Admission::Upto(1));
        check([450, 100, 0], &[one, zone], (Because::Constraint, 200, 50), (Because::Constraint, 50, 0));
    }
}
