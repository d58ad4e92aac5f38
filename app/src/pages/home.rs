//! The first page: my environments, my courses.

use leptos::either::Either;
use leptos::prelude::*;

use crate::api::courses::my_courses;
use crate::api::environments::my_environments;
use crate::api::notices::notices;
use crate::components::cards::{CourseList, Empty, EnvironmentList};
use crate::components::loaded::Loaded;
use crate::components::title::PageTitle;
use crate::domain::course::{CourseCard, Role};
use crate::domain::environment::EnvironmentCard;
use crate::domain::news::NoticeCard;
use crate::error::AppError;
use crate::pages::notices::Unread;
use crate::visit::{use_texts, use_visit};

/// The page.
#[component]
pub(crate) fn HomePage() -> impl IntoView {
    let mine = OnceResource::new(mine());
    view! {
        <Loaded of=mine let:mine>
            <Home environments=mine.0 courses=mine.1 notices=mine.2/>
        </Loaded>
    }
}

async fn mine() -> Result<(Vec<EnvironmentCard>, Vec<CourseCard>, Vec<NoticeCard>), AppError> {
    Ok((my_environments().await?, my_courses().await?, notices().await?))
}

#[component]
fn Home(environments: Vec<EnvironmentCard>, courses: Vec<CourseCard>, notices: Vec<NoticeCard>) -> impl IntoView {
    let texts = &use_texts().home;
    let unread = notices.into_iter().filter(|notice| !notice.is_read).collect();
    let has_courses = !courses.is_empty();
    let is_operator = use_visit().caller.is_some_and(|caller| caller.is_operator);
    let has_desk = is_operator || courses.iter().any(|course| course.role != Role::Student);
    view! {
        <PageTitle text=texts.title.to_owned()/>
        <h1>{texts.title}</h1>
        <Unread notices=unread/>
        <section aria-label=texts.environments>
            {if environments.is_empty() {
                Either::Left(view! {
                    <Empty title=texts.no_environments>
                        {has_courses.then(|| view! {
                            <ol class="empty-how">{texts.no_environments_how.map(|how| view! { <li>{how}</li> }).collect_view()}</ol>
                        })}
                    </Empty>
                })
            } else {
                Either::Right(view! { <EnvironmentList environments with_course=true/> })
            }}
        </section>
        <p class="acts">
            <a href="/backups" rel="external">{use_texts().backups.heading}</a>
            <a href="/notices" rel="external">{use_texts().notices.heading}</a>
            {is_operator.then(|| view! { <a href="/operate" rel="external">{use_texts().operate.title}</a> })}
            {has_desk.then(|| view! { <a href="/desk" rel="external">{use_texts().desk.heading}</a> })}
        </p>
        <section aria-labelledby="courses">
            <h2 id="courses">{texts.courses}</h2>
            {if has_courses {
                Either::Left(view! { <CourseList courses/> })
            } else {
                Either::Right(view! { <Empty title=texts.no_courses><p>{texts.no_courses_how}</p></Empty> })
            }}
        </section>
    }
}
