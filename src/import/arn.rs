//! What ARNs and names of revisions say.

/// The region of `arn:aws:ecs:us-west-2:123456789012:cluster/web`.
pub(super) fn region(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    (parts.next()? == "arn").then_some(())?;
    // No region has another character, and whoever writes it down relies on that.
    let is_allowed = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    parts.nth(2).filter(|it| !it.is_empty() && it.bytes().all(is_allowed))
}

/// What follows the last slash.
pub(super) fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The ARN of the cluster that an instance's ARN names; ARNs of the older form
/// name none.
pub(super) fn cluster_of_instance(arn: &str) -> Option<String> {
    let (account, resource) = arn.split_once(":container-instance/")?;
    let (cluster, _id) = resource.split_once('/')?;
    Some(format!("{account}:cluster/{cluster}"))
}

/// Family and revision of `web`, `web:7` or their ARN.
pub(super) fn revision(definition: &str) -> (&str, Option<i32>) {
    let name = last(definition);
    match name.rsplit_once(':') {
        Some((family, revision)) => match revision.parse() {
            Ok(revision) => (family, Some(revision)),
            Err(_) => (name, None),
        },
        None => (name, None),
    }
}

/// The name of `arn:…:targetgroup/web/50dc6c495c0c9188`.
pub(super) fn target_group(arn: &str) -> &str {
    let name = arn.split_once(":targetgroup/").and_then(|it| it.1.split('/').next());
    name.filter(|it| !it.is_empty()).unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_say_where_and_what() {
        let arn = "arn:aws:ecs:eu-west-1:123456789012:container-instance/web/abc";
        assert_eq!(region(arn), Some("eu-west-1"));
        assert_eq!(
            cluster_of_instance(arn).as_deref(),
            Some("arn:aws:ecs:eu-west-1:123456789012:cluster/web")
        );
        assert_eq!(cluster_of_instance("arn:aws:ecs:eu-west-1:1:container-instance/abc"), None);
        assert_eq!((region("web"), region("a:b:c:d:e")), (None, None));
        assert_eq!(revision("arn:aws:ecs:eu-west-1:1:task-definition/web:7"), ("web", Some(7)));
        assert_eq!((revision("web"), revision("web:x")), (("web", None), ("web:x", None)));
        assert_eq!(target_group("arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/50dc"), "web");
        assert_eq!(target_group("nonsense"), "nonsense");
    }
}
