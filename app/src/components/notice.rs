//! Notices and banners.

use leptos::either::Either;
use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::error::AppError;
use crate::visit::use_texts;

/// How loud a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Info,
    Problem,
}

/// A notice in the flow of the page.
#[component]
pub(crate) fn Notice(tone: Tone, children: Children) -> impl IntoView {
    let (class, glyph) = match tone {
        Tone::Info => ("notice", Glyph::Info),
        Tone::Problem => ("notice notice-problem", Glyph::Attention),
    };
    view! {
        <div class=class>
            <Icon of=glyph/>
            <div class="notice-text">{children()}</div>
        </div>
    }
}

/// A short lesson next to what it explains.
#[component]
pub(crate) fn Lesson(#[prop(into)] text: String) -> impl IntoView {
    view! {
        <p class="lesson">
            <Icon of=Glyph::Info/>
            <span>{text}</span>
        </p>
    }
}

/// Why something that was asked for did not happen. Screen readers hear it at once.
#[component]
pub(crate) fn Problem(#[prop(into)] error: Signal<Option<AppError>>) -> impl IntoView {
    let trouble = &use_texts().trouble;
    view! {
        <div role="alert">
            {move || match error.get() {
                None => Either::Left(()),
                Some(error) => Either::Right(view! {
                    <Notice tone=Tone::Problem>
                        <p class="notice-title">{(trouble.title)(&error)}</p>
                        <p>{(trouble.error)(&error)}</p>
                    </Notice>
                }),
            }}
        </div>
    }
}

/// A line over the whole page: trial mode, a simulated cloud.
#[component]
pub(crate) fn Banner(class: &'static str, text: &'static str) -> impl IntoView {
    view! { <p class=class>{text}</p> }
}
