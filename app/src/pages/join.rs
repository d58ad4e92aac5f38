//! Coming into a course by an invitation's link.

use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use crate::api::members::{Join, Register, invitation};
use crate::components::field::{Field, problem_at, problem_elsewhere};
use crate::components::loaded::Loaded;
use crate::components::notice::Problem;
use crate::components::title::PageTitle;
use crate::domain::members::Invited;
use crate::error::Field as Place;
use crate::visit::{refused, use_texts, use_typed};

/// The page.
#[component]
pub(crate) fn JoinPage() -> impl IntoView {
    let token = use_params_map().with_untracked(|params| params.get("token")).unwrap_or_default();
    let of = OnceResource::new({
        let token = token.clone();
        async move { Ok((invitation(token.clone()).await?, token)) }
    });
    view! {
        <Loaded of=of let:of>
            <Invitation invited=of.0 token=of.1/>
        </Loaded>
    }
}

#[component]
fn Invitation(invited: Invited, token: String) -> impl IntoView {
    let texts = &use_texts().members;
    let Invited { code, title, role, signed_in, is_member } = invited;
    view! {
        <PageTitle text=title.clone()/>
        <div class="narrow">
            <p class="kicker"><code>{code.clone()}</code></p>
            <h1>{title}</h1>
            <p class="lead">{(texts.invited_as)(role)}</p>
            <Problem error=Signal::stored(refused::<Join>())/>
            {match signed_in {
                Some(_) if is_member => EitherOf3::A(view! {
                    <p><a class="button button-main" href=format!("/courses/{code}") rel="external">{texts.go_there}</a></p>
                }),
                Some(name) => EitherOf3::B(view! {
                    <form method="post" action=Join::url()>
                        <input type="hidden" name="token" value=token/>
                        <button type="submit" class="button button-main">{(texts.join_as)(&name)}</button>
                    </form>
                }),
                None => EitherOf3::C(view! { <NewAccount token/> }),
            }}
        </div>
    }
}

#[component]
fn NewAccount(token: String) -> impl IntoView {
    let texts = &use_texts().members;
    let error = refused::<Register>();
    let at = |place| Signal::stored(problem_at(place, error.clone()));
    let fields = [Place::FullName, Place::SignInName, Place::Password, Place::PasswordAgain];
    let elsewhere = Signal::stored(problem_elsewhere(&fields, error.clone()));
    let next = format!("/sign-in?next=/join/{token}");
    view! {
        <p><a href=next rel="external">{texts.have_account}</a></p>
        <h2>{texts.new_account}</h2>
        <form method="post" action=Register::url() class="form sheet">
            <Problem error=elsewhere/>
            <input type="hidden" name="token" value=token/>
            <Field id="name" name="name" label=texts.full_name problem=at(Place::FullName) autocomplete="name" value=use_typed("name")/>
            <Field id="sign_in" name="sign_in" label=texts.sign_in_name hint=texts.sign_in_hint problem=at(Place::SignInName) autocomplete="username" value=use_typed("sign_in")/>
            <Field id="password" name="password" label=texts.password hint=texts.password_hint problem=at(Place::Password) kind="password" autocomplete="new-password"/>
            <Field id="again" name="again" label=texts.again problem=at(Place::PasswordAgain) kind="password" autocomplete="new-password"/>
            <button type="submit" class="button button-main">{texts.register}</button>
        </form>
    }
}
