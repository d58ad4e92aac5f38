//! What every request for an environment asks: its name, and a key for SSH.

use leptos::prelude::*;

use super::field::{Field, problem_at, problem_elsewhere};
use super::notice::Problem;
use crate::domain::course::CourseNames;
use crate::error::{AppError, Field as Place};
use crate::visit::{use_texts, use_typed};

/// The fields, with what is wrong at them or with the request as a whole.
#[component]
pub(crate) fn RequestFields(
    /// Makes the fields' ids unique where a page has several forms.
    #[prop(optional)]
    of: String,
    /// What was refused.
    #[prop(into)]
    error: Signal<Option<AppError>>,
    /// Whether what was typed before was typed here.
    #[prop(default = true)]
    is_mine: bool,
    /// What a name becomes.
    #[prop(default = None)]
    names: Option<CourseNames>,
) -> impl IntoView {
    let texts = &use_texts().course;
    let typed = |field: &str| if is_mine { use_typed(field) } else { String::new() };
    let at = |place| Signal::derive(move || problem_at(place, error.get()));
    let (name_id, key_id) =
        if of.is_empty() { ("name".to_owned(), "public_key".to_owned()) } else { (format!("name-{of}"), format!("public_key-{of}")) };
    view! {
        <Problem error=Signal::derive(move || problem_elsewhere(&[Place::Name, Place::PublicKey], error.get()))/>
        <Field id=name_id name="name" label=texts.name hint=texts.name_hint problem=at(Place::Name) value=typed("name")/>
        {names.map(|names| view! { <p class="hint">{(texts.name_becomes)(&names.before, &names.after)}</p> })}
        <Field
            id=key_id
            name="public_key"
            label=texts.public_key
            optional=texts.optional
            hint=texts.public_key_hint
            problem=at(Place::PublicKey)
            value=typed("public_key")
            is_code=true
        />
    }
}
