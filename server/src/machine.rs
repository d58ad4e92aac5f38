//! Machines from the portal's side: what they are handed, how they prove who they are, what they report. docs/machines.md is the
//! contract; the folders `agent`, `os` and `services` beside this file are what runs inside.

pub mod bundle;
pub mod certificate;
pub mod progress;
pub mod proof;
pub mod secrets;
pub mod settings;
pub mod signature;
pub mod user_data;

/// The user that people log in as, by the operating system's profile.
#[must_use]
pub fn login_user(os: &str) -> &'static str {
    match os {
        "amazon-linux-2023" => "ec2-user",
        _ => "student",
    }
}
