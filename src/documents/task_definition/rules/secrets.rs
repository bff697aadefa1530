//! Environment files, secrets, and the role that may read them and pull the
//! image.

use super::super::choices::LogDriver;
use super::super::shapes::TaskDefinition;
use super::{Report, Rule, containers, named, quoted, root, text};

/// TD-25 (API EnvironmentFile).
pub(super) const ENVIRONMENT_FILES: Rule = Rule {
    id: "TD-25",
    code: "B0325",
    words: "at most 10 `environmentFiles`, of type s3, each the ARN of an object that ends in .env",
    check: check_environment_files,
};

fn check_environment_files(definition: &TaskDefinition, report: &mut Report<'_, '_>) {
    for (at, container) in containers(definition) {
        let at = at.key("environmentFiles");
        let n_files = container.environment_files.len();
        if n_files > 10 {
            report.fault(
                at.clone(),
                format!("{} has {n_files} environment files, more than 10", named(container)),
            );
        }
        for (idx, file) in container.environment_files.iter().enumerate() {
            let at = at.idx(idx);
            match file.kind.as_deref() {
                Some("s3") => (),
                Some(other) => {
                    report.fault(
                        at.key("type"),
                        format!("an environment file of type {}, not \"s3\"", quoted(other)),
                    );
                }
                None => report.fault(at.key("type"), "an environment file without a type: expected \"s3\""),
            }
            let is_arn =
                |it: &str| it.starts_with("arn:") && it.split(':').count() >= 6 && it.ends_with(".env");
            if let Some(value) = file.value.as_deref().filter(|it| !is_arn(it)) {
                let message = format!("{} is not the ARN of an object that ends in .env", quoted(value));
                report.fault(at.key("value"), message);
            }
        }
    }
}

/// TD-26 (observed).
pub(super) const SECRETS_ROLE: Rule = Rule {
    id: "TD-26",
    code: "B0326",
    words: "with `secrets` there is an `executionRoleArn`",
    check: |definition, report| {
        let with_secrets = definition.container_definitions.iter().find(|it| !it.secrets.is_empty());
        if let Some(container) = with_secrets.filter(|_| text(&definition.execution_role_arn).is_none()) {
            let message = format!("`executionRoleArn` is missing: {} has secrets", named(container));
            let says = "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'";
            report.fault_saying(root().key("executionRoleArn"), message, says);
        }
    },
};

/// TD-27 (observed).
pub(super) const FARGATE_ROLE: Rule = Rule {
    id: "TD-27",
    code: "B0327",
    words: "on Fargate an image of the account's private registry and the driver awslogs need an \
            `executionRoleArn`",
    check: |definition, report| {
        if !definition.is_for_fargate() || text(&definition.execution_role_arn).is_some() {
            return;
        }
        let reason = definition.container_definitions.iter().find_map(|it| {
            let log_driver = it.log_configuration.as_ref().and_then(|it| it.log_driver.as_ref());
            if text(&it.image).is_some_and(is_in_private_registry) {
                Some(format!("{} has an image of the private registry", named(it)))
            } else if log_driver == Some(&LogDriver::Awslogs) {
                Some(format!("{} logs by awslogs", named(it)))
            } else {
                None
            }
        });
        if let Some(reason) = reason {
            let message = format!("`executionRoleArn` is missing on Fargate: {reason}");
            let says = "Fargate requires task definition to have execution role ARN to support ECR images.";
            report.fault_saying(root().key("executionRoleArn"), message, says);
        }
    },
};

/// Whether an image comes from a private registry of an account:
/// `123456789012.dkr.ecr.us-east-1.amazonaws.com/app`, in China with `.cn`.
fn is_in_private_registry(image: &str) -> bool {
    let host = image.split('/').next().unwrap_or("");
    let Some((account, rest)) = host.split_once(".dkr.ecr.") else { return false };
    let region = rest.strip_suffix(".cn").unwrap_or(rest).strip_suffix(".amazonaws.com");
    account.len() == 12
        && account.bytes().all(|it| it.is_ascii_digit())
        && region.is_some_and(|it| !it.is_empty())
        && image.len() > host.len()
}

#[cfg(test)]
mod tests {
    use super::is_in_private_registry;

    #[test]
    fn a_private_registry_is_told_by_its_host() {
        for (image, is_private) in [
            ("123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1", true),
            ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app", true),
            ("12345678901.dkr.ecr.us-east-1.amazonaws.com/app", false),
            ("123456789012.dkr.ecr..amazonaws.com/app", false),
            ("public.ecr.aws/nginx/nginx", false),
            ("nginx", false),
            ("evil/123456789012.dkr.ecr.us-east-1.amazonaws.com/app", false),
        ] {
            assert_eq!(is_in_private_registry(image), is_private, "{image}");
        }
    }
}
