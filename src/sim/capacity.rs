//! A capacity provider's instances: launched when the scaler says so, drained
//! and terminated when they are empty and too many.

use std::sync::Arc;

use crate::base::SimDuration;
use crate::base::id::{CapacityProviderId, GroupId, Id as _, InstanceId, ZoneId};
use crate::disruption::Launched;
use crate::model::capacity::Scaling;
use crate::model::deployment::SchedulingStrategy;
use crate::model::instance::{ContainerInstance, InstanceStatus};
use crate::model::network::RESERVED_PORTS;
use crate::model::options::{INSTANCES_MAX, Quotas};
use crate::model::task::Needs;
use crate::model::transitions::Launch;
use crate::placement::order::RandomOrder;
use crate::scaling::capacity::managed::{self, CapacityView};
use crate::scaling::capacity::{WaitingGroup, fixed, purchase};
use crate::sim::disruptions::Rooms;
use crate::sim::event::Event;
use crate::sim::ground;
use crate::sim::simulation::Simulation;
use crate::sim::waiting_line::PlacementClass;
use crate::sim::watch::{Fact, Watch};

/// How long a termination waits for draining at most (developer guide,
/// managed-instance-draining).
const LIFECYCLE_HOOK_MAX: SimDuration = SimDuration::from_secs(48 * 3600);

impl<W: Watch> Simulation<'_, W> {
    pub(super) fn on_capacity_reviewed(&mut self, provider: CapacityProviderId) {
        let setup = &self.setup.providers[provider];
        let (n_in_service, plan) = match setup.scaling {
            Scaling::Fixed => {
                // Nobody replaces what nobody knows to be lost.
                let n_alive = self.cluster.alive(provider).len();
                (u32::try_from(n_alive).expect("fewer than 2^32 instances"), fixed::plan(setup.min_size))
            }
            Scaling::Managed(scaling) => {
                let n_in_service = self.n_in_service(provider);
                // Ids ascend with age.
                let alive = self.cluster.alive(provider).iter().rev();
                let youngest = alive.copied().find(|&it| self.is_in_service(it));
                let waiting = self.waiting_groups(provider);
                self.queue.schedule(self.now + managed::PERIOD, Event::CapacityReviewed(provider));
                let plan = managed::plan(&CapacityView {
                    n_in_service,
                    n_busy: self.n_busy(provider),
                    waiting: &waiting,
                    min_size: setup.min_size,
                    max_size: setup.max_size,
                    scaling,
                    youngest_age: youngest.map(|it| self.now - self.cluster.instance(it).launched_at),
                    n_low_points: self.providers[provider].n_low_points,
                });
                (n_in_service, plan)
            }
        };
        self.providers[provider].n_low_points = plan.n_low_points;
        if plan.desired_capacity > n_in_service {
            self.launch_instances(provider, plan.desired_capacity - n_in_service, false);
        } else if setup.scaling != Scaling::Fixed {
            self.scale_in(provider, n_in_service - plan.desired_capacity);
        }
    }

    /// The instances of the group. One that is drained by hand is still its own; one
    /// that it gives back is not.
    pub(super) fn in_service(&self, provider: CapacityProviderId) -> impl Iterator<Item = InstanceId> + '_ {
        self.cluster.alive(provider).iter().copied().filter(|&it| self.is_in_service(it))
    }

    fn is_in_service(&self, instance: InstanceId) -> bool {
        self.cluster.instance(instance).status != InstanceStatus::Lost && !self.leaving.contains(&instance)
    }

    /// How many there are.
    pub(super) fn n_in_service(&self, provider: CapacityProviderId) -> u32 {
        let n_leaving = self.leaving_of(provider).count();
        let n_billed = self.cluster.provider_totals(provider).n_instances;
        n_billed - u32::try_from(n_leaving).expect("at most all")
    }

    /// What the group gives back as soon as no task is left on it; none of it is
    /// lost.
    fn leaving_of(&self, provider: CapacityProviderId) -> impl Iterator<Item = &ContainerInstance> {
        let leaving = self.leaving.iter().map(|&it| self.cluster.instance(it));
        leaving.filter(move |it| it.provider == provider)
    }

    /// Instances of the group with tasks other than daemons'.
    fn n_busy(&self, provider: CapacityProviderId) -> u32 {
        let mut services = self.setup.services.rows().iter();
        let n_busy = if services.any(|it| it.scheduling == SchedulingStrategy::Daemon) {
            self.in_service(provider).filter(|&it| !self.is_idle(it)).count()
        } else {
            let n_leaving = self.leaving_of(provider).filter(|it| it.n_tasks > 0).count();
            self.cluster.fleet(provider).n_in_use as usize - n_leaving
        };
        u32::try_from(n_busy).expect("at most all")
    }

    /// Tasks in line, grouped by equal needs and constraints: revisions, services
    /// and groups may need the same.
    fn waiting_groups(&self, provider: CapacityProviderId) -> Vec<WaitingGroup> {
        if !self.line.has_waiting(provider) {
            return Vec::new();
        }
        let types = self.setup.providers[provider].instance_types.iter();
        let types: Vec<Needs> = types.map(|&it| self.setup.instance_types[it].capacity).collect();
        let of_class = |class: &'_ PlacementClass| {
            let count = class.queue.iter().filter(|it| self.cluster.task(it.task).epoch == it.epoch).count();
            let definition = self.cluster.definition(class.key.definition);
            managed::Waiting {
                count: u32::try_from(count).expect("fewer than 2^32 tasks"),
                needs: definition.needs,
                host_ports: &definition.host_ports,
                constraints: self.constraints_of(class),
                is_distinct: class.key.group.is_some(),
            }
        };
        let waiting = self.line.waiting_classes(provider).map(of_class).collect();
        managed::group(waiting, &types)
    }

    /// The constraints of a class as texts, sorted: equal ones are one group
    /// (semantics 7.3).
    fn constraints_of(&self, class: &PlacementClass) -> Vec<String> {
        let placement = self.placement_of(class.key.service);
        let definition = class.key.definition;
        let group = class.key.group.unwrap_or(GroupId::new(0));
        let view = self.view(definition, group, RandomOrder::new(0, 0));
        let of_definition = self.cluster.definition(definition).placement_constraints.iter().cloned();
        let of_request = placement.constraints.iter().map(|it| it.describe(&view));
        let mut texts: Vec<String> = of_request.chain(of_definition).collect();
        texts.sort_unstable();
        texts
    }

    /// Whether the group may get more instances than take tasks now.
    pub(super) fn may_grow(&self, provider: CapacityProviderId) -> bool {
        let setup = &self.setup.providers[provider];
        let alive = self.cluster.alive(provider);
        let n_active = alive.iter().filter(|&&it| self.cluster.instance(it).status == InstanceStatus::Active);
        setup.scaling != Scaling::Fixed && n_active.count() < setup.max_size as usize
    }

    /// Launches `n` instances, each in the zone with the fewest of the group, on
    /// demand or as Spot by the group's distribution, of the type that comes first.
    /// Those that the run finds are registered at once.
    pub(super) fn launch_instances(&mut self, provider: CapacityProviderId, n: u32, is_found: bool) {
        let n = match self.setup.options.quotas {
            Quotas::Documented => n.min(INSTANCES_MAX.saturating_sub(self.cluster.totals().n_instances)),
            Quotas::Off => n,
        };
        let setup = &self.setup.providers[provider];
        let mut by_zone = vec![0_u32; self.setup.zones.len()];
        let (mut n_there, mut n_on_demand) = (0, 0);
        for (in_zone, &[on_demand, spot]) in by_zone.iter_mut().zip(&self.cluster.fleet(provider).by_zone) {
            *in_zone = on_demand + spot;
            n_there += on_demand + spot;
            n_on_demand += on_demand;
        }
        for row in self.leaving_of(provider) {
            by_zone[row.zone.idx()] -= 1;
            n_there -= 1;
            n_on_demand -= u32::from(!row.is_spot);
        }
        let mut rooms = Rooms::new();
        for _ in 0..n {
            let is_spot = purchase::next_is_spot(&setup.purchase, n_there, n_on_demand);
            // What is found is there.
            let found = match is_found || self.setup.disruptions.is_empty() {
                true => {
                    let zones = setup.zones.iter().copied();
                    let zone =
                        zones.min_by_key(|it| (by_zone[it.idx()], *it)).expect("a provider has a zone");
                    Some((zone, self.providers[provider].launch_order[usize::from(is_spot)][0]))
                }
                false => self.find_capacity(provider, is_spot, &by_zone, &mut rooms),
            };
            let Some((zone, kind)) = found else {
                self.note_launch_refused(provider);
                break;
            };
            by_zone[zone.idx()] += 1;
            n_there += 1;
            n_on_demand += u32::from(!is_spot);
            self.launch_instance(provider, zone, (kind, is_spot), is_found);
        }
    }

    /// Launches one instance of the provider's type at position `kind`.
    fn launch_instance(
        &mut self,
        provider: CapacityProviderId,
        zone: ZoneId,
        (kind, is_spot): (usize, bool),
        is_found: bool,
    ) {
        let instance_type = self.setup.providers[provider].instance_types[kind];
        let launch = self.providers[provider].n_launched[zone.idx()];
        let boot_time = match is_found {
            true => SimDuration::ZERO,
            false => self.boot_time(Launched { provider, zone, launch }, instance_type),
        };
        let state = &mut self.providers[provider];
        state.n_launched[zone.idx()] += 1;
        let kind = &state.kinds[kind][zone.idx()];
        let registered_at = self.now + boot_time;
        let instance = self.cluster.launch_instance(&Launch {
            instance_type,
            is_spot,
            provider,
            zone,
            launch,
            attribute_values: &kind.values,
            registered: self.setup.instance_types[instance_type].capacity,
            ports: &RESERVED_PORTS,
            identity: ground::identity_of_launch(
                self.setup,
                (provider, zone, launch),
                registered_at,
                Arc::clone(&kind.attributes),
            ),
        });
        self.queue.schedule(registered_at, Event::InstanceRegistered(instance));
        self.note_launched(instance, provider);
    }

    pub(super) fn on_instance_registered(&mut self, instance: InstanceId) {
        // It may have failed or been given up while it booted.
        if self.cluster.instance(instance).status == InstanceStatus::Registering {
            self.cluster.register_instance(instance);
            let provider = self.cluster.instance(instance).provider;
            if self.setup.providers[provider].spot_instance_draining
                && self.disruptions.noticed.contains_key(&instance)
            {
                // It was told while it booted that it will be taken away.
                self.cluster.drain_instance(instance);
                return;
            }
            self.start_daemons_on(instance);
            self.review_balance();
            self.note_change_on(instance);
        }
    }

    /// Gives `n` instances back, from the zone with the most, the oldest first:
    /// with managed termination protection such only as have no tasks but those of
    /// daemons. What has tasks is drained first, or takes them along (developer
    /// guide, managed-termination-protection and managed-instance-draining).
    fn scale_in(&mut self, provider: CapacityProviderId, n: u32) {
        if n == 0 {
            return;
        }
        let setup = &self.setup.providers[provider];
        let mut by_zone = vec![0_u32; self.setup.zones.len()];
        let mut candidates: Vec<Vec<InstanceId>> = vec![Vec::new(); self.setup.zones.len()];
        for id in self.in_service(provider) {
            let instance = self.cluster.instance(id);
            by_zone[instance.zone.idx()] += 1;
            // One that boots is not in the group's hands yet (MODEL).
            let is_ready = instance.status != InstanceStatus::Registering;
            if is_ready && (!setup.managed_termination_protection || self.is_idle(id)) {
                candidates[instance.zone.idx()].push(id);
            }
        }
        // Ids ascend with age: the oldest is taken from the end.
        candidates.iter_mut().for_each(|it| it.reverse());
        for _ in 0..n {
            let zones = (0..by_zone.len()).filter(|&it| !candidates[it].is_empty());
            let Some(zone) = zones.min_by_key(|&it| (std::cmp::Reverse(by_zone[it]), it)) else { break };
            by_zone[zone] -= 1;
            let instance = candidates[zone].pop().expect("a zone with a candidate was chosen");
            self.give_back_instance(instance);
        }
    }

    /// The group gives one instance back.
    fn give_back_instance(&mut self, instance: InstanceId) {
        let row = self.cluster.instance(instance);
        let drains = self.setup.providers[row.provider].managed_draining || self.is_idle(instance);
        if row.n_tasks > 0 && !drains {
            self.lose_instance(instance);
            return;
        }
        if row.status == InstanceStatus::Active {
            self.cluster.drain_instance(instance);
        }
        if self.cluster.instance(instance).n_tasks == 0 {
            self.terminate(instance);
            return;
        }
        // Its tasks leave first, daemons at last.
        self.leaving.insert(instance);
        self.queue.schedule(self.now + LIFECYCLE_HOOK_MAX, Event::DrainingTimedOut(instance));
        self.review_services_on(instance);
        self.review_daemons();
    }

    /// The lifecycle hook of a termination is over: the instance goes with what is
    /// left on it.
    pub(super) fn on_draining_timed_out(&mut self, instance: InstanceId) {
        if self.leaving.remove(&instance) {
            self.lose_instance(instance);
        }
    }

    /// An instance that drains and has no task left goes.
    pub(super) fn terminate(&mut self, instance: InstanceId) {
        self.end_billing(instance);
        self.abort_pulls_on(instance);
        self.cluster.terminate_instance(instance);
        self.volumes.forget(instance);
        self.watch.fact(self.now, Fact::InstanceTerminated(instance));
    }
}
