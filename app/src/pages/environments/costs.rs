//! The page of an environment's costs.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::asked_for;
use super::spending::BudgetNotice;
use crate::api::costs::{ExtendLease, costs};
use crate::components::loaded::Loaded;
use crate::components::moment::Moment;
use crate::components::notice::{Lesson, Notice, Problem, Tone};
use crate::components::price::PriceLines;
use crate::components::spending::{ByCost, ByDay};
use crate::components::title::PageTitle;
use crate::domain::ids::EnvironmentId;
use crate::domain::money::Money;
use crate::domain::price::{CostsView, PriceLine, SoFar};
use crate::visit::{refused, use_texts};

/// The page.
#[component]
pub(crate) fn CostsPage() -> impl IntoView {
    let id = asked_for();
    let of = OnceResource::new(async move {
        let id = id?;
        Ok((id, costs(id).await?))
    });
    view! {
        <Loaded of=of let:of>
            <Costs id=of.0 of=of.1/>
        </Loaded>
    }
}

#[component]
fn Costs(id: EnvironmentId, of: CostsView) -> impl IntoView {
    let all = use_texts();
    let texts = &all.costs;
    let CostsView { name, so_far, lines, days, by_cost, held, lease_until, projection, may_extend, unpriced } = of;
    let SoFar { currency, spent, per_hour, budget } = so_far;
    let money = move |micros| (texts.money)(Money::new(currency, micros));
    let title = (texts.title)(&name);
    let sum = |of: fn(&PriceLine) -> i64| lines.iter().map(of).sum::<i64>();
    let (running, stopped) = (sum(|line| line.running), sum(|line| line.stopped));
    let has_lines = !lines.is_empty();
    view! {
        <PageTitle text=title.clone()/>
        <p class="kicker"><a href=format!("/environments/{id}") rel="external">{(all.passwords.back)(&name)}</a></p>
        <h1>{title}</h1>
        <BudgetNotice budget/>
        {unpriced.map(|why| view! { <Notice tone=Tone::Problem><p>{(texts.not_all)(&why)}</p></Notice> })}
        <Problem error=Signal::stored(refused::<ExtendLease>())/>
        <dl class="price">
            <div><dt>{texts.so_far}</dt><dd class="price-main">{money(spent)}</dd></div>
            <div><dt>{texts.held}</dt><dd>{money(held)}</dd></div>
        </dl>
        <p>{(texts.an_hour_now)(Money::new(currency, per_hour))}</p>
        <h2>{texts.by_day}</h2>
        <ByDay days currency/>
        {(!by_cost.is_empty()).then(|| view! { <h2>{texts.by_kind}</h2> <ByCost costs=by_cost currency/> })}
        {has_lines.then(|| view! {
            <h2>{texts.line_by_line}</h2>
            <PriceLines lines currency/>
            <h2>{texts.while_stopped_title}</h2>
            <p>{(texts.while_stopped)(Money::new(currency, stopped), Money::new(currency, running))}</p>
        })}
        {lease_until.map(|until| view! {
            <h2>{texts.lease}</h2>
            <p>{texts.lease_until}" "<Moment at=until/></p>
            {projection.map(|then| view! { <p>{(texts.projection)(Money::new(currency, then))}</p> })}
        })}
        {may_extend.map(|days| view! {
            <form method="post" action=ExtendLease::url()>
                <input type="hidden" name="id" value=id.to_string()/>
                <button type="submit" class="button">{(texts.extend)(days)}</button>
            </form>
        })}
        <Lesson text=texts.lesson/>
    }
}
