//! Icons, drawn in place. They say nothing that the text beside them does not say, so screen readers skip them.

use leptos::prelude::*;

/// An icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glyph {
    Attention,
    Check,
    Copy,
    Cross,
    Info,
    Key,
    Machine,
    Next,
}

impl Glyph {
    fn path(self) -> &'static str {
        match self {
            Self::Attention => "M10 3 18 17H2Z M10 8v4 M10 14.5v.1",
            Self::Check => "M4 10.5 8.2 15 16 6",
            Self::Copy => "M7 7V4h9v9h-3 M4 7h9v9H4Z",
            Self::Cross => "M5 5l10 10 M15 5 5 15",
            Self::Info => "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15Z M10 9v5 M10 6.2v.1",
            Self::Key => "M6 6.8a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4Z M9.2 10H18 M14.5 10v3 M17.5 10v2.5",
            Self::Machine => "M3 4h14v5H3Z M3 11h14v5H3Z M6 6.5v.1 M6 13.5v.1",
            Self::Next => "M7.5 4.5 13 10l-5.5 5.5",
        }
    }
}

/// Draws an icon in the colour and size of the text around it.
#[component]
pub(crate) fn Icon(of: Glyph) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            <path d=of.path()></path>
        </svg>
    }
}
