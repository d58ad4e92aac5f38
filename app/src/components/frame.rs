//! The frame around every page: skip link, banners, header, footer with language and theme.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_location;

use super::notice::Banner;
use crate::api::door::{SetLocale, SetTheme, SignOut};
use crate::domain::person::{Caller, Locale, Theme, Visit};
use crate::visit::use_texts;

/// The frame. Language, theme and signing out load the page afresh, so they are plain forms.
#[component]
pub(crate) fn Frame(visit: Visit, children: Children) -> impl IntoView {
    let texts = &use_texts().frame;
    let Visit { caller, locale, theme, is_trial, is_simulated } = visit;
    view! {
        <a class="skip" href="#content" rel="external">{texts.skip}</a>
        <header class="site-header">
            {is_trial.then(|| view! { <Banner class="banner banner-trial" text=texts.trial/> })}
            {is_simulated.then(|| view! { <Banner class="banner banner-simulated" text=texts.simulated/> })}
            <div class="bar">
                <a class="brand" href="/" rel="external">
                    <Mark/>
                    "Koza"
                </a>
                {caller.map(|caller| view! { <Whereabouts caller/> })}
            </div>
        </header>
        <main id="content" tabindex="-1">{children()}</main>
        <footer class="site-footer">
            <p>{texts.what_koza_is}</p>
            {is_trial.then(|| view! { <p><a href="/styleguide" rel="external">{texts.styleguide}</a></p> })}
            <LocaleSwitch locale/>
            <ThemeSwitch theme/>
        </footer>
    }
}

#[component]
fn Whereabouts(caller: Caller) -> impl IntoView {
    let texts = &use_texts().frame;
    let path = use_location().pathname;
    let current = move |page: &'static str| move || (path.get() == page).then_some("page");
    view! {
        <nav aria-label=texts.navigation>
            <ul>
                <li><a href="/" rel="external" aria-current=current("/")>{texts.home}</a></li>
                <li>
                    <a class="account-link" href="/account" rel="external" aria-current=current("/account")>
                        <span class="for-readers">{texts.account}</span>
                        {caller.name}
                    </a>
                </li>
            </ul>
        </nav>
        <form method="post" action=SignOut::url()>
            <button type="submit" class="button button-quiet">{texts.sign_out}</button>
        </form>
    }
}

#[component]
fn LocaleSwitch(locale: Locale) -> impl IntoView {
    let texts = &use_texts().frame;
    let choices = [(Locale::Ja, "日本語"), (Locale::En, "English")].map(|(choice, name)| {
        view! {
            <button type="submit" name="locale" value=choice.code() lang=choice.code() aria-pressed=pressed(choice == locale)>{name}</button>
        }
    });
    view! {
        <form method="post" action=SetLocale::url() class="switch" aria-label=texts.language>{choices.collect_view()}</form>
    }
}

#[component]
fn ThemeSwitch(theme: Theme) -> impl IntoView {
    let texts = &use_texts().frame;
    let choices =
        [(Theme::System, texts.theme_system), (Theme::Light, texts.theme_light), (Theme::Dark, texts.theme_dark)].map(|(choice, name)| {
            view! {
                <button type="submit" name="theme" value=choice.code() aria-pressed=pressed(choice == theme)>{name}</button>
            }
        });
    view! {
        <form method="post" action=SetTheme::url() class="switch" aria-label=texts.theme>{choices.collect_view()}</form>
    }
}

fn pressed(is_pressed: bool) -> &'static str {
    if is_pressed { "true" } else { "false" }
}

/// The K.
#[component]
fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <rect class="mark-ground" x="0" y="0" width="24" height="24" rx="6"></rect>
            <path class="mark-line" d="M7 6v12 M7 12.5 15.5 6 M10.5 10 17 18"></path>
        </svg>
    }
}
