//! Environments and courses in lists.

use leptos::either::Either;
use leptos::prelude::*;

use super::badge::PhaseBadge;
use super::icon::{Glyph, Icon};
#[cfg(feature = "ssr")]
use crate::domain::course::CourseCard;
use crate::domain::environment::EnvironmentCard;
use crate::visit::use_texts;

/// Environments, newest first. `with_course` where they come from several.
#[component]
pub(crate) fn EnvironmentList(environments: Vec<EnvironmentCard>, #[prop(optional)] with_course: bool) -> impl IntoView {
    let cards = environments.into_iter().map(|card| view! { <EnvironmentItem card with_course/> }).collect_view();
    view! { <ul class="cards">{cards}</ul> }
}

#[component]
fn EnvironmentItem(card: EnvironmentCard, with_course: bool) -> impl IntoView {
    let texts = &use_texts().home;
    let EnvironmentCard { id, name, course, phase, needs_attention, address } = card;
    view! {
        <li class="card" class:card-flagged=needs_attention>
            <div class="card-head">
                <a class="card-link" href=format!("/environments/{id}") rel="external">{name}</a>
                <PhaseBadge phase needs_attention/>
            </div>
            <dl class="facts">
                {with_course.then(|| view! {
                    <div>
                        <dt>{texts.course}</dt>
                        <dd>{course}</dd>
                    </div>
                })}
                <div>
                    <dt>{texts.address}</dt>
                    <dd>{match address {
                        Some(address) => Either::Left(view! { <code>{address}</code> }),
                        None => Either::Right(view! { <span class="quiet">{texts.no_address}</span> }),
                    }}</dd>
                </div>
            </dl>
        </li>
    }
}

/// Courses.
#[cfg(feature = "ssr")]
#[component]
pub(crate) fn CourseList(courses: Vec<CourseCard>) -> impl IntoView {
    let texts = &use_texts().home;
    let cards = courses
        .into_iter()
        .map(|CourseCard { code, title, role }| {
            view! {
                <li class="card">
                    <div class="card-head">
                        <a class="card-link" href=format!("/courses/{code}") rel="external">{title}</a>
                        <Icon of=Glyph::Next/>
                    </div>
                    <p class="card-note">
                        <code>{code}</code>
                        <span>{(texts.role)(role)}</span>
                    </p>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="cards">{cards}</ul> }
}

/// Where a list would be: what is missing, and how to get it.
#[component]
pub(crate) fn Empty(title: &'static str, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! {
        <div class="empty">
            <Icon of=Glyph::Machine/>
            <p class="empty-title">{title}</p>
            {children.map(|children| children())}
        </div>
    }
}
