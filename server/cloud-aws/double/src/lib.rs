//! moto behind a fault proxy: AWS for tests.
//!
//! ```text
//! aws-sdk-rust ──HTTP──► Double ──HTTP──► moto_server
//!                          │ loses, delays, throttles, refuses: as a test says
//!                          └ adds what AWS does and moto does not: client tokens, states that take time, refusals of what is in use
//! ```
//! One endpoint plays every service. What it adds to moto, call by call, is the table in README.md; what it does not know passes through
//! unchanged. Nothing is verified of a signature but the names in it.
//!
//! What must stay true: a request that was counted was either handled as AWS would or met a fault that a test asked for; an answer that was
//! lost or late has been handled like any other.

mod addresses;
mod answer;
mod aws;
mod balancers;
mod buckets;
mod cbor;
mod clock;
mod double;
mod faults;
mod form;
mod groups;
mod images;
mod launches;
mod log;
mod machines;
mod metrics;
mod moto;
mod permissions;
mod process;
mod quotas;
mod records;
mod server;
mod settings;
mod snapshots;
mod targets;
mod tokens;
mod visibility;
mod wire;
mod xml;
mod zones;

pub use crate::clock::Clock;
pub use crate::double::Double;
pub use crate::faults::Fault;
pub use crate::log::{Entry, Outcome};
