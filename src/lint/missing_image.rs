//! Images of described repositories that no push ever brings: a typing error
//! most likely, and every pull ends with `manifest unknown`.

use std::collections::BTreeSet;

use super::Lint;
use super::finding::Draft;
use super::scene::Scene;
use crate::base::nearest;
use crate::model::repository::{Wanted, Which};

pub(super) const LINT: Lint =
    Lint { name: "missing-images", summary: "images that are never pushed to their repository", find };

fn find(scene: &Scene<'_>) -> Vec<Draft> {
    let registry = &scene.setup.registry;
    let mut found = Vec::new();
    for revision in scene.revisions() {
        let Some(blueprint) = revision.definition.blueprint.as_deref() else { continue };
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for container in &blueprint.containers {
            let Some(wanted) = registry.wanted(&container.image) else { continue };
            if !told.insert(&container.image) {
                continue;
            }
            let tags = tags_of(scene, &wanted);
            let (is_there, what) = match &wanted.which {
                Which::Tag(tag) => (tags.contains(tag.as_str()), format!("tag `{tag}`")),
                Which::Digest(digest) => {
                    let mut images = registry.images.images.rows().iter();
                    let is_it = |repository, of: &str| repository == wanted.repository && of == digest;
                    (images.any(|it| is_it(it.repository, &it.digest)), format!("digest `{digest}`"))
                }
            };
            if is_there {
                continue;
            }
            let repository = &registry.repositories[wanted.repository].name;
            let what = format!("{what} is never pushed to repository `{repository}`: no task starts");
            let help = match &wanted.which {
                Which::Tag(tag) => match nearest::nearest(tag, tags.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "push it before it is released".to_owned(),
                },
                Which::Digest(_) => "push it before it is released".to_owned(),
            };
            found.push(Draft::of_revision("B0728", &revision, what, help));
        }
    }
    found
}

/// All tags that a repository ever has.
fn tags_of<'a>(scene: &Scene<'a>, wanted: &Wanted) -> BTreeSet<&'a str> {
    let registry = &scene.setup.registry;
    let is_of = |image| registry.images.images[image].repository == wanted.repository;
    let pushes = registry.pushes.iter().filter(|it| is_of(it.image));
    pushes.flat_map(|it| it.tags.iter().map(String::as_str)).collect()
}
