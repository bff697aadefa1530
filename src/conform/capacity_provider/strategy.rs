//! `strategy_distribution` and `strategy_validation`: capacity provider
//! strategies.

use crate::base::id::{CapacityProviderId, Id as _};
use crate::conform::case::{Differences, Sealed, compare_accepted};
use crate::conform::reader::{Faults, Object};
use crate::documents::json::Value;
use crate::model::capacity::{Capacity, CapacityStrategy, CapacityStrategyItem};
use crate::placement::capacity_strategy;

/// More are nobody's.
const TASKS_MAX: u32 = 1_000_000;

/// Names and items; `Err` where a figure is out of any range.
type Read<'a> = (Vec<&'a str>, Result<Vec<CapacityStrategyItem>, String>);

pub(super) fn judge_distribution(
    mut input: Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let read = read_strategy(&mut input, faults);
    let tasks = input.required("tasks", faults)?;
    let n = faults.number(tasks)?;
    let (names, items) = read?;
    let items = items.and_then(|it| capacity_strategy::check(&it).map_err(|it| it.1).map(|()| it));
    let items = match items {
        Ok(items) if n <= TASKS_MAX => items,
        Ok(_) => {
            faults.note("B0607", tasks, format!("a case has at most {TASKS_MAX} tasks"));
            return None;
        }
        Err(message) => {
            input.note("B0607", message, faults);
            return None;
        }
    };
    input.finish(faults);
    let answer = capacity_strategy::distribute(&CapacityStrategy::over(items), n);
    let (answer, expect) = expect.open(answer);

    let mut expect = Object::of(expect, faults)?;
    let counts = expect.required("tasks_per_provider", faults)?;
    expect.finish(faults);
    Object::of(counts, faults)?;
    let Value::Object(members) = &counts.value else { return None };
    let mut expected: Vec<(&str, u32)> = Vec::new();
    for member in members {
        expected.push((&member.key, faults.number(&member.value)?));
    }
    let mut found: Vec<(&str, u32)> = names.into_iter().zip(answer).collect();
    // A provider without tasks may be left out.
    found.retain(|it| it.1 > 0 || expected.iter().any(|known| known.0 == it.0));
    expected.sort_unstable();
    found.sort_unstable();
    let shown =
        |it: &[(&str, u32)]| it.iter().map(|(name, n)| format!("{name}: {n}")).collect::<Vec<_>>().join(", ");
    let mut differences = Differences::default();
    differences.compare("tasks_per_provider", shown(&expected), shown(&found));
    Some(differences)
}

pub(super) fn judge_validation(
    mut input: Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let read = read_strategy(&mut input, faults);
    input.finish(faults);
    let (_, items) = read?;
    let answer = items.and_then(|it| capacity_strategy::check(&it).map_err(|it| it.1));
    let (answer, expect) = expect.open(answer);
    let found: Vec<String> = answer.err().into_iter().collect();
    compare_accepted(&found, expect, faults)
}

fn read_strategy<'a>(input: &mut Object<'a>, faults: &mut Faults<'_>) -> Option<Read<'a>> {
    let items = input.required("strategy", faults).and_then(|it| faults.list(it))?;
    let mut names: Vec<&str> = Vec::new();
    let mut read = Vec::new();
    let mut out_of_range = None;
    for item in items {
        let mut object = Object::of(item, faults)?;
        let name = object.text("provider", faults);
        let mut figure = |key| -> Option<u32> {
            let figure = object.number_or::<i64>(key, 0, faults)?;
            Some(u32::try_from(figure).unwrap_or_else(|_| {
                out_of_range = Some(format!("a {key} of {figure} is out of range"));
                0
            }))
        };
        let (base, weight) = (figure("base"), figure("weight"));
        object.finish(faults);
        let name = name?;
        names.push(name);
        let capacity = match name {
            "FARGATE" => Capacity::Fargate { is_spot: false },
            "FARGATE_SPOT" => Capacity::Fargate { is_spot: true },
            _ => {
                let number = names.iter().position(|it| *it == name).expect("it was just noted");
                Capacity::Instances(CapacityProviderId::from_idx(number))
            }
        };
        read.push(CapacityStrategyItem { capacity, base: base?, weight: weight? });
    }
    Some((names, out_of_range.map_or(Ok(read), Err)))
}
