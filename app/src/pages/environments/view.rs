//! The page of an environment. It follows by itself.

use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;

use super::asked_for;
use super::connection::ConnectionBlock;
use super::scaling::Machines;
use super::spending::Spending;
use crate::api::environment_of_page;
use crate::api::environments::{StartEnvironment, StopEnvironment, TryEnvironmentAgain};
use crate::components::attention::AttentionBox;
use crate::components::badge::PhaseBadge;
use crate::components::incidents::Incidents;
use crate::components::loaded::Loaded;
use crate::components::notice::{Lesson, Problem};
use crate::components::timeline::Timeline;
use crate::components::title::PageTitle;
use crate::domain::environment::{Act, EnvironmentView};
use crate::domain::phase::Phase;
use crate::live::{Following, announcements, follow, since_read};
use crate::visit::use_texts;

/// The page.
#[component]
pub(crate) fn EnvironmentPage() -> impl IntoView {
    let id = asked_for();
    let environment = OnceResource::new(async move { environment_of_page(id?).await });
    view! {
        <Loaded of=environment let:environment>
            <Environment environment/>
        </Loaded>
    }
}

#[component]
fn Environment(environment: EnvironmentView) -> impl IntoView {
    let texts = use_texts();
    let view = RwSignal::new(environment);
    let following = follow(view);
    let since = since_read(view);
    let said = announcements(texts, view);
    let phase = Memo::new(move |_| view.read().phase);
    let steps = Memo::new(move |_| view.read().steps.clone());
    let attention = Memo::new(move |_| view.read().attention.clone());
    let incidents = Memo::new(move |_| view.read().incidents.clone());
    let scaling = Memo::new(move |_| view.read().scaling.clone());
    let so_far = Memo::new(move |_| view.read().so_far.clone());
    let connection = Memo::new(move |_| view.read().connection.clone());
    let (id, name) = view.with_untracked(|view| (view.id, view.name.clone()));
    let title = name.clone();
    let acts = Acts::new();
    view! {
        <PageTitle text=Signal::derive(move || format!("{title} ({})", (texts.environment.phase)(phase.get())))/>
        <p class="for-readers" role="status" aria-live="polite">{said}</p>
        <Head name view phase/>
        <p class="phase-means">{move || view.with(|view| (texts.environment.phase_means)(view.phase, view.ahead, view.keeps_address))}</p>
        <Problem error=acts.error()/>
        {move || attention.get().map(|attention| view! {
            <AttentionBox attention>
                <ActButtons view acts only=Some(Act::TryAgain)/>
            </AttentionBox>
        })}
        <ActButtons view acts only=None/>
        {move || so_far.get().map(|so_far| view! { <Spending id so_far since/> })}
        {move || scaling.get().map(|scaling| view! { <Machines id scaling/> })}
        <div class="columns">
            {move || connection.get().map(|connection| view! { <ConnectionBlock id connection is_off=phase.get() != Phase::Ready/> })}
            <section aria-labelledby="timeline" class="timeline-section">
                <h2 id="timeline">{texts.timeline.title}</h2>
                {move || view! { <Timeline steps=steps.get() since/> }}
                <p class="following needs-scripts">
                    {move || match following.get() {
                        Following::No => "",
                        Following::Live if view.read().is_moving() => texts.environment.live,
                        Following::Live => "",
                        Following::Lost => texts.environment.not_live,
                    }}
                </p>
                {move || view! { <Incidents incidents=incidents.get()/> }}
                {move || match phase.get() {
                    Phase::Waiting | Phase::Building | Phase::Checking => Some(view! { <Lesson text=texts.environment.lesson_building/> }),
                    Phase::Stopping | Phase::Stopped => {
                        let keeps_address = view.with(|view| view.keeps_address);
                        Some(view! { <Lesson text=(texts.environment.lesson_stopped)(keeps_address)/> })
                    },
                    Phase::Ready | Phase::Removing | Phase::Removed => None,
                }}
            </section>
        </div>
    }
}

#[component]
fn Head(name: String, view: RwSignal<EnvironmentView>, phase: Memo<Phase>) -> impl IntoView {
    let texts = use_texts();
    let (course, blueprint, is_simulated) = view.with_untracked(|view| (view.course.clone(), view.blueprint.clone(), view.is_simulated));
    view! {
        <nav class="kicker" aria-label=texts.frame.where_you_are>
            <a href=format!("/courses/{course}") rel="external">{course.clone()}</a>
            <span>{blueprint}</span>
            {is_simulated.then(|| view! { <span class="flag flag-quiet">{texts.environment.simulated}</span> })}
        </nav>
        <div class="title-row">
            <h1>{name}</h1>
            {move || view! { <PhaseBadge phase=phase.get()/> }}
        </div>
    }
}

/// What can be asked of the environment; the page follows what comes of it.
#[derive(Clone, Copy)]
struct Acts {
    start: ServerAction<StartEnvironment>,
    stop: ServerAction<StopEnvironment>,
    again: ServerAction<TryEnvironmentAgain>,
}

impl Acts {
    fn new() -> Self {
        Self { start: ServerAction::new(), stop: ServerAction::new(), again: ServerAction::new() }
    }

    fn error(self) -> Signal<Option<crate::error::AppError>> {
        let (start, stop, again) = (self.start.value(), self.stop.value(), self.again.value());
        Signal::derive(move || [start.get(), stop.get(), again.get()].into_iter().flatten().find_map(Result::err))
    }
}

/// The buttons for what may be asked now; "try again" stands in the attention box.
#[component]
fn ActButtons(view: RwSignal<EnvironmentView>, acts: Acts, only: Option<Act>) -> impl IntoView {
    let texts = &use_texts().environment;
    let id = view.with_untracked(|view| view.id);
    let may = Memo::new(move |_| {
        let view = view.read();
        let stands_here = |act: &Act| match only {
            Some(only) => *act == only,
            None => *act != Act::TryAgain || view.attention.is_none(),
        };
        view.acts.iter().copied().filter(stands_here).collect::<Vec<_>>()
    });
    let button = move |act: Act| {
        let word = (texts.act)(act);
        match act {
            Act::Start => view! { <ActionForm action=acts.start><Press id word is_main=true/></ActionForm> }.into_any(),
            Act::Stop => view! { <ActionForm action=acts.stop><Press id word/></ActionForm> }.into_any(),
            Act::TryAgain => view! { <ActionForm action=acts.again><Press id word is_main=true/></ActionForm> }.into_any(),
            Act::Scale => view! { <a class="button" href=format!("/environments/{id}/scale") rel="external">{word}</a> }.into_any(),
            Act::Backups => view! { <a class="button" href=format!("/environments/{id}/backups") rel="external">{word}</a> }.into_any(),
            Act::Delete => {
                view! { <a class="button button-danger" href=format!("/environments/{id}/delete") rel="external">{word}</a> }.into_any()
            }
        }
    };
    move || {
        let may = may.get();
        if may.is_empty() {
            return Either::Left(());
        }
        Either::Right(view! { <div class="acts" role="group" aria-label=texts.acts>{may.into_iter().map(button).collect_view()}</div> })
    }
}

#[component]
fn Press(id: crate::domain::ids::EnvironmentId, word: &'static str, #[prop(optional)] is_main: bool) -> impl IntoView {
    view! {
        <input type="hidden" name="id" value=id.to_string()/>
        <button type="submit" class="button" class:button-main=is_main>{word}</button>
    }
}
