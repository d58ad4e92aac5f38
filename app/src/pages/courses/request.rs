//! The form that asks for an environment.

use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::api::environments::RequestEnvironment;
use crate::components::price::Price;
use crate::components::request_fields::RequestFields;
use crate::domain::course::{CourseNames, SizeOffer};
use crate::domain::ids::BlueprintVersionId;
use crate::domain::price::Estimate;
use crate::visit::{use_texts, use_typed};

/// A blueprint's form. Without scripts it comes back with what was typed; with scripts it stays as it is.
#[component]
pub(crate) fn RequestForm(
    version: BlueprintVersionId,
    is_only_one: bool,
    names: Option<CourseNames>,
    sizes: Vec<SizeOffer>,
) -> impl IntoView {
    let all = use_texts();
    let texts = &all.course;
    let action = ServerAction::<RequestEnvironment>::new();
    let version = version.to_string();
    // A page with several forms gets one answer: it belongs to the form that was sent.
    let is_mine = is_only_one || use_typed("version") == version;
    let was_sent_here = RwSignal::new(is_mine);
    Effect::new(move |_| {
        if action.version().get() > 0 {
            was_sent_here.set(true);
        }
        if let Some(Ok(id)) = action.value().get() {
            crate::pages::go(&format!("/environments/{id}"));
        }
    });
    let typed = if is_mine { use_typed("size").parse().unwrap_or(0) } else { 0 };
    let chosen = RwSignal::new(if typed < sizes.len() { typed } else { 0 });
    let prices: Vec<_> = sizes.iter().map(|size| size.price.clone()).collect();
    let error = Signal::derive(move || action.value().get().and_then(Result::err).filter(|_| was_sent_here.get()));
    view! {
        <div class="blueprint-form">
            <h4>{texts.ask}</h4>
            <ActionForm action=action attr:class="form">
                <input type="hidden" name="version" value=version.clone()/>
                <RequestFields of=version.clone() error is_mine names/>
                {(sizes.len() > 1).then(|| view! { <Sizes of=version sizes chosen/> })}
                <h4>{all.costs.heading}</h4>
                <div aria-live="polite">{move || prices.get(chosen.get()).cloned().map(|price| view! { <Price price/> })}</div>
                <button type="submit" class="button button-main" aria-disabled=move || action.pending().get().then_some("true")>
                    {move || if action.pending().get() { texts.button_busy } else { texts.button }}
                </button>
            </ActionForm>
        </div>
    }
}

/// The sizes, each with its price: without scripts that has to do.
#[component]
fn Sizes(of: String, sizes: Vec<SizeOffer>, chosen: RwSignal<usize>) -> impl IntoView {
    let texts = use_texts();
    let id = format!("size-{of}");
    let option = |(number, size): (usize, SizeOffer)| {
        let text = (texts.course.size)(size.cpus, size.memory_mib, size.disk_gib);
        let fits = size.price.as_ref().is_ok_and(Estimate::fits);
        let an_hour = size.price.ok().map(|price| price.running());
        view! { <option value=number selected=number == chosen.get_untracked()>{(texts.costs.size_at)(&text, an_hour, fits)}</option> }
    };
    let options = sizes.into_iter().enumerate().map(option).collect_view();
    view! {
        <div class="field">
            <label for=id.clone()>{texts.costs.size}</label>
            <select id=id name="size" autocomplete="off" on:change=move |event| chosen.set(event_target_value(&event).parse().unwrap_or(0))>
                {options}
            </select>
        </div>
    }
}
