//! Every piece that pages are made of, on one page. In trial mode only.

mod samples;

use leptos::either::Either;
use leptos::prelude::*;

use super::courses::Certificates;
use super::environments::{HowFar, Name};
use super::not_found::NotFoundPage;
use crate::components::attention::AttentionBox;
use crate::components::badge::PhaseBadge;
use crate::components::cards::{CourseList, Empty, EnvironmentList};
use crate::components::choice::Choice;
use crate::components::copy::{CopyBlock, CopyRow};
use crate::components::field::Field;
use crate::components::icon::{Glyph, Icon};
use crate::components::incidents::Incidents;
use crate::components::loaded::Wait;
use crate::components::machines::MachineTable;
use crate::components::notice::{Lesson, Notice, Problem, Tone};
use crate::components::timeline::Timeline;
use crate::components::title::PageTitle;
use crate::domain::course::Role;
use crate::domain::environment::Act;
use crate::domain::name::NameProblem;
use crate::domain::phase::Phase;
use crate::error::{AppError, Why};
use crate::visit::{use_texts, use_visit};

/// The page.
#[component]
pub(crate) fn StyleguidePage() -> impl IntoView {
    if use_visit().is_trial { Either::Left(view! { <Styleguide/> }) } else { Either::Right(view! { <NotFoundPage/> }) }
}

#[component]
fn Styleguide() -> impl IntoView {
    let texts = &use_texts().styleguide;
    view! {
        <PageTitle text=texts.title.to_owned()/>
        <h1>{texts.title}</h1>
        <p class="lead">{texts.lead}</p>
        <section aria-labelledby="colours">
            <h2 id="colours">{texts.colours}</h2>
            <ul class="swatches">
                <li class="swatch-accent">"accent"</li>
                <li class="swatch-good">"good"</li>
                <li class="swatch-moving">"moving"</li>
                <li class="swatch-bad">"bad"</li>
                <li class="swatch-still">"still"</li>
                <li class="swatch-ground">"ground"</li>
                <li class="swatch-surface">"surface"</li>
                <li class="swatch-sunken">"sunken"</li>
            </ul>
        </section>
        <section aria-labelledby="type">
            <h2 id="type">{texts.type_}</h2>
            <p class="lead">{texts.sample}</p>
            <p>{texts.sample}</p>
            <h3>{texts.sample}</h3>
            <p class="quiet">{texts.sample}</p>
            <p><code>"ssh student@198.51.100.7"</code></p>
        </section>
        <Controls/>
        <Messages/>
        <Lists/>
        <Names/>
        <section aria-labelledby="machines">
            <h2 id="machines">{use_texts().scaling.members}</h2>
            <MachineTable machines=samples::machines()/>
        </section>
        <Attentions/>
    }
}

#[component]
fn Controls() -> impl IntoView {
    let texts = use_texts();
    let problem = (texts.trouble.why)(Why::Name(NameProblem::NotALabel));
    view! {
        <section aria-labelledby="buttons">
            <h2 id="buttons">{texts.styleguide.buttons}</h2>
            <div class="acts">
                <button type="button" class="button button-main">{(texts.environment.act)(Act::Start)}</button>
                <button type="button" class="button">{(texts.environment.act)(Act::Stop)}</button>
                <button type="button" class="button button-danger">{(texts.environment.act)(Act::Delete)}</button>
                <button type="button" class="button button-quiet">{texts.frame.sign_out}</button>
                <button type="button" class="button button-small">
                    <Icon of=Glyph::Key/>
                    {texts.connection.show_passwords}
                </button>
            </div>
        </section>
        <section aria-labelledby="fields">
            <h2 id="fields">{texts.styleguide.fields}</h2>
            <div class="narrow form">
                <Field id="sample-name" name="name" label=texts.course.name hint=texts.course.name_hint value="c5".to_owned()/>
                <Field
                    id="sample-wrong"
                    name="wrong"
                    label=texts.course.name
                    hint=texts.course.name_hint
                    value="c_5".to_owned()
                    problem=Signal::stored(Some(problem))
                />
                <Field
                    id="sample-key"
                    name="key"
                    label=texts.course.public_key
                    hint=texts.course.public_key_hint
                    optional=texts.course.optional
                    is_code=true
                />
                <Choice
                    name="zone"
                    label=texts.scaling.zone
                    hint=texts.scaling.zone_hint
                    items=samples::zones(texts.scaling.same_zone)
                    chosen=String::new()
                    problem=None
                />
            </div>
        </section>
    }
}

#[component]
fn Messages() -> impl IntoView {
    let texts = use_texts();
    let unexpected = Some(AppError::Unexpected { reference: "k3v9x2aa".to_owned() });
    view! {
        <section aria-labelledby="notices">
            <h2 id="notices">{texts.styleguide.notices}</h2>
            <Notice tone=Tone::Info><p>{texts.course.image_not_ready}</p></Notice>
            <Problem error=Signal::stored(unexpected)/>
            <Lesson text=texts.connection.lesson_ftp/>
            <Empty title=texts.home.no_courses><p>{texts.home.no_courses_how}</p></Empty>
        </section>
        <section aria-labelledby="wait">
            <h2 id="wait">{texts.styleguide.wait}</h2>
            <Wait/>
        </section>
    }
}

#[component]
fn Lists() -> impl IntoView {
    let texts = use_texts();
    let phases = samples::PHASES.map(|phase| view! { <li><PhaseBadge phase/></li> }).collect_view();
    view! {
        <section aria-labelledby="phases">
            <h2 id="phases">{texts.styleguide.phases}</h2>
            <ul class="chips-plain">
                {phases}
                <li><PhaseBadge phase=Phase::Checking needs_attention=true/></li>
            </ul>
        </section>
        <section aria-labelledby="cards">
            <h2 id="cards">{texts.styleguide.cards}</h2>
            <EnvironmentList environments=samples::environments() with_course=true/>
            <CourseList courses=samples::courses()/>
        </section>
        <section aria-labelledby="timeline">
            <h2 id="timeline">{texts.timeline.title}</h2>
            <Timeline steps=samples::steps() since=Signal::stored(0)/>
        </section>
        <section aria-labelledby="connection">
            <h2 id="connection">{texts.connection.title}</h2>
            <dl class="sheet">
                <CopyRow label=texts.connection.page value="http://198.51.100.7/" is_link=true/>
                <CopyRow label=texts.connection.ssh_command value="ssh student@198.51.100.7"/>
            </dl>
            <CopyBlock label=texts.connection.ssh_config value="Host c5\n  HostName 198.51.100.7\n  User student"/>
        </section>
    }
}

#[component]
fn Names() -> impl IntoView {
    let texts = use_texts();
    view! {
        <section aria-labelledby="names">
            <h2 id="names">{texts.styleguide.names}</h2>
            {samples::host_names().into_iter().map(|host| view! { <Name host/> }).collect_view()}
            {samples::https().into_iter().map(|https| view! { <HowFar https/> }).collect_view()}
            {samples::certificates().into_iter().map(|certificates| view! { <Certificates certificates role=Role::Instructor/> }).collect_view()}
        </section>
    }
}

#[component]
fn Attentions() -> impl IntoView {
    let texts = use_texts();
    let again = (texts.environment.act)(Act::TryAgain);
    let boxes = samples::attentions()
        .into_iter()
        .enumerate()
        .map(|(number, attention)| {
            view! {
                <AttentionBox attention id=format!("attention-{number}")>
                    <button type="button" class="button button-main">{again}</button>
                </AttentionBox>
            }
        })
        .collect_view();
    view! {
        <section aria-labelledby="attention">
            <h2 id="attention">{texts.styleguide.attention}</h2>
            {boxes}
        </section>
        <Incidents incidents=samples::incidents()/>
    }
}
