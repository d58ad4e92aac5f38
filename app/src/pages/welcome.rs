//! The first sign-in of somebody who came into a course by a list.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use crate::api::rosters::{ChoosePassword, first_sign_in};
use crate::components::field::{Field, problem_at, problem_elsewhere};
use crate::components::loaded::Loaded;
use crate::components::notice::Problem;
use crate::components::title::PageTitle;
use crate::domain::roster::Welcomed;
use crate::error::Field as Place;
use crate::visit::{refused, use_texts};

/// The page.
#[component]
pub(crate) fn WelcomePage() -> impl IntoView {
    let token = use_params_map().with_untracked(|params| params.get("token")).unwrap_or_default();
    let of = OnceResource::new({
        let token = token.clone();
        async move { Ok((first_sign_in(token.clone()).await?, token)) }
    });
    view! {
        <Loaded of=of let:of>
            <Welcome of=of.0 token=of.1/>
        </Loaded>
    }
}

#[component]
fn Welcome(of: Welcomed, token: String) -> impl IntoView {
    let all = use_texts();
    let (texts, members) = (&all.roster, &all.members);
    let Welcomed { name, sign_in } = of;
    let title = (texts.welcome)(&name);
    let error = refused::<ChoosePassword>();
    let at = |place| Signal::stored(problem_at(place, error.clone()));
    let elsewhere = Signal::stored(problem_elsewhere(&[Place::Password, Place::PasswordAgain], error.clone()));
    view! {
        <PageTitle text=title.clone()/>
        <div class="narrow">
            <h1>{title}</h1>
            <p class="lead">{texts.welcome_lead}" "<strong>{sign_in.clone()}</strong></p>
            <form method="post" action=ChoosePassword::url() class="form sheet">
                <Problem error=elsewhere/>
                <input type="hidden" name="token" value=token/>
                // Password managers keep the two together.
                <input type="hidden" name="username" autocomplete="username" value=sign_in/>
                <Field id="password" name="password" label=members.password hint=members.password_hint problem=at(Place::Password) kind="password" autocomplete="new-password"/>
                <Field id="again" name="again" label=members.again problem=at(Place::PasswordAgain) kind="password" autocomplete="new-password"/>
                <button type="submit" class="button button-main">{texts.choose}</button>
            </form>
        </div>
    }
}
