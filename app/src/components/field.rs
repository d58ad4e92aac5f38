//! A field of a form: label, hint, input and what is wrong with it, bound together for screen readers.
//!
//! There is no `<textarea>` here: Leptos 0.8 writes a text inside of it unescaped.

use leptos::either::Either;
use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::error::{AppError, Field as Place};
use crate::visit::use_texts;

/// What is wrong at a field, in words: the part of an error that belongs to it.
pub(crate) fn problem_at(place: Place, error: Option<AppError>) -> Option<String> {
    let texts = use_texts();
    match error {
        Some(AppError::Invalid { field, why }) if field == place => Some((texts.trouble.why)(why)),
        _ => None,
    }
}

/// The rest: what belongs to no field of the form.
pub(crate) fn problem_elsewhere(places: &[Place], error: Option<AppError>) -> Option<AppError> {
    error.filter(|error| !matches!(error, AppError::Invalid { field, .. } if places.contains(field)))
}

/// A labelled input. What is missing or wrong is said by us, in the page's language, so `required` stays unused.
#[component]
pub(crate) fn Field(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    /// The name in the form.
    name: &'static str,
    /// What is asked for.
    #[prop(into)]
    label: String,
    /// What would help to answer.
    #[prop(optional)]
    hint: &'static str,
    /// Shown beside the label, for what may stay empty.
    #[prop(optional)]
    optional: &'static str,
    /// What is wrong.
    #[prop(optional, into)]
    problem: Signal<Option<String>>,
    /// What was typed before.
    #[prop(optional)]
    value: String,
    /// `text` or `password`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What password managers and browsers fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Whether it is code, in a fixed-width letter.
    #[prop(optional)]
    is_code: bool,
) -> impl IntoView {
    let hint_id = format!("{id}-hint");
    let problem_id = format!("{id}-problem");
    let described = {
        let hint = (!hint.is_empty()).then(|| hint_id.clone());
        let problem_id = problem_id.clone();
        move || {
            let problem = problem.read().is_some().then(|| problem_id.clone());
            let ids: Vec<String> = problem.into_iter().chain(hint.clone()).collect();
            (!ids.is_empty()).then(|| ids.join(" "))
        }
    };
    view! {
        <div class="field">
            <label for=id.clone()>
                {label}
                {(!optional.is_empty()).then(|| view! { <span class="optional">{optional}</span> })}
            </label>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=hint_id>{hint}</p> })}
            <div id=problem_id class="field-problem" role="alert">
                {move || match problem.get() {
                    None => Either::Left(()),
                    Some(problem) => Either::Right(view! {
                        <p>
                            <Icon of=Glyph::Attention/>
                            <span>{problem}</span>
                        </p>
                    }),
                }}
            </div>
            <input
                id=id
                class:code=is_code
                type=kind
                name=name
                value=value
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                aria-invalid=move || problem.read().is_some().then_some("true")
                aria-describedby=described
            />
        </div>
    }
}
