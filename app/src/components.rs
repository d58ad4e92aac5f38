//! Pieces that pages are made of. They take data, never fetch it.

pub(crate) mod attention;
#[cfg(feature = "ssr")]
pub(crate) mod backups;
pub(crate) mod badge;
pub(crate) mod cards;
#[cfg(feature = "ssr")]
pub(crate) mod choice;
pub(crate) mod copy;
pub(crate) mod field;
pub(crate) mod frame;
pub(crate) mod icon;
pub(crate) mod incidents;
pub(crate) mod loaded;
pub(crate) mod machines;
pub(crate) mod moment;
pub(crate) mod notice;
pub(crate) mod price;
pub(crate) mod request_fields;
#[cfg(feature = "ssr")]
pub(crate) mod spending;
#[cfg(feature = "ssr")]
pub(crate) mod table;
pub(crate) mod timeline;
pub(crate) mod title;
