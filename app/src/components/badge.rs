//! Where an environment is, in a word and a dot. The word carries the meaning; the dot helps to find it again.

use leptos::prelude::*;

use crate::domain::phase::Phase;
use crate::visit::use_texts;

/// The phase.
#[component]
pub(crate) fn PhaseBadge(phase: Phase, #[prop(optional)] needs_attention: bool) -> impl IntoView {
    let texts = use_texts();
    view! {
        <span class="phase" data-phase=phase.code()>
            <span class="dot" aria-hidden="true"></span>
            {(texts.environment.phase)(phase)}
        </span>
        {needs_attention.then(|| view! { <span class="flag">{texts.home.needs_attention}</span> })}
    }
}
