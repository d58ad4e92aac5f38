//! A field of a form where one of several is chosen.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// One of several: as the form sends it, and as people read it.
pub(crate) struct Item {
    pub(crate) value: String,
    pub(crate) text: String,
    /// It is there to be seen, and cannot be chosen.
    pub(crate) is_disabled: bool,
}

/// A labelled list to choose from.
#[component]
pub(crate) fn Choice(
    /// The name in the form.
    name: &'static str,
    /// Unique on the page; without it the name is.
    #[prop(optional)]
    id: Option<&'static str>,
    /// What is asked for.
    label: &'static str,
    /// What would help to answer.
    #[prop(optional)]
    hint: &'static str,
    /// What can be chosen, the usual first.
    items: Vec<Item>,
    /// What was chosen before.
    chosen: String,
    /// What is wrong.
    problem: Option<String>,
) -> impl IntoView {
    let id = id.unwrap_or(name);
    let (hint_id, problem_id) = (format!("{id}-hint"), format!("{id}-problem"));
    let is_wrong = problem.is_some();
    let described = if hint.is_empty() { problem_id.clone() } else { format!("{problem_id} {hint_id}") };
    let options = items
        .into_iter()
        .map(|Item { value, text, is_disabled }| {
            let is_chosen = value == chosen && !is_disabled;
            view! { <option value=value selected=is_chosen disabled=is_disabled>{text}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=hint_id>{hint}</p> })}
            <div id=problem_id class="field-problem" role="alert">
                {problem.map(|problem| view! {
                    <p>
                        <Icon of=Glyph::Attention/>
                        <span>{problem}</span>
                    </p>
                })}
            </div>
            <select id=id name=name autocomplete="off" aria-invalid=is_wrong.then_some("true") aria-describedby=described>
                {options}
            </select>
        </div>
    }
}
