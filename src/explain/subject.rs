//! Which task is meant: `web/17` is the task that service `web` launches after
//! seventeen others, `task/123` the arrival of the workload with 123 before it.

use crate::base::id::{ServiceId, TaskDefinitionId};
use crate::base::nearest::nearest;
use crate::model::task::{Task, TaskOwner};
use crate::model::workload::Workload;
use crate::sim::Setup;
use crate::sim::setup::Placement;

/// A task of a run, by what names it whatever the policies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// The n-th task of a service.
    OfService {
        /// Whose.
        service: ServiceId,
        /// How many it launched before.
        launch: u32,
    },
    /// A stand-alone task.
    Arrival(u32),
}

impl Subject {
    /// Reads the name of a task.
    ///
    /// # Errors
    ///
    /// In words: no such form, no such service, no such arrival.
    pub fn parse(text: &str, setup: &Setup, workload: &Workload) -> Result<Self, String> {
        let form = "a task is called SERVICE/NUMBER or task/NUMBER, counted from 0";
        let Some((owner, number)) = text.rsplit_once('/') else {
            return Err(format!("`{text}` names no task: {form}"));
        };
        let is_number = !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit());
        let number: u32 = match number.parse() {
            Ok(it) if is_number => it,
            _ => return Err(format!("`{number}` is no number of a task: {form}")),
        };
        if owner == "task" {
            let n_arrivals = workload.arrivals.len();
            return match (number as usize) < n_arrivals {
                true => Ok(Self::Arrival(number)),
                false => Err(format!("there is no arrival {number}: the workload has {n_arrivals}")),
            };
        }
        let name = owner.strip_prefix("service:").unwrap_or(owner);
        match setup.services.iter().find(|(_, it)| it.name == name) {
            Some((service, _)) => Ok(Self::OfService { service, launch: number }),
            None => {
                let names = setup.services.rows().iter().map(|it| it.name.as_str());
                let advice = nearest(name, names).map(|it| format!(": did you mean `{it}`?"));
                Err(format!("there is no service `{name}`{}", advice.unwrap_or_default()))
            }
        }
    }

    /// Whether this is the task.
    pub(super) fn is(self, task: &Task) -> bool {
        match (self, task.owner) {
            (Self::Arrival(wanted), TaskOwner::Standalone { arrival }) => wanted == arrival,
            // Services have the first groups, in their order.
            (Self::OfService { service, launch: wanted }, TaskOwner::Service { launch, .. }) => {
                wanted == launch && task.group.number() == service.number()
            }
            _ => false,
        }
    }

    /// By which rules it is placed.
    pub(super) fn placement(self, setup: &Setup) -> &Placement {
        match self {
            Self::OfService { service, .. } => &setup.services[service].placement,
            Self::Arrival(_) => &setup.standalone.placement,
        }
    }

    /// What it runs, as far as that is known before the run: a service's tasks
    /// run what is released by then.
    pub(super) fn definition(self, workload: &Workload) -> TaskDefinitionId {
        match self {
            Self::Arrival(arrival) => workload.arrivals.definition(arrival as usize),
            Self::OfService { service, launch } => {
                let start = &workload.services[service];
                start.found.get(launch as usize).map_or(start.definition, |it| it.definition)
            }
        }
    }

    /// Whether it runs already when the run begins: nobody decides on it.
    pub(super) fn is_found(self, workload: &Workload) -> bool {
        match self {
            Self::Arrival(_) => false,
            Self::OfService { service, launch } => (launch as usize) < workload.services[service].found.len(),
        }
    }

    /// Its name in this setup.
    pub fn name(self, setup: &Setup) -> String {
        match self {
            Self::OfService { service, launch } => format!("{}/{launch}", setup.services[service].name),
            Self::Arrival(arrival) => format!("task/{arrival}"),
        }
    }
}
