//! Tasks that wait look for room, in the order in which they joined the line;
//! a class that finds none lets the next one try.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::base::id::{
    CapacityProviderId, InstanceId, PlacementClassId, ServiceId, TaskDefinitionId, TaskId,
};
use crate::base::{Domain, SimDuration};
use crate::model::capacity::Scaling;
use crate::model::options::IndexUse;
use crate::model::task::{Host, TaskOwner};
use crate::placement::failure::FailureReason;
use crate::placement::order::RandomOrder;
use crate::placement::placer;
use crate::placement::strategy::PlacementView;
use crate::sim::event::Event;
use crate::sim::setup::{Placement, Unplaced};
use crate::sim::simulation::Simulation;
use crate::sim::waiting_line::{ClassKey, Outlook};
use crate::sim::watch::{Decision, Fact, Watch};

impl<W: Watch> Simulation<'_, W> {
    /// A new task joins the line of its class.
    pub(super) fn stand_in_line(&mut self, task: TaskId) {
        let row = self.cluster.task(task);
        let (definition, group, epoch) = (row.definition, row.group, row.epoch);
        let Some(provider) = row.capacity.provider() else {
            self.place_on_fargate(task);
            return;
        };
        let service = self.service_of(task).map(|it| it.0);
        let placement = self.placement_of(service);
        let is_by_group = placement.constraints.iter().any(|it| it.depends_on_group());
        let key = ClassKey { service, definition, provider, group: is_by_group.then_some(group) };
        let class = self.line.class(key);
        self.line.join(class, task, epoch);
    }

    pub(super) fn placement_of(&self, service: Option<crate::base::id::ServiceId>) -> &Placement {
        match service {
            Some(service) => &self.setup.services[service].placement,
            None => &self.setup.standalone.placement,
        }
    }

    pub(super) fn on_placement_due(&mut self) {
        self.is_placement_due = false;
        for provider in self.setup.providers.ids() {
            if self.line.has_waiting(provider) {
                self.place_waiting(provider);
            }
        }
    }

    /// One pass over everybody in line before `provider`.
    fn place_waiting(&mut self, provider: CapacityProviderId) {
        if let [class] = self.line.providers[provider].active[..] {
            // Nobody to take turns with.
            let mut goes_on = self.head_of(class).is_some() && self.has_prospects(class);
            while goes_on {
                goes_on = self.try_head(class) && self.head_of(class).is_some();
            }
        } else {
            self.place_in_turn(provider);
        }
        self.give_back(provider);
        self.line.everybody_tried(provider);
    }

    /// Whoever joined first is tried first, across classes.
    fn place_in_turn(&mut self, provider: CapacityProviderId) {
        let mut heads = BinaryHeap::from(std::mem::take(&mut self.heads));
        let active = std::mem::take(&mut self.line.providers[provider].active);
        for &class in &active {
            if let Some(place) = self.head_of(class)
                && self.has_prospects(class)
            {
                heads.push(Reverse((place, class)));
            }
        }
        self.line.providers[provider].active = active;
        while let Some(Reverse((_, class))) = heads.pop() {
            if self.try_head(class)
                && let Some(place) = self.head_of(class)
            {
                heads.push(Reverse((place, class)));
            }
        }
        // Empty by now; its memory is used again.
        self.heads = heads.into_vec();
    }

    /// Whether the first in line of a class finds room; it takes it.
    fn try_head(&mut self, class: PlacementClassId) -> bool {
        let task = self.line.classes[class].queue[0].task;
        let ClassKey { service, provider, .. } = self.line.classes[class].key;
        let chosen = self.find_room(service, provider, task);
        if self.watch.wants_grounds() {
            self.tell_grounds(class, task, chosen);
        }
        if let Some(instance) = chosen {
            self.line.classes[class].queue.pop_front();
            self.place(task, instance);
            return true;
        }
        let n_changes = self.line.providers[provider].n_changes;
        self.line.classes[class].tried_at = Some(n_changes);
        self.note_no_room(class, task);
        // Whether it can do anything else meanwhile is its own scheduler's to say.
        if let Some(service) = service {
            self.review_service(service);
        }
        false
    }

    /// Whether a stand-alone task finds room before a line in which nobody stands;
    /// it takes it. The call of a line at this moment would come to the same.
    pub(super) fn place_at_once(&mut self, task: TaskId, provider: CapacityProviderId) -> bool {
        if self.is_placement_due || self.line.has_waiting(provider) || self.watch.wants_grounds() {
            return false;
        }
        let chosen = self.find_room(None, provider, task);
        if let Some(instance) = chosen {
            self.place_outside_line(task, instance);
        }
        chosen.is_some()
    }

    /// The place of the first in line of a class, after those who left.
    fn head_of(&mut self, class: PlacementClassId) -> Option<u64> {
        let queue = &mut self.line.classes[class].queue;
        while let Some(head) = queue.front() {
            if self.cluster.task(head.task).epoch == head.epoch {
                return Some(head.place);
            }
            queue.pop_front();
        }
        None
    }

    /// Whether a class that found no room may find some now.
    fn has_prospects(&mut self, class: PlacementClassId) -> bool {
        let provider = self.line.classes[class].key.provider;
        let is_hopeful = match self.line.outlook(class) {
            Outlook::Unchanged => false,
            Outlook::Unknown => true,
            Outlook::ChangedInstances => {
                let task = self.line.classes[class].queue[0].task;
                let placement = self.placement_of(self.line.classes[class].key.service);
                let row = self.cluster.task(task);
                // Which of them is liked best is asked only if one is allowed.
                let view = self.view(row.definition, row.group, RandomOrder::new(0, 0));
                let changed = &self.line.providers[provider].changed;
                changed
                    .iter()
                    .any(|&instance| placer::is_allowed(&placement.rules(provider), &view, instance))
            }
        };
        if !is_hopeful {
            let n_changes = self.line.providers[provider].n_changes;
            self.line.classes[class].tried_at = Some(n_changes);
        }
        is_hopeful
    }

    pub(super) fn view(
        &self,
        definition: TaskDefinitionId,
        group: crate::base::id::GroupId,
        order: RandomOrder,
    ) -> PlacementView<'_> {
        PlacementView { cluster: &self.cluster, definition, group, order }
    }

    /// Asks the placer, by the rules of a service or of stand-alone tasks.
    fn find_room(
        &mut self,
        service: Option<ServiceId>,
        provider: CapacityProviderId,
        task: TaskId,
    ) -> Option<InstanceId> {
        let mut candidates = std::mem::take(&mut self.candidates);
        let setup = self.setup;
        let placement = match service {
            Some(service) => &setup.services[service].placement,
            None => &setup.standalone.placement,
        };
        self.cluster.changed_instances().for_each(|it| self.reasons.note(it.id));
        if let Some(index) = &mut self.index {
            index.update(&self.cluster);
        }
        self.cluster.forget_changed_instances();
        let row = self.cluster.task(task);
        let (definition, group) = (row.definition, row.group);
        let order = match placement.chain.looks_at_order() {
            true => RandomOrder::new(self.draw(task, Domain::TieBreak), self.cluster.n_launched()),
            false => RandomOrder::UNUSED,
        };
        let view = PlacementView { cluster: &self.cluster, definition, group, order };
        let rules = placement.rules(provider);
        let chosen = match &mut self.index {
            None => placer::choose(&rules, &view, &mut candidates),
            Some(index) => {
                let chosen = index.choose(&rules, &view, &mut candidates);
                if setup.options.placement_index == IndexUse::Checked {
                    let by_scan = placer::choose(&rules, &view, &mut candidates);
                    assert_eq!(chosen, by_scan, "the index of instances decides as a look at each does");
                }
                chosen
            }
        };
        self.candidates = candidates;
        chosen
    }

    /// Tells what was decided on the first in line, and a no to all behind it.
    fn tell_grounds(&mut self, class: PlacementClassId, head: TaskId, chosen: Option<InstanceId>) {
        let setup = self.setup;
        let class = &self.line.classes[class];
        let placement = match class.key.service {
            Some(service) => &setup.services[service].placement,
            None => &setup.standalone.placement,
        };
        let rules = placement.rules(class.key.provider);
        for waiting in &class.queue {
            let task = self.cluster.task(waiting.task);
            let is_head = waiting.task == head;
            if task.epoch != waiting.epoch || (!is_head && chosen.is_some()) {
                continue;
            }
            let draw = self.draw(waiting.task, Domain::TieBreak);
            let view = PlacementView {
                cluster: &self.cluster,
                definition: task.definition,
                group: task.group,
                order: RandomOrder::new(draw, self.cluster.n_launched()),
            };
            let decision = Decision { task, rules: &rules, view: &view, chosen };
            self.watch.decided(self.now, &decision);
        }
    }

    /// The task takes its room; its containers start after the agent, the pull
    /// and the creation had their time.
    fn place(&mut self, task: TaskId, instance: InstanceId) {
        self.line.leave(self.cluster.instance(instance).provider);
        self.place_outside_line(task, instance);
    }

    /// A task that never stood in line takes its room.
    pub(super) fn place_outside_line(&mut self, task: TaskId, instance: InstanceId) {
        self.cluster.place(task, instance);
        self.bill_room(task, true);
        self.bill_pull(task);
        if self.is_company_awaited {
            self.note_change_on(instance);
        }
        self.mount_volumes(task, instance);
        self.note_placed(task, Host::Instance(instance));
    }

    /// The task has its place: what comes next is known from its definition.
    pub(super) fn note_placed(&mut self, task: TaskId, host: Host) {
        let row = self.cluster.task(task);
        let requested_at = row.requested_at;
        self.watch.fact(self.now, Fact::TaskPlaced(row, host));
        let epoch = row.epoch;
        let start = &self.lives.of(row).start;
        let (takes, fails) = (start.total(), start.failure.is_some());
        // What fails before its pull never comes to it.
        let pulls = !self.lives.images_of(row).is_empty() && !start.fails_before_pull;
        let pull_at = self.now + start.before_pull;
        let owner = row.owner;
        match owner {
            TaskOwner::Standalone { arrival } => {
                self.recorder.task_placed(requested_at, self.now);
                let chosen = match host {
                    Host::Instance(instance) => instance.number(),
                    Host::Fargate(zone) => zone.number(),
                };
                self.recorder.decided(self.now, arrival, chosen);
                self.retries.forget(arrival);
            }
            TaskOwner::Service { deployment, .. } => {
                self.recorder.service_task_placed(requested_at, self.now);
                let waited_ms = (self.now - requested_at).millis();
                self.note_phase(task, deployment, |rollout| {
                    rollout.n_started += 1;
                    rollout.place.add(waited_ms);
                });
                let (service, _) = self.service_of(task).expect("a service's task has a service");
                self.services[service].is_changed = true;
                self.review_service(service);
            }
        }
        if pulls {
            self.queue.schedule(pull_at, Event::PullBegan(task, epoch));
            return;
        }
        // A state that takes no time costs no event.
        let is_standalone = matches!(owner, TaskOwner::Standalone { .. });
        if takes == SimDuration::ZERO && !fails && is_standalone {
            return self.on_task_started(task);
        }
        let next =
            if fails { Event::TaskFailedToStart(task, epoch) } else { Event::TaskStarted(task, epoch) };
        self.queue.schedule(self.now + takes, next);
    }

    /// Holds everybody in line against every instance, as a line without memory
    /// would at every change.
    ///
    /// # Panics
    ///
    /// If somebody waits who could be placed.
    pub(super) fn audit_waiting(&self) {
        for provider in self.setup.providers.ids() {
            for class in self.line.waiting_classes(provider) {
                let placement = self.placement_of(class.key.service);
                for waiting in &class.queue {
                    let task = self.cluster.task(waiting.task);
                    if task.epoch != waiting.epoch {
                        continue;
                    }
                    let view = self.view(task.definition, task.group, RandomOrder::new(0, 0));
                    let room = self.cluster.alive(provider).iter();
                    let room =
                        room.copied().find(|&it| placer::is_allowed(&placement.rules(provider), &view, it));
                    assert_eq!(room, None, "{:?} waits at {} though there is room", waiting.task, self.now);
                }
            }
        }
        let n_listed: usize = self
            .setup
            .providers
            .ids()
            .flat_map(|it| self.line.waiting_classes(it))
            .flat_map(|class| &class.queue)
            .filter(|it| self.cluster.task(it.task).epoch == it.epoch)
            .count()
            + self.n_waiting_for_fargate();
        assert_eq!(n_listed, self.cluster.totals().n_waiting as usize, "whoever waits stands in line");
    }

    /// Those who may not wait are given back to who asked.
    fn give_back(&mut self, provider: CapacityProviderId) {
        let is_fixed = self.setup.providers[provider].scaling == Scaling::Fixed;
        let is_dropped = self.setup.standalone.unplaced == Unplaced::Drop;
        if !is_fixed && !is_dropped {
            return;
        }
        for idx in 0..self.line.providers[provider].active.len() {
            let class = self.line.providers[provider].active[idx];
            let service = self.line.classes[class].key.service;
            if !is_fixed && service.is_some() {
                continue;
            }
            while let Some(waiting) = self.line.classes[class].queue.pop_front() {
                let row = self.cluster.task(waiting.task);
                if row.epoch != waiting.epoch {
                    continue;
                }
                self.watch.fact(self.now, Fact::TaskWithoutRoom(row));
                let owner = row.owner;
                self.take_back_standalone(waiting.task);
                self.cluster.cancel_waiting(waiting.task);
                self.line.leave(provider);
                match owner {
                    TaskOwner::Standalone { arrival } => self.on_given_back(arrival),
                    TaskOwner::Service { deployment, .. } => {
                        let service = service.expect("a service's class has a service");
                        self.on_service_without_room(service, deployment);
                    }
                }
            }
        }
    }

    /// Why a definition fits no instance of the provider even when it is empty,
    /// as ECS names the missing resource.
    pub(super) fn never_fits(
        &self,
        provider: CapacityProviderId,
        definition: TaskDefinitionId,
    ) -> Option<&'static str> {
        let definition_row = self.cluster.definition(definition);
        let of_types = self.setup.providers[provider].instance_types.iter();
        let mut of_types =
            of_types.map(|&it| placer::never_fits(&self.setup.instance_types[it], definition_row));
        // The reason of the type that is preferred, if there is one of each.
        let reason = of_types.next().expect("a provider has a type")?;
        if of_types.any(|it| it.is_none()) {
            return None;
        }
        // An instance that was found may have registered more than its type.
        let needs = definition_row.needs;
        let mut of_provider = self.setup.found_instances.iter().filter(|it| it.provider == provider);
        let fits_one = of_provider.any(|it| needs.fits(&it.registered));
        (!fits_one || reason == FailureReason::Ports).then(|| reason.name())
    }
}
