//! The one pattern for data: it loads, it is there, or there is trouble.

use std::sync::Arc;

use leptos::either::Either;
use leptos::prelude::*;

use super::notice::{Notice, Tone};
use super::title::PageTitle;
use crate::error::AppError;
use crate::visit::use_texts;

/// Shows what was loaded, or why it could not be.
#[component]
pub(crate) fn Loaded<T, Show, Shown>(of: OnceResource<Result<T, AppError>>, children: Show) -> impl IntoView
where
    T: Clone + Send + Sync + serde::Serialize + serde::de::DeserializeOwned + 'static,
    Show: Fn(T) -> Shown + Send + Sync + 'static,
    Shown: IntoView + 'static,
{
    let show = Arc::new(children);
    view! {
        <Suspense fallback=|| view! { <Wait/> }>
            {move || {
                let show = Arc::clone(&show);
                Suspend::new(async move {
                    match of.await {
                        Ok(data) => Either::Left(show(data)),
                        Err(error) => Either::Right(view! { <TroublePage error/> }),
                    }
                })
            }}
        </Suspense>
    }
}

/// While something loads.
#[component]
pub(crate) fn Wait() -> impl IntoView {
    view! { <p class="wait" role="status">{use_texts().frame.loading}</p> }
}

/// A page that could not be shown.
#[component]
pub(crate) fn TroublePage(error: AppError) -> impl IntoView {
    let texts = use_texts();
    let title = (texts.trouble.title)(&error);
    let (door, way) = match error {
        AppError::NotSignedIn | AppError::SignInAgain => ("/sign-in", texts.trouble.sign_in),
        _ => ("/", texts.not_found.home),
    };
    view! {
        <PageTitle text=title.to_owned()/>
        <div class="narrow">
            <h1>{title}</h1>
            <Notice tone=Tone::Problem>
                <p>{(texts.trouble.error)(&error)}</p>
            </Notice>
            <p><a class="button" href=door rel="external">{way}</a></p>
        </div>
    }
}
