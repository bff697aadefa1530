//! How a service is brought to a new revision (API DeploymentConfiguration,
//! DeploymentController).

use super::choices::{DeploymentControllerKind, DeploymentStrategy, HookAction, HookTarget, LifecycleStage};
use crate::documents::shape::shapes;

shapes! {
    /// Who replaces the tasks.
    DeploymentController required ["type"] {
        /// ECS if the service names none.
        kind: Option<DeploymentControllerKind> = "type",
    }

    /// How the tasks are replaced.
    DeploymentConfiguration {
        /// When it is given up.
        circuit_breaker: Option<CircuitBreaker> = "deploymentCircuitBreaker",
        /// The most tasks meanwhile, in percent of the desired count.
        maximum_percent: Option<i32> = "maximumPercent",
        /// The fewest healthy tasks meanwhile, in percent of the desired count.
        minimum_healthy_percent: Option<i32> = "minimumHealthyPercent",
        /// Alarms that fail it.
        alarms: Option<DeploymentAlarms> = "alarms",
        /// `ROLLING` if absent.
        strategy: Option<DeploymentStrategy> = "strategy",
        /// Minutes in which both revisions run after the shift.
        bake_time_in_minutes: Option<i32> = "bakeTimeInMinutes",
        /// What is asked at its stages.
        lifecycle_hooks: Vec<LifecycleHook> = "lifecycleHooks",
        /// Traffic shifted in equal steps.
        linear_configuration: Option<LinearConfiguration> = "linearConfiguration",
        /// Traffic shifted in two steps.
        canary_configuration: Option<CanaryConfiguration> = "canaryConfiguration",
    }

    /// When a deployment is given up.
    CircuitBreaker required ["enable", "rollback"] {
        /// Whether failures are counted.
        enable: Option<bool> = "enable",
        /// Whether the last good revision is restored.
        rollback: Option<bool> = "rollback",
    }

    /// Alarms that fail a deployment.
    DeploymentAlarms required ["alarmNames", "rollback", "enable"] {
        /// Which.
        alarm_names: Vec<String> = "alarmNames",
        /// Whether the last good revision is restored.
        rollback: Option<bool> = "rollback",
        /// Whether they are looked at.
        enable: Option<bool> = "enable",
    }

    /// A question at a stage of a deployment.
    LifecycleHook {
        /// Who is asked.
        target_type: Option<HookTarget> = "targetType",
        /// Which function.
        hook_target_arn: Option<String> = "hookTargetArn",
        /// Who may call it.
        role_arn: Option<String> = "roleArn",
        /// At which stages.
        lifecycle_stages: Vec<LifecycleStage> = "lifecycleStages",
        /// Handed to it.
        hook_details: Option<serde_json::Value> = "hookDetails",
        /// What becomes of it without an answer.
        timeout_configuration: Option<HookTimeout> = "timeoutConfiguration",
    }

    /// How long a question may stay open.
    HookTimeout limited ["timeoutInMinutes": 1..=20_160] {
        /// Minutes.
        timeout_in_minutes: Option<i32> = "timeoutInMinutes",
        /// And then.
        action: Option<HookAction> = "action",
    }

    /// Traffic shifted in equal steps.
    LinearConfiguration {
        /// Percent of a step.
        step_percent: Option<f64> = "stepPercent",
        /// Minutes between steps.
        step_bake_time_in_minutes: Option<i32> = "stepBakeTimeInMinutes",
    }

    /// Traffic shifted in two steps.
    CanaryConfiguration {
        /// Percent of the first.
        canary_percent: Option<f64> = "canaryPercent",
        /// Minutes until the second.
        canary_bake_time_in_minutes: Option<i32> = "canaryBakeTimeInMinutes",
    }
}
