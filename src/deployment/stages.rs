//! The stages of a deployment that shifts traffic, in their order (developer
//! guide, blue-green-deployment-how-it-works and deployment-lifecycle-hooks):
//! whether one is over, and what its hooks say. Asked at each review; what takes
//! time says when to ask again.

use crate::base::SimDuration;
use crate::model::deployment::{
    DEPLOYMENT_TIME_OUT, LifecycleHook, LifecycleStage, STAGE_TIME_OUT, TrafficShare,
};

use super::traffic_shift::Shift;

/// A deployment in the middle of a stage.
#[derive(Clone, Copy, Debug)]
pub struct StageView<'a> {
    /// The stage.
    pub stage: LifecycleStage,
    /// How long it has lasted.
    pub elapsed: SimDuration,
    /// How long the deployment has lasted.
    pub deployment_elapsed: SimDuration,
    /// All tasks of the new revision that are desired are healthy.
    pub is_scaled_up: bool,
    /// Revisions before the one that has the requests still have tasks.
    pub has_other_revisions: bool,
    /// The old revision has no task left.
    pub is_cleaned_up: bool,
    /// What is asked.
    pub hooks: &'a [LifecycleHook],
    /// When which share of the requests moves.
    pub shifts: &'a [Shift],
    /// From the last shift until the old revision goes.
    pub bake_time: SimDuration,
}

/// What becomes of the stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StageStep {
    /// It lasts; ask again after so long, counted from its begin, if nothing
    /// else happens before.
    Lasts(Option<SimDuration>),
    /// The next one begins.
    Next(LifecycleStage),
    /// The deployment is over.
    Done,
    /// It is given up.
    Fails(String),
}

/// The stage with which a deployment begins.
pub fn first(has_other_revisions: bool) -> LifecycleStage {
    if has_other_revisions { LifecycleStage::ReconcileService } else { LifecycleStage::PreScaleUp }
}

/// The share of production traffic that the new revision has.
pub fn share(view: &StageView<'_>) -> TrafficShare {
    match view.stage {
        it if it < LifecycleStage::ProductionTrafficShift => TrafficShare::NONE,
        LifecycleStage::ProductionTrafficShift => {
            let reached = view.shifts.iter().take_while(|it| it.after <= view.elapsed);
            reached.last().map_or(TrafficShare::NONE, |it| it.share)
        }
        _ => TrafficShare::ALL,
    }
}

/// What becomes of the stage that `view` is in.
pub fn step(view: &StageView<'_>) -> StageStep {
    // A step of traffic has its own time-out: those of a shift are as long as
    // they were asked to be.
    let work = work(view);
    let asked = hooks(view);
    if let Hooks::Failed(reason) = asked {
        return StageStep::Fails(reason);
    }
    let name = view.stage.name();
    // What has all requests is not taken back because the old tasks linger
    // (MODEL).
    let is_past_return = view.stage == LifecycleStage::CleanUp;
    if view.deployment_elapsed >= DEPLOYMENT_TIME_OUT && !is_past_return {
        return StageStep::Fails(format!("deployment timed out after 30 days in {name}"));
    }
    let is_timed = !matches!(view.stage, LifecycleStage::ProductionTrafficShift | LifecycleStage::BakeTime)
        && !is_past_return;
    let is_over = work == Work::Over && asked == Hooks::Passed;
    if is_timed && !is_over && view.elapsed >= STAGE_TIME_OUT && asked == Hooks::Passed {
        return StageStep::Fails(format!("stage {name} timed out after 24 hours"));
    }
    if is_over {
        let after = LifecycleStage::NAMES.iter().map(|it| it.1).find(|it| *it > view.stage);
        return after.map_or(StageStep::Done, StageStep::Next);
    }
    let left = DEPLOYMENT_TIME_OUT.millis().saturating_sub(view.deployment_elapsed.millis());
    let give_up = view.elapsed + SimDuration::from_millis(left);
    let time_out = if is_timed { STAGE_TIME_OUT.min(give_up) } else { give_up };
    let moments = [work.look_again(), asked.look_again(), Some(time_out)];
    StageStep::Lasts(moments.into_iter().flatten().filter(|it| *it > view.elapsed).min())
}

/// What a stage does by itself.
#[derive(PartialEq, Eq)]
enum Work {
    Over,
    /// Until something changes.
    Waits,
    /// Until then, counted from the begin of the stage.
    Until(SimDuration),
}

impl Work {
    fn look_again(&self) -> Option<SimDuration> {
        match self {
            Self::Until(after) => Some(*after),
            Self::Over | Self::Waits => None,
        }
    }
}

fn work(view: &StageView<'_>) -> Work {
    let once = |is_over: bool| if is_over { Work::Over } else { Work::Waits };
    let until = |after: SimDuration| if after <= view.elapsed { Work::Over } else { Work::Until(after) };
    match view.stage {
        LifecycleStage::ReconcileService => once(!view.has_other_revisions),
        LifecycleStage::ScaleUp => once(view.is_scaled_up),
        LifecycleStage::ProductionTrafficShift => {
            let next = view.shifts.iter().find(|it| it.after > view.elapsed);
            next.map_or(Work::Over, |it| Work::Until(it.after))
        }
        LifecycleStage::BakeTime => until(view.bake_time),
        LifecycleStage::CleanUp => once(view.is_cleaned_up),
        _ => Work::Over,
    }
}

/// What the hooks of a stage say.
#[derive(PartialEq, Eq)]
enum Hooks {
    Passed,
    Failed(String),
    /// Not before then.
    Awaited(SimDuration),
}

impl Hooks {
    fn look_again(&self) -> Option<SimDuration> {
        match self {
            Self::Awaited(after) => Some(*after),
            Self::Passed | Self::Failed(_) => None,
        }
    }
}

/// All hooks of a stage are asked at its begin (MODEL); the first that fails
/// decides.
fn hooks(view: &StageView<'_>) -> Hooks {
    let mut awaited = None;
    let mut failed: Option<(SimDuration, String)> = None;
    for hook in view.hooks.iter().filter(|it| it.stages.contains(&view.stage)) {
        let is_late = hook.takes > hook.time_out;
        let answer = hook.takes.min(hook.time_out);
        if answer > view.elapsed {
            awaited = Some(awaited.map_or(answer, |it: SimDuration| it.min(answer)));
            continue;
        }
        let name = view.stage.name();
        let reason = match (is_late, hook.fails) {
            (true, _) if !hook.continues_on_time_out => format!("lifecycle hook timed out in {name}"),
            (false, true) => format!("lifecycle hook failed in {name}"),
            _ => continue,
        };
        if failed.as_ref().is_none_or(|it| answer < it.0) {
            failed = Some((answer, reason));
        }
    }
    match (failed, awaited) {
        (Some((_, reason)), _) => Hooks::Failed(reason),
        (None, Some(after)) => Hooks::Awaited(after),
        (None, None) => Hooks::Passed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: SimDuration = SimDuration::from_secs(60);

    fn minutes(n: u64) -> SimDuration {
        SimDuration::from_secs(60 * n)
    }

    fn view<'a>(stage: LifecycleStage, elapsed: SimDuration, shifts: &'a [Shift]) -> StageView<'a> {
        StageView {
            stage,
            elapsed,
            deployment_elapsed: elapsed,
            is_scaled_up: false,
            has_other_revisions: false,
            is_cleaned_up: false,
            hooks: &[],
            shifts,
            bake_time: minutes(5),
        }
    }

    #[test]
    fn stages_follow_each_other() {
        use LifecycleStage::{BakeTime, CleanUp, PostScaleUp, PreScaleUp, ScaleUp, TestTrafficShift};
        let step_of = |stage, elapsed| step(&view(stage, elapsed, &[]));
        assert_eq!(step_of(PreScaleUp, SimDuration::ZERO), StageStep::Next(ScaleUp));
        assert_eq!(step_of(ScaleUp, MINUTE), StageStep::Lasts(Some(STAGE_TIME_OUT)));
        let scaled_up = StageView { is_scaled_up: true, ..view(ScaleUp, MINUTE, &[]) };
        assert_eq!(step(&scaled_up), StageStep::Next(PostScaleUp));
        assert_eq!(step_of(PostScaleUp, SimDuration::ZERO), StageStep::Next(TestTrafficShift));
        assert_eq!(step_of(BakeTime, MINUTE), StageStep::Lasts(Some(minutes(5))));
        assert_eq!(step_of(BakeTime, minutes(5)), StageStep::Next(CleanUp));
        assert_eq!(step(&StageView { is_cleaned_up: true, ..view(CleanUp, MINUTE, &[]) }), StageStep::Done);
        let lingering = step(&StageView { stage: CleanUp, ..view(CleanUp, DEPLOYMENT_TIME_OUT, &[]) });
        assert_eq!(lingering, StageStep::Lasts(None), "old tasks that linger are waited for");
        let StageStep::Fails(reason) = step_of(ScaleUp, STAGE_TIME_OUT) else { panic!("24 hours are over") };
        assert!(reason.contains("SCALE_UP"), "{reason}");
    }

    #[test]
    fn shifts_move_a_share_each() {
        let shifts = [
            Shift { after: SimDuration::ZERO, share: TrafficShare(50) },
            Shift { after: minutes(10), share: TrafficShare::ALL },
        ];
        let at = |elapsed| view(LifecycleStage::ProductionTrafficShift, elapsed, &shifts);
        assert_eq!(share(&at(MINUTE)), TrafficShare(50));
        assert_eq!(step(&at(MINUTE)), StageStep::Lasts(Some(minutes(10))));
        assert_eq!(share(&at(minutes(10))), TrafficShare::ALL);
        let next = StageStep::Next(LifecycleStage::PostProductionTrafficShift);
        assert_eq!(step(&at(minutes(10))), next);
        assert_eq!(share(&view(LifecycleStage::ScaleUp, MINUTE, &shifts)), TrafficShare::NONE);
        assert_eq!(share(&view(LifecycleStage::BakeTime, MINUTE, &shifts)), TrafficShare::ALL);
    }

    #[test]
    fn a_hook_delays_fails_or_is_given_up() {
        let stage = LifecycleStage::PostTestTrafficShift;
        let hook = |takes, fails, continues_on_time_out| LifecycleHook {
            stages: vec![stage],
            takes,
            fails,
            time_out: minutes(60),
            continues_on_time_out,
        };
        let asked =
            |hooks: &[LifecycleHook], elapsed| step(&StageView { hooks, ..view(stage, elapsed, &[]) });
        let next = StageStep::Next(LifecycleStage::PreProductionTrafficShift);
        let passes = [hook(minutes(5), false, false)];
        assert_eq!(asked(&passes, MINUTE), StageStep::Lasts(Some(minutes(5))));
        assert_eq!(asked(&passes, minutes(5)), next);
        let fails = [hook(minutes(5), true, false)];
        assert!(matches!(asked(&fails, minutes(5)), StageStep::Fails(_)));
        let never = [hook(SimDuration::FOREVER, false, false)];
        assert_eq!(asked(&never, MINUTE), StageStep::Lasts(Some(minutes(60))));
        assert!(matches!(asked(&never, minutes(60)), StageStep::Fails(_)));
        let goes_on = [hook(SimDuration::FOREVER, false, true)];
        assert_eq!(asked(&goes_on, minutes(60)), next);
        let both = [passes[0].clone(), hook(minutes(7), true, false)];
        assert_eq!(asked(&both, minutes(5)), StageStep::Lasts(Some(minutes(7))));
    }
}
