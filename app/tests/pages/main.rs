//! Pages as they leave the server: status, HTML, what was typed, and hostile text.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod desk;
mod forms;
mod hostile;
mod members;
mod money;
mod operate;
mod portal;
mod reading;
mod rosters;
mod site;
