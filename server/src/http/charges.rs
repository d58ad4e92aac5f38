//! The charges of a course as a file for spreadsheets.

use app::domain::person::Caller;
use app::domain::price::Cost;
use app::error::AppError;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use futures::stream;

use super::spreadsheet::{self, MARK, plain};
use super::{Asking, Site};
use crate::db::ledger::EntryRow;
use crate::portal::environments::EnvironmentsPort;

/// So many at a time: memory does not grow with the ledger.
const PAGE: i64 = 2_000;

/// `GET /courses/{code}/costs.csv`
pub async fn download(State(site): State<Site>, Extension(asking): Extension<Asking>, Path(code): Path<String>) -> Response {
    let Some(caller) = asking.0 else { return Redirect::to("/sign-in").into_response() };
    let port = EnvironmentsPort { engine: site.engine, door: None };
    let refused = |error: AppError| StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response();
    // Asked first, so that who may not see them gets a status and no half file.
    if let Err(error) = port.charges(&caller, &code, 0, 1).await {
        return refused(error);
    }
    (spreadsheet::headers(&format!("{code}-costs")), Body::from_stream(pages(port, caller, code))).into_response()
}

/// The heads, then page after page.
fn pages(port: EnvironmentsPort, caller: Caller, code: String) -> impl futures::Stream<Item = Result<Vec<u8>, AppError>> {
    stream::try_unfold(Some(0), move |after| {
        let (port, caller, code) = (port.clone(), caller.clone(), code.clone());
        async move {
            let Some(after) = after else { return Ok(None) };
            let page = port.charges(&caller, &code, after, PAGE).await?;
            let next = page.last().map(|(id, _)| *id);
            let text = text(after == 0, page.into_iter().map(|(_, row)| row));
            Ok(Some((text, next)))
        }
    })
}

fn text(with_heads: bool, rows: impl Iterator<Item = EntryRow>) -> Vec<u8> {
    let begin = if with_heads { MARK } else { "" };
    let mut file = csv::Writer::from_writer(begin.as_bytes().to_vec());
    let heads = ["day", "environment", "holders", "what", "item", "usd", "rate", "amount", "reason"];
    let written = (|| {
        if with_heads {
            file.write_record(heads)?;
        }
        for row in rows {
            let what = Cost::of_item(&row.item).map_or(row.kind.clone(), |cost| cost.code().to_owned());
            let exact = |micros: i64| {
                format!(
                    "{}{}.{:06}",
                    if micros < 0 { "-" } else { "" },
                    micros.unsigned_abs() / 1_000_000,
                    micros.unsigned_abs() % 1_000_000
                )
            };
            file.write_record([
                &row.day.to_string(),
                &plain(&row.environment),
                &plain(&row.holders),
                &what,
                &row.item,
                &exact(row.usd),
                &row.per_usd.normalize().to_string(),
                &exact(row.amount),
                &plain(row.reason.as_deref().unwrap_or_default()),
            ])?;
        }
        Ok::<_, csv::Error>(())
    })();
    debug_assert!(written.is_ok(), "memory takes everything");
    file.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_name_is_no_formula_and_every_millionth_is_there() {
        let row = EntryRow {
            day: date!(2026 - 11 - 22),
            environment: "c5".into(),
            holders: "=cmd|' /C calc'!A0, \"Aoi\"".into(),
            kind: "machine".into(),
            item: "machine/t3.micro".into(),
            usd: -1,
            per_usd: "103.69".parse().expect("a rate"),
            amount: 1_234_567_890,
            reason: None,
        };
        let text = String::from_utf8(text(true, [row].into_iter())).expect("text");
        assert_eq!(
            text,
            "\u{feff}day,environment,holders,what,item,usd,rate,amount,reason\n\
             2026-11-22,c5,\"'=cmd|' /C calc'!A0, \"\"Aoi\"\"\",machine,machine/t3.micro,-0.000001,103.69,1234.567890,\n"
        );
    }
}
