//! A course: what it offers, and one's environments in it.

#[cfg(feature = "ssr")]
pub(crate) mod costs;
#[cfg(feature = "ssr")]
pub(crate) mod members;
mod request;
#[cfg(feature = "ssr")]
pub(crate) mod roster;

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use self::request::RequestForm;
use crate::api::courses::course;
use crate::components::cards::{Empty, EnvironmentList};
use crate::components::loaded::Loaded;
use crate::components::moment::Moment;
use crate::components::notice::{Lesson, Notice, Tone};
use crate::components::title::PageTitle;
use crate::domain::course::{BlueprintCard, CertificatesLeft, CourseNames, CourseView, Role};
use crate::visit::use_texts;

/// The page.
#[component]
pub(crate) fn CoursePage() -> impl IntoView {
    let code = use_params_map().with_untracked(|params| params.get("code")).unwrap_or_default();
    let course = OnceResource::new(course(code));
    view! {
        <Loaded of=course let:course>
            <Course course/>
        </Loaded>
    }
}

#[component]
fn Course(course: CourseView) -> impl IntoView {
    let texts = use_texts();
    let CourseView { course, names, blueprints, environments } = course;
    let staff = (course.role != Role::Student).then(|| course.code.clone());
    let is_only_one = blueprints.len() == 1;
    view! {
        <PageTitle text=format!("{} {}", course.code, course.title)/>
        <p class="kicker">
            <code>{course.code}</code>
            <span>{(texts.home.role)(course.role)}</span>
        </p>
        <h1>{course.title}</h1>
        {staff.map(|code| view! {
            <p class="acts">
                <a href=format!("/desk/{code}") rel="external">{texts.course.desk}</a>
                <a href=format!("/courses/{code}/members") rel="external">{texts.course.people}</a>
                <a href=format!("/courses/{code}/costs") rel="external">{texts.costs.heading}</a>
            </p>
        })}
        {(!environments.is_empty()).then(|| view! {
            <section aria-labelledby="environments">
                <h2 id="environments">{texts.course.environments}</h2>
                <EnvironmentList environments/>
            </section>
        })}
        {names.as_ref().and_then(|names| names.certificates.clone()).map(|certificates| view! { <Certificates certificates role=course.role/> })}
        <section aria-labelledby="blueprints">
            <h2 id="blueprints">{texts.course.blueprints}</h2>
            {if blueprints.is_empty() {
                Either::Left(view! { <Empty title=texts.course.no_blueprints/> })
            } else {
                let blueprints = blueprints
                    .into_iter()
                    .map(|blueprint| view! { <Blueprint blueprint is_only_one names=names.clone()/> })
                    .collect_view();
                Either::Right(blueprints)
            }}
        </section>
    }
}

/// Staff see how many are left before a class begins; students, when there is none for them.
#[component]
pub(crate) fn Certificates(certificates: CertificatesLeft, role: Role) -> impl IntoView {
    let texts = &use_texts().course;
    let CertificatesLeft { left, of, domain, next_at } = certificates;
    match next_at {
        Some(at) => EitherOf3::A(view! {
            <Notice tone=Tone::Info><p>{(texts.no_certificates)(of, &domain)}" "<Moment at/></p></Notice>
        }),
        None if role == Role::Student => EitherOf3::B(()),
        None => EitherOf3::C(view! { <Notice tone=Tone::Info><p>{(texts.certificates_left)(left, of, &domain)}</p></Notice> }),
    }
}

#[component]
fn Blueprint(blueprint: BlueprintCard, is_only_one: bool, names: Option<CourseNames>) -> impl IntoView {
    let texts = &use_texts().course;
    let BlueprintCard { version, title, summary, services, sizes, is_hardened, keeps_address, is_image_ready } = blueprint;
    let services = services
        .into_iter()
        .map(|service| match (texts.service)(&service) {
            Some(known) => view! { <li>{known.to_owned()}</li> },
            None => view! { <li>{service}</li> },
        })
        .collect_view();
    view! {
        <article class="blueprint">
            <div class="blueprint-about">
                <h3>{title}</h3>
                <p>{summary}</p>
                <h4 class="for-readers">{texts.services}</h4>
                <ul class="chips">{services}</ul>
                {(sizes.len() == 1).then(|| sizes.first().map(|size| view! {
                    <p class="quiet">{(texts.size)(size.cpus, size.memory_mib, size.disk_gib)}</p>
                }))}
                {(!is_image_ready).then(|| view! { <Notice tone=Tone::Info><p>{texts.image_not_ready}</p></Notice> })}
                <Lesson text=(texts.lesson_address)(keeps_address)/>
                <Lesson text=(texts.lesson_security)(is_hardened)/>
            </div>
            <RequestForm version is_only_one names sizes/>
        </article>
    }
}
