//! The form that asks for an environment.

use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::api::environments::RequestEnvironment;
use crate::components::field::{Field, problem_at, problem_elsewhere};
use crate::components::notice::Problem;
use crate::domain::course::CourseNames;
use crate::domain::ids::BlueprintVersionId;
use crate::error::Field as Place;
use crate::visit::{use_texts, use_typed};

/// A blueprint's form. Without scripts it comes back with what was typed; with scripts it stays as it is.
#[component]
pub(crate) fn RequestForm(version: BlueprintVersionId, is_only_one: bool, names: Option<CourseNames>) -> impl IntoView {
    let texts = &use_texts().course;
    let action = ServerAction::<RequestEnvironment>::new();
    let version = version.to_string();
    // A page with several forms gets one answer: it belongs to the form that was sent.
    let is_mine = is_only_one || use_typed("version") == version;
    let typed = move |field: &str| if is_mine { use_typed(field) } else { String::new() };
    let was_sent_here = RwSignal::new(is_mine);
    Effect::new(move |_| {
        if action.version().get() > 0 {
            was_sent_here.set(true);
        }
        if let Some(Ok(id)) = action.value().get() {
            crate::pages::go(&format!("/environments/{id}"));
        }
    });
    let error = Signal::derive(move || action.value().get().and_then(Result::err).filter(|_| was_sent_here.get()));
    let name_problem = Signal::derive(move || problem_at(Place::Name, error.get()));
    let key_problem = Signal::derive(move || problem_at(Place::PublicKey, error.get()));
    let (name_id, key_id) = (format!("name-{version}"), format!("public_key-{version}"));
    view! {
        <div class="blueprint-form">
            <h4>{texts.ask}</h4>
            <ActionForm action=action attr:class="form">
                <input type="hidden" name="version" value=version/>
                <Problem error=Signal::derive(move || problem_elsewhere(&[Place::Name, Place::PublicKey], error.get()))/>
                <Field id=name_id name="name" label=texts.name hint=texts.name_hint problem=name_problem value=typed("name")/>
                {names.map(|names| view! { <p class="hint">{(texts.name_becomes)(&names.before, &names.after)}</p> })}
                <Field
                    id=key_id
                    name="public_key"
                    label=texts.public_key
                    optional=texts.optional
                    hint=texts.public_key_hint
                    problem=key_problem
                    value=typed("public_key")
                    is_code=true
                />
                <button type="submit" class="button button-main" aria-disabled=move || action.pending().get().then_some("true")>
                    {move || if action.pending().get() { texts.button_busy } else { texts.button }}
                </button>
            </ActionForm>
        </div>
    }
}
