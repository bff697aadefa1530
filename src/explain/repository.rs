//! What a lifecycle policy does to a repository, and why (semantics 9.6: a
//! preview): the run is played until the policy is carried out, so that tags,
//! pulls and who needs which image are those of the run.

use serde_json::{Value, json};

use crate::base::id::{RepositoryId, ServiceId};
use crate::base::nearest::nearest;
use crate::base::units::counted;
use crate::base::{Seed, SimDuration, SimTime};
use crate::documents::lifecycle_policy;
use crate::images::lifecycle::Decision;
use crate::model::lifecycle_policy::{Count, LifecycleAction, LifecyclePolicy, StorageClass, TagSelection};
use crate::model::repository::Repository;
use crate::model::workload::Workload;
use crate::sim::{Evaluation, ImageNeed, Setup, Watch, run_watched};

/// As many images are shown to a person.
const N_SHOWN: usize = 200;

/// A policy, and what its next run comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preview {
    /// The name of the repository.
    pub repository: String,
    /// Its policy.
    pub policy: LifecyclePolicy,
    /// When it is next carried out; `None` if not before the horizon.
    pub runs_at: Option<SimTime>,
    /// What is there then, the newest first.
    pub images: Vec<PreviewedImage>,
}

/// An image, and what becomes of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PreviewedImage {
    /// Of its manifest.
    pub digest: String,
    /// What points to it.
    pub tags: Vec<String>,
    /// How long ago it was pushed.
    pub age: SimDuration,
    /// How long ago it was last pulled, if ever.
    pub last_pull: Option<SimDuration>,
    /// Where it is kept.
    pub storage_class: StorageClass,
    /// What the policy decides.
    pub decision: Decision,
    /// The digest of an index that refers to it, where that keeps it.
    pub referred_by: Option<String>,
    /// The revisions that start tasks from it.
    pub needed_by: Vec<Needed>,
}

/// A revision that needs an image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Needed {
    /// The name of the service.
    pub service: String,
    /// The name of the revision.
    pub revision: String,
    /// It is the newest; else one that would be rolled back to.
    pub is_newest: bool,
}

/// Finds a repository with a lifecycle policy by its name, or by the name that
/// images have, if several registries have one of that name.
///
/// # Errors
///
/// In words: no such repository, several, none that has a policy.
pub fn find_repository(name: &str, setup: &Setup) -> Result<RepositoryId, String> {
    let repositories = &setup.registry.repositories;
    let whole = |it: &Repository| format!("{}/{}", it.location.prefix(), it.name);
    let found: Vec<_> = repositories.iter().filter(|it| it.1.name == name || whole(it.1) == name).collect();
    match found.as_slice() {
        [(id, repository)] if repository.lifecycle_policy.is_some() => Ok(*id),
        [(_, repository)] => Err(format!("repository `{}` has no lifecycle policy", repository.name)),
        [] => {
            let names = repositories.rows().iter().map(|it| it.name.as_str());
            let advice = nearest(name, names).map(|it| format!(": did you mean `{it}`?"));
            Err(format!("there is no repository `{name}`{}", advice.unwrap_or_default()))
        }
        several => {
            let names: Vec<String> = several.iter().map(|it| whole(it.1)).collect();
            Err(format!("there are several repositories `{name}`: {}", names.join(", ")))
        }
    }
}

/// What the first run of the policy at or after `at` comes to.
///
/// # Panics
///
/// If the repository has no policy: see [`find_repository`].
pub fn preview(
    setup: &Setup,
    workload: &Workload,
    seed: Seed,
    repository: RepositoryId,
    at: SimTime,
) -> Preview {
    let mut onlooker = Onlooker { setup, workload, repository, at, seen: None };
    // It stops looking as soon as it has seen enough: no record then.
    let _ = run_watched(setup, workload, seed, &mut onlooker);
    let row = &setup.registry.repositories[repository];
    let (runs_at, images) = onlooker.seen.map_or((None, Vec::new()), |it| (Some(it.0), it.1));
    Preview {
        repository: row.name.clone(),
        policy: row.lifecycle_policy.clone().expect("the repository has a policy"),
        runs_at,
        images,
    }
}

/// Waits for one run of one policy.
struct Onlooker<'a> {
    setup: &'a Setup,
    workload: &'a Workload,
    repository: RepositoryId,
    at: SimTime,
    seen: Option<(SimTime, Vec<PreviewedImage>)>,
}

impl Watch for Onlooker<'_> {
    fn lifecycle_policy_evaluated(&mut self, now: SimTime, evaluation: &Evaluation<'_>, needs: &[ImageNeed]) {
        if evaluation.repository == self.repository && now >= self.at && self.seen.is_none() {
            let images = (0..evaluation.images.len()).rev();
            let images = images.map(|idx| self.previewed(now, evaluation, needs, idx)).collect();
            self.seen = Some((now, images));
        }
    }

    fn goes_on(&mut self, _: u64) -> bool {
        self.seen.is_none()
    }
}

impl Onlooker<'_> {
    fn previewed(
        &self,
        now: SimTime,
        evaluation: &Evaluation<'_>,
        needs: &[ImageNeed],
        idx: usize,
    ) -> PreviewedImage {
        let (image, view) = (evaluation.images[idx], &evaluation.views[idx]);
        let now_ms = i64::try_from(now.millis()).unwrap_or(i64::MAX).saturating_add(self.setup.starts_at_ms);
        let ago = |then_ms: i64| {
            SimDuration::from_millis(u64::try_from(now_ms.saturating_sub(then_ms)).unwrap_or(0))
        };
        let digest = |idx: usize| self.setup.registry.images.images[evaluation.images[idx]].digest.clone();
        let service = |it: ServiceId| self.setup.services[it].name.clone();
        let needed_by = needs.iter().filter(|it| it.image == image).map(|it| Needed {
            service: service(it.service),
            revision: self.workload.definitions[it.definition].name.clone(),
            is_newest: it.is_primary,
        });
        PreviewedImage {
            digest: digest(idx),
            tags: view.tags.iter().map(|it| (*it).to_owned()).collect(),
            age: ago(view.pushed_at_ms),
            last_pull: view.last_pulled_at_ms.map(ago),
            storage_class: view.storage_class,
            decision: evaluation.decisions[idx],
            referred_by: match evaluation.decisions[idx] {
                Decision::Referenced { list, .. } => Some(digest(list)),
                _ => None,
            },
            needed_by: needed_by.collect(),
        }
    }
}

impl Preview {
    /// The priority of a rule, by which its author knows it.
    fn priority(&self, rule: usize) -> u64 {
        self.policy.rules[rule].priority
    }

    /// For a person to read.
    pub fn text(&self) -> String {
        let mut lines = vec![self.headline()];
        for rule in &self.policy.rules {
            let tags = match &rule.tags {
                TagSelection::Any | TagSelection::Untagged => rule.tags.status().to_owned(),
                TagSelection::Prefixes(list) => format!("tagged {}", list.join("… and ") + "…"),
                TagSelection::Patterns(list) => format!("tagged {}", list.join(" and ")),
            };
            let class = match rule.storage_class {
                StorageClass::Standard => "",
                StorageClass::Archive => ", archived",
            };
            let number = match rule.count {
                Count::ImageCountMoreThan(n) => n.to_string(),
                _ => counted(rule.count.number(), "day"),
            };
            let (priority, kind, action) = (rule.priority, rule.count.kind(), rule.action.as_str());
            lines.push(format!("  rule {priority}: {tags}{class}, {kind} {number}: {action}"));
        }
        if !self.images.is_empty() {
            lines.push(String::new());
        }
        let rows: Vec<[String; 6]> = self.images.iter().take(N_SHOWN).map(|it| self.row(it)).collect();
        let head = ["", "pushed", "pulled", "digest", "tags", "why"].map(str::to_owned);
        let all: Vec<&[String; 6]> =
            std::iter::once(&head).filter(|_| !rows.is_empty()).chain(&rows).collect();
        let widths: Vec<usize> =
            (0..5).map(|column| all.iter().map(|it| it[column].chars().count()).max().unwrap_or(0)).collect();
        for row in all {
            let cells = widths.iter().zip(row.iter()).map(|(width, cell)| format!("{cell:<width$}"));
            let cells: Vec<String> = cells.collect();
            lines.push(format!("  {}  {}", cells.join("  "), row[5]).trim_end().to_owned());
        }
        if self.images.len() > N_SHOWN {
            let n = self.images.len() - N_SHOWN;
            lines.push(format!("  and {n} more, which --format json tells"));
        }
        lines.join("\n") + "\n"
    }

    fn headline(&self) -> String {
        let name = &self.repository;
        let Some(at) = self.runs_at else {
            return format!("{name}: its lifecycle policy is not carried out again before the horizon");
        };
        let n_gone = self.images.iter().filter(|it| it.decision.action().is_some()).count();
        let n_lost =
            self.images.iter().filter(|it| it.decision.action().is_some() && !it.needed_by.is_empty());
        let lost = match n_lost.count() {
            0 => String::new(),
            1 => ", one of which is needed".to_owned(),
            n => format!(", {n} of which are needed"),
        };
        let n = counted(self.images.len() as u64, "image");
        format!("{name}: at {at} its lifecycle policy looks at {n} and takes {n_gone}{lost}")
    }

    fn row(&self, image: &PreviewedImage) -> [String; 6] {
        let outcome = match image.decision.action() {
            Some(LifecycleAction::Expire) => "expires",
            Some(LifecycleAction::Archive) => "is archived",
            None if image.storage_class == StorageClass::Archive => "stays archived",
            None => "stays",
        };
        let why = match image.decision {
            Decision::NotSelected => "no rule selects it".to_owned(),
            Decision::Kept { by, shielded_from: None } => format!("rule {} keeps it", self.priority(by)),
            Decision::Kept { by, shielded_from: Some(other) } => {
                format!("rule {} keeps it from rule {}", self.priority(by), self.priority(other))
            }
            Decision::Referenced { by, .. } => {
                let list = image.referred_by.as_deref().map(short).unwrap_or_default();
                format!("rule {} would take it, but {list} refers to it", self.priority(by))
            }
            Decision::Acted { by, .. } => format!("rule {}", self.priority(by)),
        };
        let needs = image.needed_by.iter().map(|it| match it.is_newest {
            true => format!("; service {} runs it ({})", it.service, it.revision),
            false => format!("; service {} rolls back to it ({})", it.service, it.revision),
        });
        let ago = |it: SimDuration| format!("{it} ago");
        [
            outcome.to_owned(),
            ago(image.age),
            image.last_pull.map_or("never".to_owned(), ago),
            short(&image.digest),
            if image.tags.is_empty() { "–".to_owned() } else { image.tags.join(" ") },
            why + &needs.collect::<String>(),
        ]
    }

    /// For a program: times in seconds.
    pub fn json(&self) -> Value {
        let seconds = |it: SimDuration| it.millis() as f64 / 1000.0;
        let priority = |it: Option<usize>| it.map(|it| self.priority(it));
        let images = self.images.iter().map(|it| {
            let shielded_from = match it.decision {
                Decision::Kept { shielded_from, .. } => shielded_from,
                _ => None,
            };
            json!({
                "digest": it.digest,
                "tags": it.tags,
                "pushed_s_ago": seconds(it.age),
                "pulled_s_ago": it.last_pull.map(seconds),
                "storage_class": it.storage_class.as_str(),
                "action": it.decision.action().map(|it| it.as_str()),
                "rule_priority": priority(it.decision.rule()),
                "shielded_from_rule_priority": priority(shielded_from),
                "referred_by": it.referred_by,
                "needed_by": it.needed_by.iter().map(|it| json!({
                    "service": it.service, "revision": it.revision, "is_newest": it.is_newest,
                })).collect::<Vec<_>>(),
            })
        });
        json!({
            "repository": self.repository,
            "runs_at_s": self.runs_at.map(|it| it.millis() as f64 / 1000.0),
            "policy": lifecycle_policy::write(&self.policy),
            "images": images.collect::<Vec<_>>(),
        })
    }
}

/// `sha256:` and the first twelve digits, as people tell digests apart.
fn short(digest: &str) -> String {
    let (algorithm, hex) = digest.split_once(':').unwrap_or(("", digest));
    let hex: String = hex.chars().take(12).collect();
    if algorithm.is_empty() { hex } else { format!("{algorithm}:{hex}") }
}
