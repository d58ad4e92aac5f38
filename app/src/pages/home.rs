//! The first page: my environments, my courses.

use leptos::either::Either;
use leptos::prelude::*;

use crate::api::courses::my_courses;
use crate::api::environments::my_environments;
use crate::components::cards::{CourseList, Empty, EnvironmentList};
use crate::components::loaded::Loaded;
use crate::components::title::PageTitle;
use crate::domain::course::CourseCard;
use crate::domain::environment::EnvironmentCard;
use crate::error::AppError;
use crate::visit::use_texts;

/// The page.
#[component]
pub(crate) fn HomePage() -> impl IntoView {
    let mine = OnceResource::new(mine());
    view! {
        <Loaded of=mine let:mine>
            <Home environments=mine.0 courses=mine.1/>
        </Loaded>
    }
}

async fn mine() -> Result<(Vec<EnvironmentCard>, Vec<CourseCard>), AppError> {
    Ok((my_environments().await?, my_courses().await?))
}

#[component]
fn Home(environments: Vec<EnvironmentCard>, courses: Vec<CourseCard>) -> impl IntoView {
    let texts = &use_texts().home;
    let has_courses = !courses.is_empty();
    view! {
        <PageTitle text=texts.title.to_owned()/>
        <h1>{texts.title}</h1>
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
        <p><a href="/backups" rel="external">{use_texts().backups.heading}</a></p>
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
