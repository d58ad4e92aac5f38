//! The page that explains what scaling out builds, and asks for it.

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::asked_for;
use crate::api::scaling::{ScaleIn as AskScaleIn, ScaleOut, SetMode, SetPolicy, scale_offer};
use crate::components::choice::{Choice, Item};
use crate::components::field::{problem_at, problem_elsewhere};
use crate::components::loaded::Loaded;
use crate::components::notice::{Notice, Problem, Tone};
use crate::components::price::PriceLines;
use crate::components::table::Table;
use crate::components::title::PageTitle;
use crate::domain::ids::EnvironmentId;
use crate::domain::price::Estimate;
use crate::domain::scaling::{COOLDOWNS, Limit, Mode, Policy, ScaleOffer};
use crate::error::{AppError, Field as Place};
use crate::visit::{refused, use_texts, use_typed};

/// The page.
#[component]
pub(crate) fn ScalePage() -> impl IntoView {
    let id = asked_for();
    let offer = OnceResource::new(async move {
        let id = id?;
        Ok((id, scale_offer(id).await?))
    });
    view! {
        <Loaded of=offer let:offer>
            <Scale id=offer.0 offer=offer.1/>
        </Loaded>
    }
}

#[component]
fn Scale(id: EnvironmentId, offer: ScaleOffer) -> impl IntoView {
    let texts = use_texts();
    let scaling = &texts.scaling;
    let title = (scaling.title)(&offer.name);
    view! {
        <PageTitle text=title.clone()/>
        <div class="narrow">
            <p class="kicker"><a href=format!("/environments/{id}") rel="external">{(texts.passwords.back)(&offer.name)}</a></p>
            <h1>{title}</h1>
            <p class="lead">{scaling.lead}</p>
            <h2>{scaling.steps_title}</h2>
            <ol class="prose">{scaling.steps.map(|step| view! { <li>{step}</li> }).collect_view()}</ol>
            <p>{(scaling.meanwhile)(offer.rests)}</p>
            <p>{(scaling.names)(&offer.name, offer.balancer_name.as_deref())}</p>
            {offer.balancer_is_machine.then(|| view! { <p>{scaling.balancer_is_machine}</p> })}
            {(offer.machines > 1 && offer.mode == Mode::Teaching).then(|| view! { <p>{scaling.again}</p> })}
            {(offer.most > 1).then(|| view! { <ChooseMode id offer=offer.clone()/> })}
            <Prices prices=offer.prices.clone() machines=offer.machines/>
            {match offer.refused {
                Some(why) => EitherOf3::A(view! { <Notice tone=Tone::Info><p>{(scaling.refused)(why)}</p></Notice> }),
                None if !offer.leaving.is_empty() => EitherOf3::B(()),
                None => EitherOf3::C(view! {
                    <h2>{scaling.button}</h2>
                    <ScaleForm id offer=offer.clone()/>
                }),
            }}
            {(offer.machines > 1).then(|| view! { <ScaleIn id offer=offer.clone()/> })}
            {(offer.most > 1).then(|| view! { <Rule id offer/> })}
        </div>
    }
}

/// What copies are for: chosen while there are none.
#[component]
fn ChooseMode(id: EnvironmentId, offer: ScaleOffer) -> impl IntoView {
    let texts = &use_texts().scaling;
    let ScaleOffer { mode: now, machines, may_serve, .. } = offer;
    let is_open = machines == 1 && may_serve;
    let shown = Mode::ALL.into_iter().filter(|mode| is_open || *mode == now);
    let about = shown.map(|mode| view! { <dt>{(texts.mode_of)(mode)}</dt> <dd>{(texts.mode_about)(mode)}</dd> }).collect_view();
    let items = Mode::ALL.map(|mode| Item { value: mode.code().to_owned(), text: (texts.mode_of)(mode).to_owned(), is_disabled: false });
    view! {
        <h2>{texts.mode_title}</h2>
        <dl class="modes">{about}</dl>
        {if is_open {
            Either::Left(view! {
                <Problem error=Signal::stored(refused::<SetMode>())/>
                <form method="post" action=SetMode::url() class="form sheet">
                    <input type="hidden" name="id" value=id.to_string()/>
                    <Choice name="mode" label=texts.mode hint=texts.mode_stays items=items.into() chosen=now.code().to_owned() problem=None/>
                    <button type="submit" class="button">{texts.mode_button}</button>
                </form>
            })
        } else {
            Either::Right(may_serve.then(|| view! { <p class="hint">{texts.mode_stays}</p> }))
        }}
    }
}

/// What it costs with so many machines, beside what it costs now.
#[component]
fn Prices(prices: Vec<(u16, Result<Estimate, AppError>)>, machines: u16) -> impl IntoView {
    let all = use_texts();
    let texts = &all.costs;
    let unknown = prices.iter().find_map(|(_, price)| price.clone().err());
    let row = |(number, price): (u16, Result<Estimate, AppError>)| {
        let price = price.ok()?;
        let is_now = number == machines;
        Some(view! {
            <tr>
                <th scope="row">{(all.scaling.so_many)(number)}</th>
                <td class="figure">{(texts.money)(price.running())}</td>
                <td class="figure">{(texts.money)(price.stopped())}</td>
                <td class="figure">{(!is_now).then(|| (texts.money)(price.hold()))}</td>
                <td class="figure">{(!is_now && price.left.is_some()).then(|| (texts.fits)(price.fits()))}</td>
            </tr>
        })
    };
    let last = prices.iter().rev().find_map(|(_, price)| price.clone().ok());
    let rows = prices.into_iter().filter_map(row).collect_view();
    view! {
        <h2>{texts.by_machines}</h2>
        {unknown.map(|error| view! { <Notice tone=Tone::Problem><p>{(all.trouble.error)(&error)}</p></Notice> })}
        <Table
            label=texts.by_machines
            heads=vec![texts.machines_head, texts.running_head, texts.stopped_head, texts.held_head, texts.fits_head]
            figures_from=1
        >
            {rows}
        </Table>
        {last.map(|price| view! {
            <details class="price-lines">
                <summary>{texts.line_by_line}</summary>
                <PriceLines lines=price.lines currency=price.currency/>
            </details>
        })}
    }
}

#[component]
fn ScaleForm(id: EnvironmentId, offer: ScaleOffer) -> impl IntoView {
    let texts = &use_texts().scaling;
    let error = refused::<ScaleOut>();
    let at = |place| problem_at(place, error.clone());
    let (machines_problem, zone_problem) = (at(Place::Machines), at(Place::Zone));
    let ScaleOffer { machines, most, zones, zone: first, .. } = offer;
    let numbers = (machines + 1..=most).map(|number| Item { value: number.to_string(), text: (texts.so_many)(number), is_disabled: false });
    let any = Item { value: String::new(), text: texts.any_zone.to_owned(), is_disabled: false };
    let named = zones.iter().map(|zone| {
        let is_first = first.as_ref() == Some(zone);
        let text = if is_first { (texts.same_zone)(zone) } else { zone.clone() };
        Item { value: zone.clone(), text, is_disabled: is_first }
    });
    let places: Vec<Item> = std::iter::once(any).chain(named).collect();
    view! {
        <form method="post" action=ScaleOut::url() class="form sheet">
            <input type="hidden" name="id" value=id.to_string()/>
            <Problem error=Signal::stored(problem_elsewhere(&[Place::Machines, Place::Zone], error))/>
            <Choice
                name="machines"
                label=texts.machines
                hint=texts.machines_hint
                items=numbers.collect()
                chosen=use_typed("machines")
                problem=machines_problem
            />
            {if zones.is_empty() {
                Either::Left(view! { <p class="hint">{texts.one_place}</p> })
            } else {
                let chosen = use_typed("zone");
                Either::Right(view! {
                    <Choice name="zone" label=texts.zone hint=texts.zone_hint items=places chosen problem=zone_problem/>
                })
            }}
            <button type="submit" class="button button-main">{texts.button}</button>
        </form>
    }
}

/// Fewer machines; or, while some are to leave, all of them after all.
#[component]
fn ScaleIn(id: EnvironmentId, offer: ScaleOffer) -> impl IntoView {
    let texts = &use_texts().scaling;
    let ScaleOffer { machines, leaving, is_stuck, .. } = offer;
    let fewer = (1..machines).rev().map(|number| Item { value: number.to_string(), text: (texts.so_many)(number), is_disabled: false });
    let is_leaving = !leaving.is_empty();
    let asks = move |machines: u16, word: String, class: &'static str, is_backed_up: bool| {
        view! {
            <form method="post" action=AskScaleIn::url()>
                <input type="hidden" name="id" value=id.to_string()/>
                <input type="hidden" name="machines" value=machines.to_string()/>
                {is_backed_up.then(|| view! { <input type="hidden" name="is_backed_up" value="true"/> })}
                <button type="submit" class=class>{word}</button>
            </form>
        }
    };
    view! {
        <h2>{texts.in_title}</h2>
        <p>{texts.in_lead}</p>
        <Problem error=Signal::stored(refused::<AskScaleIn>())/>
        {if is_leaving {
            Either::Left(view! {
                <Notice tone=Tone::Info><p>{(texts.is_leaving)(&leaving)}</p></Notice>
                {asks(machines, texts.keep_all.to_owned(), "button", true)}
                {is_stuck.then(|| view! {
                    <p>{texts.lose_lead}</p>
                    {asks(machines - 1, (texts.lose_button)(machines), "button button-danger", false)}
                })}
            })
        } else {
            Either::Right(view! {
                <form method="post" action=AskScaleIn::url() class="form sheet">
                    <input type="hidden" name="id" value=id.to_string()/>
                    <input type="hidden" name="is_backed_up" value="true"/>
                    <Choice
                        name="machines"
                        id="fewer"
                        label=texts.in_machines
                        hint=texts.in_machines_hint
                        items=fewer.collect()
                        chosen=String::new()
                        problem=None
                    />
                    <button type="submit" class="button">{texts.in_button}</button>
                </form>
            })
        }}
    }
}

/// When machines come and go by themselves.
#[component]
fn Rule(id: EnvironmentId, offer: ScaleOffer) -> impl IntoView {
    let texts = &use_texts().scaling;
    let ScaleOffer { most, policy, .. } = offer;
    let error = refused::<SetPolicy>();
    let problem = problem_at(Place::Machines, error.clone());
    let item = |value: String, text: String| Item { value, text, is_disabled: false };
    let numbers = || (1..=most).map(|number| item(number.to_string(), (texts.so_many)(number))).collect::<Vec<_>>();
    let limits = Limit::ALL.map(|limit| item(limit.code(), (texts.rule_of)(limit))).into();
    let cooldowns = COOLDOWNS.map(|minutes| item(minutes.to_string(), (texts.rule_minutes)(minutes))).into();
    let chosen = policy.unwrap_or(Policy { least: 1, most, limit: Limit::Cpu(80), cooldown_minutes: COOLDOWNS[1] });
    view! {
        <h2>{texts.rule_title}</h2>
        <p>{texts.rule_lead}</p>
        <p>{(texts.rule_now)(policy)}</p>
        <Problem error=Signal::stored(problem_elsewhere(&[Place::Machines], error))/>
        <form method="post" action=SetPolicy::url() class="form sheet">
            <input type="hidden" name="id" value=id.to_string()/>
            <Choice name="least" label=texts.rule_least items=numbers() chosen=chosen.least.to_string() problem/>
            <Choice name="most" label=texts.rule_most items=numbers() chosen=chosen.most.to_string() problem=None/>
            <Choice name="limit" label=texts.rule_limit hint=texts.rule_limit_hint items=limits chosen=chosen.limit.code() problem=None/>
            <Choice
                name="cooldown_minutes"
                label=texts.rule_cooldown
                hint=texts.rule_cooldown_hint
                items=cooldowns
                chosen=chosen.cooldown_minutes.to_string()
                problem=None
            />
            <button type="submit" class="button">{texts.rule_button}</button>
        </form>
        {policy.is_some().then(|| view! {
            <form method="post" action=SetPolicy::url()>
                <input type="hidden" name="id" value=id.to_string()/>
                <button type="submit" class="button">{texts.rule_off}</button>
            </form>
        })}
    }
}
