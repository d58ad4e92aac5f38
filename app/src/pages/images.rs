//! Images of an environment's disk: saving one, and making a new environment of one.

use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::environments::asked_for;
use crate::api::costs::costs_of_a_copy;
use crate::api::images::{ForgetImage, SaveImage, StartFromImage, images};
use crate::api::not_found;
use crate::components::cards::Empty;
use crate::components::loaded::Loaded;
use crate::components::moment::Moment;
use crate::components::notice::{Lesson, Notice, Problem, Tone};
use crate::components::price::Price;
use crate::components::request_fields::RequestFields;
use crate::components::table::Table;
use crate::components::title::PageTitle;
use crate::domain::ids::EnvironmentId;
use crate::domain::image::{ImageCard, ImageState, ImagesView};
use crate::domain::price::Estimate;
use crate::error::AppError;
use crate::visit::{refused, use_texts};

/// Those of an environment.
#[component]
pub(crate) fn ImagesPage() -> impl IntoView {
    let id = asked_for();
    let of = OnceResource::new(async move {
        let id = id?;
        Ok((id, images(id).await?))
    });
    view! {
        <Loaded of=of let:of>
            <Images id=of.0 of=of.1/>
        </Loaded>
    }
}

#[component]
fn Images(id: EnvironmentId, of: ImagesView) -> impl IntoView {
    let texts = use_texts();
    let ImagesView { name, images, rests, refused: why_not, may_have } = of;
    let title = (texts.images.title)(&name);
    let is_moving = images.iter().any(|image| image.state != ImageState::Whole);
    let here = format!("/environments/{id}/images");
    let texts_of = &texts.images;
    view! {
        <PageTitle text=title.clone()/>
        <p class="kicker"><a href=format!("/environments/{id}") rel="external">{(texts.passwords.back)(&name)}</a></p>
        <h1>{title}</h1>
        <p class="lead">{texts_of.lead}</p>
        <Problem error=Signal::stored(refused::<SaveImage>().or_else(refused::<ForgetImage>))/>
        <p>{(texts_of.meanwhile)(rests)}</p>
        {match why_not {
            Some(why) => Either::Left(view! { <Notice tone=Tone::Info><p>{(texts_of.refused)(why)}</p></Notice> }),
            None => Either::Right(view! {
                <form method="post" action=SaveImage::url()>
                    <input type="hidden" name="id" value=id.to_string()/>
                    <button type="submit" class="button button-main">{texts_of.save}</button>
                </form>
            }),
        }}
        {if images.is_empty() {
            Either::Left(view! { <Empty title=texts_of.none/> })
        } else {
            Either::Right(view! { <ImageTable id images may_have/> })
        }}
        {is_moving.then(|| view! { <p><a class="button" href=here rel="external">{texts_of.look_again}</a></p> })}
        <p><a href=format!("/environments/{id}/backups") rel="external">{(texts.backups.title)(&name)}</a></p>
        <Lesson text=texts_of.lesson/>
    }
}

#[component]
fn ImageTable(id: EnvironmentId, images: Vec<ImageCard>, may_have: bool) -> impl IntoView {
    let texts = &use_texts().images;
    let rows = images
        .into_iter()
        .map(|ImageCard { number, state, made_at }| {
            let look = match state {
                ImageState::Coming => "building",
                ImageState::Whole => "ready",
                ImageState::Going => "stopped",
            };
            view! {
                <tr>
                    <th scope="row">{(texts.image)(number)}</th>
                    <td>
                        <span class="phase" data-phase=look>
                            <span class="dot" aria-hidden="true"></span>
                            {(texts.state)(state)}
                        </span>
                    </td>
                    <td>{made_at.map(|at| view! { <Moment at/> })}</td>
                    <td>
                        {(may_have && state == ImageState::Whole).then(|| view! {
                            <a class="button button-small" href=format!("/environments/{id}/images/{number}") rel="external">{texts.use_it}</a>
                        })}
                        {(may_have && state == ImageState::Coming).then(|| view! { <Forget id number/> })}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Table label=texts.heading heads=vec![texts.heading, texts.state_head, texts.made, texts.what_to_do]>{rows}</Table>
    }
}

/// Asks for a new environment that starts from one, or for its end.
#[component]
pub(crate) fn ImagePage() -> impl IntoView {
    let id = asked_for();
    let number = use_params_map().with_untracked(|params| params.get("number")).and_then(|number| number.parse::<u16>().ok());
    let of = OnceResource::new(async move {
        let (id, number) = (id?, number.ok_or_else(not_found)?);
        let of = images(id).await?;
        let is_it = |image: &ImageCard| image.number == number && image.state == ImageState::Whole;
        if of.images.iter().any(is_it) { Ok((id, number, of.name, costs_of_a_copy(id, true).await?)) } else { Err(not_found()) }
    });
    view! {
        <Loaded of=of let:of>
            <UseImage id=of.0 number=of.1 name=of.2 price=of.3/>
        </Loaded>
    }
}

#[component]
fn UseImage(id: EnvironmentId, number: u16, name: String, price: Result<Estimate, AppError>) -> impl IntoView {
    let texts = use_texts();
    let texts_of = &texts.images;
    let title = (texts_of.start_title)(&name, number);
    view! {
        <PageTitle text=title.clone()/>
        <div class="narrow">
            <p class="kicker"><a href=format!("/environments/{id}/images") rel="external">{(texts_of.title)(&name)}</a></p>
            <h1>{title}</h1>
            <p class="lead">{texts_of.start_lead}</p>
            <p>{texts_of.start_new}</p>
            <form method="post" action=StartFromImage::url() class="form sheet">
                <input type="hidden" name="id" value=id.to_string()/>
                <input type="hidden" name="number" value=number.to_string()/>
                <RequestFields error=Signal::stored(refused::<StartFromImage>())/>
                <Price price/>
                <button type="submit" class="button button-main">{texts_of.start_button}</button>
            </form>
            <h2>{texts_of.forget_title}</h2>
            <p>{texts_of.forget_lead}</p>
            <Problem error=Signal::stored(refused::<ForgetImage>())/>
            <Forget id number/>
        </div>
    }
}

/// The button that deletes one, or gives up one that is being made.
#[component]
fn Forget(id: EnvironmentId, number: u16) -> impl IntoView {
    view! {
        <form method="post" action=ForgetImage::url()>
            <input type="hidden" name="id" value=id.to_string()/>
            <input type="hidden" name="number" value=number.to_string()/>
            <button type="submit" class="button button-small button-danger">{use_texts().images.forget}</button>
        </form>
    }
}
