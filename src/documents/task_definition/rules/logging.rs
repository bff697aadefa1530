//! Log drivers and their options (API LogConfiguration).

use super::super::choices::LogDriver;
use super::super::shapes::{LogConfiguration, TaskDefinition};
use super::{Report, Rule, containers, named, quoted, root};
use crate::documents::field_path::FieldPath;

/// TD-28.
pub(super) const LOG_DRIVER: Rule = Rule {
    id: "TD-28",
    code: "B0328",
    words: "`logDriver` is known, on Fargate awslogs, splunk or awsfirelens; awslogs has a group and a region, \
            on Fargate a stream prefix; awsfirelens needs a container with `firelensConfiguration`",
    check: check_log_drivers,
};

fn check_log_drivers(definition: &TaskDefinition, report: &mut Report<'_, '_>) {
    for (at, container) in containers(definition) {
        let Some(log) = &container.log_configuration else { continue };
        let at = at.key("logConfiguration");
        let message = match &log.log_driver {
            None => Some(format!("the log configuration of {} names no driver", named(container))),
            Some(LogDriver::Other(other)) => {
                Some(format!("the log driver {} is none of {}", quoted(other), LogDriver::NAMES.join(", ")))
            }
            Some(LogDriver::Awslogs | LogDriver::Splunk) => None,
            Some(LogDriver::Awsfirelens) => {
                let has_router = has_router(definition, report);
                (!has_router).then(|| {
                    "awsfirelens needs a container with `firelensConfiguration`, and there is none".to_owned()
                })
            }
            Some(other) if definition.is_for_fargate() => Some(format!(
                "the log driver `{}` is not on Fargate: awslogs, splunk, awsfirelens are",
                other.as_str()
            )),
            Some(_) => None,
        };
        if let Some(message) = message {
            report.fault(at.key("logDriver"), message);
        }
        if log.log_driver == Some(LogDriver::Awslogs) {
            check_awslogs(log, definition.is_for_fargate(), &at, report);
        }
    }
}

fn has_router(definition: &TaskDefinition, report: &Report<'_, '_>) -> bool {
    let list = root().key("containerDefinitions");
    definition.container_definitions.iter().enumerate().any(|(idx, it)| {
        it.firelens_configuration.is_some()
            || report.is_malformed(&list.idx(idx).key("firelensConfiguration"))
    })
}

fn check_awslogs(log: &LogConfiguration, is_for_fargate: bool, at: &FieldPath, report: &mut Report<'_, '_>) {
    let options = at.key("options");
    let mut wanted = vec!["awslogs-group", "awslogs-region"];
    if is_for_fargate {
        wanted.push("awslogs-stream-prefix");
    }
    // An option may also come as a secret.
    let is_given = |name: &str| {
        log.options.contains_key(name)
            || log.secret_options.iter().any(|it| it.name.as_deref() == Some(name))
            || report.is_malformed(&options.key(name))
    };
    wanted.retain(|it| !is_given(it));
    if !wanted.is_empty() {
        let message = format!("the log driver awslogs lacks the options {}", wanted.join(", "));
        let says = "Log driver awslogs requires options: awslogs-region, awslogs-group";
        report.fault_saying(options, message, says);
    }
}
