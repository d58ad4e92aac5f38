//! Nothing is there, or it is not the caller's to see.

use leptos::prelude::*;

use crate::components::title::PageTitle;
use crate::visit::use_texts;

/// The page.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    crate::api::not_a_page();
    let texts = &use_texts().not_found;
    view! {
        <PageTitle text=texts.title.to_owned()/>
        <div class="narrow">
            <h1>{texts.title}</h1>
            <p>{texts.why}</p>
            <p><a class="button" href="/" rel="external">{texts.home}</a></p>
        </div>
    }
}
