//! A moment: the server writes it in UTC, the browser in its reader's own time zone.

use leptos::prelude::*;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// A moment.
#[component]
pub(crate) fn Moment(at: OffsetDateTime) -> impl IntoView {
    let machine_readable = at.format(&Rfc3339).unwrap_or_default();
    let text = RwSignal::new(in_utc(at));
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| text.set(in_local_time(at)));
    view! { <time datetime=machine_readable>{text}</time> }
}

fn in_utc(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    at.format(format_description!("[year]-[month]-[day] [hour]:[minute] UTC")).unwrap_or_default()
}

/// The same form in both languages: it sorts, and nobody mistakes the day for the month.
#[cfg(feature = "hydrate")]
fn in_local_time(at: OffsetDateTime) -> String {
    use web_sys::js_sys::Date;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit exactly for 285,000 years")]
    let date = Date::new(&wasm_bindgen::JsValue::from_f64((at.unix_timestamp_nanos() / 1_000_000) as f64));
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}",
        date.get_full_year(),
        date.get_month() + 1,
        date.get_date(),
        date.get_hours(),
        date.get_minutes()
    )
}
