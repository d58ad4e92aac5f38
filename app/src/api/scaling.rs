//! Several machines behind a balancer.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::{answer, go_to, keep_typed, request_context};
use crate::domain::ids::EnvironmentId;
use crate::domain::scaling::Answers;
#[cfg(feature = "ssr")]
use crate::domain::scaling::{COOLDOWNS, Limit, Mode, Policy, ScaleOffer, Visitor};
use crate::error::AppError;

/// What scaling out would bring.
#[cfg(feature = "ssr")]
#[server(name = AskScaleOffer, prefix = "/do", endpoint = "scale_offer")]
pub async fn scale_offer(id: EnvironmentId) -> Result<ScaleOffer, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.scaling.offer(&caller, id).await)
}

/// Asks for more machines, and goes to the environment's page. An empty `zone` leaves the choice to Koza.
#[cfg(feature = "ssr")]
#[server(prefix = "/do", endpoint = "scale_out")]
pub async fn scale_out(id: EnvironmentId, machines: u16, #[server(default)] zone: String) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    let wanted = Some(zone.as_str()).filter(|zone| !zone.is_empty());
    let asked = answer(portal.scaling.scale_out(&caller, id, machines, wanted).await);
    match &asked {
        Ok(()) => go_to(&format!("/environments/{id}")),
        Err(_) => keep_typed(&[("machines", &machines.to_string()), ("zone", &zone)]),
    }
    asked
}

/// Asks for fewer machines, or for none to leave, and goes to the environment's page.
#[cfg(feature = "ssr")]
#[server(prefix = "/do", endpoint = "scale_in")]
pub async fn scale_in(id: EnvironmentId, machines: u16, #[server(default)] is_backed_up: bool) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    let asked = answer(portal.scaling.scale_in(&caller, id, machines, is_backed_up).await);
    if asked.is_ok() {
        go_to(&format!("/environments/{id}"));
    }
    asked
}

/// Says when machines are to come and go by themselves, and stays on the page. Without a limit: never.
#[cfg(feature = "ssr")]
#[server(prefix = "/do", endpoint = "set_policy")]
pub async fn set_policy(
    id: EnvironmentId,
    #[server(default)] least: u16,
    #[server(default)] most: u16,
    #[server(default)] limit: String,
    #[server(default)] cooldown_minutes: u16,
) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    let policy = if limit.is_empty() {
        None
    } else {
        let limit = Limit::from_code(&limit).ok_or(AppError::NotFound);
        let cooldown_minutes = COOLDOWNS.into_iter().find(|known| *known == cooldown_minutes).ok_or(AppError::NotFound);
        Some(Policy { least, most, limit: answer(limit)?, cooldown_minutes: answer(cooldown_minutes)? })
    };
    answer(portal.scaling.set_policy(&caller, id, policy).await)
}

/// Says what copies are for, and stays on the page.
#[cfg(feature = "ssr")]
#[server(prefix = "/do", endpoint = "set_mode")]
pub async fn set_mode(id: EnvironmentId, #[server(default)] mode: String) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    let mode = answer(Mode::from_code(&mode).ok_or(AppError::NotFound))?;
    answer(portal.scaling.set_mode(&caller, id, mode).await)
}

/// Takes a machine out of the balancer, or puts it back.
#[server(prefix = "/do", endpoint = "set_apart")]
pub async fn set_apart(id: EnvironmentId, machine: u16, is_apart: bool) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.scaling.set_apart(&caller, id, machine, is_apart).await)
}

/// Whether a visitor stays with the machine that answered first.
#[server(prefix = "/do", endpoint = "set_sticky")]
pub async fn set_sticky(id: EnvironmentId, is_sticky: bool) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.scaling.set_sticky(&caller, id, is_sticky).await)
}

/// Sends a handful of requests through the balancer: each as a new visitor, or all as one, whom it marked so before.
#[server(prefix = "/do", endpoint = "send_requests")]
pub async fn send_requests(
    id: EnvironmentId,
    requests: u32,
    #[server(default)] is_same: bool,
    #[server(default)] mark: String,
) -> Result<Answers, AppError> {
    let (portal, caller) = request_context()?;
    let mark = Some(mark).filter(|mark| !mark.is_empty());
    let visitor = if is_same { Visitor::Same { mark } } else { Visitor::New };
    answer(portal.scaling.send(&caller, id, requests, visitor).await)
}
