//! The operator's room.

use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::api::operate::{RetryChore, operators_room};
use crate::components::loaded::Loaded;
use crate::components::moment::Moment;
use crate::components::notice::{Notice, Problem, Tone};
use crate::components::table::Table;
use crate::components::title::PageTitle;
use crate::domain::operate::{AuditLine, DeadChore, Finding, IncidentRow, Room};
use crate::visit::{refused, use_texts};

/// The page.
#[component]
pub(crate) fn OperatePage() -> impl IntoView {
    let room = OnceResource::new(operators_room());
    view! {
        <Loaded of=room let:room>
            <OperatorsRoom room/>
        </Loaded>
    }
}

#[component]
fn OperatorsRoom(room: Room) -> impl IntoView {
    let texts = &use_texts().operate;
    let Room { findings, workers, due, held, environments, chores, dead, incidents, audit } = room;
    let environments = environments.into_iter().map(|(goal, count)| view! { <li>{(texts.environments)(&goal, count)}</li> }).collect_view();
    let has_work = !chores.is_empty();
    let chores = chores
        .into_iter()
        .map(|(kind, state, count)| {
            view! {
                <tr>
                    <th scope="row"><code>{kind}</code></th>
                    <td>{state}</td>
                    <td class="figure">{count}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <PageTitle text=texts.title.to_owned()/>
        <h1>{texts.title}</h1>
        <Problem error=Signal::stored(refused::<RetryChore>())/>
        <h2>{texts.findings}</h2>
        <Findings findings/>
        <h2>{texts.figures}</h2>
        <ul>
            <li>{(texts.workers)(workers)}</li>
            <li>{(texts.queue)(due, held)}</li>
            {environments}
        </ul>
        {has_work.then(|| view! {
            <h2>{texts.work}</h2>
            <Table label=texts.work heads=vec![texts.kind, texts.state, texts.count] figures_from=2>{chores}</Table>
        })}
        {(!dead.is_empty()).then(|| view! { <DeadChores dead/> })}
        {(!incidents.is_empty()).then(|| view! { <Incidents incidents/> })}
        <h2>{texts.audit}</h2>
        <p>{texts.audit_lead}</p>
        <Audit lines=audit/>
    }
}

#[component]
fn Findings(findings: Vec<Finding>) -> impl IntoView {
    let texts = &use_texts().operate;
    if findings.is_empty() {
        return Either::Left(view! { <p>{texts.nothing}</p> });
    }
    let finding = |finding: Finding| {
        view! {
            <Notice tone=Tone::Problem>
                <p class="notice-title">{finding.number()}" "{(texts.found)(&finding)}</p>
                <p>{(texts.remedy)(&finding)}</p>
            </Notice>
        }
    };
    Either::Right(findings.into_iter().map(finding).collect_view())
}

#[component]
fn DeadChores(dead: Vec<DeadChore>) -> impl IntoView {
    let texts = &use_texts().operate;
    let row = |chore: DeadChore| {
        let DeadChore { id, kind, key, tries, said, at } = chore;
        view! {
            <tr>
                <th scope="row"><code>{kind}</code></th>
                <td><code>{key}</code></td>
                <td class="figure">{tries}</td>
                <td>{said}</td>
                <td>{at.map(|at| view! { <Moment at/> })}</td>
                <td>
                    <form method="post" action=RetryChore::url()>
                        <input type="hidden" name="id" value=id.to_string()/>
                        <button type="submit" class="button button-small">{texts.retry}</button>
                    </form>
                </td>
            </tr>
        }
    };
    let rows = dead.into_iter().map(row).collect_view();
    let heads = vec![texts.kind, texts.about, texts.tries, texts.said, texts.since, use_texts().members.what_to_do];
    view! {
        <h2>{texts.dead}</h2>
        <Table label=texts.dead heads>{rows}</Table>
    }
}

#[component]
fn Incidents(incidents: Vec<IncidentRow>) -> impl IntoView {
    let texts = &use_texts().operate;
    let row = |incident: IncidentRow| {
        let IncidentRow { course, environment, id, fault, at, mended_after } = incident;
        view! {
            <tr>
                <th scope="row"><a href=format!("/environments/{id}") rel="external">{course}" "{environment}</a></th>
                <td><code>{fault}</code></td>
                <td><Moment at/></td>
                <td>{mended_after.map_or_else(|| texts.not_mended.to_owned(), texts.mended_after)}</td>
            </tr>
        }
    };
    let rows = incidents.into_iter().map(row).collect_view();
    view! {
        <h2>{texts.incidents}</h2>
        <Table label=texts.incidents heads=vec![texts.about, texts.fault, texts.noticed, texts.mended]>{rows}</Table>
    }
}

#[component]
fn Audit(lines: Vec<AuditLine>) -> impl IntoView {
    let texts = &use_texts().operate;
    let row = |line: AuditLine| {
        let AuditLine { at, by, act, of, number } = line;
        view! {
            <tr>
                <td>{at}</td>
                <th scope="row">{by}</th>
                <td><code>{act}</code></td>
                <td>{of.join(", ")}</td>
                <td class="figure">{number}</td>
            </tr>
        }
    };
    let rows = lines.into_iter().map(row).collect_view();
    view! { <Table label=texts.audit heads=vec![texts.when, texts.by, texts.act, texts.of, texts.number] figures_from=4>{rows}</Table> }
}
