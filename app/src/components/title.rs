//! The document's title.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::visit::use_texts;

/// Names the page in the browser's tab.
///
/// On the server Leptos writes the text into `<title>` as it is, so it is escaped here; in the browser it sets a property.
#[component]
pub(crate) fn PageTitle(#[prop(into)] text: Signal<String>) -> impl IntoView {
    let site = use_texts().frame.title;
    view! { <Title text=move || escaped(&site(&text.get()))/> }
}

fn escaped(text: &str) -> String {
    if cfg!(feature = "ssr") { text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;") } else { text.to_owned() }
}
