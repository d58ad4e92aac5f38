//! The timeline: a line per step, with its time; what failed shows its last lines at once.

use leptos::either::Either;
use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::domain::saw::Saw;
use crate::domain::timeline::{Step, StepState};
use crate::visit::use_texts;

/// The steps of the way to the present goal.
#[component]
pub(crate) fn Timeline(
    /// In order.
    steps: Vec<Step>,
    /// Milliseconds since the steps were read: the step under way goes on ticking.
    since: Signal<u32>,
) -> impl IntoView {
    if steps.is_empty() {
        let texts = &use_texts().timeline;
        return Either::Left(view! { <p class="quiet">{texts.nothing_yet}</p> });
    }
    let lines = steps.into_iter().map(|step| view! { <Line step since/> }).collect_view();
    Either::Right(view! { <ol class="timeline">{lines}</ol> })
}

#[component]
fn Line(step: Step, since: Signal<u32>) -> impl IntoView {
    let texts = &use_texts().timeline;
    let Step { what, state, ms, mut log, saw, .. } = step;
    let class = match state {
        StepState::Waiting => "step step-waiting",
        StepState::Now => "step step-now",
        StepState::Done => "step step-done",
        StepState::Failed => "step step-failed",
    };
    let mark = match state {
        StepState::Done => Some(Glyph::Check),
        StepState::Failed => Some(Glyph::Cross),
        StepState::Waiting | StepState::Now => None,
    };
    let time = ms.map(|ms| {
        let text = move || {
            if state == StepState::Now { (texts.whole_seconds)(ms.saturating_add(since.get()) / 1000) } else { (texts.duration)(ms) }
        };
        view! { <span class="step-time">{text}</span> }
    });
    let saw = saw.map(|saw| {
        let text = (texts.saw)(&saw);
        if let Saw::NoPdf { log: compiled, .. } = saw {
            log.extend(compiled);
        }
        view! { <span class="step-saw">{text}</span> }
    });
    let log = (!log.is_empty()).then(|| {
        view! {
            <details class="step-log" open=state == StepState::Failed>
                <summary>{texts.log}</summary>
                <pre class="log" tabindex="0">{log.join("\n")}</pre>
            </details>
        }
    });
    view! {
        <li class=class aria-current=(state == StepState::Now).then_some("step")>
            <span class="step-mark" aria-hidden="true">{mark.map(|of| view! { <Icon of/> })}</span>
            <span class="step-text">
                {(texts.step)(&what, state)}
                <span class="for-readers">{(texts.state)(state)}</span>
                {saw}
            </span>
            {time}
            {log}
        </li>
    }
}
