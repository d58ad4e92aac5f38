//! Files for spreadsheets.

/// Without this mark spreadsheets take UTF-8 for something else.
pub const MARK: &str = "\u{feff}";

fn begins_a_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// What a spreadsheet would take for a formula is marked as text (OWASP, "CSV Injection").
#[must_use]
pub fn plain(text: &str) -> String {
    if begins_a_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// The text without that mark.
#[must_use]
pub fn unmarked(text: &str) -> String {
    text.strip_prefix('\'').filter(|rest| begins_a_formula(rest)).unwrap_or(text).to_owned()
}

/// A file with this name for a browser to keep.
#[must_use]
pub fn headers(name: &str) -> [(axum::http::HeaderName, String); 3] {
    use axum::http::header;
    [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ]
}
