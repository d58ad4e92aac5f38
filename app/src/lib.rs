//! What people see: domain words, pages, components, server functions and texts. Builds for the browser (`hydrate`) and for the
//! server (`ssr`); the two exclude each other.
//!
//! The server depends on this crate, never the other way: pages declare what they need as [`ports`], the server fulfils them.
//!
//! ```text
//! shell ──► App (site map) ──► pages ──► components (take data, never fetch it)
//!                                │   └─► texts (ja, en)
//!                                └─► api (server functions) ──► ports ══► the server crate
//! ```

// One page is one type: the more it holds, the deeper the compiler looks into it.
#![recursion_limit = "256"]

pub(crate) mod api;
pub mod app;
pub(crate) mod components;
pub mod domain;
pub mod error;
#[cfg(feature = "ssr")]
pub mod letter;
pub(crate) mod live;
#[cfg(feature = "ssr")]
pub(crate) mod next;
pub(crate) mod pages;
#[cfg(feature = "ssr")]
pub mod ports;
#[cfg(feature = "ssr")]
pub mod shell;
pub(crate) mod texts;
pub(crate) mod visit;

/// Makes the page that the server sent alive. The bundler's script calls it once.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
