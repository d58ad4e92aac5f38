//! The desk: a course's environments in one table, and what is done to many of them at once.

mod bulk;

use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use leptos_router::params::ParamsMap;

pub(crate) use self::bulk::{ActPage, ActsPage};
use crate::api::desk::{course_desk, my_desks};
use crate::components::badge::PhaseBadge;
use crate::components::cards::Empty;
use crate::components::choice::{Choice, Item};
use crate::components::field::Field;
use crate::components::icon::{Glyph, Icon};
use crate::components::loaded::Loaded;
use crate::components::moment::Moment;
use crate::components::table::Table;
use crate::components::title::PageTitle;
use crate::domain::desk::{BulkAct, Desk, DeskCard, DeskRow, Filter, Order};
use crate::domain::money::{Currency, Money};
use crate::domain::phase::Phase;
use crate::visit::use_texts;

/// Courses whose desk is open to who asks.
#[component]
pub(crate) fn DesksPage() -> impl IntoView {
    let texts = &use_texts().desk;
    let mine = OnceResource::new(my_desks());
    view! {
        <Loaded of=mine let:mine>
            <PageTitle text=texts.heading.to_owned()/>
            <h1>{texts.heading}</h1>
            {if mine.is_empty() {
                Either::Left(view! { <Empty title=texts.no_courses/> })
            } else {
                let cards = mine.into_iter().map(|card| view! { <Card card/> }).collect_view();
                Either::Right(view! { <ul class="cards">{cards}</ul> })
            }}
        </Loaded>
    }
}

#[component]
fn Card(card: DeskCard) -> impl IntoView {
    let texts = &use_texts().desk;
    let DeskCard { code, title, environments, need_attention } = card;
    view! {
        <li class="card" class:card-flagged=need_attention != 0>
            <div class="card-head">
                <a class="card-link" href=format!("/desk/{code}") rel="external">{title}</a>
                <Icon of=Glyph::Next/>
            </div>
            <p class="card-note"><code>{code}</code> <span>{(texts.there_are)(environments, need_attention)}</span></p>
        </li>
    }
}

/// What an address says of which are shown.
fn filter(query: &ParamsMap) -> Filter {
    let said = |name: &str| query.get(name).unwrap_or_default();
    Filter::read(&said("state"), &said("search"), &said("order"), &said("page"))
}

/// One course's.
#[component]
pub(crate) fn DeskPage() -> impl IntoView {
    let code = use_params_map().with_untracked(|params| params.get("code")).unwrap_or_default();
    let filter = use_query_map().with_untracked(filter);
    let of = OnceResource::new(course_desk(code, filter));
    view! {
        <Loaded of=of let:of>
            <Environments of/>
        </Loaded>
    }
}

#[component]
fn Environments(of: Desk) -> impl IntoView {
    let all = use_texts();
    let texts = &all.desk;
    let Desk { code, title, currency, filter, rows, matching, pages, counts, need_attention, may_act } = of;
    let heading = (texts.title)(&code);
    let here = format!("/desk/{code}");
    view! {
        <PageTitle text=heading.clone()/>
        <p class="kicker"><a href="/desk" rel="external">{texts.heading}</a> <span>{title}</span></p>
        <h1>{heading}</h1>
        <p class="acts"><a href=format!("/courses/{code}/costs") rel="external">{all.costs.heading}</a></p>
        <Counts here=here.clone() counts need_attention/>
        <form method="get" action=here.clone() class="filter">
            <Choice name="state" label=texts.state items=states() chosen=filter.state().to_owned() problem=None/>
            <Choice name="order" label=texts.order items=orders() chosen=filter.order.code().to_owned() problem=None/>
            <Field id="search" name="search" label=texts.search value=filter.search.clone()/>
            <button type="submit" class="button">{texts.show}</button>
        </form>
        {if rows.is_empty() {
            Either::Left(view! { <Empty title=texts.none/> })
        } else {
            let may_act = may_act && filter.phase != Some(Phase::Removed);
            let table = view! { <Rows rows currency with_ticks=may_act/> };
            Either::Right(match may_act {
                true => view! { <ActForm code=code.clone() filter=filter.clone() matching>{table}</ActForm> }.into_any(),
                false => table.into_any(),
            })
        }}
        <Pages here filter pages/>
    }
}

fn states() -> Vec<Item> {
    let texts = use_texts();
    let item = |value: &str, text: &str| Item { value: value.to_owned(), text: text.to_owned(), is_disabled: false };
    let first = [item("", texts.desk.all_states), item(Filter::ATTENTION, texts.home.needs_attention)];
    first.into_iter().chain(Phase::ALL.map(|phase| item(phase.code(), (texts.environment.phase)(phase)))).collect()
}

fn orders() -> Vec<Item> {
    let texts = &use_texts().desk;
    Order::ALL.map(|order| Item { value: order.code().to_owned(), text: (texts.order_by)(order).to_owned(), is_disabled: false }).into()
}

/// How many there are in each state, each a link to them.
#[component]
fn Counts(here: String, counts: Vec<(Phase, u32)>, need_attention: u32) -> impl IntoView {
    let texts = use_texts();
    let link = move |state: &'static str, text: &'static str, count: u32| {
        view! { <li><a href=format!("{here}?state={state}") rel="external">{text}" "<strong>{count}</strong></a></li> }
    };
    let attention = (need_attention > 0).then(|| link(Filter::ATTENTION, texts.home.needs_attention, need_attention));
    let counts = counts.into_iter().map(|(phase, count)| link(phase.code(), (texts.environment.phase)(phase), count)).collect_view();
    view! { <ul class="chips" aria-label=texts.desk.state>{attention}{counts}</ul> }
}

/// The form around the table: those that are ticked, or all that are shown, and what is to be done.
#[component]
fn ActForm(code: String, filter: Filter, matching: u32, children: Children) -> impl IntoView {
    let texts = &use_texts().desk;
    let whom = [("ticked", texts.ticked.to_owned()), ("all", (texts.all_shown)(matching))];
    let whom = whom.map(|(value, text)| Item { value: value.to_owned(), text, is_disabled: false }).into();
    let buttons = BulkAct::ALL
        .map(|act| view! { <button type="submit" class="button" name="act" value=act.code()>{(texts.act)(act)}</button> })
        .collect_view();
    view! {
        <form method="get" action=format!("/desk/{code}/act") class="stack">
            <input type="hidden" name="state" value=filter.state()/>
            <input type="hidden" name="search" value=filter.search.clone()/>
            {children()}
            <div class="filter">
                <Choice name="whom" label=texts.whom items=whom chosen="ticked".to_owned() problem=None/>
                <div class="acts">{buttons}</div>
            </div>
            <p class="hint">{texts.nothing_yet}</p>
        </form>
    }
}

/// The table.
#[component]
pub(super) fn Rows(rows: Vec<DeskRow>, currency: Currency, #[prop(optional)] with_ticks: bool) -> impl IntoView {
    let all = use_texts();
    let texts = &all.desk;
    let row = move |row: DeskRow| {
        let id = row.id.to_string();
        let tick = with_ticks.then(|| {
            view! {
                <td><input type="checkbox" name="id" value=id.clone() aria-label=(texts.tick)(&row.name)/></td>
            }
        });
        let attention = row.attention.as_ref().map(|reason| (all.environment.attention)(reason).title);
        view! {
            <tr>
                {tick}
                <th scope="row"><a href=format!("/environments/{id}") rel="external">{row.name}</a></th>
                <td>{row.holders}</td>
                <td>
                    <PhaseBadge phase=row.phase needs_attention=attention.is_some()/>
                    {attention.map(|why| view! { <span class="quiet">{why}</span> })}
                </td>
                <td class="figure">{(all.costs.money)(Money::new(currency, row.spent))}</td>
                <td>{match row.last_use {
                    Some((what, at)) => Either::Left(view! { <Moment at/>" "<span class="quiet">{(texts.used)(what)}</span> }),
                    None => Either::Right(view! { <span class="quiet">{texts.never_used}</span> }),
                }}</td>
                <td>{row.lease_until.map(|at| view! { <Moment at/> })}</td>
            </tr>
        }
    };
    let heads = [all.costs.environment, all.costs.student, texts.state, all.costs.spent, texts.last_use, all.costs.lease];
    let heads = with_ticks.then_some(texts.tick_head).into_iter().chain(heads).collect();
    let rows = rows.into_iter().map(row).collect_view();
    view! { <Table label=all.course.desk heads>{rows}</Table> }
}

#[component]
fn Pages(here: String, filter: Filter, pages: u32) -> impl IntoView {
    let texts = &use_texts().costs;
    let Filter { ref search, order, page, .. } = filter;
    let state = filter.state();
    let search = leptos_router::location::Url::escape(search);
    (pages > 1).then(|| {
        let link = |to: u32| format!("{here}?state={state}&search={search}&order={}&page={to}", order.code());
        view! {
            <nav class="acts" aria-label=texts.by_environment>
                {(page > 1).then(|| view! { <a class="button button-small" href=link(page - 1) rel="external">{texts.page_before}</a> })}
                <span>{(texts.page_of)(page, pages)}</span>
                {(page < pages).then(|| view! { <a class="button button-small" href=link(page + 1) rel="external">{texts.page_after}</a> })}
            </nav>
        }
    })
}
