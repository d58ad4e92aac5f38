//! Signing in.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_query_map;

use crate::api::door::SignIn;
use crate::components::field::Field;
use crate::components::notice::Problem;
use crate::components::title::PageTitle;
use crate::next;
use crate::visit::{refused, use_texts, use_typed};

/// The page. A plain form: who comes in gets every page afresh.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let texts = &use_texts().sign_in;
    let asked = use_query_map().with_untracked(|query| query.get("next")).unwrap_or_default();
    let error = refused::<SignIn>();
    view! {
        <PageTitle text=texts.title.to_owned()/>
        <div class="narrow">
            <h1>{texts.title}</h1>
            <p class="lead">{texts.lead}</p>
            <Problem error=Signal::stored(error)/>
            <form method="post" action=SignIn::url() class="form sheet">
                <input type="hidden" name="next" value=next::local(&asked).to_owned()/>
                <Field id="name" name="name" label=texts.name autocomplete="username" value=use_typed("name")/>
                <Field id="password" name="password" label=texts.password kind="password" autocomplete="current-password"/>
                <button type="submit" class="button button-main">{texts.button}</button>
            </form>
        </div>
    }
}
