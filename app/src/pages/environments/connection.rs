//! The connection block: how to reach what runs on the machine.

use leptos::either::EitherOf3;
use leptos::prelude::*;

use super::name::Name;
use crate::components::copy::{CopyBlock, CopyRow};
use crate::components::icon::{Glyph, Icon};
use crate::components::notice::Lesson;
use crate::domain::environment::{Connection, PrivateKey};
use crate::domain::ids::EnvironmentId;
use crate::visit::use_texts;

/// Everything needed to use the environment, on one printable sheet.
#[component]
pub(crate) fn ConnectionBlock(
    id: EnvironmentId,
    connection: Connection,
    /// The machine does not serve now; the settings stay readable.
    is_off: bool,
) -> impl IntoView {
    let texts = &use_texts().connection;
    let Connection {
        address: _,
        is_kept,
        name,
        web,
        wordpress_admin,
        wordpress_user,
        protected_page,
        protected_user,
        container,
        ftp_host,
        ftp_user,
        ssh_command,
        known_hosts,
        ssh_config,
        private_key,
    } = connection;
    view! {
        <section class="connection" aria-labelledby="connection">
            <h2 id="connection">{texts.title}</h2>
            {is_off.then(|| view! { <p class="quiet">{texts.while_stopped}</p> })}
            <p>
                <a class="button" href=format!("/environments/{id}/passwords") rel="external">
                    <Icon of=Glyph::Key/>
                    {texts.show_passwords}
                </a>
            </p>
            {name.map(|host| view! { <Name host/> })}
            <h3>{texts.web}</h3>
            <dl>
                <CopyRow label=texts.page value=web is_link=true/>
                <CopyRow label=texts.wordpress_admin value=wordpress_admin is_link=true/>
                <CopyRow label=texts.user value=wordpress_user/>
            </dl>
            <h3>{texts.protected_page}</h3>
            <dl>
                <CopyRow label=texts.page value=protected_page is_link=true/>
                <CopyRow label=texts.user value=protected_user/>
            </dl>
            <h3>{texts.container}</h3>
            <dl>
                <CopyRow label=texts.page value=container is_link=true/>
            </dl>
            <h3>{texts.ftp}</h3>
            <dl>
                <CopyRow label=texts.ftp_host value=ftp_host/>
                <CopyRow label=texts.user value=ftp_user/>
            </dl>
            <Lesson text=texts.lesson_ftp/>
            <h3>{texts.ssh}</h3>
            <dl>
                <CopyRow label=texts.ssh_command value=ssh_command/>
            </dl>
            <Key id private_key/>
            {(!known_hosts.is_empty()).then(|| view! {
                <CopyBlock label=texts.known_hosts value=known_hosts.join("\n")/>
                <p class="hint">{texts.known_hosts_why}</p>
            })}
            <CopyBlock label=texts.ssh_config value=ssh_config/>
            <Lesson text=(texts.lesson_address)(is_kept)/>
        </section>
    }
}

#[component]
fn Key(id: EnvironmentId, private_key: Option<PrivateKey>) -> impl IntoView {
    let texts = &use_texts().connection;
    match private_key {
        None => EitherOf3::A(view! { <p>{texts.own_key}</p> }),
        Some(PrivateKey::Erased) => EitherOf3::B(view! { <p>{texts.private_key_erased}</p> }),
        Some(PrivateKey::Waiting) => EitherOf3::C(view! {
            <form method="post" action=format!("/environments/{id}/key") class="key-form">
                <p>{texts.private_key_waiting}</p>
                <button type="submit" class="button">
                    <Icon of=Glyph::Key/>
                    {texts.private_key_download}
                </button>
            </form>
        }),
    }
}
