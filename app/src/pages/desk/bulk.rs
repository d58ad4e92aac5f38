//! An act on many: what it would do, and what came of it.

use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::filter;
use crate::api::desk::{BeginBulkAct, preview_bulk_act, what_came};
use crate::api::not_found;
use crate::components::cards::Empty;
use crate::components::loaded::Loaded;
use crate::components::moment::Moment;
use crate::components::notice::Problem;
use crate::components::table::Table;
use crate::components::title::PageTitle;
use crate::domain::desk::{BulkAct, BulkActView, Came, Preview, Verdict};
use crate::domain::ids::{BulkActId, EnvironmentId};
use crate::visit::{refused, use_texts};

/// What it would do to each; nothing is done before the button is pressed.
#[component]
pub(crate) fn ActPage() -> impl IntoView {
    let code = use_params_map().with_untracked(|params| params.get("code")).unwrap_or_default();
    let (act, whom, filter) = use_query_map().with_untracked(|query| {
        let ids = query.get_all("id").unwrap_or_default();
        let ids: Vec<EnvironmentId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let is_all = query.get("whom").as_deref() == Some("all");
        (query.get("act").and_then(|act| BulkAct::from_code(&act)), (!is_all).then_some(ids), filter(query))
    });
    let of = OnceResource::new(async move {
        let act = act.ok_or_else(not_found)?;
        preview_bulk_act(code, act, whom, filter).await
    });
    view! {
        <Loaded of=of let:of>
            <Act of/>
        </Loaded>
    }
}

#[component]
fn Act(of: Preview) -> impl IntoView {
    let all = use_texts();
    let texts = &all.desk;
    let Preview { code, act, rows } = of;
    let does: Vec<String> = rows.iter().filter(|(_, verdict)| *verdict == Verdict::Does).map(|(row, _)| row.id.to_string()).collect();
    let (count, of_all) = (does.len(), rows.len());
    let heading = (texts.act_title)(act, &code);
    let row = move |(row, verdict): (crate::domain::desk::DeskRow, Verdict)| {
        view! {
            <tr>
                <th scope="row"><a href=format!("/environments/{}", row.id) rel="external">{row.name}</a></th>
                <td>{row.holders}</td>
                <td>{(all.environment.phase)(row.phase)}</td>
                <td>{(texts.verdict)(act, verdict)}</td>
            </tr>
        }
    };
    let heads = vec![all.costs.environment, all.costs.student, texts.state, texts.what_happens];
    view! {
        <PageTitle text=heading.clone()/>
        <p class="kicker"><a href=format!("/desk/{code}") rel="external">{(texts.title)(&code)}</a></p>
        <h1>{heading}</h1>
        <Problem error=Signal::stored(refused::<BeginBulkAct>())/>
        {if rows.is_empty() {
            Either::Left(view! { <Empty title=texts.nobody_ticked/> })
        } else {
            let table = rows.into_iter().map(row).collect_view();
            Either::Right(view! {
                <p class="lead">{(texts.would)(act, count, of_all)}</p>
                {(count > 0).then(|| view! {
                    <form method="post" action=BeginBulkAct::url()>
                        <input type="hidden" name="code" value=code/>
                        <input type="hidden" name="act" value=act.code()/>
                        <input type="hidden" name="whom" value=does.join(" ")/>
                        <button type="submit" class="button button-main">{(texts.act)(act)}" ("{count}")"</button>
                    </form>
                })}
                <Table label=texts.what_happens heads>{table}</Table>
            })
        }}
    }
}

/// What came of it.
#[component]
pub(crate) fn ActsPage() -> impl IntoView {
    let (code, id) = use_params_map()
        .with_untracked(|params| (params.get("code").unwrap_or_default(), params.get("act").and_then(|id| id.parse::<BulkActId>().ok())));
    let of = OnceResource::new(async move { what_came(code, id.ok_or_else(not_found)?).await });
    view! {
        <Loaded of=of let:of>
            <WhatCame of/>
        </Loaded>
    }
}

#[component]
fn WhatCame(of: BulkActView) -> impl IntoView {
    let all = use_texts();
    let texts = &all.desk;
    let (done, refused, waiting) = of.counts();
    let BulkActView { id, code, act, by, at, rows } = of;
    let heading = (texts.act_title)(act, &code);
    let row = move |(id, name, holders, came): (EnvironmentId, String, String, Option<Came>)| {
        let is_refused = matches!(came, Some(Came::Refused(_)));
        let said = match came {
            None => texts.its_turn_comes.to_owned(),
            Some(Came::Done) => texts.done.to_owned(),
            Some(Came::Already) => (texts.verdict)(act, Verdict::Already).to_owned(),
            Some(Came::Refused(error)) => (all.trouble.error)(&error),
        };
        let row = view! {
            <tr>
                <th scope="row"><a href=format!("/environments/{id}") rel="external">{name}</a></th>
                <td>{holders}</td>
                <td>{said}</td>
            </tr>
        };
        (!is_refused, row)
    };
    let mut rows: Vec<_> = rows.into_iter().map(row).collect();
    // Who needs somebody is read first.
    rows.sort_by_key(|(is_fine, _)| *is_fine);
    let rows = rows.into_iter().map(|(_, row)| row).collect_view();
    view! {
        <PageTitle text=heading.clone()/>
        <p class="kicker"><a href=format!("/desk/{code}") rel="external">{(texts.title)(&code)}</a></p>
        <h1>{heading}</h1>
        <p class="lead" role="status">{(texts.came)(done, refused, waiting)}</p>
        <p class="hint"><Moment at/>" "{by}</p>
        {(waiting > 0).then(|| view! {
            <p><a class="button" href=format!("/desk/{code}/acts/{id}") rel="external">{all.backups.look_again}</a></p>
        })}
        <Table label=texts.what_came heads=vec![all.costs.environment, all.costs.student, texts.what_came]>{rows}</Table>
    }
}
