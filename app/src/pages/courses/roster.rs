//! Lists of people: the form that takes one, and the page that shows what comes of it.

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use crate::api::rosters::{BringIn, roster};
use crate::components::field::{Field, problem_at, problem_elsewhere};
use crate::components::loaded::Loaded;
use crate::components::moment::Moment;
use crate::components::notice::{Notice, Problem, Tone};
use crate::components::table::Table;
use crate::components::title::PageTitle;
use crate::domain::roster::{BRING, Fate, RosterLine, RosterView};
use crate::error::{AppError, Field as Place};
use crate::visit::{refused, refused_at, use_texts};

/// The form. A file comes with it, so that no server function takes it.
#[component]
pub(crate) fn RosterForm(code: String) -> impl IntoView {
    let texts = &use_texts().roster;
    let error = refused_at(BRING);
    let problem = Signal::stored(problem_at(Place::Roster, error.clone()));
    let elsewhere = Signal::stored(problem_elsewhere(&[Place::Roster], error));
    view! {
        <h2>{texts.heading}</h2>
        <p>{texts.lead}</p>
        <form method="post" action=format!("/courses/{code}/rosters") enctype="multipart/form-data" class="form sheet">
            <Problem error=elsewhere/>
            <Field id="file" name="file" label=texts.file hint=texts.file_hint kind="file" problem/>
            <button type="submit" class="button button-main">{texts.look}</button>
        </form>
    }
}

/// The page.
#[component]
pub(crate) fn RosterPage() -> impl IntoView {
    let params = use_params_map();
    let part = |name: &str| params.with_untracked(|params| params.get(name)).unwrap_or_default();
    let (code, id) = (part("code"), part("roster").parse());
    let of = OnceResource::new(async move {
        match id {
            Ok(id) => roster(code, id).await,
            Err(_) => Err(AppError::NotFound),
        }
    });
    view! {
        <Loaded of=of let:of>
            <List of/>
        </Loaded>
    }
}

#[component]
fn List(of: RosterView) -> impl IntoView {
    let all = use_texts();
    let texts = &all.roster;
    let RosterView { id, code, by, at, lines } = of;
    let count = |is: fn(&RosterLine) -> bool| lines.iter().filter(|line| is(line)).count();
    let (waiting, came, of) = (count(RosterLine::is_waiting), count(|line| line.is_done), lines.len());
    let is_left = waiting == 0 && came < of;
    let (people, left) = (format!("/courses/{code}/members"), format!("/courses/{code}/rosters/{id}/left.csv"));
    let title = (texts.title)(&code);
    let rows = lines.into_iter().map(|line| view! { <Line line/> }).collect_view();
    let heads = vec![texts.line, all.members.sign_in_name, all.members.name, all.members.role_head, texts.fate_head];
    view! {
        <PageTitle text=title.clone()/>
        <p class="kicker"><a href=people rel="external">{(texts.back)(&code)}</a></p>
        <h1>{title}</h1>
        <p class="quiet">{texts.by}" "{by}" "<Moment at/></p>
        <Problem error=Signal::stored(refused::<BringIn>())/>
        {if waiting > 0 {
            EitherOf3::A(view! {
                {(came == 0).then(|| view! { <Notice tone=Tone::Info><p>{texts.nothing_yet}</p></Notice> })}
                <form method="post" action=BringIn::url() class="acts">
                    <input type="hidden" name="code" value=code/>
                    <input type="hidden" name="id" value=id.to_string()/>
                    <button type="submit" class="button button-main">{(texts.bring_in)(waiting)}</button>
                </form>
            })
        } else if came > 0 {
            EitherOf3::B(view! { <Notice tone=Tone::Info><p>{(texts.came)(came, of)}</p></Notice> })
        } else {
            EitherOf3::C(())
        }}
        {is_left.then(|| view! { <p><a href=left rel="external" download="">{texts.left}</a></p> })}
        <Table label=texts.fate_head heads>{rows}</Table>
    }
}

#[component]
fn Line(line: RosterLine) -> impl IntoView {
    let all = use_texts();
    let RosterLine { line, sign_in, name, role, fate, is_done } = line;
    let said = (all.roster.fate)(fate, is_done);
    let fate = match fate {
        Fate::Wrong(wrong) => Either::Left(view! { <strong>{said}</strong><p class="hint">{(all.roster.wrong)(wrong)}</p> }),
        _ => Either::Right(said),
    };
    view! {
        <tr>
            <td class="figure">{line}</td>
            <th scope="row">{sign_in}</th>
            <td>{name}</td>
            <td>{role.map(|role| (all.members.role)(role))}</td>
            <td>{fate}</td>
        </tr>
    }
}
