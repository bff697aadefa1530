//! What is known beforehand of the lives of tasks: one row for each service and
//! revision, one for each definition of stand-alone tasks. Found when a run is
//! set up; a handler only looks it up.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::id::{DeploymentId, Id as _, ServiceId, TaskDefinitionId};
use crate::base::{SimDuration, Table};
use crate::model::Cluster;
use crate::model::container::Blueprint;
use crate::model::life::TaskLife;
use crate::model::task::{StopCode, Task, TaskDefinition, TaskOwner};
use crate::model::workload::Workload;
use crate::sim::pulls::NamedImage;
use crate::sim::setup::Setup;

/// The lives of all definitions of a run.
#[derive(Default)]
pub(super) struct Lives {
    rows: Vec<Row>,
    /// By definition; those of stand-alone tasks.
    standalone: Vec<u32>,
    of_service: BTreeMap<(ServiceId, TaskDefinitionId), u32>,
    of_deployment: Table<DeploymentId, u32>,
}

/// The life of tasks, and what of it is played in the run.
struct Row {
    life: TaskLife,
    /// The images of described repositories.
    images: Arc<[NamedImage]>,
    /// There are others.
    has_other_images: bool,
}

impl Lives {
    /// The lives of everything that `workload` names.
    pub(super) fn new(setup: &Setup, workload: &Workload, cluster: &Cluster) -> Self {
        let mut lives = Self {
            rows: Vec::new(),
            standalone: Vec::new(),
            of_service: BTreeMap::new(),
            of_deployment: Table::new(),
        };
        lives.standalone = vec![0; workload.definitions.len()];
        // Definitions of a trace differ in needs only: what stands behind them is one.
        let mut known: Option<(Option<&Arc<Blueprint>>, u32)> = None;
        for (id, definition) in workload.definitions.iter() {
            let blueprint = definition.blueprint.as_ref();
            let is_same = |of: Option<&Arc<Blueprint>>| match (of, blueprint) {
                (None, None) => true,
                (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                (Some(_), None) | (None, Some(_)) => false,
            };
            let row = match known.filter(|it| is_same(it.0)) {
                Some((_, row)) => row,
                None => lives.push(setup, definition, None),
            };
            known = Some((blueprint, row));
            lives.standalone[id.idx()] = row;
        }
        let revisions = workload.services.iter().flat_map(|(service, start)| {
            let found = start.found.iter().map(|it| it.definition);
            found.chain(workload.revisions(service)).map(move |it| (service, it))
        });
        for (service, definition) in revisions {
            if !lives.of_service.contains_key(&(service, definition)) {
                let row = lives.push(setup, &workload.definitions[definition], Some(service));
                lives.of_service.insert((service, definition), row);
            }
        }
        for (service, row) in cluster.services() {
            let deployments = row.older.iter().copied().chain([row.primary]);
            let mut deployments: Vec<DeploymentId> = deployments.collect();
            deployments.sort_unstable();
            for deployment in deployments {
                lives.open(deployment, service, cluster.deployment(deployment).definition);
            }
        }
        lives
    }

    fn push(&mut self, setup: &Setup, definition: &TaskDefinition, service: Option<ServiceId>) -> u32 {
        let containers = definition.blueprint.as_deref().map_or(&[][..], |it| &it.containers);
        let mut images: Vec<NamedImage> = Vec::new();
        let mut n_other = usize::from(containers.is_empty());
        for container in containers {
            let Some(wanted) = setup.registry.wanted(&container.image) else {
                n_other += 1;
                continue;
            };
            // What two containers name is pulled once.
            if images.iter().all(|it| *it.wanted != wanted) {
                let name = Arc::from(container.image.as_str());
                images.push(NamedImage {
                    name,
                    wanted: Arc::new(wanted),
                    resolves_digest: container.resolves_digest,
                });
            }
        }
        let life = setup.life(definition, service);
        self.rows.push(Row { life, images: images.into(), has_other_images: n_other > 0 });
        u32::try_from(self.rows.len() - 1).expect("fewer than 2^32 definitions")
    }

    /// A deployment began.
    pub(super) fn open(&mut self, id: DeploymentId, service: ServiceId, definition: TaskDefinitionId) {
        let row = self.of_service[&(service, definition)];
        if self.of_deployment.len() <= id.idx() {
            // Deployments are numbered as they begin, over all services.
            while self.of_deployment.len() < id.idx() {
                self.of_deployment.push(0);
            }
            self.of_deployment.push(row);
        } else {
            self.of_deployment[id] = row;
        }
    }

    /// The life of a task.
    pub(super) fn of(&self, task: &Task) -> &TaskLife {
        &self.row(task).life
    }

    /// The images that a task pulls of described repositories, each once.
    pub(super) fn images_of(&self, task: &Task) -> &Arc<[NamedImage]> {
        &self.row(task).images
    }

    /// The same of all tasks of a deployment.
    pub(super) fn images_of_deployment(&self, deployment: DeploymentId) -> &[NamedImage] {
        &self.rows[self.of_deployment[deployment] as usize].images
    }

    /// Whether it has images of others too.
    pub(super) fn has_other_images(&self, task: &Task) -> bool {
        self.row(task).has_other_images
    }

    fn row(&self, task: &Task) -> &Row {
        let row = match task.owner {
            TaskOwner::Standalone { .. } => self.standalone[task.definition.idx()],
            TaskOwner::Service { deployment, .. } => self.of_deployment[deployment],
        };
        &self.rows[row as usize]
    }
}

impl TaskLife {
    /// From being asked to stop to stopped, once the targets are drained.
    pub(super) fn stop_after(&self, code: StopCode) -> SimDuration {
        match code {
            // The signal comes at once, and then the time to stop that it has
            // (developer guide, fargate-capacity-providers).
            StopCode::ServiceSchedulerInitiated | StopCode::SpotInterruption => self.stop + self.deprovision,
            // What exited needs no time to exit; others are told to.
            StopCode::EssentialContainerExited => self.stop_others + self.deprovision,
            StopCode::TaskFailedToStart => self.deprovision,
            StopCode::TerminationNotice => SimDuration::ZERO,
        }
    }
}

/// A reason that many tasks share.
pub(super) type Reason = Arc<str>;
