//! One's account: who is signed in, and ending it.

use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::api::door::{EndOtherSessions, EndSession, SignOut, sessions};
use crate::components::loaded::Loaded;
use crate::components::moment::Moment;
use crate::components::notice::Problem;
use crate::components::title::PageTitle;
use crate::domain::person::SessionRow;
use crate::visit::{refused, use_texts, use_visit};

/// The page. Its forms are plain: each changes the list, which is then read again.
#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    let sessions = OnceResource::new(sessions());
    view! {
        <Loaded of=sessions let:sessions>
            <Account sessions/>
        </Loaded>
    }
}

#[component]
fn Account(sessions: Vec<SessionRow>) -> impl IntoView {
    let texts = &use_texts().account;
    let name = use_visit().caller.map(|caller| caller.name).unwrap_or_default();
    let has_others = sessions.iter().any(|session| !session.is_this_one);
    let error = refused::<EndSession>().or_else(refused::<EndOtherSessions>);
    view! {
        <PageTitle text=texts.title.to_owned()/>
        <p class="kicker">{name}</p>
        <h1>{texts.title}</h1>
        <Problem error=Signal::stored(error)/>
        <section aria-labelledby="sessions">
            <h2 id="sessions">{texts.sessions}</h2>
            <p>{texts.sessions_lead}</p>
            <div class="table-scroll">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">{texts.browser}</th>
                            <th scope="col">{texts.signed_in}</th>
                            <th scope="col">{texts.last_seen}</th>
                            <th scope="col">{texts.what_to_do}</th>
                        </tr>
                    </thead>
                    <tbody>{sessions.into_iter().map(|session| view! { <Row session/> }).collect_view()}</tbody>
                </table>
            </div>
            {has_others.then(|| view! {
                <form method="post" action=EndOtherSessions::url()>
                    <button type="submit" class="button">{texts.end_others}</button>
                </form>
            })}
        </section>
    }
}

#[component]
fn Row(session: SessionRow) -> impl IntoView {
    let texts = &use_texts().account;
    let SessionRow { id, browser, created_at, seen_at, is_this_one } = session;
    let act = if is_this_one {
        Either::Left(view! {
            <form method="post" action=SignOut::url()>
                <button type="submit" class="button button-small">{texts.sign_out}</button>
            </form>
        })
    } else {
        Either::Right(view! {
            <form method="post" action=EndSession::url()>
                <input type="hidden" name="id" value=id.to_string()/>
                <button type="submit" class="button button-small" aria-label=(texts.end_this)(&browser)>{texts.end}</button>
            </form>
        })
    };
    view! {
        <tr>
            <th scope="row">
                {browser.clone()}
                {is_this_one.then(|| view! { <span class="flag flag-quiet">{texts.this_one}</span> })}
            </th>
            <td><Moment at=created_at/></td>
            <td><Moment at=seen_at/></td>
            <td>{act}</td>
        </tr>
    }
}
