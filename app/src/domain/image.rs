//! Images of an environment's disk that somebody saved.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A saved image, as pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageCard {
    /// Which of its environment's: they are counted from 1.
    pub number: u16,
    /// How far it is.
    pub state: ImageState,
    /// When it was made.
    pub made_at: Option<OffsetDateTime>,
}

/// How far a saved image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageState {
    /// It is being made.
    Coming,
    /// Machines can be made of it.
    Whole,
    /// It is being deleted, or will be once the machine that waits for it is made.
    Going,
}

impl ImageState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Coming, Self::Whole, Self::Going];
}

/// What the page of an environment's images shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagesView {
    /// The environment's name.
    pub name: String,
    /// Its images, in the order in which they were saved.
    pub images: Vec<ImageCard>,
    /// Whether its machine is off for a while when its disk is frozen.
    pub rests: bool,
    /// Why none can be saved now.
    pub refused: Option<NoImage>,
    /// Whether who looks may have what is in them.
    pub may_have: bool,
}

/// Why no image can be saved now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoImage {
    /// It is not ready: what was never proven is not copied.
    NotReady,
    /// Its machine was made by an older release: a copy of its disk would take itself for the original.
    OldMachine,
    /// One is being made.
    UnderWay,
    /// It has as many as one environment may have.
    TooMany,
}

impl NoImage {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NotReady, Self::OldMachine, Self::UnderWay, Self::TooMany];
}
