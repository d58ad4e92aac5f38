//! The HTML document around the app.

use http::request::Parts;
use leptos::either::Either;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::api::environments::environment;
use crate::api::{Looked, once_a_page};
use crate::app::{App, is_alive};
use crate::domain::ids::EnvironmentId;
use crate::domain::person::Visit;

/// The document. Leptos writes the title where [`MetaTags`] is; scripts carry the answer's nonce.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    provide_context(Looked::default());
    let visit = use_context::<Visit>().unwrap_or_default();
    let is_alive = use_context::<Parts>().is_some_and(|parts| is_alive(parts.uri.path()));
    view! {
        <!DOCTYPE html>
        <html lang=visit.locale.code() data-theme=visit.theme.code() data-plain=!is_alive>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="stylesheet" href="/pkg/app.css"/>
                <link rel="icon" type="image/svg+xml" href="/assets/koza.svg"/>
                {looks_again()}
                {if is_alive {
                    Either::Left(view! { <Awakening options/> })
                } else {
                    Either::Right(view! { <script type="module" src="/assets/times.js" nonce=use_nonce()></script> })
                }}
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Loads the program that makes the page alive. Leptos' own `HydrationScripts` does the same, but writes the nonce into `crossorigin`,
/// which is not valid HTML.
#[component]
fn Awakening(options: LeptosOptions) -> impl IntoView {
    let LeptosOptions { output_name: name, site_pkg_dir: folder, .. } = options;
    let (program, wasm) = (format!("/{folder}/{name}.js"), format!("/{folder}/{name}_bg.wasm"));
    let script = format!("import({program:?}).then(app => app.default({{module_or_path: {wasm:?}}}).then(() => app.hydrate()))");
    view! {
        <link rel="modulepreload" href=program/>
        <link rel="preload" href=wasm r#as="fetch" type="application/wasm" crossorigin="anonymous"/>
        <script type="module" nonce=use_nonce()>{script}</script>
    }
}

/// While an environment moves, its page looks again every three seconds where no script keeps it live.
///
/// Only the head can say so, and it is written before the page is; it therefore looks at the environment itself, and the page takes
/// what was found ([`once_a_page`]).
fn looks_again() -> Option<impl IntoView> {
    let parts = use_context::<Parts>()?;
    let id: EnvironmentId = parts.uri.path().strip_prefix("/environments/")?.trim_end_matches('/').parse().ok()?;
    Some(Suspend::new(async move {
        let is_moving = once_a_page(environment(id)).await.is_ok_and(|view| view.is_moving());
        is_moving.then(|| view! { <noscript><meta http-equiv="refresh" content="3"/></noscript> })
    }))
}
