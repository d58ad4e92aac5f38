//! The machines of an environment that is scaled out.

use leptos::either::Either;
use leptos::prelude::*;

use crate::domain::scaling::{MachineCard, Share};
use crate::visit::use_texts;

/// How a machine is behind the balancer, in a word and a dot.
#[component]
pub(crate) fn ShareBadge(share: Share) -> impl IntoView {
    let phase = match share {
        Share::Healthy => "ready",
        Share::Coming | Share::Checking | Share::Draining => "building",
        Share::Off | Share::SetApart => "stopped",
        Share::Unhealthy => "failing",
    };
    view! {
        <span class="phase" data-phase=phase>
            <span class="dot" aria-hidden="true"></span>
            {(use_texts().scaling.share)(share)}
        </span>
    }
}

/// Machines, the first one first.
#[component]
pub(crate) fn MachineTable(machines: Vec<MachineCard>) -> impl IntoView {
    let texts = &use_texts().scaling;
    let has_zones = machines.iter().any(|machine| machine.zone.is_some());
    let rows = machines
        .into_iter()
        .map(|MachineCard { label, address, zone, share, .. }| {
            view! {
                <tr>
                    <th scope="row">{label}</th>
                    <td>{address.map(|address| view! { <code>{address}</code> })}</td>
                    {has_zones.then(|| view! { <td>{zone}</td> })}
                    <td><ShareBadge share/></td>
                </tr>
            }
        })
        .collect_view();
    let zone = if has_zones { Either::Left(view! { <th scope="col">{texts.zone_head}</th> }) } else { Either::Right(()) };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=texts.state>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{texts.machine}</th>
                        <th scope="col">{texts.address}</th>
                        {zone}
                        <th scope="col">{texts.state}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
