//! What runs.
//!
//! ```text
//!  browser ──► http ──► portal ──► db ◄── engine ──► cloud (incus | sim)
//!  machine ──► http/machines ─────► │       │ └────► probe ──► the machine, from outside
//!                                   │       └── wish: desired and plan, pure
//!                              PostgreSQL
//! ```
//!
//! A person, the machine and the loop meet in PostgreSQL only: [`portal`] changes a wish and wakes, [`engine`] claims and acts,
//! [`http`] shows what is so.

pub mod auth;
pub mod backup;
pub mod certificates;
pub mod config;
pub mod db;
pub mod demo;
pub mod doctor;
pub mod domains;
pub mod engine;
pub mod http;
pub mod machine;
pub mod mail;
pub mod operator;
pub mod portal;
pub mod pricing;
pub mod probe;
pub mod serve;
pub mod spend;
pub mod store;
pub mod vault;
pub mod wish;

/// The migrations, run by `koza migrate` and by every test's own database.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");
