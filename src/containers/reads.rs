//! What the execution role does before a container starts: it reads secrets,
//! parameters and environment files, pulls images and opens the log stream (developer guide,
//! task_execution_IAM_role; semantics 3.5). On EC2 a task without an execution
//! role uses the instance's, which may do all this unless it is described.

use super::life::LifeContext;
use super::pull::{self, Pull};
use crate::model::access::Denial;
use crate::model::container::{Blueprint, Container, Read, ReadKind};
use crate::model::repository::Location;

/// Something that the execution role is refused, or that is not there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// As ECS says it.
    pub why: String,
    /// What of.
    pub cause: Cause,
}

/// What a refusal comes of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The role may not.
    Denied(Denial),
    /// What it reads is not there: its ARN or name.
    Missing(String),
}

impl Refusal {
    pub(super) fn denied(what: &str, denial: Denial) -> Self {
        Self { why: format!("{what}: AccessDeniedException: {denial}"), cause: Cause::Denied(denial) }
    }

    pub(super) fn after(self, prefix: &str) -> Self {
        Self { why: format!("{prefix}{}", self.why), ..self }
    }
}

pub(super) const INITIALIZATION: &str = "ResourceInitializationError: ";

/// What ends the start of a task before its containers are created, the first
/// first: what it cannot read, images it cannot pull, logs it cannot open.
pub(super) fn refusals(blueprint: &Blueprint, context: &LifeContext<'_>) -> impl Iterator<Item = Refusal> {
    refusals_but(blueprint, context, |_| false)
}

/// The same without what is found in a run: who may pull the images of described
/// repositories changes while it is played.
pub(super) fn known_refusals(
    blueprint: &Blueprint,
    context: &LifeContext<'_>,
) -> impl Iterator<Item = Refusal> {
    refusals_but(blueprint, context, |it| context.registry.wanted(&it.image).is_some())
}

fn refusals_but(
    blueprint: &Blueprint,
    context: &LifeContext<'_>,
    is_pulled_later: impl Fn(&Container) -> bool,
) -> impl Iterator<Item = Refusal> {
    let containers = blueprint.containers.iter();
    let reads = containers.clone().flat_map(|it| &it.reads);
    let reads = reads.filter_map(|it| refused_read(it, blueprint, context));
    let pulls = containers.clone().filter(move |it| !is_pulled_later(it));
    let pulls = pulls.filter_map(|it| refused_pull(it, blueprint, context));
    // On an instance the log driver is asked when the container is started.
    let logs = containers.filter(|_| context.is_fargate).filter_map(|it| {
        let denial = may_log(it, blueprint, CREATE_STREAM, context).err()?;
        Some(Refusal::denied("failed to validate logger args", denial).after(INITIALIZATION))
    });
    reads.map(|it| it.after(INITIALIZATION)).chain(pulls).chain(logs)
}

/// Why an image of a private registry cannot be pulled. MODEL: the attempts
/// take as long as those to read something, and come before every pull.
fn refused_pull(container: &Container, blueprint: &Blueprint, context: &LifeContext<'_>) -> Option<Refusal> {
    let repository = match context.registry.wanted(&container.image) {
        Some(wanted) => {
            let described = &context.registry.repositories[wanted.repository];
            matches!(described.location, Location::Private { .. }).then(|| described.arn())?
        }
        None => pull::repository_arn(&container.image)?,
    };
    let pull = Pull::of(who(blueprint, context), Some(&repository), context.is_fargate);
    pull::pull_refusal(context.permissions, &pull)
}

/// What of described repositories cannot be pulled as roles are at first.
pub(super) fn described_pulls(
    blueprint: &Blueprint,
    context: &LifeContext<'_>,
) -> impl Iterator<Item = Refusal> {
    let described = blueprint.containers.iter().filter(|it| context.registry.wanted(&it.image).is_some());
    described.filter_map(|it| refused_pull(it, blueprint, context))
}

/// Who reads, pulls and logs before the containers start.
fn who<'a>(blueprint: &'a Blueprint, context: &LifeContext<'a>) -> Option<&'a str> {
    pull::puller(blueprint.execution_role.as_deref(), context.instance_role, context.is_fargate)
}

const CREATE_STREAM: &str = "logs:CreateLogStream";

fn refused_read(read: &Read, blueprint: &Blueprint, context: &LifeContext<'_>) -> Option<Refusal> {
    let resource = read.resource.as_str();
    let role = who(blueprint, context);
    let may = |action, resource: &str| context.permissions.may(role, action, resource);
    let what = match read.kind {
        ReadKind::EnvironmentFile => "failed to download env files",
        ReadKind::RegistryCredentials => "unable to pull registry auth",
        ReadKind::Parameter | ReadKind::Secret => "unable to pull secrets",
    };
    let allowed = match read.kind {
        ReadKind::Parameter => may("ssm:GetParameters", resource),
        ReadKind::Secret | ReadKind::RegistryCredentials => may("secretsmanager:GetSecretValue", resource),
        ReadKind::EnvironmentFile => {
            let bucket = resource.split('/').next().expect("a split has a first part");
            may("s3:GetBucketLocation", bucket).and_then(|()| may("s3:GetObject", resource))
        }
    };
    if let Err(denial) = allowed {
        return Some(Refusal::denied(what, denial));
    }
    if context.permissions.exists(resource) {
        return None;
    }
    let why = match read.kind {
        ReadKind::Parameter => format!("{what}: invalid parameters: {resource}"),
        ReadKind::Secret | ReadKind::RegistryCredentials => {
            format!("{what}: ResourceNotFoundException: Secrets Manager can't find the secret {resource}")
        }
        ReadKind::EnvironmentFile => format!("{what}: {resource} is not there: 404 Not Found"),
    };
    Some(Refusal { why, cause: Cause::Missing(resource.to_owned()) })
}

/// Why a container cannot be started on an instance: its log driver fails.
pub(super) fn refused_log(
    container: &Container,
    blueprint: &Blueprint,
    context: &LifeContext<'_>,
) -> Option<Refusal> {
    if context.is_fargate {
        return None;
    }
    let denial = may_log(container, blueprint, CREATE_STREAM, context).err()?;
    let what = "CannotStartContainerError: failed to initialize logging driver: failed to create Cloudwatch log \
                stream";
    Some(Refusal::denied(what, denial))
}

/// Whether `action` is allowed on the container's log stream, if it has one.
pub(super) fn may_log(
    container: &Container,
    blueprint: &Blueprint,
    action: &str,
    context: &LifeContext<'_>,
) -> Result<(), Denial> {
    let Some(log) = container.log.as_ref().filter(|it| it.driver == "awslogs") else { return Ok(()) };
    let role = who(blueprint, context);
    let region = log.region.as_deref().unwrap_or("us-east-1");
    // The account of the role, where it is written in full.
    let account = role.filter(|it| it.starts_with("arn:")).and_then(|it| it.split(':').nth(4));
    let account = account.unwrap_or("123456789012");
    let group = log.group.as_deref().unwrap_or("");
    let stream =
        format!("arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:ecs/{}", container.name);
    context.permissions.may(role, action, &stream)
}
