//! The prover: requests through the balancer, and who answered them.

use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_query_map;

use super::asked_for;
use crate::api::environment_of_page;
use crate::api::scaling::{SetApart, SetSticky, send_requests};
use crate::components::loaded::Loaded;
use crate::components::machines::ShareBadge;
use crate::components::notice::{Lesson, Notice, Problem, Tone};
use crate::components::title::PageTitle;
use crate::domain::environment::EnvironmentView;
use crate::domain::ids::EnvironmentId;
use crate::domain::scaling::{Answers, HANDFUL, MachineCard, Mode, Scaling, Share};
use crate::error::AppError;
use crate::live::follow;
use crate::visit::{refused, use_texts};

/// So many requests in one go, a handful at a time.
const HANDFULS: u32 = 10;

/// The page.
#[component]
pub(crate) fn ProverPage() -> impl IntoView {
    let id = asked_for();
    // Without scripts a link sends one handful.
    let asked = use_query_map().with_untracked(|query| (query.get("send").is_some(), query.get("same").is_some()));
    let shown = OnceResource::new(async move {
        let id = id?;
        let view = environment_of_page(id).await?;
        match &view.scaling {
            None => return Err(AppError::Conflict),
            Some(scaling) if !scaling.may_change => return Err(AppError::NotAllowed),
            Some(_) => {}
        }
        let answers = match asked {
            (true, is_same) => send_requests(id, HANDFUL, is_same, String::new()).await?,
            (false, _) => Answers::default(),
        };
        Ok::<_, AppError>((view, answers))
    });
    view! {
        <Loaded of=shown let:shown>
            <Prover environment=shown.0 answers=shown.1/>
        </Loaded>
    }
}

#[component]
fn Prover(environment: EnvironmentView, answers: Answers) -> impl IntoView {
    let texts = use_texts();
    let (id, name) = (environment.id, environment.name.clone());
    let mode = environment.scaling.as_ref().map_or(Mode::default(), |scaling| scaling.mode);
    let view = RwSignal::new(environment);
    follow(view);
    let scaling = Memo::new(move |_| view.read().scaling.clone());
    let title = (texts.scaling.prover_title)(&name);
    view! {
        <PageTitle text=title.clone()/>
        <p class="kicker"><a href=format!("/environments/{id}") rel="external">{(texts.passwords.back)(&name)}</a></p>
        <h1>{title}</h1>
        <p class="lead">{texts.scaling.prover_lead}</p>
        {move || match scaling.get() {
            Some(scaling) if scaling.balancer.is_active => Either::Left(()),
            _ => Either::Right(view! { <Notice tone=Tone::Info><p>{texts.scaling.balancer_is_coming}</p></Notice> }),
        }}
        <Sender id answers scaling/>
        <Lesson text=texts.scaling.lesson/>
        <Lesson text=(texts.scaling.exercise)(mode)/>
    }
}

/// Sends handfuls and counts; with the switches that change who answers.
#[component]
fn Sender(id: EnvironmentId, answers: Answers, scaling: Memo<Option<Scaling>>) -> impl IntoView {
    let texts = &use_texts().scaling;
    let answers = RwSignal::new(answers);
    let (is_sending, set_sending) = signal(false);
    let (error, set_error) = signal(None::<AppError>);
    let is_same = RwSignal::new(false);
    let send = move |_| {
        if is_sending.get_untracked() {
            return;
        }
        answers.set(Answers::default());
        set_error.set(None);
        set_sending.set(true);
        leptos::task::spawn_local(async move {
            for _ in 0..HANDFULS {
                let mark = answers.with_untracked(|answers| answers.mark.clone()).unwrap_or_default();
                match send_requests(id, HANDFUL, is_same.get_untracked(), mark).await {
                    Ok(later) => answers.update(|answers| answers.add(later)),
                    Err(error) => {
                        set_error.set(Some(error));
                        break;
                    }
                }
            }
            set_sending.set(false);
        });
    };
    let apart = ServerAction::<SetApart>::new();
    let sent_plainly = refused::<SetSticky>();
    let refused =
        Signal::derive(move || error.get().or_else(|| apart.value().get().and_then(Result::err)).or_else(|| sent_plainly.clone()));
    let is_sticky = Memo::new(move |_| scaling.read().as_ref().is_some_and(|scaling| scaling.balancer.is_sticky));
    view! {
        <Problem error=refused/>
        <fieldset class="as-whom needs-scripts">
            <legend>{texts.as_whom}</legend>
            <label><input type="radio" name="visitor" checked=true on:change=move |_| is_same.set(false)/>{texts.as_new}</label>
            <label><input type="radio" name="visitor" on:change=move |_| is_same.set(true)/>{texts.as_same}</label>
        </fieldset>
        <div class="acts">
            <button type="button" class="button button-main needs-scripts" on:click=send aria-disabled=move || is_sending.get().then_some("true")>
                {move || if is_sending.get() { texts.sending.to_owned() } else { (texts.send)(HANDFULS * HANDFUL) }}
            </button>
            <noscript>
                <a class="button button-main" href=format!("/environments/{id}/prover?send=1") rel="external">{(texts.send)(HANDFUL)}</a>
                <a class="button" href=format!("/environments/{id}/prover?send=1&same=1") rel="external">{(texts.send_as_one)(HANDFUL)}</a>
            </noscript>
        </div>
        <Shares id answers scaling apart/>
        <p>{move || (texts.sticky)(is_sticky.get())}</p>
        <form method="post" action=SetSticky::url()>
            <input type="hidden" name="id" value=id.to_string()/>
            <input type="hidden" name="is_sticky" value=move || (!is_sticky.get()).to_string()/>
            <button type="submit" class="button">{move || (texts.make_sticky)(!is_sticky.get())}</button>
        </form>
    }
}

/// A line for each machine: how the balancer sees it, how many it answered, and a way to take it out.
#[component]
fn Shares(id: EnvironmentId, answers: RwSignal<Answers>, scaling: Memo<Option<Scaling>>, apart: ServerAction<SetApart>) -> impl IntoView {
    let texts = &use_texts().scaling;
    let machines = Memo::new(move |_| scaling.get().map(|scaling| scaling.machines).unwrap_or_default());
    let sent = Memo::new(move |_| answers.with(Answers::sent));
    let row = move |MachineCard { slot, label, zone, share, .. }: MachineCard| {
        let is_apart = matches!(share, Share::SetApart | Share::Draining);
        let (word, name) = match is_apart {
            true => (texts.put_back, (texts.put_back_this)(&label)),
            false => (texts.take_out, (texts.take_out_this)(&label)),
        };
        let count = {
            let label = label.clone();
            Memo::new(move |_| answers.with(|answers| answers.count(&label)))
        };
        view! {
            <tr>
                <th scope="row">{label}{zone.map(|zone| view! { " " <span class="quiet">{zone}</span> })}</th>
                <td><ShareBadge share/></td>
                <td><Part count sent/></td>
                <td>
                    <ActionForm action=apart>
                        <input type="hidden" name="id" value=id.to_string()/>
                        <input type="hidden" name="machine" value=slot.to_string()/>
                        <input type="hidden" name="is_apart" value=(!is_apart).to_string()/>
                        <button type="submit" class="button button-small" aria-label=name>{word}</button>
                    </ActionForm>
                </td>
            </tr>
        }
    };
    let unnamed = Memo::new(move |_| answers.with(|answers| answers.count("")));
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=texts.answered>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{texts.machine}</th>
                        <th scope="col">{texts.state}</th>
                        <th scope="col">{texts.answered}</th>
                        <td></td>
                    </tr>
                </thead>
                <tbody>{move || machines.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
        {move || (unnamed.get() > 0).then(|| view! { <p>{texts.nobody_said}": "<Part count=unnamed sent/></p> })}
        <p role="status" aria-live="polite">{move || answers.with(|answers| (answers.failed > 0).then(|| (texts.failed)(answers.failed)))}</p>
    }
}

/// How many of those that were sent.
#[component]
fn Part(count: Memo<u32>, sent: Memo<u32>) -> impl IntoView {
    let texts = &use_texts().scaling;
    view! {
        <span class="part">
            <meter min="0" max=move || sent.get().max(1) value=count aria-hidden="true"></meter>
            {move || (texts.share_of)(count.get(), sent.get())}
        </span>
    }
}
