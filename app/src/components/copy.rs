//! Values to take away: a click selects the whole value, without scripts too; with scripts there is a button.

use leptos::html;
use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::visit::use_texts;

/// How copying went.
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser copies"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copying {
    NotAsked,
    Copied,
    /// The browser does not let us: the text is selected instead.
    Selected,
}

/// A line of a description list: what it is, the value, a button.
#[component]
pub(crate) fn CopyRow(
    #[prop(into)] label: String,
    #[prop(into)] value: String,
    /// The value is an address to open.
    #[prop(optional)]
    is_link: bool,
    /// The value is not to be read aloud.
    #[prop(optional)]
    is_secret: bool,
) -> impl IntoView {
    let link = is_link.then(|| value.clone());
    let spoken = if is_secret { label.clone() } else { value.clone() };
    view! {
        <div class="copy-row">
            <dt>{label}</dt>
            <dd>
                <Copyable spoken value link/>
            </dd>
        </div>
    }
}

/// Several lines at once.
#[component]
pub(crate) fn CopyBlock(#[prop(into)] label: String, #[prop(into)] value: String) -> impl IntoView {
    let node = NodeRef::<html::Pre>::new();
    view! {
        <div class="copy-block">
            <div class="copy-block-head">
                <span class="copy-block-label">{label.clone()}</span>
                <CopyButton what=label value=value.clone() select=move || select(node)/>
            </div>
            <pre class="copyable" tabindex="0" node_ref=node>{value}</pre>
        </div>
    }
}

#[component]
fn Copyable(spoken: String, value: String, link: Option<String>) -> impl IntoView {
    let node = NodeRef::<html::Code>::new();
    view! {
        <code class="copyable" node_ref=node>{value.clone()}</code>
        <span class="copy-tools">
            {link.map(|href| {
                let texts = &use_texts().connection;
                let name = (texts.open_this)(&href);
                view! {
                    <a class="button button-small" href=href aria-label=name rel="noreferrer external" target="_blank">
                        {texts.open}
                        <Icon of=Glyph::Next/>
                    </a>
                }
            })}
            <CopyButton what=spoken value select=move || select(node)/>
        </span>
    }
}

/// Copies a value; selects it where the browser does not allow that (plain HTTP).
#[component]
fn CopyButton(what: String, value: String, select: impl Fn() + Send + Sync + 'static) -> impl IntoView {
    let texts = &use_texts().connection;
    let how = RwSignal::new(Copying::NotAsked);
    let select = StoredValue::new(select);
    let on_click = move |_| {
        #[cfg(feature = "hydrate")]
        copy(value.clone(), how, move || select.with_value(|select| select()));
        #[cfg(not(feature = "hydrate"))]
        let _ = (&value, select);
    };
    view! {
        <button type="button" class="button button-small needs-scripts" aria-label=(texts.copy_this)(&what) on:click=on_click>
            <Icon of=Glyph::Copy/>
            {texts.copy}
        </button>
        <span class="copy-done" role="status">
            {move || match how.get() {
                Copying::NotAsked => "",
                Copying::Copied => texts.copied,
                Copying::Selected => texts.selected,
            }}
        </span>
    }
}

/// Selects what a node holds. Nothing is lost if the browser refuses: one click on the value selects it.
#[cfg(feature = "hydrate")]
fn select<Tag>(node: NodeRef<Tag>)
where
    Tag: html::ElementType,
    Tag::Output: wasm_bindgen::JsCast + AsRef<web_sys::Node> + Clone + 'static,
{
    if let (Some(node), Ok(Some(selection))) = (node.get(), window().get_selection()) {
        let _ = selection.select_all_children(node.as_ref());
    }
}

#[cfg(not(feature = "hydrate"))]
fn select<Tag: html::ElementType>(_: NodeRef<Tag>) {}

#[cfg(feature = "hydrate")]
fn copy(value: String, how: RwSignal<Copying>, select: impl Fn() + 'static) {
    // Outside of a secure context there is no clipboard at all.
    if !window().is_secure_context() {
        select();
        how.set(Copying::Selected);
        return;
    }
    let written = wasm_bindgen_futures::JsFuture::from(window().navigator().clipboard().write_text(&value));
    leptos::task::spawn_local(async move {
        if written.await.is_ok() {
            how.set(Copying::Copied);
        } else {
            select();
            how.set(Copying::Selected);
        }
        set_timeout(move || how.set(Copying::NotAsked), std::time::Duration::from_secs(4));
    });
}
