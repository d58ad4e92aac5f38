//! The passwords that Koza made, for a short while after one's own was typed.

use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::asked_for;
use crate::api::door::SignInAgain;
use crate::api::environment_of_page;
use crate::api::environments::show_passwords;
use crate::components::copy::CopyRow;
use crate::components::field::Field;
use crate::components::loaded::Loaded;
use crate::components::notice::Problem;
use crate::components::title::PageTitle;
use crate::domain::environment::Passwords;
use crate::domain::ids::EnvironmentId;
use crate::error::AppError;
use crate::visit::{refused, use_texts, use_visit};

/// The page.
#[component]
pub(crate) fn PasswordsPage() -> impl IntoView {
    let id = asked_for();
    let shown = OnceResource::new(async move { look(id?).await });
    view! {
        <Loaded of=shown let:shown>
            <Shown id=shown.0 name=shown.1 passwords=shown.2/>
        </Loaded>
    }
}

/// The environment's name, and its passwords unless one's own has to be typed first.
async fn look(id: EnvironmentId) -> Result<(EnvironmentId, String, Option<Passwords>), AppError> {
    let name = environment_of_page(id).await?.name;
    match show_passwords(id).await {
        Ok(passwords) => Ok((id, name, Some(passwords))),
        Err(AppError::SignInAgain) => Ok((id, name, None)),
        Err(error) => Err(error),
    }
}

#[component]
fn Shown(id: EnvironmentId, name: String, passwords: Option<Passwords>) -> impl IntoView {
    let texts = &use_texts().passwords;
    view! {
        <PageTitle text=(texts.title)(&name)/>
        <div class="narrow">
            <p class="kicker"><a href=format!("/environments/{id}") rel="external">{(texts.back)(&name)}</a></p>
            <h1>{texts.heading}</h1>
            {match passwords {
                Some(passwords) => Either::Left(view! { <List passwords/> }),
                None => Either::Right(view! { <TypeAgain/> }),
            }}
        </div>
    }
}

#[component]
fn List(passwords: Passwords) -> impl IntoView {
    let texts = &use_texts().passwords;
    view! {
        <p class="lead">{texts.lead}</p>
        <dl class="sheet">
            <CopyRow label=texts.wordpress value=passwords.wordpress is_secret=true/>
            <CopyRow label=texts.protected value=passwords.protected is_secret=true/>
            <CopyRow label=texts.ftp value=passwords.ftp is_secret=true/>
        </dl>
    }
}

#[component]
fn TypeAgain() -> impl IntoView {
    let texts = &use_texts().passwords;
    let user = use_visit().caller.map(|caller| caller.name).unwrap_or_default();
    let error = refused::<SignInAgain>();
    view! {
        <div class="sheet">
            <h2>{texts.again}</h2>
            <p>{texts.again_why}</p>
            <Problem error=Signal::stored(error)/>
            <form method="post" action=SignInAgain::url() class="form">
                <input type="text" value=user autocomplete="username" readonly=true hidden=true aria-hidden="true"/>
                <Field id="password" name="password" label=texts.password kind="password" autocomplete="current-password"/>
                <button type="submit" class="button button-main">{texts.show}</button>
            </form>
        </div>
    }
}
