//! Spending: what it went to, day by day, as bars for eyes and as a table for everybody.

use leptos::either::Either;
use leptos::prelude::*;
use time::Duration;

use super::cards::Empty;
use super::table::Table;
use crate::domain::money::{Currency, Money};
use crate::domain::price::{Cost, DaySpent, Spent};
use crate::visit::use_texts;

/// So wide is a day, so high the dearest.
const WIDTH: i64 = 12;
const HEIGHT: i64 = 120;
/// Fewer days than these are drawn at the right end, so that one alone is a bar and not a wall.
const AT_LEAST: i64 = 14;

/// Day by day: drawn on the server, with the same in words under it.
#[component]
pub(crate) fn ByDay(days: Vec<DaySpent>, currency: Currency) -> impl IntoView {
    let texts = &use_texts().costs;
    let (Some(first), Some(last)) = (days.first().map(|day| day.of), days.last().map(|day| day.of)) else {
        return Either::Left(view! { <Empty title=texts.nothing_yet/> });
    };
    let drawn = ((last - first).whole_days() + 1).max(AT_LEAST);
    let first = last.saturating_sub(Duration::days(drawn - 1));
    let most = days.iter().map(|day| day.amount).max().unwrap_or(1).max(1);
    let bar = |day: &DaySpent| {
        // A day on which something was given back is no bar.
        let height = i64::try_from(i128::from(day.amount.max(0)) * i128::from(HEIGHT) / i128::from(most)).unwrap_or(HEIGHT).max(1);
        let x = (day.of - first).whole_days() * WIDTH;
        view! { <rect x=x y=HEIGHT - height width=WIDTH - 2 height=height></rect> }
    };
    let bars = days.iter().map(bar).collect_view();
    let row = |day: &DaySpent| {
        let (date, money) = (day.of.to_string(), (texts.money)(Money::new(currency, day.amount)));
        view! { <tr><th scope="row"><time datetime=date.clone()>{date.clone()}</time></th><td class="figure">{money}</td></tr> }
    };
    let rows = days.iter().rev().map(row).collect_view();
    Either::Right(view! {
        <svg class="chart" viewBox=format!("0 0 {} {HEIGHT}", drawn * WIDTH) preserveAspectRatio="none" aria-hidden="true">{bars}</svg>
        <p class="chart-ends" aria-hidden="true">
            <span>{first.to_string()}</span>
            <span>{last.to_string()}</span>
        </p>
        <details>
            <summary>{texts.in_figures}</summary>
            <Table label=texts.by_day heads=vec![texts.day, texts.spent] figures_from=1>{rows}</Table>
        </details>
    })
}

/// What it went to.
#[component]
pub(crate) fn ByCost(costs: Vec<Spent<Cost>>, currency: Currency) -> impl IntoView {
    let texts = &use_texts().costs;
    let row = |cost: Spent<Cost>| {
        view! {
            <tr>
                <th scope="row">{(texts.cost)(cost.of)}</th>
                <td class="figure">{(texts.money)(Money::new(currency, cost.amount))}</td>
            </tr>
        }
    };
    let rows = costs.into_iter().map(row).collect_view();
    view! { <Table label=texts.by_kind heads=vec![texts.what, texts.spent] figures_from=1>{rows}</Table> }
}
