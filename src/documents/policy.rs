//! Policy documents of IAM (IAM user guide, reference_policies_grammar): those
//! of roles, which name resources, and those of repositories, which name
//! principals (ECR user guide, repository-policies). A document comes as it is
//! written, or in the answer of GetRolePolicy or GetPolicyVersion.
//!
//! Stricter than IAM where the model would be wrong without a word: a condition
//! is refused, for nothing here evaluates it.

use super::faults::Faults;
use super::field_path::FieldPath;
use super::json::{self, Json, Source, Value, shortened};
use crate::base::Diagnostic;
use crate::model::access::{
    Effect, Patterns, Principal, Principals, ResourceStatement, Statement, is_action, is_resource,
};

/// The longest policy: of a role without its white space (IAM user guide,
/// reference_iam-quotas), of a repository as it is (ECR API, policyText).
const MAX_CHARS: usize = 10_240;
/// Larger texts are not even looked at: white space counts in none of a role.
const MAX_TEXT: usize = 1 << 20;

/// Whose policy it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyKind {
    /// Of a role: it names resources.
    Role,
    /// Of a repository: it names principals.
    Repository,
}

/// What was read, and all that was found.
#[derive(Debug)]
pub struct PolicyReading {
    /// What it was read as.
    pub kind: PolicyKind,
    /// The statements of a role's policy.
    pub statements: Vec<Statement>,
    /// The statements of a repository's policy.
    pub resource_statements: Vec<ResourceStatement>,
    /// Everything that is wrong with it, in the order of the text.
    pub faults: Vec<Diagnostic>,
    /// What is accepted and has no effect here.
    pub warnings: Vec<Diagnostic>,
}

/// Whether a text is meant to be a policy: no other document has statements.
pub fn is_policy(text: &str) -> bool {
    text.len() <= MAX_TEXT
        && json::parse(&Source::new("", text)).is_ok_and(|it| unwrapped(&it).1.get("Statement").is_some())
}

/// Reads a text as the policy of a role or of a repository, whatever its
/// statements name; `file` is only for messages.
pub fn examine(file: &str, text: &str) -> PolicyReading {
    read_as(None, file, text)
}

/// Reads a text as a policy of this kind.
pub fn read(kind: PolicyKind, file: &str, text: &str) -> PolicyReading {
    read_as(Some(kind), file, text)
}

fn read_as(kind: Option<PolicyKind>, file: &str, text: &str) -> PolicyReading {
    let source = Source::new(file, text);
    let refused = |faults| PolicyReading {
        kind: kind.unwrap_or(PolicyKind::Role),
        statements: Vec::new(),
        resource_statements: Vec::new(),
        faults,
        warnings: Vec::new(),
    };
    if source.n_bytes() > MAX_TEXT {
        let message = format!("a policy of {} bytes: at most {MAX_CHARS} characters count", source.n_bytes());
        let place = source.place(json::Span { start: 0, end: 0 });
        return refused(vec![Diagnostic::new("B0830", message).at(place)]);
    }
    let tree = match json::parse(&source) {
        Ok(tree) => tree,
        Err(found) => return refused(found),
    };
    let (at, policy) = unwrapped(&tree);
    let items = policy.get("Statement").map_or(&[][..], |it| items_of(&it.value));
    let names_principals = |it: &Json| it.get("Principal").or(it.get("NotPrincipal")).is_some();
    let kind = kind.unwrap_or(match items.iter().any(names_principals) {
        true => PolicyKind::Repository,
        false => PolicyKind::Role,
    });
    let mut reader = Reader { kind, faults: Faults::new(&source, &tree, &tree) };
    reader.check_length(source.slice(policy.span), &at);
    let (statements, resource_statements) = reader.document(policy, &at);
    let (faults, warnings) = reader.faults.finish();
    let diagnostics = |it: Vec<super::faults::Fault>| it.into_iter().map(|it| it.diagnostic).collect();
    PolicyReading {
        kind,
        statements,
        resource_statements,
        faults: diagnostics(faults),
        warnings: diagnostics(warnings),
    }
}

/// The policy in an answer, and the way to it.
fn unwrapped(tree: &Json) -> (FieldPath, &Json) {
    let root = FieldPath::root();
    if let Some(it) = tree.get("PolicyDocument") {
        return (root.key("PolicyDocument"), &it.value);
    }
    let version = tree.get("PolicyVersion");
    if let Some(it) = version.and_then(|it| it.value.get("Document")) {
        return (root.key("PolicyVersion").key("Document"), &it.value);
    }
    (root, tree)
}

/// A list, or a single element that stands for a list of one.
fn items_of(json: &Json) -> &[Json] {
    match &json.value {
        Value::Array(items) => items,
        _ => std::slice::from_ref(json),
    }
}

struct Reader<'a> {
    kind: PolicyKind,
    faults: Faults<'a>,
}

const MEMBERS: &[&str] = &["Version", "Id", "Statement"];
const STATEMENT_MEMBERS: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

impl Reader<'_> {
    fn fault(&mut self, code: &'static str, at: &FieldPath, message: impl Into<String>) {
        self.faults.malformed(code, at, message.into());
    }

    fn check_length(&mut self, text: &str, at: &FieldPath) {
        let counts = |it: &char| self.kind == PolicyKind::Repository || !it.is_ascii_whitespace();
        let n_chars = text.chars().filter(counts).count();
        if n_chars > MAX_CHARS {
            let message = format!("the policy has {n_chars} characters: expected at most {MAX_CHARS}");
            self.fault("B0830", at, message);
        }
    }

    fn document(&mut self, json: &Json, at: &FieldPath) -> (Vec<Statement>, Vec<ResourceStatement>) {
        let (mut statements, mut resource_statements) = (Vec::new(), Vec::new());
        if !self.is_object(json, at, "a policy", MEMBERS) {
            return (statements, resource_statements);
        }
        if let Some(version) = json.get("Version") {
            let is_known = |it: &str| ["2012-10-17", "2008-10-17"].contains(&it);
            if !matches!(&version.value.value, Value::String(text) if is_known(text)) {
                let message = "expected the version \"2012-10-17\", or the older \"2008-10-17\"";
                self.fault("B0822", &at.key("Version"), message);
            }
        }
        let Some(written) = json.get("Statement") else {
            self.fault("B0820", at, "a policy has a `Statement`");
            return (statements, resource_statements);
        };
        let at = at.key("Statement");
        let is_list = matches!(written.value.value, Value::Array(_));
        let items = items_of(&written.value);
        if items.is_empty() {
            self.fault("B0820", &at, "a policy has at least one statement");
        }
        let mut sids: Vec<&str> = Vec::new();
        for (idx, item) in items.iter().enumerate() {
            if self.faults.is_full() {
                break;
            }
            let at = if is_list { at.idx(idx) } else { at.clone() };
            if !self.is_object(item, &at, "a statement", STATEMENT_MEMBERS) {
                continue;
            }
            if let Some(Value::String(sid)) = item.get("Sid").map(|it| &it.value.value) {
                if sids.contains(&sid.as_str()) {
                    let message = format!("two statements have the `Sid` \"{}\"", shortened(sid));
                    self.fault("B0828", &at.key("Sid"), message);
                }
                sids.push(sid);
            }
            self.statement(item, &at, &mut statements, &mut resource_statements);
        }
        (statements, resource_statements)
    }

    /// Whether it is an object; what it must not have is noted.
    fn is_object(&mut self, json: &Json, at: &FieldPath, what: &str, names: &[&str]) -> bool {
        let Value::Object(members) = &json.value else {
            self.fault("B0820", at, format!("{what} is an object, found {}", json.kind()));
            return false;
        };
        for member in members.iter().filter(|it| !names.contains(&it.key.as_str())) {
            let key = shortened(&member.key);
            let nearest = crate::base::nearest::nearest(&key, names.iter().copied());
            let known = nearest.map_or_else(|| names.join(", "), str::to_owned);
            self.fault("B0821", &at.key(&member.key), format!("{what} has no `{key}`: expected {known}"));
        }
        true
    }

    fn statement(
        &mut self,
        json: &Json,
        at: &FieldPath,
        statements: &mut Vec<Statement>,
        resource_statements: &mut Vec<ResourceStatement>,
    ) {
        if let Some(sid) = json.get("Sid")
            && !matches!(sid.value.value, Value::String(_))
        {
            self.fault("B0825", &at.key("Sid"), format!("expected a string, found {}", sid.value.kind()));
        }
        // An empty one asks for nothing.
        let is_empty = |it: &Json| matches!(&it.value, Value::Object(members) if members.is_empty());
        if json.get("Condition").is_some_and(|it| !is_empty(&it.value)) {
            let message = "a condition is not evaluated here, and what it permits is not known: leave it out, or \
                           leave out the statement";
            self.fault("B0826", &at.key("Condition"), message);
        }
        let effect = self.effect(json, at);
        let actions = self.patterns(json, at, ["Action", "NotAction"]);
        if self.kind == PolicyKind::Role {
            for name in ["Principal", "NotPrincipal"] {
                if json.get(name).is_some() {
                    let message = format!("the policy of a role has no `{name}`: it is the role that asks");
                    self.fault("B0827", &at.key(name), message);
                }
            }
            let resources = self.patterns(json, at, ["Resource", "NotResource"]);
            if let (Some(effect), Some(actions), Some(resources)) = (effect, actions, resources) {
                statements.push(Statement { effect, actions, resources });
            }
            return;
        }
        // ECR refuses it: "Invalid repository policy provided".
        for name in ["Resource", "NotResource"] {
            if json.get(name).is_some() {
                let message = format!("the policy of a repository has no `{name}`: it is the repository");
                self.fault("B0827", &at.key(name), message);
            }
        }
        let principals = self.principals(json, at);
        if let (Some(effect), Some(actions), Some(principals)) = (effect, actions, principals) {
            resource_statements.push(ResourceStatement { effect, principals, actions });
        }
    }

    fn effect(&mut self, json: &Json, at: &FieldPath) -> Option<Effect> {
        let written = json.get("Effect").map(|it| &it.value.value);
        match written {
            Some(Value::String(text)) if text == "Allow" => Some(Effect::Allow),
            Some(Value::String(text)) if text == "Deny" => Some(Effect::Deny),
            _ => {
                let message = "a statement has an `Effect`, \"Allow\" or \"Deny\"";
                self.fault("B0823", &at.key("Effect"), message);
                None
            }
        }
    }

    /// One of the two, which mean the opposite of each other: the number of
    /// the one that is there, and its value.
    fn either<'j>(&mut self, json: &'j Json, at: &FieldPath, names: [&str; 2]) -> Option<(usize, &'j Json)> {
        match names.map(|it| json.get(it)) {
            [Some(it), None] => Some((0, &it.value)),
            [None, Some(it)] => Some((1, &it.value)),
            found => {
                let message = format!("a statement has either `{}` or `{}`", names[0], names[1]);
                let at = if found[0].is_some() { at.key(names[1]) } else { at.clone() };
                self.fault("B0824", &at, message);
                None
            }
        }
    }

    fn patterns(&mut self, json: &Json, at: &FieldPath, names: [&str; 2]) -> Option<Patterns> {
        let (number, value) = self.either(json, at, names)?;
        let at = at.key(names[number]);
        let texts = self.texts(value, &at)?;
        let is_of_actions = names[0] == "Action";
        for (field, text) in &texts {
            if is_of_actions && !is_action(text) {
                let message = format!("`{}` is no action such as \"ecr:BatchGetImage\"", shortened(text));
                self.fault("B0162", field, message);
            } else if !is_of_actions && !is_resource(text) {
                let message = format!("`{}` is no resource: an ARN, or \"*\"", shortened(text));
                self.fault("B0163", field, message);
            }
        }
        let texts = texts.into_iter().map(|it| it.1).collect();
        Some(if number == 0 { Patterns::Only(texts) } else { Patterns::AllBut(texts) })
    }

    /// A text or a list of them, with where each stands.
    fn texts(&mut self, json: &Json, at: &FieldPath) -> Option<Vec<(FieldPath, String)>> {
        let is_list = matches!(json.value, Value::Array(_));
        let items = items_of(json);
        if items.is_empty() {
            self.fault("B0825", at, format!("`{at}` is empty"));
        }
        let mut texts = Vec::new();
        for (idx, item) in items.iter().enumerate() {
            let at = if is_list { at.idx(idx) } else { at.clone() };
            match &item.value {
                Value::String(text) => texts.push((at, text.clone())),
                _ => self.fault("B0825", &at, format!("expected a string, found {}", item.kind())),
            }
        }
        (!texts.is_empty() && texts.len() == items.len()).then_some(texts)
    }

    /// `"*"`, or an object of lists by their kind.
    fn principals(&mut self, json: &Json, at: &FieldPath) -> Option<Principals> {
        const NAMES: [&str; 2] = ["Principal", "NotPrincipal"];
        let (number, value) = self.either(json, at, NAMES)?;
        let at = at.key(NAMES[number]);
        let mut found = Vec::new();
        match &value.value {
            Value::String(text) if text == "*" => found.push(Principal::Everyone),
            Value::Object(members) if !members.is_empty() => {
                for member in members {
                    let at = at.key(&member.key);
                    let texts = self.texts(&member.value, &at).unwrap_or_default();
                    match member.key.as_str() {
                        "AWS" => found.extend(texts.into_iter().filter_map(|it| self.principal(it))),
                        "Service" | "Federated" | "CanonicalUser" => {
                            found.extend(texts.into_iter().map(|it| Principal::Other(it.1)));
                            let message = format!("`{at}` pulls for no task: it has no effect here");
                            self.faults.odd(None, "B0831", &at, message);
                        }
                        _ => {
                            let message = "expected principals of AWS, Service, Federated or CanonicalUser";
                            self.fault("B0829", &at, message);
                        }
                    }
                }
            }
            _ => {
                self.fault("B0829", &at, "expected \"*\", or an object such as { \"AWS\": \"123456789012\" }")
            }
        }
        Some(if number == 0 { Principals::Only(found) } else { Principals::AllBut(found) })
    }

    fn principal(&mut self, (at, text): (FieldPath, String)) -> Option<Principal> {
        let principal = Principal::of_aws(&text);
        match &principal {
            None => {
                let message = format!(
                    "`{}` is no principal: expected \"*\", an account or the ARN of a role",
                    shortened(&text)
                );
                self.fault("B0829", &at, message);
            }
            Some(Principal::Other(_)) => {
                let message = format!("`{}` pulls for no task: it has no effect here", shortened(&text));
                self.faults.odd(None, "B0831", &at, message);
            }
            Some(_) => (),
        }
        principal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code, line and column of each fault or warning.
    fn told(found: &[Diagnostic]) -> Vec<(&str, u64, u64)> {
        let place = |it: &Diagnostic| it.place.as_ref().map_or((0, 0), |it| (it.line, it.column));
        found.iter().map(|it| (it.code, place(it).0, place(it).1)).collect()
    }

    #[test]
    fn the_managed_policy_of_execution_roles_is_read() {
        let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [
            "ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer",
            "ecr:BatchGetImage", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}]}"#;
        let answer = format!(r#"{{"PolicyVersion": {{"Document": {text}, "VersionId": "v1"}}}}"#);
        let inline = format!(r#"{{"RoleName": "r", "PolicyName": "p", "PolicyDocument": {text}}}"#);
        for text in [text, &answer, &inline] {
            let found = examine("x.json", text);
            assert_eq!((found.kind, told(&found.faults)), (PolicyKind::Role, vec![]), "{text}");
            let [statement] = found.statements.as_slice() else { panic!("one statement") };
            assert_eq!(statement.effect, Effect::Allow);
            assert!(matches!(&statement.actions, Patterns::Only(it) if it.len() == 6));
            assert_eq!(statement.resources, Patterns::Only(vec!["*".to_owned()]));
            assert!(found.resource_statements.is_empty() && found.warnings.is_empty());
        }
    }

    #[test]
    fn the_policy_of_a_repository_names_principals() {
        let text = r#"{"Version": "2008-10-17", "Statement": {"Sid": "new statement", "Effect": "Deny",
            "NotPrincipal": {"AWS": ["123456789012", "arn:aws:iam::123456789012:role/exec"]}, "NotAction": "ecr:Put*"}}"#;
        let found = examine("x.json", text);
        assert_eq!((found.kind, told(&found.faults)), (PolicyKind::Repository, vec![]));
        let expected = ResourceStatement {
            effect: Effect::Deny,
            principals: Principals::AllBut(vec![
                Principal::Account("123456789012".to_owned()),
                Principal::Role("arn:aws:iam::123456789012:role/exec".to_owned()),
            ]),
            actions: Patterns::AllBut(vec!["ecr:Put*".to_owned()]),
        };
        assert_eq!(found.resource_statements, [expected]);
        // One that serves a service pulls for no task.
        let service = r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com",
"AWS": "arn:aws:iam::123456789012:user/bob"}, "Action": "ecr:*"}}"#;
        let found = examine("x.json", service);
        assert_eq!(told(&found.faults), []);
        assert_eq!(told(&found.warnings), [("B0831", 1, 60), ("B0831", 2, 8)]);
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place() {
        let whole = |statement: &str| format!("{{\"Statement\": {{\n{statement}\n}}}}");
        let role = |fields: &str| whole(&format!("\"Effect\": \"Allow\", \"Action\": \"*\",\n{fields}"));
        let repository = |fields: &str| {
            whole(&format!("\"Effect\": \"Allow\", \"Action\": \"*\", \"Principal\":\n{fields}"))
        };
        let long = format!("\"Resource\": \"arn:aws:s3:::{}\"", "x".repeat(MAX_CHARS));
        for (text, expected) in [
            ("[]".to_owned(), ("B0820", 1, 1)),
            ("{}".to_owned(), ("B0820", 1, 1)),
            ("{\"Statement\": []}".to_owned(), ("B0820", 1, 2)),
            ("{\"Statement\": [3]}".to_owned(), ("B0820", 1, 16)),
            (role("\"Resource\": \"*\", \"Resorce\": \"*\""), ("B0821", 3, 29)),
            (
                format!("{{\"Version\": \"2020-01-01\",\n{}", &role("\"Resource\": \"*\"")[1..]),
                ("B0822", 1, 13),
            ),
            (whole("\"Effect\": \"allow\", \"Action\": \"*\", \"Resource\": \"*\""), ("B0823", 2, 11)),
            (whole("\"Action\": \"*\", \"Resource\": \"*\""), ("B0823", 1, 2)),
            (whole("\"Effect\": \"Deny\", \"Resource\": \"*\""), ("B0824", 1, 2)),
            (role("\"Resource\": \"*\", \"NotResource\": \"*\""), ("B0824", 3, 33)),
            (role("\"Resource\": \"*\", \"NotAction\": \"*\""), ("B0824", 3, 31)),
            (role("\"Resource\": []"), ("B0825", 3, 1)),
            (role("\"Resource\": [\"*\", 3]"), ("B0825", 3, 19)),
            (role("\"Resource\": null"), ("B0825", 3, 13)),
            (role("\"Resource\": \"*\", \"Sid\": 3"), ("B0825", 3, 25)),
            (role("\"Resource\": \"*\", \"Condition\": {\"Bool\": {}}"), ("B0826", 3, 18)),
            (role("\"Resource\": \"bucket\""), ("B0163", 3, 13)),
            (whole("\"Effect\": \"Deny\", \"Action\": \"Get\", \"Resource\": \"*\""), ("B0162", 2, 29)),
            (repository("\"*\", \"Resource\": \"*\""), ("B0827", 3, 18)),
            (repository("\"x\""), ("B0829", 3, 1)),
            (repository("{}"), ("B0829", 2, 35)),
            (repository("{\"AWS\": \"exec\"}"), ("B0829", 3, 9)),
            (repository("{\"Role\": \"*\"}"), ("B0829", 3, 10)),
            (role(&long), ("B0830", 1, 1)),
        ] {
            let found = examine("x.json", &text);
            assert_eq!(told(&found.faults), [expected], "{text}: {:?}", found.faults);
        }
        let twice = r#"{"Statement": [{"Sid": "a", "Effect": "Allow", "Action": "*", "Resource": "*"},
{"Sid": "a", "Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
        assert_eq!(told(&examine("x.json", twice).faults), [("B0828", 2, 9)]);
        let of_role = read(PolicyKind::Role, "x.json", &repository("\"*\", \"Resource\": \"*\""));
        assert_eq!(told(&of_role.faults), [("B0827", 3, 1)]);
        assert_eq!(
            told(&read(PolicyKind::Repository, "x", &role("\"Resource\": \"*\"")).faults),
            [("B0824", 1, 2), ("B0827", 3, 13)]
        );
        // White space counts in no policy of a role.
        assert_eq!(
            told(&examine("x", &role(&format!("{}\"Resource\": \"*\"", " ".repeat(20_000)))).faults),
            []
        );
        assert_eq!(told(&examine("x", &" ".repeat(MAX_TEXT + 1)).faults), [("B0830", 1, 1)]);
    }

    #[test]
    fn a_heap_of_faults_has_an_end() {
        let statement = r#"{"Effect": "x", "Action": 3}"#;
        let text = format!("{{\"Statement\": [{}]}}", vec![statement; 150].join(","));
        let found = examine("x.json", &text);
        assert!(found.faults.len() <= 101, "{}", found.faults.len());
    }
}
