//! Health checks, time-outs and restarts.

use super::super::shapes::TaskDefinition;
use super::{Report, Rule, containers, named, quoted};

/// TD-22 (API HealthCheck).
pub(super) const HEALTH_CHECK: Rule = Rule {
    id: "TD-22",
    code: "B0322",
    words: "a health check has a command, `interval` 5 to 300, `timeout` 2 to 60, `retries` 1 to 10, \
            `startPeriod` 0 to 300",
    check: check_health,
};

fn check_health(definition: &TaskDefinition, report: &mut Report<'_, '_>) {
    for (at, container) in containers(definition) {
        let Some(health) = &container.health_check else { continue };
        let at = at.key("healthCheck");
        match health.command.first().map(String::as_str) {
            None => report
                .fault(at.key("command"), format!("the health check of {} has no command", named(container))),
            Some("CMD" | "CMD-SHELL") => (),
            // Published definitions that register have others.
            Some(word) => {
                let message = format!(
                    "the health check begins with {}: the API asks for CMD or CMD-SHELL",
                    quoted(word)
                );
                report.odd(&at.key("command"), message);
            }
        }
        for (key, value, range) in [
            ("interval", health.interval, 5..=300),
            ("timeout", health.timeout, 2..=60),
            ("retries", health.retries, 1..=10),
            ("startPeriod", health.start_period, 0..=300),
        ] {
            if let Some(value) = value.filter(|it| !range.contains(it)) {
                let message = format!("`{key}` is {value}, not {} to {}", range.start(), range.end());
                report.fault(at.key(key), message);
            }
        }
    }
}

/// TD-23 (API ContainerDefinition).
pub(super) const FARGATE_TIMEOUTS: Rule = Rule {
    id: "TD-23",
    code: "B0323",
    words: "on Fargate `stopTimeout` is 0 to 120 and `startTimeout` 2 to 120",
    check: |definition, report| {
        if !definition.is_for_fargate() {
            return;
        }
        for (at, container) in containers(definition) {
            for (key, value, range) in [
                ("stopTimeout", container.stop_timeout, 0..=120),
                ("startTimeout", container.start_timeout, 2..=120),
            ] {
                if let Some(value) = value.filter(|it| !range.contains(it)) {
                    let message =
                        format!("`{key}` is {value}, on Fargate {} to {}", range.start(), range.end());
                    report.fault(at.key(key), message);
                }
            }
        }
    },
};

/// TD-33 (API ContainerRestartPolicy).
pub(super) const RESTART_POLICY: Rule = Rule {
    id: "TD-33",
    code: "B0333",
    words: "`restartAttemptPeriod` is 60 to 1800, and at most 50 exit codes are ignored",
    check: |definition, report| {
        for (at, container) in containers(definition) {
            let Some(policy) = &container.restart_policy else { continue };
            let at = at.key("restartPolicy");
            if let Some(period) = policy.restart_attempt_period.filter(|it| !(60..=1800).contains(it)) {
                let message = format!("`restartAttemptPeriod` is {period}, not 60 to 1800");
                report.fault(at.key("restartAttemptPeriod"), message);
            }
            let n_codes = policy.ignored_exit_codes.len();
            if n_codes > 50 {
                report
                    .fault(at.key("ignoredExitCodes"), format!("{n_codes} ignored exit codes, more than 50"));
            }
        }
    },
};
