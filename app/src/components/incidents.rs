//! What broke after Ready: from when to when, and what Koza did.

use leptos::prelude::*;

use super::moment::Moment;
use crate::domain::incident::Incident;
use crate::visit::use_texts;

/// The incidents of an environment, newest first. Nothing if there were none.
#[component]
pub(crate) fn Incidents(incidents: Vec<Incident>) -> impl IntoView {
    let texts = &use_texts().environment;
    let lines = |incidents: Vec<Incident>| incidents.into_iter().map(|incident| view! { <Line incident/> }).collect_view();
    (!incidents.is_empty()).then(|| {
        view! {
            <section class="incidents" aria-labelledby="incidents">
                <h2 id="incidents">{texts.incidents}</h2>
                <ul>{lines(incidents)}</ul>
            </section>
        }
    })
}

#[component]
fn Line(incident: Incident) -> impl IntoView {
    let texts = &use_texts().environment;
    let Incident { fault, detected_at, recovered_at } = incident;
    let class = if recovered_at.is_some() { "incident" } else { "incident incident-open" };
    view! {
        <li class=class>
            <span class="incident-times">
                <Moment at=detected_at/>
                " – "
                {recovered_at.map(|at| view! { <Moment at/> })}
            </span>
            {(texts.incident)(fault, recovered_at.is_some())}
        </li>
    }
}
