//! The environment's name, and how far HTTPS by it is.

use leptos::either::Either;
use leptos::prelude::*;

use crate::components::copy::CopyRow;
use crate::components::moment::Moment;
use crate::components::notice::{Lesson, Notice, Tone};
use crate::domain::environment::{HostName, Https, NotYet};
use crate::visit::use_texts;

/// The name, to take away, and what is to be known of it.
#[component]
pub(crate) fn Name(host: HostName) -> impl IntoView {
    let texts = &use_texts().host_name;
    let HostName { name, led_by, https } = host;
    view! {
        <h3>{texts.name}</h3>
        <dl>
            <CopyRow label=texts.name value=name/>
        </dl>
        {(texts.led_by)(led_by).map(|why| view! { <p class="hint">{why}</p> })}
        {https.map(|https| view! { <HowFar https/> })}
        <Lesson text=texts.lesson/>
    }
}

/// How far HTTPS by it is.
#[component]
pub(crate) fn HowFar(https: Https) -> impl IntoView {
    let texts = &use_texts().host_name;
    match https {
        Https::Works { until, renewal_failed } => Either::Left(view! {
            <p class="https">{texts.works}" "<Moment at=until/></p>
            {renewal_failed.map(|said| view! {
                <Notice tone=Tone::Info>
                    <p>{texts.renewal_failed}</p>
                    <Words said/>
                </Notice>
            })}
        }),
        Https::NotYet { why, again_at, said } => Either::Right(view! {
            <Notice tone=Tone::Info>
                <p class="https">{(texts.not_yet)(why)}</p>
                {again_at.map(|at| view! {
                    <p>{if why == NotYet::Turn { texts.turn_at } else { texts.again_at }}" "<Moment at/></p>
                })}
                {said.map(|said| view! { <Words said/> })}
            </Notice>
        }),
    }
}

/// What the authority or the machine said.
#[component]
fn Words(said: String) -> impl IntoView {
    view! {
        <details>
            <summary>{use_texts().host_name.said}</summary>
            <pre>{said}</pre>
        </details>
    }
}
