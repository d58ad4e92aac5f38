//! Who is asking (sessions, passwords) and what they may do (one table).

pub mod access;
pub mod door;
pub mod password;
pub mod store;
