//! Courses.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::{answer, request_context};
#[cfg(feature = "ssr")]
use crate::domain::course::CourseCard;
use crate::domain::course::CourseView;
use crate::error::AppError;

/// The courses of who asks.
#[cfg(feature = "ssr")]
#[server(prefix = "/do", endpoint = "my_courses")]
pub async fn my_courses() -> Result<Vec<CourseCard>, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.courses.mine(&caller).await)
}

/// One of them, with what it offers.
#[server(prefix = "/do", endpoint = "course")]
pub async fn course(code: String) -> Result<CourseView, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.courses.course(&caller, &code).await)
}
