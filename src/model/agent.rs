//! How the agents of a group of instances are configured, as far as images go:
//! the `ECS_…` variables of the same names (agent README; semantics 9.4).

use crate::base::SimDuration;

/// The configuration of an agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AgentSettings {
    /// When an image is pulled although it is there.
    pub image_pull_behavior: ImagePullBehavior,
    /// Between two cycles of the clean-up of images.
    pub image_cleanup_interval: SimDuration,
    /// How many images a cycle removes at most.
    pub num_images_delete_per_cycle: u32,
    /// An image that was pulled no longer ago than this is kept.
    pub image_minimum_cleanup_age: SimDuration,
    /// A stopped task refers to its images for so long.
    pub engine_task_cleanup_wait_duration: SimDuration,
    /// Whether no image is ever removed.
    pub disable_image_cleanup: bool,
    /// Whether the registry's token was written into the agent's settings when the
    /// instance began (`ECS_ENGINE_AUTH_DATA`), and is not renewed.
    pub registry_auth_at_boot: bool,
}

/// The least interval between two cycles of the clean-up: a shorter one is
/// ignored, and the default holds (agent README, ECS_IMAGE_CLEANUP_INTERVAL).
pub const IMAGE_CLEANUP_INTERVAL_MIN: SimDuration = SimDuration::from_secs(600);
/// The least wait before the containers of a stopped task are removed: a shorter
/// one is ignored (agent README, ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION).
pub const TASK_CLEANUP_WAIT_MIN: SimDuration = SimDuration::from_secs(1);

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            image_pull_behavior: ImagePullBehavior::Default,
            image_cleanup_interval: SimDuration::from_secs(30 * 60),
            num_images_delete_per_cycle: 5,
            image_minimum_cleanup_age: SimDuration::from_secs(3600),
            engine_task_cleanup_wait_duration: SimDuration::from_secs(3 * 3600),
            disable_image_cleanup: false,
            registry_auth_at_boot: false,
        }
    }
}

impl AgentSettings {
    /// What an agent makes of the settings: those that it ignores are at their
    /// defaults.
    pub fn effective(self) -> Self {
        let default = Self::default();
        let mut settings = self;
        if self.image_cleanup_interval < IMAGE_CLEANUP_INTERVAL_MIN {
            settings.image_cleanup_interval = default.image_cleanup_interval;
        }
        if self.num_images_delete_per_cycle < 1 {
            settings.num_images_delete_per_cycle = default.num_images_delete_per_cycle;
        }
        if self.engine_task_cleanup_wait_duration < TASK_CLEANUP_WAIT_MIN {
            settings.engine_task_cleanup_wait_duration = default.engine_task_cleanup_wait_duration;
        }
        settings
    }
}

/// When an image is pulled (agent README, ECS_IMAGE_PULL_BEHAVIOR).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ImagePullBehavior {
    /// Always; if the pull fails, the image that is there is used.
    #[default]
    Default,
    /// Always; if the pull fails, so does the task.
    Always,
    /// Unless an earlier task of the instance has pulled it.
    Once,
    /// Only if it is not there.
    PreferCached,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_ignores_what_is_too_small() {
        let default = AgentSettings::default();
        let small = AgentSettings {
            image_cleanup_interval: SimDuration::from_secs(599),
            num_images_delete_per_cycle: 0,
            engine_task_cleanup_wait_duration: SimDuration::from_millis(999),
            image_minimum_cleanup_age: SimDuration::ZERO,
            ..default
        };
        let expected = AgentSettings { image_minimum_cleanup_age: SimDuration::ZERO, ..default };
        assert_eq!(small.effective(), expected);
        let least = AgentSettings {
            image_cleanup_interval: IMAGE_CLEANUP_INTERVAL_MIN,
            num_images_delete_per_cycle: 1,
            engine_task_cleanup_wait_duration: TASK_CLEANUP_WAIT_MIN,
            ..default
        };
        assert_eq!(least.effective(), least);
    }
}
