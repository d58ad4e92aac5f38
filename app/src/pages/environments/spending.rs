//! What an environment has cost, on its page: it counts while one looks.

use leptos::either::EitherOf3;
use leptos::prelude::*;

use crate::components::moment::Moment;
use crate::components::notice::{Notice, Tone};
#[cfg(feature = "hydrate")]
use crate::domain::environment::EnvironmentView;
use crate::domain::ids::EnvironmentId;
use crate::domain::money::Money;
use crate::domain::price::{BudgetState, SoFar};
use crate::visit::use_texts;

/// How much so far, how much an hour, and where it stands with its budget.
#[component]
pub(crate) fn Spending(
    id: EnvironmentId,
    so_far: SoFar,
    /// Milliseconds since it was read.
    since: Signal<u32>,
) -> impl IntoView {
    let texts = &use_texts().costs;
    let (budget, per_hour) = (so_far.budget, Money::new(so_far.currency, so_far.per_hour));
    view! {
        <BudgetNotice budget/>
        <p class="spending">
            <span>{texts.so_far}</span>
            <strong>{move || (texts.money)(so_far.after(since.get()))}</strong>
            <span>{(texts.an_hour_now)(per_hour)}</span>
            <a href=format!("/environments/{id}/costs") rel="external">{texts.details}</a>
        </p>
    }
}

/// What is to be said of the budget, if anything is.
#[component]
pub(crate) fn BudgetNotice(budget: BudgetState) -> impl IntoView {
    let texts = &use_texts().costs;
    match budget {
        BudgetState::Fine => EitherOf3::A(()),
        BudgetState::Short(until) => EitherOf3::B(view! {
            <Notice tone=Tone::Problem><p>{texts.short}" "<Moment at=until/></p></Notice>
        }),
        BudgetState::UsedUp => EitherOf3::C(view! { <Notice tone=Tone::Problem><p>{texts.used_up}</p></Notice> }),
    }
}

/// Whether it is to be counted on: something costs.
#[cfg(feature = "hydrate")]
pub(crate) fn counts(view: &EnvironmentView) -> bool {
    view.so_far.as_ref().is_some_and(|so_far| so_far.per_hour > 0)
}
