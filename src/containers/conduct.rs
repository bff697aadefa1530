//! What a container does once it is known what it may do: the workload's words
//! and the answers of its roles in one.

use std::sync::Arc;

use super::life::LifeContext;
use super::reads;
use crate::base::SimDuration;
use crate::model::access::Denial;
use crate::model::container::{Answers, Blueprint, Container, OnDenied};
use crate::model::options::LogDriverMode;

/// Times count from the container's start.
pub(super) struct Conduct {
    /// Why it cannot be started at all.
    pub(super) refused: Option<String>,
    /// Its end, unless it is restarted in place.
    pub(super) exit: Option<FinalExit>,
    /// When it passes checks and answers; `None` if it never does.
    pub(super) answers: Option<SimDuration>,
    /// Whether it hangs: nothing fails at once, everything times out.
    pub(super) hangs: bool,
    /// Why it answers every request with an error.
    pub(super) answers_errors: Option<Arc<str>>,
}

/// An end after which it is not restarted.
pub(super) struct FinalExit {
    pub(super) after: SimDuration,
    pub(super) code: i32,
    /// What brought it about, if that is known.
    pub(super) cause: Option<String>,
}

impl Conduct {
    pub(super) fn of(container: &Container, blueprint: &Blueprint, context: &LifeContext<'_>) -> Self {
        let behaviour = &container.behaviour;
        let role = blueprint.task_role.as_deref();
        let mut exit = behaviour.exit.map(|it| FinalExit { after: it.after, code: it.code, cause: None });
        let mut answers = match behaviour.answers {
            Answers::After(after) => Some(after),
            Answers::Never => None,
        };
        let hangs = refused_output(container, blueprint, context).is_some();
        if hangs {
            exit = None;
            answers = None;
        }
        let mut answers_errors = None;
        for call in &behaviour.calls {
            let Err(denial) = context.permissions.may(role, &call.action, &call.resource) else { continue };
            match call.on_denied {
                OnDenied::Exit => {
                    exit = Some(FinalExit {
                        after: SimDuration::ZERO,
                        code: 1,
                        cause: Some(denial.to_string()),
                    });
                    break;
                }
                OnDenied::AnswerErrors if answers_errors.is_none() => {
                    answers_errors = Some(Arc::from(denial.to_string()));
                }
                OnDenied::AnswerErrors => (),
            }
        }
        let exit = exit.filter(|exit| !is_restarted(container, exit));
        Self {
            refused: reads::refused_log(container, blueprint, context).map(|it| it.why),
            exit,
            answers,
            hangs,
            answers_errors,
        }
    }
}

/// Exits that come too soon after its start, and ignored codes, are final
/// (developer guide, container-restart-policy). Every run is like the first,
/// so what is restarted once is restarted for ever.
fn is_restarted(container: &Container, exit: &FinalExit) -> bool {
    container.restart_policy.as_ref().is_some_and(|policy| {
        exit.after >= policy.attempt_period && !policy.ignored_exit_codes.contains(&exit.code)
    })
}

/// MODEL: a container whose output is blocked hangs from its start on; it
/// neither answers nor ends by itself, and the stop signal still ends it.
pub(super) fn refused_output(
    container: &Container,
    blueprint: &Blueprint,
    context: &LifeContext<'_>,
) -> Option<Denial> {
    let log = container.log.as_ref()?;
    let default = context.options.log_driver_mode == LogDriverMode::Blocking;
    if !log.is_blocking.unwrap_or(default) {
        return None;
    }
    reads::may_log(container, blueprint, "logs:PutLogEvents", context).err()
}
