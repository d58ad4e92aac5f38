//! Several machines, on the environment's page.

use leptos::either::Either;
use leptos::prelude::*;

use crate::components::copy::CopyRow;
use crate::components::machines::MachineTable;
use crate::domain::ids::EnvironmentId;
use crate::domain::scaling::{BalancerCard, Scaling};
use crate::visit::use_texts;

/// The machines and the balancer.
#[component]
pub(crate) fn Machines(id: EnvironmentId, scaling: Scaling) -> impl IntoView {
    let texts = &use_texts().scaling;
    let Scaling { machines, balancer: BalancerCard { web, name, is_active, no_https, .. }, mode, may_change } = scaling;
    view! {
        <section class="machines" aria-labelledby="machines">
            <h2 id="machines">{texts.members}</h2>
            {if is_active {
                Either::Left(view! {
                    <dl>
                        {web.map(|web| view! { <CopyRow label=texts.balancer value=web is_link=true/> })}
                        {name.map(|name| view! { <CopyRow label=texts.balancer_name value=name/> })}
                    </dl>
                    {no_https.map(|why| view! { <p class="quiet">{(texts.no_https)(&why)}</p> })}
                    {may_change.then(|| view! {
                        <p><a class="button" href=format!("/environments/{id}/prover") rel="external">{texts.prover_link}</a></p>
                    })}
                })
            } else {
                Either::Right(view! { <p class="quiet">{texts.balancer_is_coming}</p> })
            }}
            <p class="quiet">{(texts.mode_of)(mode)}</p>
            <MachineTable machines/>
        </section>
    }
}
