//! What something would cost: the price before the click.

use leptos::either::Either;
use leptos::prelude::*;

use super::moment::Moment;
use super::notice::{Notice, Tone};
use crate::domain::money::Money;
use crate::domain::price::{Estimate, PriceLine};
use crate::error::AppError;
use crate::visit::use_texts;

/// By the hour, until the lease ends, and what the budget has to say; line by line for who opens that. Or why nobody knows.
#[component]
pub(crate) fn Price(price: Result<Estimate, AppError>) -> impl IntoView {
    let texts = use_texts();
    match price {
        Err(error) => Either::Left(view! {
            <Notice tone=Tone::Problem>
                <p class="notice-title">{(texts.trouble.title)(&error)}</p>
                <p>{(texts.trouble.error)(&error)}</p>
            </Notice>
        }),
        Ok(estimate) => {
            let texts = &texts.costs;
            let (hold, left, fits) = (estimate.hold(), estimate.left(), estimate.fits());
            Either::Right(view! {
                <dl class="price">
                    <div>
                        <dt>{texts.running}</dt>
                        <dd class="price-main">{(texts.money)(estimate.running())}</dd>
                    </div>
                    <div>
                        <dt>{texts.stopped}</dt>
                        <dd>{(texts.money)(estimate.stopped())}</dd>
                    </div>
                    {estimate.lease_until.map(|until| view! {
                        <div>
                            <dt>{texts.until_lease}" "<Moment at=until/></dt>
                            <dd>{(texts.money)(estimate.lease())}</dd>
                        </div>
                    })}
                </dl>
                {match left.filter(|_| !fits) {
                    Some(left) => Either::Left(view! { <Notice tone=Tone::Problem><p>{(texts.does_not_fit)(hold, left)}</p></Notice> }),
                    None => Either::Right(view! { <p class="hint">{(texts.set_aside)(hold, left)}</p> }),
                }}
                <details class="price-lines">
                    <summary>{texts.line_by_line}</summary>
                    <PriceLines lines=estimate.lines currency=estimate.currency/>
                </details>
            })
        }
    }
}

/// The lines of a price.
#[component]
pub(crate) fn PriceLines(lines: Vec<PriceLine>, currency: crate::domain::money::Currency) -> impl IntoView {
    let texts = &use_texts().costs;
    let money = move |micros| (texts.money)(Money::new(currency, micros));
    let sum = |of: fn(&PriceLine) -> i64| lines.iter().map(of).sum::<i64>();
    let (running, stopped) = (sum(|line| line.running), sum(|line| line.stopped));
    let row = move |line: PriceLine| {
        view! {
            <tr>
                <th scope="row">{(texts.cost)(line.cost)}</th>
                <td>{(texts.count)(line.cost, line.count)}</td>
                <td class="figure">{money(line.running)}</td>
                <td class="figure">{money(line.stopped)}</td>
            </tr>
        }
    };
    let rows = lines.into_iter().map(row).collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=texts.line_by_line>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{texts.what}</th>
                        <th scope="col">{texts.amount}</th>
                        <th scope="col" class="figure">{texts.running_head}</th>
                        <th scope="col" class="figure">{texts.stopped_head}</th>
                    </tr>
                </thead>
                <tbody>
                    {rows}
                    <tr class="sum">
                        <th scope="row">{texts.sum}</th>
                        <td></td>
                        <td class="figure">{money(running)}</td>
                        <td class="figure">{money(stopped)}</td>
                    </tr>
                </tbody>
            </table>
        </div>
    }
}
