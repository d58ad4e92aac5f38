//! Who visits, and how: handed to the browser once with the page, then read from everywhere. A page that changes it (sign-in, language,
//! theme) is loaded afresh, so it never changes under a page.

use leptos::prelude::*;

use crate::domain::person::{Locale, Visit};
use crate::error::AppError;
use crate::texts::{Texts, texts};

/// What somebody typed into a form that was refused, when the form was sent without scripts.
///
/// It travels in a cookie for one page: an address would end up in logs and histories.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Typed(pub(crate) Vec<(String, String)>);

impl Typed {
    /// What was typed into this field, or nothing.
    pub(crate) fn field(&self, name: &str) -> String {
        self.0.iter().find(|(field, _)| field == name).map(|(_, text)| text.clone()).unwrap_or_default()
    }
}

/// Hands the visit from the server to the browser; call it once, outside of everything else.
pub(crate) fn provide_visit() -> Visit {
    let visit = SharedValue::new(|| use_context::<Visit>().unwrap_or_default()).into_inner();
    provide_context(visit.clone());
    let typed = SharedValue::new(|| {
        #[cfg(feature = "ssr")]
        return crate::api::typed_before();
        #[cfg(not(feature = "ssr"))]
        Typed::default()
    });
    provide_context(typed.into_inner());
    visit
}

/// The visit of this page.
pub(crate) fn use_visit() -> Visit {
    use_context::<Visit>().unwrap_or_default()
}

/// Its language.
pub(crate) fn use_locale() -> Locale {
    use_context::<Visit>().map(|visit| visit.locale).unwrap_or_default()
}

/// The texts in its language.
pub(crate) fn use_texts() -> &'static Texts {
    texts(use_locale())
}

/// What was typed before into a form that was refused.
pub(crate) fn use_typed(field: &str) -> String {
    use_context::<Typed>().map(|typed| typed.field(field)).unwrap_or_default()
}

/// Why a form that was sent without scripts was refused: the answer leads back to the page, with the reason in its address.
pub(crate) fn refused<S>() -> Option<AppError>
where
    S: leptos::server_fn::ServerFn<Error = AppError>,
{
    refused_at(S::PATH)
}

/// The same of what is no form: by what it calls itself.
pub(crate) fn refused_at(path: &str) -> Option<AppError> {
    use leptos::server_fn::error::ServerFnUrlError;
    let error = use_context::<leptos::server::ServerActionError>()?;
    (error.path() == path).then(|| ServerFnUrlError::<AppError>::decode_err(error.err()))
}
