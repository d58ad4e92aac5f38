//! Several machines: what scaling out builds and asks, and how they are once it is done.

use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::asked_for;
use crate::api::scaling::{ScaleOut, scale_offer};
use crate::components::choice::{Choice, Item};
use crate::components::copy::CopyRow;
use crate::components::field::{problem_at, problem_elsewhere};
use crate::components::loaded::Loaded;
use crate::components::machines::MachineTable;
use crate::components::notice::{Lesson, Notice, Problem, Tone};
use crate::components::title::PageTitle;
use crate::domain::ids::EnvironmentId;
use crate::domain::scaling::{BalancerCard, ScaleOffer, Scaling};
use crate::error::Field as Place;
use crate::visit::{refused, use_texts, use_typed};

/// The page that explains what scaling out builds, and asks for it.
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
            {(offer.machines > 1).then(|| view! { <p>{scaling.again}</p> })}
            <Lesson text=scaling.independent/>
            {match offer.refused {
                Some(why) => Either::Left(view! { <Notice tone=Tone::Info><p>{(scaling.refused)(why)}</p></Notice> }),
                None => Either::Right(view! { <ScaleForm id offer/> }),
            }}
        </div>
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

/// The machines and the balancer, on the environment's page.
#[component]
pub(crate) fn Machines(id: EnvironmentId, scaling: Scaling) -> impl IntoView {
    let texts = &use_texts().scaling;
    let Scaling { machines, balancer: BalancerCard { web, name, is_active, .. }, may_change } = scaling;
    view! {
        <section class="machines" aria-labelledby="machines">
            <h2 id="machines">{texts.members}</h2>
            {if is_active {
                Either::Left(view! {
                    <dl>
                        {web.map(|web| view! { <CopyRow label=texts.balancer value=web is_link=true/> })}
                        {name.map(|name| view! { <CopyRow label=texts.balancer_name value=name/> })}
                    </dl>
                    {may_change.then(|| view! {
                        <p><a class="button" href=format!("/environments/{id}/prover") rel="external">{texts.prover_link}</a></p>
                    })}
                })
            } else {
                Either::Right(view! { <p class="quiet">{texts.balancer_is_coming}</p> })
            }}
            <MachineTable machines/>
        </section>
    }
}
