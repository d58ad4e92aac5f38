//! A roster: a list of people who are to come into a course, as it was typed, and as it is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::course::Role;
use super::ids::RosterId;
use super::members::sign_in_name;

/// So many people come by one roster at most.
pub const MOST_LINES: u16 = 1_000;
/// A full name is a line, of so many letters at most.
pub const LONGEST_NAME: usize = 100;
/// What a form calls itself that sends one: no server function, because a file comes with it.
pub const BRING: &str = "roster";

/// A line as it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Typed {
    /// The name to sign in with.
    pub sign_in: String,
    /// The full name.
    pub name: String,
    /// What they are to be; empty: a student.
    pub role: String,
}

/// A line that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name to sign in with, as it is kept.
    pub sign_in: String,
    /// The full name; empty if none was typed.
    pub name: String,
    /// What they are to be.
    pub role: Role,
}

/// Why nobody comes by a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// There is no name to sign in with.
    NoSignInName,
    /// It has other letters than such a name, or too many.
    NotASignInName,
    /// Nobody signs in with that name yet, and there is no full name.
    NoName,
    /// Another course brought them in, and they have not signed in yet: whoever has that link would come in their place.
    NotSignedInYet,
    /// It is none of "student" and "assistant".
    NoSuchRole,
    /// The same name to sign in with stands on an earlier line.
    AsOnLine(u32),
}

/// What comes, or came, of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// An account is made, and its owner signs in by a link.
    Made,
    /// Who signs in with that name comes in.
    Joined,
    /// They are in the course, and stay what they are there.
    Already,
    /// Nobody comes.
    Wrong(Wrong),
}

/// A line on the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterLine {
    /// Its number in the file, from 1.
    pub line: u32,
    /// As it was typed.
    pub sign_in: String,
    /// As it was typed.
    pub name: String,
    /// As it was read; `None`: it could not be.
    pub role: Option<Role>,
    /// What comes of it.
    pub fate: Fate,
    /// Whether it has come.
    pub is_done: bool,
}

impl RosterLine {
    /// Whether somebody is still to come by it.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.is_done && !matches!(self.fate, Fate::Wrong(_))
    }
}

/// Everything on the page of a roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterView {
    /// Which.
    pub id: RosterId,
    /// The course's code.
    pub code: String,
    /// Who brought it.
    pub by: String,
    /// When.
    pub at: OffsetDateTime,
    /// Its lines, in order.
    pub lines: Vec<RosterLine>,
}

/// Who is asked to sign in for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcomed {
    /// The name that pages show.
    pub name: String,
    /// The name to sign in with.
    pub sign_in: String,
}

/// The roles that a list may give: who teaches is named one by one.
fn role(typed: &str) -> Option<Role> {
    match typed.trim().to_lowercase().as_str() {
        "" | "student" | "学生" | "受講者" | "履修者" => Some(Role::Student),
        "assistant" | "ta" | "アシスタント" => Some(Role::Assistant),
        _ => None,
    }
}

/// Reads lines with their numbers; each says for itself what is wrong with it.
#[must_use]
pub fn read(lines: &[(u32, Typed)]) -> Vec<Result<Entry, Wrong>> {
    let mut seen = BTreeMap::new();
    let mut entry = |line: u32, typed: &Typed| {
        if typed.sign_in.trim().is_empty() {
            return Err(Wrong::NoSignInName);
        }
        let sign_in = sign_in_name(&typed.sign_in).ok_or(Wrong::NotASignInName)?;
        let role = role(&typed.role).ok_or(Wrong::NoSuchRole)?;
        let first = *seen.entry(sign_in.clone()).or_insert(line);
        if first != line {
            return Err(Wrong::AsOnLine(first));
        }
        let name = typed.name.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
        Ok(Entry { sign_in, name, role })
    };
    lines.iter().map(|(line, typed)| entry(*line, typed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(sign_in: &str, name: &str, role: &str) -> Typed {
        Typed { sign_in: sign_in.into(), name: name.into(), role: role.into() }
    }

    #[test]
    fn each_line_says_for_itself_what_is_wrong_with_it() {
        let lines = [
            typed(" S26001 ", " Aoi Tanaka ", ""),
            typed("", "Nobody", ""),
            typed("s 26", "Ren", ""),
            typed("s26001", "Aoi again", "TA"),
            typed("s26002", "", "学生"),
            typed("s26003", "Prof", "instructor"),
            typed("s26004", "佐藤\u{7} 花", "TA"),
        ];
        let lines: Vec<_> = (2..).zip(lines).collect();
        let entry = |sign_in: &str, name: &str, role| Ok(Entry { sign_in: sign_in.into(), name: name.into(), role });
        assert_eq!(
            read(&lines),
            [
                entry("s26001", "Aoi Tanaka", Role::Student),
                Err(Wrong::NoSignInName),
                Err(Wrong::NotASignInName),
                Err(Wrong::AsOnLine(2)),
                entry("s26002", "", Role::Student),
                Err(Wrong::NoSuchRole),
                entry("s26004", "佐藤 花", Role::Assistant),
            ]
        );
    }
}
