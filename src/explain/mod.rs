//! Why a task landed where it did, or why it waits: the run is played under the
//! eyes of somebody who notes every decision on this one task, with all that
//! the placer looked at and what would have changed its mind. And what a
//! lifecycle policy does to the images of a repository.

pub mod repository;
pub mod subject;

mod attempt;
mod json;
mod onlooker;
mod relaxation;
mod text;

pub use attempt::{Attempt, Miss, Spot};
pub use json::json;
pub use relaxation::Relaxation;
pub use subject::Subject;
pub use text::text;

use crate::base::{Seed, SimDuration, SimTime};
use crate::model::life::{self, Stay, TaskMoments};
use crate::model::task::TaskDefinition;
use crate::model::workload::Workload;
use crate::placement::failure::FailureReason;
use crate::placement::placer;
use crate::sim::{Setup, run_watched};
use onlooker::Onlooker;

/// All that is known of how a task was decided on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    /// The task.
    pub subject: Subject,
    /// What it runs; where it never came to be, what its service runs first.
    pub definition: TaskDefinition,
    /// It runs already when the run begins.
    pub is_found: bool,
    /// When it was first asked for; `None` if it never came before the placer.
    pub requested_at: Option<SimTime>,
    /// How often the placer decided on it.
    pub n_attempts: u32,
    /// How often it was given back to who asked for it.
    pub n_given_back: u32,
    /// The first decision, and the last if that is another.
    pub attempts: Vec<Attempt>,
    /// When it was placed, if it was.
    pub placed_at: Option<SimTime>,
    /// Where, if that is a machine of its own: the zone's name.
    pub fargate_zone: Option<String>,
    /// Its statuses with their times, once it was placed; empty where it never
    /// was, or ran already.
    pub stays: Vec<Stay>,
    /// Why no instance of the provider could take it even while empty.
    pub never_fits: Option<FailureReason>,
    /// How long the run is.
    pub horizon: SimTime,
}

/// Plays a run and tells how `subject` was decided on. Played twice where the
/// task was tried more than once: only then is it known which was the last.
pub fn explain(setup: &Setup, workload: &Workload, seed: Seed, subject: Subject) -> Story {
    let play = |numbers: Vec<u32>| {
        let mut onlooker = Onlooker::new(setup, subject, numbers);
        // It stops looking as soon as the task is gone: no record then.
        let _ = run_watched(setup, workload, seed, &mut onlooker);
        onlooker
    };
    let mut seen = play(vec![1]);
    if seen.n_attempts > 1 {
        seen = play(vec![1, seen.n_attempts]);
    }
    let definition = seen.definition.unwrap_or_else(|| subject.definition(workload));
    let definition = workload.definitions[definition].clone();
    // On Fargate there is always room.
    let providers = subject.placement(setup).capacity.providers();
    let types = providers.flat_map(|it| &setup.providers[it].instance_types);
    let mut never_fits = types.map(|&it| placer::never_fits(&setup.instance_types[it], &definition));
    // The reason of the preferred type, where it fits none.
    let never_fits = never_fits.next().flatten().filter(|_| never_fits.all(|it| it.is_some()));
    let service = match subject {
        Subject::OfService { service, .. } => Some(service),
        Subject::Arrival(_) => None,
    };
    let until = SimTime::ZERO + setup.horizon;
    let stays = match (seen.requested_at, seen.placed_at) {
        (Some(requested_at), Some(_)) => {
            let moments = TaskMoments {
                requested_at,
                placed_at: seen.placed_at,
                started_at: seen.started_at,
                asked_to_stop: seen.asked_to_stop,
                stopped_at: seen.stopped_at,
                drain: service.map_or(SimDuration::ZERO, |it| setup.drain_time(it)),
                until,
            };
            life::stays(&setup.life(&definition, service), &moments)
        }
        _ => Vec::new(),
    };
    Story {
        subject,
        stays,
        is_found: subject.is_found(workload),
        never_fits,
        definition,
        requested_at: seen.requested_at,
        n_attempts: seen.n_attempts,
        n_given_back: seen.n_given_back,
        attempts: seen.attempts,
        placed_at: seen.placed_at,
        fargate_zone: seen.fargate_zone.map(|it| setup.zones[it].clone()),
        horizon: until,
    }
}
