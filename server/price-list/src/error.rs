//! Why a list was not taken.

use std::io;

use serde_json::error::Category;

/// Why a list was not taken. A list is taken whole or not at all.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// Something in it is not as it must be.
    #[error("{place}: {why}")]
    Refused {
        /// Where: a line with its field, a line with its column, or a product of AWS.
        place: String,
        /// What is wrong there and what to write instead.
        why: String,
    },
    /// The file itself failed while it was read.
    #[error("the list could not be read to its end")]
    Unread(#[source] io::Error),
}

impl ListError {
    pub(crate) fn at(place: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Refused { place: place.into(), why: why.into() }
    }
}

impl From<serde_json::Error> for ListError {
    fn from(error: serde_json::Error) -> Self {
        let place = format!("line {}, column {}", error.line(), error.column());
        match error.classify() {
            Category::Io => Self::Unread(error.into()),
            Category::Eof => Self::at(place, "the file ends before the list does; fetch it again"),
            Category::Syntax | Category::Data => {
                let said = error.to_string();
                let tail = format!(" at line {} column {}", error.line(), error.column());
                Self::at(place, said.strip_suffix(&tail).unwrap_or(&said))
            }
        }
    }
}
