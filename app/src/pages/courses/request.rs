//! The form that asks for an environment.

use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::api::environments::RequestEnvironment;
use crate::components::request_fields::RequestFields;
use crate::domain::course::CourseNames;
use crate::domain::ids::BlueprintVersionId;
use crate::visit::{use_texts, use_typed};

/// A blueprint's form. Without scripts it comes back with what was typed; with scripts it stays as it is.
#[component]
pub(crate) fn RequestForm(version: BlueprintVersionId, is_only_one: bool, names: Option<CourseNames>) -> impl IntoView {
    let texts = &use_texts().course;
    let action = ServerAction::<RequestEnvironment>::new();
    let version = version.to_string();
    // A page with several forms gets one answer: it belongs to the form that was sent.
    let is_mine = is_only_one || use_typed("version") == version;
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
    view! {
        <div class="blueprint-form">
            <h4>{texts.ask}</h4>
            <ActionForm action=action attr:class="form">
                <input type="hidden" name="version" value=version.clone()/>
                <RequestFields of=version error is_mine names/>
                <button type="submit" class="button button-main" aria-disabled=move || action.pending().get().then_some("true")>
                    {move || if action.pending().get() { texts.button_busy } else { texts.button }}
                </button>
            </ActionForm>
        </div>
    }
}
