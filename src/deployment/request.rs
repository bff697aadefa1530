//! What ECS asks of a deployment configuration before it takes it (API
//! DeploymentConfiguration; texts as reported of the service).

use crate::model::service::DeploymentBounds;

/// A larger maximum was not meant: it is ten services at once.
const MAXIMUM_PERCENT_MAX: i64 = 1000;

/// The bounds of a service of scheduling strategy REPLICA, in percent.
///
/// 100/100 is taken although the service refuses it (MODEL,
/// `reject_100_100 = false`): that it can never progress is what a lab shows.
///
/// # Errors
///
/// Everything that is out of its range.
pub fn replica_bounds(minimum: i64, maximum: i64) -> Result<DeploymentBounds, Vec<String>> {
    let mut found = Vec::new();
    found.extend(minimum_fault(minimum));
    if !(100..=MAXIMUM_PERCENT_MAX).contains(&maximum) {
        found.push(format!("maximumPercent must be at least 100 and at most {MAXIMUM_PERCENT_MAX}"));
    }
    checked(minimum, maximum, found)
}

/// The same of scheduling strategy DAEMON: an instance must lose its task
/// before it gets another (developer guide, ecs_service-options).
///
/// # Errors
///
/// Everything that is out of its range.
pub fn daemon_bounds(minimum: i64, maximum: i64) -> Result<DeploymentBounds, Vec<String>> {
    let mut found = Vec::new();
    found.extend(minimum_fault(minimum));
    if maximum != 100 {
        found.push("maximumPercent must be 100 with the scheduling strategy DAEMON".to_owned());
    }
    checked(minimum, maximum, found)
}

fn minimum_fault(minimum: i64) -> Option<String> {
    match minimum {
        ..0 => Some("minimumHealthyPercent must not be negative".to_owned()),
        0..=100 => None,
        _ => Some("minimumHealthyPercent must be at most 100".to_owned()),
    }
}

fn checked(minimum: i64, maximum: i64, found: Vec<String>) -> Result<DeploymentBounds, Vec<String>> {
    if !found.is_empty() {
        return Err(found);
    }
    let percent = |it: i64| u16::try_from(it).expect("in its range");
    Ok(DeploymentBounds { minimum_healthy_percent: percent(minimum), maximum_percent: percent(maximum) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_keep_to_their_ranges() {
        for (minimum, maximum, n_replica, n_daemon) in [
            (100, 200, 0, 1),
            (0, 100, 0, 0),
            (100, 100, 0, 0),
            (101, 200, 1, 2),
            (-1, 100, 1, 1),
            (50, 99, 1, 1),
            (50, 1001, 1, 1),
            (i64::MAX, i64::MIN, 2, 2),
        ] {
            let count = |it: Result<DeploymentBounds, Vec<String>>| it.err().map_or(0, |it| it.len());
            assert_eq!(count(replica_bounds(minimum, maximum)), n_replica, "{minimum}/{maximum}");
            assert_eq!(count(daemon_bounds(minimum, maximum)), n_daemon, "{minimum}/{maximum}");
        }
        let bounds = replica_bounds(50, 150).expect("in range");
        assert_eq!((bounds.minimum_healthy_percent, bounds.maximum_percent), (50, 150));
    }
}
