//! The decisions of [`Access`]: who may do what, and what is there.

use super::glob;
use crate::model::access::{Access, Denial, Effect, Permissions, Role, Statement};

impl Permissions for Access {
    fn may(&self, role: Option<&str>, action: &str, resource: &str) -> Result<(), Denial> {
        let Some(role) = role.and_then(|it| find(&self.roles, it)) else { return Ok(()) };
        let applies = |it: &&Statement| {
            let is_action =
                |it: &String| glob::matches(&it.to_ascii_lowercase(), &action.to_ascii_lowercase());
            it.actions.iter().any(is_action) && it.resources.iter().any(|it| is_resource(it, resource))
        };
        let mut applying = role.statements.iter().filter(applies).map(|it| it.effect).peekable();
        let is_allowed = applying.peek().is_some();
        let is_explicit = applying.any(|it| it == Effect::Deny);
        if is_allowed && !is_explicit {
            return Ok(());
        }
        let (action, resource) = (action.to_owned(), resource.to_owned());
        Err(Denial { role: role.name.clone(), action, resource, is_explicit })
    }

    fn exists(&self, resource: &str) -> bool {
        !self.missing.iter().any(|missing| is_same(missing, resource))
    }
}

/// A role by its name or its ARN (`arn:aws:iam::123456789012:role/path/name`).
/// A role that is described by its ARN is found by that ARN and by its name.
fn find<'a>(roles: &'a [Role], wanted: &str) -> Option<&'a Role> {
    let by = |is_it: &dyn Fn(&Role) -> bool| roles.iter().find(|it| is_it(it));
    by(&|it| it.name == wanted).or_else(|| {
        // Two ARNs that differ are two roles, of two accounts perhaps.
        by(&|it| name_of(&it.name) == name_of(wanted) && !(is_arn(&it.name) && is_arn(wanted)))
    })
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:")
}

/// The last part of an ARN or of a path.
fn name_of(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}

/// What stands behind the account in an ARN; all of what is no ARN.
fn within_account(text: &str) -> &str {
    match is_arn(text) {
        true => text.splitn(6, ':').nth(5).unwrap_or(text),
        false => text,
    }
}

/// A parameter may be named without its ARN, if it is of the same region: it
/// then matches what ends like it.
fn is_resource(pattern: &str, resource: &str) -> bool {
    if glob::matches(pattern, resource) {
        return true;
    }
    let parameter = format!("parameter/{}", resource.trim_start_matches('/'));
    !is_arn(resource) && is_arn(pattern) && glob::matches(within_account(pattern), &parameter)
}

/// Whether what is said to be missing is this: the same ARN or name, or the
/// name that an ARN ends in. To the ARN of a secret the service adds a hyphen
/// and six characters, which a name does not have.
fn is_same(missing: &str, resource: &str) -> bool {
    if missing == resource {
        return true;
    }
    if is_arn(missing) == is_arn(resource) {
        return false;
    }
    let (arn, name) = if is_arn(missing) { (missing, resource) } else { (resource, missing) };
    let within = within_account(arn);
    let kinds = ["secret:", "parameter"];
    let inner = kinds.iter().find_map(|it| within.strip_prefix(it)).unwrap_or(within);
    let bare = |it: &str| it.trim_start_matches('/').to_owned();
    if bare(inner) == bare(name) {
        return true;
    }
    let is_suffix = |it: &str| {
        it.len() == 7 && it.starts_with('-') && it[1..].bytes().all(|it| it.is_ascii_alphanumeric())
    };
    within.starts_with("secret:") && inner.strip_prefix(name).is_some_and(is_suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(effect: Effect, actions: &[&str], resources: &[&str]) -> Statement {
        let owned = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect();
        Statement { effect, actions: owned(actions), resources: owned(resources) }
    }

    fn access() -> Access {
        use Effect::{Allow, Deny};
        let web = vec![
            statement(Allow, &["s3:Get*", "SQS:*"], &["arn:aws:s3:::data/*", "arn:aws:sqs:*:*:jobs-?"]),
            statement(Allow, &["ssm:GetParameters"], &["arn:aws:ssm:us-east-1:123456789012:parameter/app/*"]),
            statement(Deny, &["s3:*"], &["arn:aws:s3:::data/secret/*"]),
        ];
        let role = |name: &str, statements| Role { name: name.to_owned(), statements };
        let arn = "arn:aws:iam::210987654321:role/team/admin";
        let all = vec![statement(Allow, &["*"], &["*"])];
        let missing =
            ["db-password", "arn:aws:ssm:us-east-1:123456789012:parameter/app/gone", "arn:aws:s3:::b/a.env"];
        let missing = missing.map(str::to_owned).to_vec();
        Access { roles: vec![role("web", web), role(arn, all), role("none", vec![])], missing }
    }

    #[test]
    fn what_nothing_allows_is_denied_and_a_denial_beats_all() {
        let by_arn = "arn:aws:iam::123456789012:role/path/web";
        // role, action, resource -> None if allowed, else whether explicitly denied
        for (role, action, resource, denied) in [
            (Some("web"), "s3:GetObject", "arn:aws:s3:::data/a", None),
            (Some(by_arn), "s3:GetObject", "arn:aws:s3:::data/a", None),
            (Some("web"), "S3:getobject", "arn:aws:s3:::data/a", None),
            (Some("web"), "s3:GetObject", "arn:aws:s3:::DATA/a", Some(false)),
            (Some("web"), "s3:PutObject", "arn:aws:s3:::data/a", Some(false)),
            (Some("web"), "s3:GetObject", "arn:aws:s3:::data", Some(false)),
            (Some("web"), "s3:GetObject", "arn:aws:s3:::data/secret/a", Some(true)),
            (Some("web"), "s3:PutObject", "arn:aws:s3:::data/secret/a", Some(true)),
            (Some("web"), "sqs:SendMessage", "arn:aws:sqs:eu-west-1:1:jobs-1", None),
            (Some("web"), "sqs:SendMessage", "arn:aws:sqs:eu-west-1:1:jobs-12", Some(false)),
            (Some("web"), "ssm:GetParameters", "/app/port", None),
            (Some("web"), "ssm:GetParameters", "app/port", None),
            (Some("web"), "ssm:GetParameters", "/other/port", Some(false)),
            (Some("none"), "s3:GetObject", "*", Some(false)),
            (Some("admin"), "iam:PassRole", "x", None),
            (Some("arn:aws:iam::210987654321:role/team/admin"), "a:b", "x", None),
            // Roles that nobody describes, and none at all.
            (Some("arn:aws:iam::999999999999:role/unknown"), "a:b", "x", None),
            (Some("wb"), "s3:PutObject", "x", None),
            (None, "s3:PutObject", "x", None),
        ] {
            let found = access().may(role, action, resource);
            assert_eq!(found.err().map(|it| it.is_explicit), denied, "{role:?} {action} {resource}");
        }
    }

    #[test]
    fn a_denial_is_one_sentence_that_names_role_action_and_resource() {
        let say =
            |resource: &str| access().may(Some("web"), "s3:GetObject", resource).unwrap_err().to_string();
        assert_eq!(
            say("arn:aws:s3:::other/a"),
            "role `web` is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::other/a because no \
             identity-based policy allows the s3:GetObject action"
        );
        assert!(
            say("arn:aws:s3:::data/secret/a").ends_with("with an explicit deny in an identity-based policy")
        );
    }

    #[test]
    fn what_is_missing_is_found_by_name_and_by_arn() {
        let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";
        for (resource, exists) in [
            ("db-password".to_owned(), false),
            (format!("{secret}db-password-AbCdEf"), false),
            (format!("{secret}db-password"), false),
            (format!("{secret}db-password-old-AbCdEf"), true),
            (format!("{secret}db-AbCdEf"), true),
            ("/app/gone".to_owned(), false),
            ("app/gone".to_owned(), false),
            ("arn:aws:ssm:us-east-1:123456789012:parameter/app/gone".to_owned(), false),
            ("arn:aws:ssm:eu-west-1:123456789012:parameter/app/gone".to_owned(), true),
            ("/app/there".to_owned(), true),
            ("arn:aws:s3:::b/a.env".to_owned(), false),
            ("arn:aws:s3:::b/b.env".to_owned(), true),
        ] {
            assert_eq!(access().exists(&resource), exists, "{resource}");
        }
    }
}
