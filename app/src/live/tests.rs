use time::macros::datetime;

use super::announcement;
use crate::domain::environment::EnvironmentView;
use crate::domain::person::Locale;
use crate::domain::phase::{Goal, Phase};
use crate::domain::reason::Attention;
use crate::domain::timeline::{Step, StepState, What};
use crate::texts::texts;

fn view(phase: Phase, states: &[StepState]) -> EnvironmentView {
    let step = |&state| Step { state, ..Step::waiting(What::Machine) };
    EnvironmentView {
        id: crate::domain::ids::EnvironmentId(uuid::Uuid::nil()),
        name: "c5".to_owned(),
        course: "SYS-101".to_owned(),
        blueprint: "Web and TeX".to_owned(),
        goal: Goal::Running,
        phase,
        attention: None,
        incidents: vec![],
        ahead: None,
        keeps_address: true,
        is_simulated: false,
        steps: states.iter().map(step).collect(),
        scaling: None,
        so_far: None,
        connection: None,
        acts: vec![],
        last_event: 1,
        at: datetime!(2026-11-21 06:41 UTC),
    }
}

fn said(before: &EnvironmentView, after: &EnvironmentView, is_quiet: bool) -> Option<String> {
    announcement(texts(Locale::En), before, after, is_quiet)
}

use StepState::{Done, Now, Waiting};

#[test]
fn a_new_phase_is_always_said() {
    let (before, after) = (view(Phase::Checking, &[Now]), view(Phase::Ready, &[Done]));
    assert_eq!(said(&before, &after, false).as_deref(), Some("The environment is ready."));
}

#[test]
fn progress_is_said_only_after_a_while_of_silence() {
    let (before, after) = (view(Phase::Building, &[Now, Waiting]), view(Phase::Building, &[Done, Now]));
    assert_eq!(said(&before, &after, false), None);
    assert_eq!(said(&before, &after, true).as_deref(), Some("1 of 2 steps are done. The machine is starting."));
}

#[test]
fn a_view_that_says_nothing_new_is_not_said() {
    let same = view(Phase::Building, &[Done, Now]);
    assert_eq!(said(&same, &same, true), None);
}

#[test]
fn a_new_reason_comes_before_everything_else() {
    let before = view(Phase::Building, &[Now]);
    let after = EnvironmentView { attention: Some(Attention::CloudSilent), ..view(Phase::Waiting, &[Waiting]) };
    assert!(said(&before, &after, false).is_some_and(|said| said.starts_with("Koza cannot reach the cloud")));
    assert_eq!(said(&after, &before, false).as_deref(), Some("The environment is being built."), "and its end is the new phase");
}
