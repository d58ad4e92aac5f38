//! What a plain page is in the browser's program: nothing, because it is not loaded there ([`crate::app`]).

use leptos::prelude::*;

/// Stands in the site map for a page that only the server shows.
#[component]
pub(crate) fn Plain() -> impl IntoView {}
