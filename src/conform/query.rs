//! `cluster-query-language`: which instances of a fleet an expression selects,
//! or that it is refused. Each is asked twice, as it stands and by the bits that
//! a run keeps of it; the two must agree.

use std::collections::BTreeMap;

use super::case::{Case, Differences, Sealed};
use super::reader::{Faults, Object};
use super::topic::{Bench, Topic};
use crate::documents::json::{Json, Value, shortened};
use crate::model::query::{DynamicFacts, Expression, InstanceFacts, StaticFacts, StaticTerms, parse_time_ms};

pub(super) const TOPIC: Topic = Topic {
    name: "cluster-query-language",
    summary: "expressions: the instances that match, or an error",
    judge,
};

/// An expression written out by a generator is not larger than this.
const GENERATED_MAX: usize = 1 << 20;

/// A fleet by its name.
type Fleets<'a> = BTreeMap<&'a str, Option<Vec<Instance<'a>>>>;

/// A container instance as a case describes it.
struct Instance<'a> {
    id: &'a str,
    ec2_instance_id: &'a str,
    attributes: BTreeMap<&'a str, Option<&'a str>>,
    is_connected: bool,
    agent_version: Option<&'a str>,
    registered_at_ms: i64,
    n_running: u32,
    groups: Vec<&'a str>,
}

impl StaticFacts for Instance<'_> {
    fn ec2_instance_id(&self) -> &str {
        self.ec2_instance_id
    }

    fn agent_version(&self) -> Option<&str> {
        self.agent_version
    }

    fn registered_at_ms(&self) -> i64 {
        self.registered_at_ms
    }

    fn attribute(&self, name: &str) -> Option<Option<&str>> {
        self.attributes.get(name).copied()
    }
}

impl InstanceFacts for Instance<'_> {
    fn agent_connected(&self) -> bool {
        self.is_connected
    }

    fn running_tasks_count(&self) -> u32 {
        self.n_running
    }

    fn task_groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().copied()
    }
}

/// What an expression comes to.
enum Answer {
    /// It is refused, and why.
    Refused(String),
    /// The instances it selects, ascending by id.
    Matches {
        /// Asked as it stands.
        by_text: Vec<String>,
        /// Asked by its bits.
        by_bits: Vec<String>,
    },
}

fn judge(file: &mut Object<'_>, bench: &mut Bench<'_>) {
    let fleets = file.required("fleets", &mut bench.faults);
    let fleets = fleets.and_then(|it| read_fleets(it, &mut bench.faults)).unwrap_or_default();
    bench.judge_all(file, "cases", &mut |case, expect, faults| judge_case(&fleets, case, expect, faults));
}

fn judge_case(
    fleets: &Fleets<'_>,
    case: &mut Case<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let fleet_json = case.input.required("fleet", faults);
    let expression = read_expression(&mut case.input, faults);
    let name = faults.text(fleet_json?)?;
    let Some(fleet) = fleets.get(name) else {
        faults.note("B0609", fleet_json?, format!("there is no fleet `{}`", shortened(name)));
        return None;
    };
    // A fleet with a fault has said so.
    let (fleet, expression) = (fleet.as_ref()?, expression?);
    if case.title.is_empty() {
        case.title = shortened(&expression);
    }
    let (answer, expect) = expect.open(answer(&expression, fleet));
    compare(&answer, expect, faults)
}

fn answer(text: &str, fleet: &[Instance<'_>]) -> Answer {
    let expression = match Expression::parse_shared(text) {
        Ok(it) => it,
        Err(error) => return Answer::Refused(error.to_string()),
    };
    let by_text = fleet.iter().map(|it| expression.matches(it));
    let by_text = ids(fleet, by_text);
    // Groups by number, as a run numbers them.
    let mut groups: Vec<&str> = fleet.iter().flat_map(|it| &it.groups).copied().collect();
    groups.sort_unstable();
    groups.dedup();
    let mut terms = StaticTerms::new(expression);
    for (idx, group) in groups.iter().enumerate() {
        terms.set_group(idx, group);
    }
    for (idx, instance) in fleet.iter().enumerate() {
        terms.set_instance(idx, instance);
    }
    let by_bits = fleet.iter().enumerate().map(|(idx, instance)| {
        let number = |it: &&str| groups.binary_search(it).expect("each group has a number");
        let facts = DynamicFacts {
            agent_connected: instance.is_connected,
            running_tasks_count: instance.n_running,
            task_groups: instance.groups.iter().map(number).collect::<Vec<_>>(),
        };
        terms.matches(idx, &facts)
    });
    let by_bits = ids(fleet, by_bits);
    Answer::Matches { by_text, by_bits }
}

/// The ids of those that match, ascending.
fn ids(fleet: &[Instance<'_>], is_match: impl Iterator<Item = bool>) -> Vec<String> {
    let mut ids: Vec<String> =
        fleet.iter().zip(is_match).filter(|it| it.1).map(|it| it.0.id.to_owned()).collect();
    ids.sort_unstable();
    ids
}

fn compare(answer: &Answer, expect: &Json, faults: &mut Faults<'_>) -> Option<Differences> {
    let mut expect = Object::of(expect, faults)?;
    let error = expect.optional("error");
    let expected = match error {
        Some(error) => {
            let is_error = faults.flag(error)?;
            if !is_error {
                faults.note("B0607", error, "an expression without error has `matches`");
            }
            is_error.then(|| "refused".to_owned())
        }
        None => {
            let matches = expect.required("matches", faults);
            matches.and_then(|it| faults.texts(it)).map(|mut ids| {
                ids.sort_unstable();
                shown(&ids)
            })
        }
    };
    expect.finish(faults);
    let expected = expected?;
    let mut differences = Differences::default();
    match answer {
        Answer::Refused(_) if expected == "refused" => (),
        Answer::Refused(why) => differences.compare("expression", expected, format!("refused: {why}")),
        Answer::Matches { by_text, by_bits } => {
            differences.compare("expression", expected, shown(by_text));
            differences.compare("the same by its bits", shown(by_text), shown(by_bits));
        }
    }
    Some(differences)
}

fn shown(ids: &[impl AsRef<str>]) -> String {
    let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
    if ids.is_empty() { "matches nothing".to_owned() } else { format!("matches {}", ids.join(", ")) }
}

/// `expression`, or what `expression_generator` writes.
fn read_expression(input: &mut Object<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let (written, generator) = (input.optional("expression"), input.optional("expression_generator"));
    match (written, generator) {
        (Some(written), None) => Some(faults.text(written)?.to_owned()),
        (None, Some(json)) => {
            let mut generator = Object::of(json, faults)?;
            let prefix = generator.text("prefix", faults);
            let repeat = generator.text("repeat", faults);
            let times: Option<usize> = generator.number("times", faults);
            generator.finish(faults);
            let (prefix, repeat, times) = (prefix?, repeat?, times?);
            if repeat.len().checked_mul(times).is_none_or(|it| it > GENERATED_MAX) {
                faults.note("B0607", json, format!("more than {GENERATED_MAX} bytes"));
                return None;
            }
            Some(format!("{prefix}{}", repeat.repeat(times)))
        }
        _ => {
            let message = "a case has an `expression` or an `expression_generator`";
            input.note("B0604", message, faults);
            None
        }
    }
}

fn read_fleets<'a>(json: &'a Json, faults: &mut Faults<'_>) -> Option<Fleets<'a>> {
    Object::of(json, faults)?;
    let Value::Object(members) = &json.value else { return None };
    let read = |it: &'a crate::documents::json::Member, faults: &mut Faults<'_>| {
        let instances = faults.list(&it.value)?;
        let read: Vec<_> = instances.iter().filter_map(|it| read_instance(it, faults)).collect();
        (read.len() == instances.len()).then_some(read)
    };
    Some(members.iter().map(|it| (it.key.as_str(), read(it, faults))).collect())
}

fn read_instance<'a>(json: &'a Json, faults: &mut Faults<'_>) -> Option<Instance<'a>> {
    let mut object = Object::of(json, faults)?;
    let id = object.text("id", faults);
    let ec2_instance_id = object.text("ec2InstanceId", faults);
    let attributes = match object.optional("attributes") {
        Some(json) => read_attributes(json, faults),
        None => Some(BTreeMap::new()),
    };
    let is_connected = object.optional("agentConnected").map_or(Some(true), |it| faults.flag(it));
    let agent_version = object.optional("agentVersion").map_or(Some(None), |it| faults.text(it).map(Some));
    let registered_at_ms = object.required("registeredAt", faults).and_then(|json| {
        let at = parse_time_ms(faults.text(json)?);
        if at.is_none() {
            faults.note("B0607", json, "not a time such as 2018-06-18T22:28:28Z");
        }
        at
    });
    let n_running = object.number_or("runningTasksCount", 0, faults);
    let groups = object.optional("taskGroups").map_or(Some(Vec::new()), |it| faults.texts(it));
    object.finish(faults);
    Some(Instance {
        id: id?,
        ec2_instance_id: ec2_instance_id?,
        attributes: attributes?,
        is_connected: is_connected?,
        agent_version: agent_version?,
        registered_at_ms: registered_at_ms?,
        n_running: n_running?,
        groups: groups?,
    })
}

/// Name to value; `null` is an attribute without one.
pub(super) fn read_attributes<'a>(
    json: &'a Json,
    faults: &mut Faults<'_>,
) -> Option<BTreeMap<&'a str, Option<&'a str>>> {
    Object::of(json, faults)?;
    let Value::Object(members) = &json.value else { return None };
    let read = members.iter().map(|it| match it.value.value {
        Value::Null => Some((it.key.as_str(), None)),
        _ => Some((it.key.as_str(), Some(faults.text(&it.value)?))),
    });
    read.collect()
}
