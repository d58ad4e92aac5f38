//! The page of a course's people, for its staff.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use crate::api::members::{EndInvitation, Invite, SetRole, TakeOut, members};
use crate::components::choice::{Choice, Item};
use crate::components::field::{Field, problem_at, problem_elsewhere};
use crate::components::loaded::Loaded;
use crate::components::moment::Moment;
use crate::components::notice::Problem;
use crate::components::table::Table;
use crate::components::title::PageTitle;
use crate::domain::course::Role;
use crate::domain::members::{InvitationRow, MemberRow, MembersView};
use crate::error::Field as Place;
use crate::visit::{refused, use_texts, use_typed};

use super::roster::RosterForm;

/// The page.
#[component]
pub(crate) fn MembersPage() -> impl IntoView {
    let code = use_params_map().with_untracked(|params| params.get("code")).unwrap_or_default();
    let of = OnceResource::new(members(code));
    view! {
        <Loaded of=of let:of>
            <Members of/>
        </Loaded>
    }
}

#[component]
fn Members(of: MembersView) -> impl IntoView {
    let texts = &use_texts().members;
    let MembersView { code, title, members, invitations, may_change } = of;
    let heading = (texts.title)(&code);
    let error = refused::<SetRole>().or_else(refused::<TakeOut>).or_else(refused::<EndInvitation>);
    view! {
        <PageTitle text=heading.clone()/>
        <p class="kicker"><a href=format!("/courses/{code}") rel="external"><code>{code.clone()}</code></a> <span>{title}</span></p>
        <h1>{heading}</h1>
        <Problem error=Signal::stored(error)/>
        <List code=code.clone() members may_change/>
        {may_change.then(|| view! {
            <h2>{texts.invite_title}</h2>
            <p>{texts.invite_lead}</p>
            {(!invitations.is_empty()).then(|| view! { <Invitations code=code.clone() invitations/> })}
            <InviteForm code=code.clone()/>
            <RosterForm code/>
        })}
    }
}

#[component]
fn List(code: String, members: Vec<MemberRow>, may_change: bool) -> impl IntoView {
    let all = use_texts();
    let texts = &all.members;
    let is_awaited = members.iter().any(|member| member.welcome.is_some());
    let file = format!("/courses/{code}/members.csv");
    let row = move |member: MemberRow| {
        let welcome = member.welcome.clone().map(|token| {
            view! {
                <p class="hint"><a href=format!("/welcome/{token}") rel="external">{all.roster.awaited}</a></p>
            }
        });
        let change = (may_change && !member.is_caller).then(|| view! { <Change code=code.clone() member=member.clone()/> });
        view! {
            <tr>
                <th scope="row">{member.name}</th>
                <td>{member.sign_in}{welcome}</td>
                <td>{(texts.role)(member.role)}</td>
                <td class="figure">{member.environments}</td>
                <td>{change}</td>
            </tr>
        }
    };
    let rows = members.into_iter().map(row).collect_view();
    let heads = vec![texts.name, texts.sign_in_name, texts.role_head, all.home.environments, texts.what_to_do];
    view! {
        <Table label=texts.people heads>{rows}</Table>
        {is_awaited.then(|| view! { <p class="hint">{all.roster.awaited_hint}</p> })}
        <p><a href=file rel="external" download="">{all.roster.download}</a></p>
    }
}

/// What somebody else becomes, or that they go.
#[component]
fn Change(code: String, member: MemberRow) -> impl IntoView {
    let texts = &use_texts().members;
    let MemberRow { id, name, role, .. } = member;
    let options = [Role::Student, Role::Assistant, Role::Instructor]
        .map(|one| view! { <option value=one.code() selected=one == role>{(texts.role)(one)}</option> })
        .collect_view();
    view! {
        <div class="acts">
            <form method="post" action=SetRole::url() class="acts">
                <input type="hidden" name="code" value=code.clone()/>
                <input type="hidden" name="person" value=id.to_string()/>
                <select name="role" autocomplete="off" aria-label=(texts.role_of)(&name)>{options}</select>
                <button type="submit" class="button button-small" aria-label=(texts.set_role_of)(&name)>{texts.set_role}</button>
            </form>
            <form method="post" action=TakeOut::url()>
                <input type="hidden" name="code" value=code/>
                <input type="hidden" name="person" value=id.to_string()/>
                <button type="submit" class="button button-small button-danger" aria-label=(texts.take_out_of)(&name)>{texts.take_out}</button>
            </form>
        </div>
    }
}

#[component]
fn Invitations(code: String, invitations: Vec<InvitationRow>) -> impl IntoView {
    let texts = &use_texts().members;
    let row = move |invitation: InvitationRow| {
        let InvitationRow { id, role, token, until, used, by } = invitation;
        let (path, shown) = (format!("/join/{token}"), format!("/join/{token}"));
        view! {
            <tr>
                <th scope="row"><a class="join-link" href=path rel="external"><code>{shown}</code></a></th>
                <td>{(texts.role)(role)}</td>
                <td>{(texts.used)(used.0, used.1)}</td>
                <td><Moment at=until/></td>
                <td>{by}</td>
                <td>
                    <form method="post" action=EndInvitation::url()>
                        <input type="hidden" name="code" value=code.clone()/>
                        <input type="hidden" name="id" value=id.to_string()/>
                        <button type="submit" class="button button-small">{texts.end_link}</button>
                    </form>
                </td>
            </tr>
        }
    };
    let rows = invitations.into_iter().map(row).collect_view();
    let heads = vec![texts.link, texts.role_head, texts.used_head, texts.until, texts.by, texts.what_to_do];
    view! {
        <Table label=texts.links heads>{rows}</Table>
        <p class="hint">{texts.link_hint}</p>
    }
}

#[component]
fn InviteForm(code: String) -> impl IntoView {
    let texts = &use_texts().members;
    let error = refused::<Invite>();
    let or = |typed: String, usual: &str| if typed.is_empty() { usual.to_owned() } else { typed };
    let at = |place| Signal::stored(problem_at(place, error.clone()));
    let elsewhere = Signal::stored(problem_elsewhere(&[Place::Days, Place::People], error.clone()));
    let roles = [Role::Student, Role::Assistant]
        .map(|role| Item { value: role.code().to_owned(), text: (texts.role)(role).to_owned(), is_disabled: false })
        .into();
    view! {
        <form method="post" action=Invite::url() class="form sheet">
            <Problem error=elsewhere/>
            <input type="hidden" name="code" value=code/>
            <Choice name="role" label=texts.role_head items=roles chosen=Role::Student.code().to_owned() problem=None/>
            <Field id="days" name="days" label=texts.days problem=at(Place::Days) value=or(use_typed("days"), "14")/>
            <Field id="most" name="most" label=texts.most problem=at(Place::People) value=or(use_typed("most"), "40")/>
            <button type="submit" class="button button-main">{texts.invite}</button>
        </form>
    }
}
