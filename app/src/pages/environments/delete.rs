//! Deleting an environment: a page of its own, and its name typed.

use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::asked_for;
use crate::api::environment_of_page;
use crate::api::environments::DeleteEnvironment;
use crate::components::field::{Field, problem_at, problem_elsewhere};
use crate::components::loaded::Loaded;
use crate::components::notice::{Notice, Problem, Tone};
use crate::components::title::PageTitle;
use crate::domain::environment::{Act, EnvironmentView};
use crate::error::Field as Place;
use crate::visit::{refused, use_texts, use_typed};

/// The page.
#[component]
pub(crate) fn DeletePage() -> impl IntoView {
    let id = asked_for();
    let environment = OnceResource::new(async move { environment_of_page(id?).await });
    view! {
        <Loaded of=environment let:environment>
            <Delete environment/>
        </Loaded>
    }
}

#[component]
fn Delete(environment: EnvironmentView) -> impl IntoView {
    let texts = use_texts();
    let EnvironmentView { id, name, acts, .. } = environment;
    let back = format!("/environments/{id}");
    view! {
        <PageTitle text=(texts.delete.title)(&name)/>
        <div class="narrow">
            <p class="kicker"><a href=back.clone() rel="external">{(texts.passwords.back)(&name)}</a></p>
            <h1>{(texts.delete.title)(&name)}</h1>
            {if acts.contains(&Act::Delete) {
                Either::Left(view! { <Confirm id=id.to_string() name back/> })
            } else {
                Either::Right(view! { <Notice tone=Tone::Info><p>{texts.delete.not_now}</p></Notice> })
            }}
        </div>
    }
}

#[component]
fn Confirm(id: String, name: String, back: String) -> impl IntoView {
    let texts = &use_texts().delete;
    let error = refused::<DeleteEnvironment>();
    let problem = problem_at(Place::Confirmation, error.clone());
    view! {
        <p class="lead">{texts.what_happens}</p>
        <p>{texts.for_ever}</p>
        <Problem error=Signal::stored(problem_elsewhere(&[Place::Confirmation], error))/>
        <form method="post" action=DeleteEnvironment::url() class="form sheet">
            <input type="hidden" name="id" value=id/>
            <Field id="name" name="name" label=(texts.type_name)(&name) problem=Signal::stored(problem) value=use_typed("name") is_code=true/>
            <div class="acts">
                <button type="submit" class="button button-danger">{texts.button}</button>
                <a class="button" href=back rel="external">{texts.keep}</a>
            </div>
        </form>
    }
}
