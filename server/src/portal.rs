//! Use cases behind the ports: check access, read, decide, write, wake. One file per port.

pub mod backups;
pub mod connection;
pub mod courses;
pub mod environments;
pub mod host_name;
pub mod images;
pub mod policy;
pub mod scaling;
pub mod timeline;
pub mod view;

use app::error::AppError;
use aws_lc_rs::rand::fill;

/// What nobody foresaw: the cause goes to the log with a reference, the reference goes to the person.
pub fn unexpected(cause: impl std::fmt::Display + std::fmt::Debug) -> AppError {
    let mut bytes = [0; 4];
    fill(&mut bytes).expect("the operating system has randomness");
    let reference = crate::wish::spec::hex(&bytes);
    tracing::error!(reference, cause = ?cause, "unexpected: {cause}");
    AppError::Unexpected { reference }
}
