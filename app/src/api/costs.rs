//! What things cost, and what may be spent. All of it is on plain pages: the browser's program asks none of it.

use leptos::prelude::*;

use super::{answer, keep_typed, request_context};
use crate::domain::ids::{AllowanceId, EnvironmentId, PersonId};
use crate::domain::price::{CostsView, CourseSpending, Estimate};
use crate::error::{AppError, Field};
use crate::ports::{BudgetOf, Granted};

/// Those of an environment.
#[server(prefix = "/do", endpoint = "costs")]
pub async fn costs(id: EnvironmentId) -> Result<CostsView, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.costs.of_environment(&caller, id).await)
}

/// Keeps it for another lease, and stays on the page.
#[server(prefix = "/do", endpoint = "extend_lease")]
pub async fn extend_lease(id: EnvironmentId) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.costs.extend(&caller, id).await)
}

/// What one would cost that is made of this one.
#[server(prefix = "/do", endpoint = "costs_of_a_copy")]
pub async fn costs_of_a_copy(id: EnvironmentId, is_of_image: bool) -> Result<Result<Estimate, AppError>, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.costs.of_a_copy(&caller, id, is_of_image).await)
}

/// Those of a course, with this page of its environments.
#[server(prefix = "/do", endpoint = "course_costs")]
pub async fn course_costs(code: String, page: u32) -> Result<CourseSpending, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.costs.of_course(&caller, &code, page).await)
}

/// Sets what the whole course, or each student, may spend, and stays on the page. What was left empty stays as it is.
#[server(prefix = "/do", endpoint = "set_budgets")]
pub async fn set_budgets(
    code: String,
    #[server(default)] course: String,
    #[server(default)] each: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    let mut set = Ok(());
    for (of, amount) in [(BudgetOf::Course, &course), (BudgetOf::Each, &each)] {
        if set.is_ok() && !amount.trim().is_empty() {
            set = portal.costs.set_budget(&caller, &code, of, amount, &reason).await.map_err(|error| match error {
                AppError::Invalid { field: Field::Amount, why } if of == BudgetOf::Each => {
                    AppError::Invalid { field: Field::AmountEach, why }
                }
                error => error,
            });
        }
    }
    if set.is_err() {
        keep_typed(&[("course", &course), ("each", &each), ("reason", &reason)]);
    }
    answer(set)
}

/// Says at how many percent people are told, and stays on the page.
#[server(prefix = "/do", endpoint = "tell_at")]
pub async fn tell_at(code: String, #[server(default)] percents: String) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    let set = portal.costs.tell_at(&caller, &code, &percents).await;
    if set.is_err() {
        keep_typed(&[("percents", &percents)]);
    }
    answer(set)
}

/// Grants one student more, or takes some of that back, and stays on the page. `id`: sent twice, it is done once.
#[server(prefix = "/do", endpoint = "grant")]
pub async fn grant(
    code: String,
    id: AllowanceId,
    person: PersonId,
    #[server(default)] amount: String,
    #[server(default)] reason: String,
    #[server(default)] is_taken_back: bool,
) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    let granted = Granted { id, person, amount: &amount, reason: &reason, is_taken_back };
    let granted = portal.costs.grant(&caller, &code, granted).await;
    if granted.is_err() {
        keep_typed(&[("person", &person.to_string()), ("amount", &amount), ("grant_reason", &reason)]);
    }
    answer(granted)
}
