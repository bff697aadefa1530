//! The decisions of [`Access`]: who may do what at a moment, and what is there.

use super::glob;
use crate::base::SimTime;
use crate::model::access::{
    Access, AccessChangeKind, Denial, DenialReason, Effect, Patterns, Permissions, Principal, Principals,
    ResourcePolicy, Role, Statement,
};

/// What holds at a moment: changes of that moment and before have happened.
#[derive(Clone, Copy, Debug)]
pub struct AccessAt<'a> {
    access: &'a Access,
    at: SimTime,
}

impl Access {
    /// What holds at a moment.
    pub fn at(&self, at: SimTime) -> AccessAt<'_> {
        AccessAt { access: self, at }
    }

    /// How many changes have happened by then: where this is the same, so are
    /// all decisions.
    pub fn n_changes_by(&self, at: SimTime) -> usize {
        self.changes.partition_point(|it| it.at <= at)
    }
}

/// As everything is at first.
impl Permissions for Access {
    fn may(&self, role: Option<&str>, action: &str, resource: &str) -> Result<(), Denial> {
        self.at(SimTime::ZERO).may(role, action, resource)
    }

    fn exists(&self, resource: &str) -> bool {
        self.at(SimTime::ZERO).exists(resource)
    }
}

impl Permissions for AccessAt<'_> {
    fn may(&self, role: Option<&str>, action: &str, resource: &str) -> Result<(), Denial> {
        let described = role.and_then(|it| find(&self.access.roles, it));
        let requester = Requester::of(role, described);
        let policy = self.access.resource_policies.iter().find(|it| it.resource == resource);
        let of_identity = match described {
            Some(role) => self.verdict_of_identity(role, action, resource),
            // Nobody says what it may: it may.
            None => Verdict::Allow,
        };
        let of_resource = policy.map(|it| verdict_of_resource(it, &requester, action));
        let Some(reason) = decide(of_identity, of_resource, requester.is_of_account(resource)) else {
            return Ok(());
        };
        let role = described.map_or(role.unwrap_or_default(), |it| it.name.as_str()).to_owned();
        Err(Denial { role, action: action.to_owned(), resource: resource.to_owned(), reason })
    }

    fn exists(&self, resource: &str) -> bool {
        !self.access.missing.iter().any(|missing| is_same(missing, resource))
    }
}

/// What a policy says of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Deny,
    Allow,
    /// It allows whoever the account allows.
    Delegate,
    Silent,
}

/// `None`: the call is allowed. A resource without a described policy has no
/// say. An account that is allowed by a policy of its own resource hands the
/// question on to the policies of its roles; a role that is named, and
/// everyone, is allowed by it alone.
fn decide(identity: Verdict, resource: Option<Verdict>, is_same_account: bool) -> Option<DenialReason> {
    use Verdict::{Allow, Delegate, Deny};
    match (identity, resource) {
        (Deny, _) => Some(DenialReason::DenyOfIdentity),
        (_, Some(Deny)) => Some(DenialReason::DenyOfResource),
        (Allow, None | Some(Allow | Delegate)) => None,
        (Allow, _) if is_same_account => None,
        (Allow, _) => Some(DenialReason::NoAllowOfResource),
        (_, Some(Allow)) if is_same_account => None,
        _ => Some(DenialReason::NoAllowOfIdentity),
    }
}

impl AccessAt<'_> {
    fn verdict_of_identity(&self, role: &Role, action: &str, resource: &str) -> Verdict {
        let changes = &self.access.changes[..self.access.n_changes_by(self.at)];
        let of_role = |it: &usize| changes[*it].role == role.name;
        let is_restored = |it: &usize| changes[*it].kind == AccessChangeKind::Restore;
        let since = (0..changes.len()).rev().filter(of_role).find(is_restored).unwrap_or(0);
        let added = (since..changes.len()).filter(of_role).flat_map(|it| match &changes[it].kind {
            AccessChangeKind::Add(statements) => statements.as_slice(),
            AccessChangeKind::Restore => &[],
        });
        let applies = |it: &&Statement| is_action(&it.actions, action) && is_about(&it.resources, resource);
        let effects = role.statements.iter().chain(added).filter(applies).map(|it| it.effect);
        let verdicts = effects.map(|it| match it {
            Effect::Allow => Verdict::Allow,
            Effect::Deny => Verdict::Deny,
        });
        strongest(verdicts)
    }
}

fn verdict_of_resource(policy: &ResourcePolicy, requester: &Requester<'_>, action: &str) -> Verdict {
    let applying = policy.statements.iter().filter(|it| is_action(&it.actions, action));
    strongest(applying.filter_map(|it| {
        let is_direct = match &it.principals {
            Principals::Only(list) => {
                let found = list.iter().filter(|it| requester.is(it));
                // Named in several ways, the most direct counts.
                found.map(|it| !matches!(it, Principal::Account(_))).max()?
            }
            Principals::AllBut(list) if requester.is_excepted(list) => return None,
            Principals::AllBut(_) => true,
        };
        Some(match (it.effect, is_direct) {
            (Effect::Deny, _) => Verdict::Deny,
            (Effect::Allow, true) => Verdict::Allow,
            (Effect::Allow, false) => Verdict::Delegate,
        })
    }))
}

fn strongest(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let mut strongest = Verdict::Silent;
    for verdict in verdicts {
        match verdict {
            Verdict::Deny => return Verdict::Deny,
            Verdict::Allow => strongest = Verdict::Allow,
            Verdict::Delegate if strongest == Verdict::Silent => strongest = Verdict::Delegate,
            Verdict::Delegate | Verdict::Silent => (),
        }
    }
    strongest
}

/// Who asks, as far as it is known.
struct Requester<'a> {
    /// Its ARN.
    arn: Option<&'a str>,
    /// Its name without path.
    name: Option<&'a str>,
    account: Option<&'a str>,
}

impl<'a> Requester<'a> {
    fn of(asked: Option<&'a str>, described: Option<&'a Role>) -> Self {
        let names = [asked, described.map(|it| it.name.as_str())];
        let arn = names.into_iter().flatten().find(|it| is_arn(it));
        let written = described.and_then(|it| it.account.as_deref());
        Self { arn, name: asked.map(name_of), account: written.or_else(|| arn.and_then(account_of)) }
    }

    /// Whether a resource is of its account. Of an account that nobody names it
    /// is taken to be.
    fn is_of_account(&self, resource: &str) -> bool {
        let both = self.account.zip(account_of(resource));
        both.is_none_or(|(one, other)| one == other)
    }

    fn is(&self, principal: &Principal) -> bool {
        match (principal, self.arn) {
            (Principal::Everyone, _) => true,
            (Principal::Account(id), _) => self.account == Some(id),
            (Principal::Role(arn), Some(own)) => arn == own,
            (Principal::Role(arn), None) => {
                let is_account = self.account.is_none() || self.account == account_of(arn);
                is_account && self.name == Some(name_of(arn))
            }
            (Principal::Other(_), _) => false,
        }
    }

    /// `NotPrincipal` spares a role if its account is named beside it (IAM user
    /// guide, reference_policies_elements_notprincipal).
    fn is_excepted(&self, list: &[Principal]) -> bool {
        let is_named = |it: &Principal| matches!(it, Principal::Role(_)) && self.is(it);
        let is_account =
            |it: &Principal| matches!(it, Principal::Account(_)) && (self.account.is_none() || self.is(it));
        list.contains(&Principal::Everyone) || (list.iter().any(is_named) && list.iter().any(is_account))
    }
}

fn is_action(patterns: &Patterns, action: &str) -> bool {
    is_met(patterns, |it| glob::matches_any_case(it, action))
}

fn is_about(patterns: &Patterns, resource: &str) -> bool {
    is_met(patterns, |it| is_resource(it, resource))
}

fn is_met(patterns: &Patterns, matches: impl Fn(&str) -> bool) -> bool {
    match patterns {
        Patterns::Only(list) => list.iter().any(|it| matches(it)),
        Patterns::AllBut(list) => !list.iter().any(|it| matches(it)),
    }
}

/// A role by its name or its ARN (`arn:aws:iam::123456789012:role/path/name`).
/// A role that is described by its ARN is found by that ARN and by its name.
fn find<'a>(roles: &'a [Role], wanted: &str) -> Option<&'a Role> {
    let by = |is_it: &dyn Fn(&Role) -> bool| roles.iter().find(|it| is_it(it));
    by(&|it| it.name == wanted).or_else(|| {
        // Two ARNs that differ are two roles, of two accounts perhaps.
        by(&|it| name_of(&it.name) == name_of(wanted) && is_of_same_account(it, wanted))
    })
}

fn is_of_same_account(role: &Role, wanted: &str) -> bool {
    match (&role.account, is_arn(&role.name)) {
        (_, true) => !is_arn(wanted),
        (Some(account), false) => account_of(wanted).is_none_or(|it| it == account),
        (None, false) => true,
    }
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:")
}

/// The account in an ARN, if there is one.
fn account_of(text: &str) -> Option<&str> {
    let account = text.strip_prefix("arn:")?.split(':').nth(3)?;
    Some(account).filter(|it| !it.is_empty())
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
    use crate::base::SimDuration;
    use crate::model::access::{AccessChange, ResourceStatement};

    fn statement(effect: Effect, actions: &[&str], resources: &[&str]) -> Statement {
        let owned = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect();
        Statement {
            effect,
            actions: Patterns::Only(owned(actions)),
            resources: Patterns::Only(owned(resources)),
        }
    }

    fn access() -> Access {
        use Effect::{Allow, Deny};
        let web = vec![
            statement(Allow, &["s3:Get*", "SQS:*"], &["arn:aws:s3:::data/*", "arn:aws:sqs:*:*:jobs-?"]),
            statement(Allow, &["ssm:GetParameters"], &["arn:aws:ssm:us-east-1:123456789012:parameter/app/*"]),
            statement(Deny, &["s3:*"], &["arn:aws:s3:::data/secret/*"]),
        ];
        let role = |name: &str, statements| Role { name: name.to_owned(), account: None, statements };
        let arn = "arn:aws:iam::210987654321:role/team/admin";
        let all = vec![statement(Allow, &["*"], &["*"])];
        let missing =
            ["db-password", "arn:aws:ssm:us-east-1:123456789012:parameter/app/gone", "arn:aws:s3:::b/a.env"];
        let missing = missing.map(str::to_owned).to_vec();
        let roles = vec![role("web", web), role(arn, all), role("none", vec![])];
        Access { roles, missing, ..Access::default() }
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
            let denied = denied.map(|is_explicit| match is_explicit {
                true => DenialReason::DenyOfIdentity,
                false => DenialReason::NoAllowOfIdentity,
            });
            assert_eq!(found.err().map(|it| it.reason), denied, "{role:?} {action} {resource}");
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

    const REPOSITORY: &str = "arn:aws:ecr:us-east-1:123456789012:repository/web";
    const GET: &str = "ecr:BatchGetImage";

    fn of_repository(effect: Effect, principals: Principals, actions: &[&str]) -> ResourceStatement {
        let actions = Patterns::Only(actions.iter().map(|it| (*it).to_owned()).collect());
        ResourceStatement { effect, principals, actions }
    }

    fn only(principals: &[&str]) -> Principals {
        Principals::Only(principals.iter().map(|it| Principal::of_aws(it).expect("a principal")).collect())
    }

    fn all_but(principals: &[&str]) -> Principals {
        Principals::AllBut(principals.iter().map(|it| Principal::of_aws(it).expect("a principal")).collect())
    }

    /// Whether a role of an account may pull, and why not.
    fn pulls(
        asked: &str,
        identity: &[Statement],
        policy: Option<Vec<ResourceStatement>>,
    ) -> Option<DenialReason> {
        let role = Role { name: "exec".to_owned(), account: None, statements: identity.to_vec() };
        let policies =
            policy.map(|statements| ResourcePolicy { resource: REPOSITORY.to_owned(), statements });
        let resource_policies = policies.into_iter().collect();
        let access = Access { roles: vec![role], resource_policies, ..Access::default() };
        access.may(Some(asked), GET, REPOSITORY).err().map(|it| it.reason)
    }

    #[test]
    fn in_an_account_either_policy_may_allow_and_across_accounts_both_must() {
        use DenialReason::{DenyOfIdentity, DenyOfResource, NoAllowOfIdentity, NoAllowOfResource};
        use Effect::{Allow, Deny};
        const OWN: &str = "arn:aws:iam::123456789012:role/exec";
        const OTHER: &str = "arn:aws:iam::999999999999:role/exec";
        let allowing = [statement(Allow, &["ecr:*"], &["*"])];
        let denying = [statement(Allow, &["ecr:*"], &["*"]), statement(Deny, &["ecr:Batch*"], &["*"])];
        let allow = |who: &[&str]| Some(vec![of_repository(Allow, only(who), &["ecr:BatchGetImage"])]);
        let deny = |principals| {
            let all = of_repository(Allow, only(&["*"]), &["ecr:*"]);
            Some(vec![all, of_repository(Deny, principals, &["ECR:batchget*"])])
        };
        let other_root = "arn:aws:iam::999999999999:root";
        for (asked, identity, policy, expected) in [
            // The repository is not described: the role decides.
            (OWN, &allowing[..], None, None),
            (OTHER, &allowing, None, None),
            (OWN, &[], None, Some(NoAllowOfIdentity)),
            // Same account: one is enough; the account alone hands it on.
            (OWN, &allowing, Some(vec![]), None),
            (OWN, &[], Some(vec![]), Some(NoAllowOfIdentity)),
            (OWN, &[], allow(&[OWN]), None),
            (OWN, &[], allow(&["*"]), None),
            (OWN, &[], allow(&["123456789012"]), Some(NoAllowOfIdentity)),
            (OWN, &[], allow(&["123456789012", OWN]), None),
            (OWN, &[], allow(&[OTHER]), Some(NoAllowOfIdentity)),
            (OWN, &[], allow(&["arn:aws:iam::123456789012:role/team/exec"]), Some(NoAllowOfIdentity)),
            (OWN, &[], allow(&["arn:aws:iam::123456789012:user/exec"]), Some(NoAllowOfIdentity)),
            // Without an account a role is of the resource's.
            ("exec", &allowing, Some(vec![]), None),
            ("exec", &[], allow(&[OWN]), None),
            // Another account: both.
            (OTHER, &allowing, Some(vec![]), Some(NoAllowOfResource)),
            (OTHER, &allowing, allow(&[OWN]), Some(NoAllowOfResource)),
            (OTHER, &allowing, allow(&[OTHER]), None),
            (OTHER, &allowing, allow(&[other_root]), None),
            (OTHER, &allowing, allow(&["*"]), None),
            (OTHER, &[], allow(&[OTHER]), Some(NoAllowOfIdentity)),
            (OTHER, &[], Some(vec![]), Some(NoAllowOfIdentity)),
            // A denial in either wins.
            (OWN, &denying, allow(&["*"]), Some(DenyOfIdentity)),
            (OWN, &allowing, deny(only(&[OWN])), Some(DenyOfResource)),
            (OWN, &allowing, deny(only(&["123456789012"])), Some(DenyOfResource)),
            (OWN, &allowing, deny(only(&[OTHER])), None),
            (OTHER, &allowing, deny(only(&["*"])), Some(DenyOfResource)),
            // Who is spared is named with the account.
            (OWN, &allowing, deny(all_but(&[OWN, "123456789012"])), None),
            (OWN, &allowing, deny(all_but(&[OWN])), Some(DenyOfResource)),
            (OWN, &allowing, deny(all_but(&["123456789012"])), Some(DenyOfResource)),
            (OTHER, &allowing, deny(all_but(&[OWN, "123456789012"])), Some(DenyOfResource)),
            (OWN, &[], Some(vec![of_repository(Allow, all_but(&[OTHER, other_root]), &["*"])]), None),
        ] {
            assert_eq!(pulls(asked, identity, policy.clone()), expected, "{asked} {identity:?} {policy:?}");
        }
    }

    #[test]
    fn the_account_of_a_role_is_its_own_before_that_of_an_address() {
        let allowing = vec![statement(Effect::Allow, &["ecr:*"], &["*"])];
        let account = Some("999999999999".to_owned());
        let role = Role { name: "exec".to_owned(), account, statements: allowing };
        let policy = ResourcePolicy { resource: REPOSITORY.to_owned(), statements: Vec::new() };
        let access = Access { roles: vec![role], resource_policies: vec![policy], ..Access::default() };
        let denied = |asked| access.may(asked, GET, REPOSITORY).err().map(|it| it.to_string());
        let why = "role `exec` is not authorized to perform: ecr:BatchGetImage on resource: \
                   arn:aws:ecr:us-east-1:123456789012:repository/web because no resource-based policy allows \
                   the ecr:BatchGetImage action";
        assert_eq!(denied(Some("exec")).as_deref(), Some(why));
        // Another role of that name, which nobody describes, and the instance's own.
        assert_eq!(denied(Some("arn:aws:iam::123456789012:role/exec")), None);
        assert_eq!(denied(None), None);
    }

    #[test]
    fn what_nobody_describes_still_meets_the_policies_of_resources() {
        let everyone = vec![of_repository(Effect::Deny, only(&["*"]), &["ecr:BatchGetImage"])];
        let policy = ResourcePolicy { resource: REPOSITORY.to_owned(), statements: everyone };
        let access = Access { resource_policies: vec![policy], ..Access::default() };
        let why = |asked| access.may(asked, GET, REPOSITORY).unwrap_err().to_string();
        assert!(why(None).starts_with("the instance is not authorized to perform: ecr:BatchGetImage"));
        assert!(why(Some("x")).ends_with("with an explicit deny in a resource-based policy"));
        assert!(access.may(None, "ecr:GetAuthorizationToken", "*").is_ok());
    }

    #[test]
    fn what_is_excepted_is_what_none_of_the_patterns_matches() {
        let all_but = |it: &str| Patterns::AllBut(vec![it.to_owned()]);
        let only = |it: &str| Patterns::Only(vec![it.to_owned()]);
        let role = |effect, actions, resources| Role {
            name: "web".to_owned(),
            statements: vec![
                statement(Effect::Allow, &["*"], &["*"]),
                Statement { effect, actions, resources },
            ],
            account: None,
        };
        for (role, action, resource, denied) in [
            (role(Effect::Deny, all_but("ecr:*"), only("*")), "ecr:BatchGetImage", "arn:x", false),
            (role(Effect::Deny, all_but("ecr:*"), only("*")), "s3:GetObject", "arn:x", true),
            (role(Effect::Deny, only("*"), all_but("arn:x*")), "s3:GetObject", "arn:xy", false),
            (role(Effect::Deny, only("*"), all_but("arn:x*")), "s3:GetObject", "arn:y", true),
            (role(Effect::Allow, all_but("s3:*"), only("*")), "s3:GetObject", "arn:y", false),
        ] {
            let access = Access { roles: vec![role], ..Access::default() };
            assert_eq!(access.may(Some("web"), action, resource).is_err(), denied, "{action} {resource}");
        }
    }

    #[test]
    fn changes_hold_from_their_moment_on_until_they_are_taken_back() {
        let at = |secs| SimTime::ZERO + SimDuration::from_secs(secs);
        let add = |effect, actions: &[&str]| AccessChangeKind::Add(vec![statement(effect, actions, &["*"])]);
        let change = |secs, role: &str, kind| AccessChange { at: at(secs), role: role.to_owned(), kind };
        let role = |name: &str| Role {
            name: name.to_owned(),
            account: None,
            statements: vec![statement(Effect::Allow, &["ecr:Batch*"], &["*"])],
        };
        let changes = vec![
            change(10, "exec", add(Effect::Deny, &["ecr:BatchGetImage"])),
            change(20, "exec", add(Effect::Allow, &["ecr:*"])),
            change(30, "other", AccessChangeKind::Restore),
            change(40, "exec", AccessChangeKind::Restore),
            change(50, "exec", add(Effect::Allow, &["s3:*"])),
        ];
        let access = Access { roles: vec![role("exec"), role("other")], changes, ..Access::default() };
        for (secs, action, may) in [
            (0, GET, true),
            (9, GET, true),
            (10, GET, false),
            (15, "ecr:GetDownloadUrlForLayer", false),
            (20, "ecr:GetDownloadUrlForLayer", true),
            (20, GET, false),
            (39, GET, false),
            (40, GET, true),
            (40, "ecr:GetDownloadUrlForLayer", false),
            (49, "s3:GetObject", false),
            (50, "s3:GetObject", true),
        ] {
            assert_eq!(access.at(at(secs)).may(Some("exec"), action, "*").is_ok(), may, "{secs}s {action}");
        }
        assert!(access.at(at(60)).may(Some("other"), GET, "*").is_ok());
        assert_eq!([0, 10, 39, 99].map(|it| access.n_changes_by(at(it))), [0, 1, 3, 5]);
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
