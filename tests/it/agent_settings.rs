//! `agent` of a group of instances: as it is written, as an axis, with `--set`,
//! and what cannot be.

use berthlab::base::SimDuration;
use berthlab::experiment::matrix::{self, SourceText};
use berthlab::images::behavior::PULL_BEHAVIORS;
use berthlab::model::agent::{AgentSettings, ImagePullBehavior};

use crate::bad_input::refused;
use crate::support::{Bench, LEAST};

/// An experiment with two groups, the first with `fields`.
fn groups(fields: &str, end: &str) -> String {
    format!(
        "name = \"agents\"\nhorizon = \"1h\"\n[[cluster.capacity_provider]]\nname = \"general\"\n\
         instance_type = \"m6i.large\"\nmax_size = 2\n{fields}\n[[cluster.capacity_provider]]\n\
         name = \"other\"\ninstance_type = \"m6i.large\"\nmax_size = 2\n[[service]]\nname = \"web\"\n\
         task_definition = {{ cpu = 512, memory = 1024 }}\ndesired_count = 2\n{end}"
    )
}

/// The agents of the first two groups of each setting.
fn agents(text: String, overrides: &[&str]) -> Vec<Vec<AgentSettings>> {
    let overrides = overrides.iter().map(|it| (*it).to_owned()).collect();
    let source = SourceText { file: "x.toml".to_owned(), text, overrides };
    let read = matrix::read(source, &Bench::new().path("")).expect("an experiment");
    let of = |it: &matrix::PlannedSetting| it.setup.providers.rows().iter().map(|it| it.agent).collect();
    read.settings.iter().map(of).collect()
}

#[test]
fn an_agent_is_configured_in_the_words_of_its_variables() {
    let default = AgentSettings::default();
    assert_eq!(agents(groups("", ""), &[]), [[default, default]]);
    let fields = "agent = { image_pull_behavior = \"prefer-cached\", image_cleanup_interval = \"10m\", \
                  num_images_delete_per_cycle = 7, image_minimum_cleanup_age = \"5m\", \
                  engine_task_cleanup_wait_duration = \"1h\", disable_image_cleanup = true, registry_auth_at_boot = true }";
    let written = AgentSettings {
        image_pull_behavior: ImagePullBehavior::PreferCached,
        image_cleanup_interval: SimDuration::from_secs(600),
        num_images_delete_per_cycle: 7,
        image_minimum_cleanup_age: SimDuration::from_secs(300),
        engine_task_cleanup_wait_duration: SimDuration::from_secs(3600),
        disable_image_cleanup: true,
        registry_auth_at_boot: true,
    };
    assert_eq!(agents(groups(fields, ""), &[]), [[written, default]]);
    let pool = LEAST.replace("instances = 3", "instances = 3\nagent = { image_pull_behavior = \"once\" }");
    assert_eq!(agents(pool, &[])[0][0].image_pull_behavior, ImagePullBehavior::Once);
}

#[test]
fn every_behavior_is_a_value_of_an_axis() {
    let names: Vec<String> = PULL_BEHAVIORS.iter().map(|it| format!("{:?}", it.name)).collect();
    let axis = format!(
        "[axes]\n\"cluster.capacity_provider.general.agent.image_pull_behavior\" = [{}]\n",
        names.join(", ")
    );
    let expected: Vec<ImagePullBehavior> = PULL_BEHAVIORS.iter().map(|it| it.behavior).collect();
    for fields in ["", "agent = { disable_image_cleanup = true }"] {
        let found = agents(groups(fields, &axis), &[]);
        assert_eq!(found.iter().map(|it| it[0].image_pull_behavior).collect::<Vec<_>>(), expected);
        assert!(found.iter().all(|it| it[1] == AgentSettings::default()));
        assert!(found.iter().all(|it| it[0].disable_image_cleanup != fields.is_empty()));
    }
}

#[test]
fn a_field_is_set_on_the_command_line() {
    let set = "cluster.capacity_provider.other.agent.image_pull_behavior=\"always\"";
    let found = agents(groups("", ""), &[set]);
    assert_eq!(
        found[0].iter().map(|it| it.image_pull_behavior).collect::<Vec<_>>(),
        [ImagePullBehavior::Default, ImagePullBehavior::Always]
    );
}

#[test]
fn what_no_agent_takes_is_refused_at_its_place() {
    let bench = Bench::new();
    for (fields, told) in [
        ("agent = \"once\"", ("B0103", 7, 9, "a table")),
        (
            "agent = { image_pull_behavior = \"prefer_cached\" }",
            ("B0108", 7, 33, "did you mean `prefer-cached`"),
        ),
        ("agent = { image_pull_behavior = 1 }", ("B0103", 7, 33, "a number")),
        ("agent = { image_cleanup_interval = \"soon\" }", ("B0106", 7, 36, "soon")),
        ("agent = { image_minimum_cleanup_age = -1 }", ("B0106", 7, 39, "-1")),
        ("agent = { num_images_delete_per_cycle = 1.5 }", ("B0107", 7, 41, "whole number")),
        ("agent = { num_images_delete_per_cycle = -1 }", ("B0107", 7, 41, "whole number")),
        ("agent = { disable_image_cleanup = \"yes\" }", ("B0103", 7, 35, "true or false")),
        (
            "agent = { image_pull_behaviour = \"once\" }",
            ("B0104", 7, 11, "did you mean `image_pull_behavior`"),
        ),
    ] {
        refused(&bench, fields, groups(fields, ""), &[told]);
    }
}
