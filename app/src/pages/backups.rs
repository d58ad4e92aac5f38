//! Backups: one's own, and those of an environment; taking one, and making a new environment of one.

use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::environments::asked_for;
use crate::api::backups::{BackUp, GiveUpBackup, RestoreBackup, backups, my_backups};
use crate::api::costs::costs_of_a_copy;
use crate::api::not_found;
use crate::components::backups::{BackupTable, Erase};
use crate::components::cards::Empty;
use crate::components::loaded::Loaded;
use crate::components::notice::{Lesson, Notice, Problem, Tone};
use crate::components::price::Price;
use crate::components::request_fields::RequestFields;
use crate::components::title::PageTitle;
use crate::domain::backup::{BackupCard, BackupsView, DOWNLOAD};
use crate::domain::ids::{BackupId, EnvironmentId};
use crate::domain::price::Estimate;
use crate::error::AppError;
use crate::visit::{refused, refused_at, use_texts};

/// Backups of everything that one holds or held.
#[component]
pub(crate) fn MyBackupsPage() -> impl IntoView {
    let texts = &use_texts().backups;
    let mine = OnceResource::new(my_backups());
    view! {
        <Loaded of=mine let:mine>
            <PageTitle text=texts.heading.to_owned()/>
            <h1>{texts.heading}</h1>
            <p class="lead">{texts.lead}</p>
            <Problem error=Signal::stored(refused::<GiveUpBackup>())/>
            {if mine.is_empty() {
                Either::Left(view! { <Empty title=texts.none/> })
            } else {
                Either::Right(view! { <BackupTable backups=mine with_name=true may_have=true/> })
            }}
        </Loaded>
    }
}

/// Those of an environment.
#[component]
pub(crate) fn BackupsPage() -> impl IntoView {
    let id = asked_for();
    let of = OnceResource::new(async move {
        let id = id?;
        Ok((id, backups(id).await?))
    });
    view! {
        <Loaded of=of let:of>
            <Backups id=of.0 of=of.1/>
        </Loaded>
    }
}

#[component]
fn Backups(id: EnvironmentId, of: BackupsView) -> impl IntoView {
    let texts = use_texts();
    let BackupsView { name, backups, kept_days, every_hours, refused: why_not, may_have } = of;
    let title = (texts.backups.title)(&name);
    let here = format!("/environments/{id}/backups");
    let is_moving = backups.iter().any(|backup| backup.state.is_moving());
    let error = refused::<BackUp>().or_else(refused::<GiveUpBackup>).or_else(|| refused_at(DOWNLOAD));
    let texts_of = &texts.backups;
    view! {
        <PageTitle text=title.clone()/>
        <p class="kicker"><a href=format!("/environments/{id}") rel="external">{(texts.passwords.back)(&name)}</a></p>
        <h1>{title}</h1>
        <p class="lead">{texts_of.lead}</p>
        <Problem error=Signal::stored(error)/>
        <p>{(texts_of.rules)(kept_days, every_hours)}</p>
        {match why_not {
            Some(why) => Either::Left(view! { <Notice tone=Tone::Info><p>{(texts_of.refused)(why)}</p></Notice> }),
            None => Either::Right(view! {
                <form method="post" action=BackUp::url()>
                    <input type="hidden" name="id" value=id.to_string()/>
                    <button type="submit" class="button button-main">{texts_of.back_up}</button>
                </form>
            }),
        }}
        {if backups.is_empty() {
            Either::Left(view! { <Empty title=texts_of.none/> })
        } else {
            Either::Right(view! { <BackupTable backups may_have/> })
        }}
        {is_moving.then(|| view! { <p><a class="button" href=here rel="external">{texts_of.look_again}</a></p> })}
        <p><a href=format!("/environments/{id}/images") rel="external">{(texts.images.title)(&name)}</a></p>
        <Lesson text=texts_of.lesson/>
    }
}

/// Asks for a new environment that is made of a backup.
#[component]
pub(crate) fn RestorePage() -> impl IntoView {
    let id = asked_for();
    let backup = use_params_map().with_untracked(|params| params.get("backup")).and_then(|backup| backup.parse::<BackupId>().ok());
    let of = OnceResource::new(async move {
        let (id, backup) = (id?, backup.ok_or_else(not_found)?);
        let card = backups(id).await?.backups.into_iter().find(|card| card.id == backup && card.state.is_whole());
        Ok((card.ok_or_else(not_found)?, costs_of_a_copy(id, false).await?))
    });
    view! {
        <Loaded of=of let:of>
            <Restore card=of.0 price=of.1/>
        </Loaded>
    }
}

#[component]
fn Restore(card: BackupCard, price: Result<Estimate, AppError>) -> impl IntoView {
    let texts = use_texts();
    let BackupCard { id, environment, name, .. } = card;
    let title = (texts.backups.restore_title)(&name);
    view! {
        <PageTitle text=title.clone()/>
        <div class="narrow">
            <p class="kicker"><a href=format!("/environments/{environment}/backups") rel="external">{(texts.backups.title)(&name)}</a></p>
            <h1>{title}</h1>
            <p class="lead">{texts.backups.restore_lead}</p>
            <p>{texts.backups.restore_new}</p>
            <form method="post" action=RestoreBackup::url() class="form sheet">
                <input type="hidden" name="id" value=environment.to_string()/>
                <input type="hidden" name="backup" value=id.to_string()/>
                <RequestFields error=Signal::stored(refused::<RestoreBackup>())/>
                <Price price/>
                <button type="submit" class="button button-main">{texts.backups.restore_button}</button>
            </form>
            <h2>{texts.backups.erase_title}</h2>
            <p>{texts.backups.erase_lead}</p>
            <Problem error=Signal::stored(refused::<GiveUpBackup>())/>
            <Erase environment id/>
        </div>
    }
}
