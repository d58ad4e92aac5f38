//! Backups in a table.

use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::moment::Moment;
use super::table::Table;
use crate::api::backups::GiveUpBackup;
use crate::domain::backup::{BackupCard, BackupState};
use crate::domain::ids::{BackupId, EnvironmentId};
use crate::visit::use_texts;

/// Backups, newest first. `with_name` where they are of several environments; `may_have` for those who may have what is in them.
#[component]
pub(crate) fn BackupTable(backups: Vec<BackupCard>, #[prop(optional)] with_name: bool, may_have: bool) -> impl IntoView {
    let texts = &use_texts().backups;
    let rows = backups.into_iter().map(|card| view! { <Row card with_name may_have/> }).collect_view();
    let mut heads = vec![texts.asked, texts.machine, texts.state_head, texts.kept_until, texts.what_to_do];
    if with_name {
        heads.insert(1, texts.environment);
    }
    view! {
        <Table label=texts.heading heads>{rows}</Table>
    }
}

#[component]
fn Row(card: BackupCard, with_name: bool, may_have: bool) -> impl IntoView {
    let texts = &use_texts().backups;
    let BackupCard { id, environment, name, machine, reason, state, asked_at, bytes, size, files, expires_at, said } = card;
    let page = format!("/environments/{environment}/backups/{id}");
    let is_whole = state.is_whole();
    let is_over = !state.is_moving();
    let acts = if may_have && is_over {
        Either::Left(view! {
            <div class="acts">
                {if is_whole {
                    Either::Left(view! {
                        <a class="button button-small" href=format!("{page}/content") rel="external" download>{texts.download}</a>
                        <a class="button button-small" href=page rel="external">{texts.restore}</a>
                    })
                } else {
                    Either::Right(view! { <Erase environment id/> })
                }}
            </div>
        })
    } else {
        Either::Right(())
    };
    view! {
        <tr>
            <th scope="row">
                <Moment at=asked_at/>
                <br/>
                <span class="quiet">{(texts.reason)(reason)}</span>
            </th>
            {with_name.then(|| view! { <td>{name}</td> })}
            <td>{machine.to_string()}</td>
            <td>
                <span class="phase" data-phase=look(state)>
                    <span class="dot" aria-hidden="true"></span>
                    {(texts.state)(state)}
                </span>
                {said.map(|said| view! { <pre class="log" tabindex="0">{said}</pre> })}
            </td>
            <td>
                {expires_at.map(|at| view! { <Moment at/> })}
                <br/>
                <span class="quiet">{bytes.map(|bytes| (texts.how_large)(bytes, size.unwrap_or(0), files.unwrap_or(0)))}</span>
            </td>
            <td>{acts}</td>
        </tr>
    }
}

/// As what phase it looks.
fn look(state: BackupState) -> &'static str {
    match state {
        BackupState::Proven => "ready",
        BackupState::Failed | BackupState::Unproven => "failing",
        BackupState::Erased => "stopped",
        _ => "building",
    }
}

/// The button that erases one before its time.
#[component]
pub(crate) fn Erase(environment: EnvironmentId, id: BackupId) -> impl IntoView {
    view! {
        <form method="post" action=GiveUpBackup::url()>
            <input type="hidden" name="id" value=environment.to_string()/>
            <input type="hidden" name="backup" value=id.to_string()/>
            <button type="submit" class="button button-small button-danger">{use_texts().backups.erase}</button>
        </form>
    }
}
