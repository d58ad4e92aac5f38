//! Pages: each loads what it shows and hands it to components.

pub(crate) mod account;
#[cfg(feature = "ssr")]
pub(crate) mod backups;
pub(crate) mod courses;
#[cfg(feature = "ssr")]
pub(crate) mod desk;
pub(crate) mod environments;
#[cfg(feature = "ssr")]
pub(crate) mod home;
#[cfg(feature = "ssr")]
pub(crate) mod images;
#[cfg(feature = "ssr")]
pub(crate) mod join;
#[cfg(feature = "ssr")]
pub(crate) mod not_found;
#[cfg(feature = "ssr")]
pub(crate) mod notices;
#[cfg(feature = "ssr")]
pub(crate) mod operate;
#[cfg(not(feature = "ssr"))]
pub(crate) mod plain;
#[cfg(feature = "ssr")]
pub(crate) mod sign_in;
#[cfg(feature = "ssr")]
pub(crate) mod styleguide;
#[cfg(feature = "ssr")]
pub(crate) mod welcome;

/// Goes to another page, loaded whole: title, focus and who is signed in are then right by themselves.
pub(crate) fn go(path: &str) {
    #[cfg(feature = "hydrate")]
    if leptos::prelude::window().location().set_href(path).is_err() {
        leptos::logging::error!("the browser would not go to {path}");
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = path;
}
