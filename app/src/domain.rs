//! The words that pages and server share. No I/O; builds for wasm.

pub mod backup;
pub mod course;
pub mod desk;
pub mod environment;
pub mod ids;
pub mod image;
pub mod incident;
pub mod members;
pub mod money;
pub mod name;
pub mod news;
pub mod operate;
pub mod person;
pub mod phase;
pub mod price;
pub mod reason;
pub mod roster;
pub mod saw;
pub mod scaling;
pub mod timeline;
