//! The records of clusters that share an account as one record: sums are added,
//! series too; services and providers stand side by side with the name of their
//! cluster in front.
//!
//! What belongs to the account is counted once: what repositories stored, what
//! policies took, what scans found and cost is the same for each cluster, and
//! taken of the first. Peaks are those of the clusters together, though they may
//! not have come at one moment: instances and extremes of series are bounds from
//! above (and from below for the least value of a step).

use crate::record::{
    CostOwner, CostShare, DisruptionRecord, FloorRecord, ImageRecord, Ledger, LostImage, Meter,
    NeverPlaceable, RolloutRecord, RunRecord, ScanRecord, StrandedRecord, StrandedSeries, TaskCounts,
    TaskFailure,
};

impl RunRecord {
    /// One record of the records of all clusters, each with its cluster's name, in
    /// their order. All are of the same horizon and warm-up.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn together(clusters: Vec<(&str, Self)>) -> Self {
        let mut clusters = clusters.into_iter();
        let (name, mut all) = clusters.next().expect("there is a cluster");
        // Every digest counts, and so does its place.
        all.digest = chained(0, all.digest);
        all.placement_digest = chained(0, all.placement_digest);
        all.name_after(name);
        for (name, mut other) in clusters {
            other.name_after(name);
            all.add(other);
        }
        all
    }

    /// Puts the name of a cluster before what is named within it.
    fn name_after(&mut self, cluster: &str) {
        let before = |name: &mut String| {
            if !name.is_empty() {
                *name = format!("{cluster}/{name}");
            }
        };
        self.services.iter_mut().for_each(|it| before(&mut it.name));
        self.providers.iter_mut().for_each(|it| before(&mut it.name));
        self.ledger.lines.iter_mut().for_each(|it| before(&mut it.capacity_provider));
    }

    fn add(&mut self, other: Self) {
        // Named one by one: what is new in a record is asked for here.
        let Self {
            digest,
            n_events,
            horizon_ms: _,
            warm_up_ms: _,
            tasks,
            never_placeable,
            wait,
            service_wait,
            ledger,
            instance_ms,
            instances_peak,
            lower_bound_instance_ms,
            reserved_cpu_ms,
            registered_cpu_ms,
            reserved_memory_ms,
            registered_memory_ms,
            occupancy,
            instances_launched,
            instances_failed,
            disruptions,
            instances,
            lower_bound,
            waiting_tasks,
            placed_tasks,
            providers,
            images,
            floors,
            services,
            rollouts,
            failures,
            placement_digest,
        } = other;
        let n_services = u32::try_from(self.services.len()).expect("a few services");
        self.digest = chained(self.digest, digest);
        self.placement_digest = chained(self.placement_digest, placement_digest);
        self.n_events += n_events;
        self.tasks.add(tasks);
        never_placeable.into_iter().for_each(|it| add_never_placeable(&mut self.never_placeable, it));
        self.wait.add(&wait);
        self.service_wait.add(&service_wait);
        self.ledger.add(ledger, n_services);
        self.instance_ms += instance_ms;
        self.instances_peak += instances_peak;
        self.lower_bound_instance_ms += lower_bound_instance_ms;
        self.reserved_cpu_ms += reserved_cpu_ms;
        self.registered_cpu_ms += registered_cpu_ms;
        self.reserved_memory_ms += reserved_memory_ms;
        self.registered_memory_ms += registered_memory_ms;
        self.occupancy.add(occupancy);
        self.instances_launched += instances_launched;
        self.instances_failed += instances_failed;
        disruptions.into_iter().for_each(|it| add_disruption(&mut self.disruptions, it));
        self.instances.add(&instances);
        self.lower_bound.add(&lower_bound);
        self.waiting_tasks.add(&waiting_tasks);
        self.placed_tasks.add(&placed_tasks);
        self.images.add(images, n_services, services.len());
        self.floors.add(floors);
        self.providers.extend(providers);
        self.services.extend(services);
        self.rollouts
            .extend(rollouts.into_iter().map(|it| RolloutRecord { service: it.service + n_services, ..it }));
        // Of one moment those of the first cluster come first.
        self.rollouts.sort_by_key(|it| it.started_ms);
        failures.into_iter().for_each(|it| add_failure(&mut self.failures, it));
    }
}

/// FNV-1a over the bytes of `next`, from `digest` on.
fn chained(digest: u64, next: u64) -> u64 {
    let begin = digest ^ 0xCBF2_9CE4_8422_2325;
    next.to_le_bytes().iter().fold(begin, |it, byte| (it ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

impl TaskCounts {
    fn add(&mut self, other: Self) {
        let Self { submitted, placed, finished, failed, never_placed, never_placeable, calls_refused } =
            other;
        self.submitted += submitted;
        self.placed += placed;
        self.finished += finished;
        self.failed += failed;
        self.never_placed += never_placed;
        self.never_placeable += never_placeable;
        self.calls_refused += calls_refused;
    }
}

fn add_never_placeable(all: &mut Vec<NeverPlaceable>, more: NeverPlaceable) {
    let is_same =
        |it: &&mut NeverPlaceable| NeverPlaceable { n_tasks: more.n_tasks, ..(*it).clone() } == more;
    match all.iter_mut().find(is_same) {
        Some(known) => known.n_tasks += more.n_tasks,
        None => all.push(more),
    }
}

fn add_failure(all: &mut Vec<TaskFailure>, more: TaskFailure) {
    match all.iter_mut().find(|it| it.reason == more.reason) {
        Some(known) => known.n_tasks += more.n_tasks,
        None => all.push(more),
    }
}

fn add_disruption(all: &mut Vec<DisruptionRecord>, more: DisruptionRecord) {
    let Some(known) = all.iter_mut().find(|it| it.cause == more.cause) else { return all.push(more) };
    known.n_instances += more.n_instances;
    known.n_tasks += more.n_tasks;
    known.n_launches += more.n_launches;
    known.windows.extend(more.windows);
    known.windows.sort_unstable();
    known.windows.dedup();
    add_steps(&mut known.over_time, &more.over_time);
}

/// Adds step by step; an empty list is one of zeros.
fn add_steps(all: &mut Vec<u64>, more: &[u64]) {
    if all.len() < more.len() {
        all.resize(more.len(), 0);
    }
    all.iter_mut().zip(more).for_each(|(own, more)| *own += more);
}

impl Ledger {
    fn add(&mut self, other: Self, n_services: u32) {
        // The account has one registry.
        let is_of_account = |meter| {
            let of_registry =
                [Meter::RegistryStorage, Meter::RegistryArchive, Meter::ImageScan, Meter::ImageRescan];
            of_registry.contains(&meter)
        };
        let mut shares = other.shares.into_iter().peekable();
        for (number, line) in other.lines.into_iter().enumerate() {
            let position = u32::try_from(self.lines.len()).expect("fewer than 2^32 lines");
            let is_kept = !is_of_account(line.meter);
            while let Some(share) = shares.next_if(|it| it.line as usize == number) {
                let owner = match share.owner {
                    CostOwner::Service(service) => CostOwner::Service(service + n_services),
                    owner => owner,
                };
                if is_kept {
                    self.shares.push(CostShare { line: position, owner, ..share });
                }
            }
            if is_kept {
                self.lines.push(line);
            }
        }
        for (own, more) in self.commitments.iter_mut().zip(other.commitments) {
            own.committed += more.committed;
            own.used += more.used;
            own.covered_on_demand += more.covered_on_demand;
            own.eligible_on_demand += more.eligible_on_demand;
        }
        self.unpriced.extend(other.unpriced);
    }
}

impl ImageRecord {
    fn add(&mut self, other: Self, n_services: u32, n_more_services: usize) {
        for (own, more) in [
            (&mut self.n_pulls, other.n_pulls),
            (&mut self.n_from_cache, other.n_from_cache),
            (&mut self.n_refused, other.n_refused),
            (&mut self.n_throttled, other.n_throttled),
            (&mut self.bytes_wanted, other.bytes_wanted),
            (&mut self.bytes_moved, other.bytes_moved),
            (&mut self.bytes_from_other_regions, other.bytes_from_other_regions),
            (&mut self.pull_ms, other.pull_ms),
            (&mut self.n_pulled_tasks, other.n_pulled_tasks),
            (&mut self.n_cleaned_up, other.n_cleaned_up),
        ] {
            *own += more;
        }
        // Services of both, then the stand-alone tasks of both.
        let (mut own, mut more) = (std::mem::take(&mut self.bytes_of_owners), other.bytes_of_owners);
        if !own.is_empty() || !more.is_empty() {
            own.resize(n_services as usize + 1, 0);
            more.resize(n_more_services + 1, 0);
            more[n_more_services] += own.pop().expect("the last is of stand-alone tasks");
            own.extend(more);
        }
        self.bytes_of_owners = own;
        self.step_ms = self.step_ms.max(other.step_ms);
        add_steps(&mut self.moved_over_time, &other.moved_over_time);
        if let Some(scans) = other.scans {
            let own = self.scans.get_or_insert_with(ScanRecord::default);
            let shifted = scans.releases.into_iter().map(|mut it| {
                it.service += n_services;
                it
            });
            own.releases.extend(shifted);
            own.releases.sort_by_key(|it| (it.released_ms, it.service));
        }
        for mut lost in other.lost {
            lost.services.iter_mut().for_each(|it| *it += n_services);
            self.add_lost(lost);
        }
        self.lost.sort_by_key(|it| it.at_ms);
    }

    /// An image is lost once, for the services of all clusters.
    fn add_lost(&mut self, lost: LostImage) {
        let key = |it: &LostImage| (it.at_ms, it.repository, it.image.clone(), it.is_archived);
        match self.lost.iter_mut().find(|it| key(it) == key(&lost)) {
            Some(known) => known.services.extend(lost.services),
            None => self.lost.push(lost),
        }
    }
}

impl FloorRecord {
    fn add(&mut self, other: Self) {
        self.instances += other.instances;
        self.micro_usd_per_hour.add(&other.micro_usd_per_hour);
        self.stranded.add(other.stranded);
        for more in other.replacements {
            match self.replacements.iter_mut().find(|it| it.at_ms == more.at_ms) {
                Some(own) => {
                    own.n_instances += more.n_instances;
                    own.n_freed += more.n_freed;
                    own.n_stragglers += more.n_stragglers;
                    own.n_moved += more.n_moved;
                    own.freed_pico_usd_per_hour += more.freed_pico_usd_per_hour;
                }
                None => self.replacements.push(more),
            }
        }
        self.replacements.sort_by_key(|it| it.at_ms);
    }
}

impl StrandedRecord {
    /// Shares over time are weighted with what was registered over the run.
    fn add(&mut self, other: Self) {
        let (own, more) = (self.registered, other.registered);
        let weigh = |series: &mut StrandedSeries, registered: &[u64]| {
            let resource = series.resource as usize;
            series.per_10_000.scale(registered[resource], own[resource] + more[resource]);
        };
        self.by_cause.iter_mut().for_each(|it| weigh(it, &own));
        for mut series in other.by_cause {
            weigh(&mut series, &more);
            let key = |it: &StrandedSeries| (it.resource as usize, it.cause as usize);
            match self.by_cause.binary_search_by_key(&key(&series), key) {
                Ok(idx) => {
                    self.by_cause[idx].amount += series.amount;
                    self.by_cause[idx].per_10_000.add(&series.per_10_000);
                }
                Err(idx) => self.by_cause.insert(idx, series),
            }
        }
        self.registered.iter_mut().zip(more).for_each(|(own, more)| *own += more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Money, SimDuration, SimTime};
    use crate::record::{LedgerLine, Quantity, Recorder};

    fn record(services: &[&str]) -> RunRecord {
        let names = services.iter().map(|&it| it.to_owned());
        let recorder = Recorder::new(SimDuration::from_secs(600), SimDuration::ZERO, names);
        recorder.finish(7, 3, Ledger::default())
    }

    fn line(meter: Meter, usd: i128) -> LedgerLine {
        let quantity = Quantity { units: 1, per: 1, n_uses: 1 };
        LedgerLine::of(meter, "x", quantity, Money::from_pico_usd(usd), "").with_place("general", "a")
    }

    #[test]
    fn owners_keep_their_lines_and_the_registry_is_paid_once() {
        let (mut one, mut other) = (record(&["a", "b"]), record(&["c"]));
        let share = |line, owner| CostShare { line, owner, amount: Money::from_pico_usd(5) };
        one.ledger.lines = vec![line(Meter::Ec2OnDemand, 5), line(Meter::RegistryStorage, 5)];
        one.ledger.shares = vec![share(0, CostOwner::Service(1)), share(1, CostOwner::Shared)];
        other.ledger.lines = vec![line(Meter::RegistryStorage, 5), line(Meter::Ec2Spot, 5)];
        other.ledger.shares = vec![share(0, CostOwner::Shared), share(1, CostOwner::Service(0))];
        let all = RunRecord::together(vec![("x", one), ("y", other)]);
        let names: Vec<&str> = all.services.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["x/a", "x/b", "y/c"]);
        let meters: Vec<Meter> = all.ledger.lines.iter().map(|it| it.meter).collect();
        assert_eq!(meters, [Meter::Ec2OnDemand, Meter::RegistryStorage, Meter::Ec2Spot]);
        assert_eq!(all.ledger.lines[2].capacity_provider, "y/general");
        let owners: Vec<(u32, CostOwner)> = all.ledger.shares.iter().map(|it| (it.line, it.owner)).collect();
        assert_eq!(owners, [(0, CostOwner::Service(1)), (1, CostOwner::Shared), (2, CostOwner::Service(2))]);
        assert_eq!(all.n_events, 6);
    }

    #[test]
    fn bytes_stay_with_their_owners() {
        let with = |services: &[&str], bytes: &[u64]| {
            let mut it = record(services);
            it.images.bytes_of_owners = bytes.to_vec();
            it
        };
        let check = |one: &[u64], other: &[u64], expected: &[u64]| {
            let clusters = vec![("x", with(&["a", "b"], one)), ("y", with(&["c"], other))];
            assert_eq!(RunRecord::together(clusters).images.bytes_of_owners, expected);
        };
        check(&[], &[], &[]);
        check(&[1, 2, 3], &[], &[1, 2, 0, 3]);
        check(&[], &[4, 5], &[0, 0, 4, 5]);
        check(&[1, 2, 3], &[4, 5], &[1, 2, 4, 8]);
    }

    #[test]
    fn the_order_of_clusters_is_part_of_the_digest() {
        let with = |digest| RunRecord { digest, ..record(&[]) };
        let of = |a, b| RunRecord::together(vec![("x", with(a)), ("y", with(b))]).digest;
        assert_ne!(of(1, 2), of(2, 1));
        assert_ne!(of(0, 0), of(0, 1));
    }

    #[test]
    fn series_are_added_over_the_whole_run() {
        let with = |value, at| {
            let mut it = record(&[]);
            it.instances = crate::record::Series::new(SimDuration::from_secs(600));
            it.instances.set(SimTime::from_secs(at), value);
            it.instances.advance(SimTime::from_secs(600));
            it
        };
        let all = RunRecord::together(vec![("x", with(2, 0)), ("y", with(5, 300))]);
        let integral: u64 = all.instances.buckets().iter().map(|it| it.integral).sum();
        assert_eq!(integral, 2 * 600_000 + 5 * 300_000);
        assert_eq!(all.instances.buckets().last().map(|it| (it.min, it.max)), Some((7, 7)));
    }
}
