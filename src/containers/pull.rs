//! Who pulls an image, which calls of the registry that takes, and what the
//! task says if one is refused (semantics 9.3; developer guide,
//! task_cannot_pull_image, task_execution_IAM_role; ECR user guide,
//! ECR_on_ECS). Whether an image is there and how long it takes is told by the
//! room `images`.

use super::reads::{INITIALIZATION, Refusal};
use crate::base::{SimDuration, SimTime};
use crate::model::access::{Denial, Permissions};

/// A pull, as the registry is asked for it.
#[derive(Clone, Copy, Debug)]
pub struct Pull<'a> {
    /// Whose calls these are, see [`puller`].
    pub role: Option<&'a str>,
    /// The ARN of the repository, see [`repository_arn`]; `None` of one that is
    /// public.
    pub repository: Option<&'a str>,
    /// Whether Fargate pulls.
    pub is_fargate: bool,
    /// Whether a pull-through cache has to fetch it first.
    pub is_import: bool,
    /// Whether a public registry is asked with a token (`false`: anonymously).
    pub is_authenticated: bool,
}

impl<'a> Pull<'a> {
    /// Of an image that is in the registry.
    pub fn of(role: Option<&'a str>, repository: Option<&'a str>, is_fargate: bool) -> Self {
        Self { role, repository, is_fargate, is_import: false, is_authenticated: false }
    }
}

/// What a pull needs of the repository (ECR user guide, repository-policies), in
/// the order of the calls: the manifest first, then the layers. MODEL: the check
/// of layers, which the documented policy has too, comes last.
const PULL_ACTIONS: [&str; 3] =
    ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"];

/// What a pull-through cache asks besides for the first pull of an image (ECR
/// user guide, pull-through-cache-iam).
const IMPORT_ACTIONS: [&str; 2] = ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"];

/// Who pulls: the execution role; on an instance without one the instance's.
pub fn puller<'a>(
    execution_role: Option<&'a str>,
    instance_role: Option<&'a str>,
    is_fargate: bool,
) -> Option<&'a str> {
    execution_role.or(if is_fargate { None } else { instance_role })
}

/// Why an image cannot be pulled, or `None` if nothing is refused. The token is
/// the account's: only the policies of the role decide about it.
pub fn pull_refusal(permissions: &dyn Permissions, pull: &Pull<'_>) -> Option<Refusal> {
    let may = |action, resource| permissions.may(pull.role, action, resource).err();
    let Some(repository) = pull.repository else {
        let denial = pull.is_authenticated.then(|| may("ecr-public:GetAuthorizationToken", "*"))??;
        return Some(refused_token(pull, denial));
    };
    if let Some(denial) = may("ecr:GetAuthorizationToken", "*") {
        return Some(refused_token(pull, denial));
    }
    let imports = IMPORT_ACTIONS.iter().filter(|_| pull.is_import);
    let denial = PULL_ACTIONS.iter().chain(imports).find_map(|it| may(it, repository))?;
    Some(Refusal::denied("CannotPullContainerError", denial))
}

fn refused_token(pull: &Pull<'_>, denial: Denial) -> Refusal {
    match pull.is_fargate {
        true => Refusal::denied("unable to pull secrets or registry auth", denial).after(INITIALIZATION),
        false => Refusal::denied("CannotPullECRContainerError", denial),
    }
}

/// How long a token of GetAuthorizationToken is valid (ECR user guide,
/// registry_auth).
pub const TOKEN_VALIDITY: SimDuration = SimDuration::from_secs(12 * 3600);

/// Whether a token can still be used. An agent asks for a new one in time; who
/// wrote one into its settings when the instance began has it for 12 hours.
pub fn token_is_valid(obtained_at: SimTime, now: SimTime) -> bool {
    now < obtained_at + TOKEN_VALIDITY
}

/// What a pull says whose token has expired (ECR user guide,
/// common-errors-docker).
pub fn expired_token(repository: &str) -> String {
    format!(
        "CannotPullContainerError: pull access denied for {repository}, repository does not exist or may require \
         'docker login': denied: Your authorization token has expired. Reauthenticate and try again."
    )
}

/// The ARN of the repository of an image in a private registry
/// (`123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app:tag`); `None` of an
/// image that is elsewhere.
pub fn repository_arn(image: &str) -> Option<String> {
    let (registry, path) = image.split_once('/')?;
    let parts: Vec<&str> = registry.split('.').collect();
    let [account, "dkr", "ecr", region, "amazonaws", "com", ..] = parts.as_slice() else { return None };
    let name = path.split(['@', ':']).next().expect("a split has a first part");
    let partition = match region.split('-').collect::<Vec<_>>().as_slice() {
        ["cn", ..] => "aws-cn",
        ["us", "gov", ..] => "aws-us-gov",
        _ => "aws",
    };
    Some(format!("arn:{partition}:ecr:{region}:{account}:repository/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::access::DenialReason;

    /// Denies these calls on these resources.
    struct Denying<'a>(&'a [(&'a str, &'a str)]);

    impl Permissions for Denying<'_> {
        fn may(&self, role: Option<&str>, action: &str, resource: &str) -> Result<(), Denial> {
            match self.0.contains(&(action, resource)) {
                false => Ok(()),
                true => Err(Denial {
                    role: role.unwrap_or_default().to_owned(),
                    action: action.to_owned(),
                    resource: resource.to_owned(),
                    reason: DenialReason::NoAllowOfIdentity,
                }),
            }
        }

        fn exists(&self, _: &str) -> bool {
            true
        }
    }

    const REPOSITORY: &str = "arn:aws:ecr:us-east-1:123456789012:repository/web";

    #[test]
    fn the_first_call_that_is_refused_is_named_and_who_says_it_depends_on_where() {
        let all: Vec<(&str, &str)> = PULL_ACTIONS.iter().map(|it| (*it, REPOSITORY)).collect();
        let create = [("ecr:CreateRepository", REPOSITORY)];
        let private = |is_fargate| Pull::of(Some("exec"), Some(REPOSITORY), is_fargate);
        let import = Pull { is_import: true, ..private(true) };
        let public = Pull::of(Some("exec"), None, true);
        let known = Pull { is_authenticated: true, ..public };
        let token = [("ecr:GetAuthorizationToken", "*"), ("ecr-public:GetAuthorizationToken", "*")];
        let initialization = "ResourceInitializationError: unable to pull secrets or registry auth: \
                              AccessDeniedException: role `exec` is not authorized to perform: ";
        for (pull, denied, begin, action) in [
            (private(true), &[][..], "", ""),
            (private(true), &token, initialization, "ecr:GetAuthorizationToken on resource: *"),
            (
                private(false),
                &token,
                "CannotPullECRContainerError: ",
                "ecr:GetAuthorizationToken on resource: *",
            ),
            (private(true), &all, "CannotPullContainerError: ", "ecr:BatchGetImage"),
            (private(false), &all[1..], "CannotPullContainerError: ", "ecr:GetDownloadUrlForLayer"),
            (private(false), &all[2..], "CannotPullContainerError: ", "ecr:BatchCheckLayerAvailability"),
            (private(false), &create, "", ""),
            (import, &create, "CannotPullContainerError: ", "ecr:CreateRepository"),
            (public, &token, "", ""),
            (known, &token, initialization, "ecr-public:GetAuthorizationToken on resource: *"),
        ] {
            let why = pull_refusal(&Denying(denied), &pull).map(|it| it.why).unwrap_or_default();
            assert!(why.starts_with(begin) && why.contains(action), "{pull:?} {denied:?}: {why}");
            assert_eq!(why.is_empty(), begin.is_empty(), "{pull:?} {denied:?}: {why}");
        }
    }

    #[test]
    fn an_instance_pulls_for_tasks_without_an_execution_role_and_fargate_does_not() {
        for (execution, instance, is_fargate, expected) in [
            (Some("exec"), Some("node"), false, Some("exec")),
            (None, Some("node"), false, Some("node")),
            (None, None, false, None),
            (Some("exec"), None, true, Some("exec")),
            (None, Some("node"), true, None),
        ] {
            assert_eq!(puller(execution, instance, is_fargate), expected);
        }
    }

    #[test]
    fn a_token_is_valid_for_twelve_hours() {
        let obtained = SimTime::ZERO + SimDuration::from_secs(100);
        for (after_ms, is_valid) in [(0, true), (12 * 3_600_000 - 1, true), (12 * 3_600_000, false)] {
            assert_eq!(token_is_valid(obtained, obtained + SimDuration::from_millis(after_ms)), is_valid);
        }
    }

    #[test]
    fn a_repository_is_known_by_the_address_of_its_image() {
        let arn = |account: &str, region: &str, name: &str| {
            Some(format!("arn:aws:ecr:{region}:{account}:repository/{name}"))
        };
        for (image, expected) in [
            ("123456789012.dkr.ecr.us-east-1.amazonaws.com/web", arn("123456789012", "us-east-1", "web")),
            ("1.dkr.ecr.eu-west-1.amazonaws.com/a/b:2", arn("1", "eu-west-1", "a/b")),
            ("1.dkr.ecr.eu-west-1.amazonaws.com/a@sha256:0", arn("1", "eu-west-1", "a")),
            (
                "1.dkr.ecr.cn-north-1.amazonaws.com.cn/a",
                Some("arn:aws-cn:ecr:cn-north-1:1:repository/a".to_owned()),
            ),
            ("public.ecr.aws/nginx/nginx:1", None),
            ("nginx:1", None),
            ("1.dkr.ecr.amazonaws.com/a", None),
        ] {
            assert_eq!(repository_arn(image), expected, "{image}");
        }
    }
}
