//! Lists of people, in English.

use crate::domain::roster::{Fate, Wrong};
use crate::texts::roster::Roster;

pub(super) const ROSTER: Roster = Roster {
    heading: "Bring in a list",
    lead: "Who has no account yet gets one, and a link of their own to choose a password. You see what would happen before it does.",
    file: "A CSV file",
    file_hint: "Name to sign in with (the student number, for example), full name, role. UTF-8 or Shift_JIS; heads may be in English or Japanese, other columns do no harm.",
    look: "Look at it first",
    download: "Download the list",
    awaited: "Has not signed in yet: link",
    awaited_hint: "Give everybody their own link to sign in for the first time; all of them are in the list to download. Whoever has a link takes the account.",
    title: |course| format!("A list for {course}"),
    by: "Brought by",
    line: "Line",
    fate_head: "What happens",
    fate: |fate, is_done| match (fate, is_done) {
        (Fate::Made, false) => "Gets an account and comes in",
        (Fate::Made, true) => "Has an account and is in",
        (Fate::Joined, false) => "Comes in with the account they have",
        (Fate::Joined, true) => "Is in",
        (Fate::Already, _) => "Is in already, and stays what they are",
        (Fate::Wrong(_), _) => "Does not come",
    },
    wrong: |wrong| match wrong {
        Wrong::NoSignInName => "There is no name to sign in with.".to_owned(),
        Wrong::NotASignInName => "A name to sign in with has letters a to z, figures, and . _ - @ only, 64 at most.".to_owned(),
        Wrong::NoName => "Nobody signs in with this name yet, and there is no full name to make an account for.".to_owned(),
        Wrong::NotSignedInYet => {
            "Another course made this account, and nobody has signed in with it yet. It can come in once its owner has.".to_owned()
        }
        Wrong::NoSuchRole => "The role is student or assistant. Instructors are made on the page of people, one by one.".to_owned(),
        Wrong::AsOnLine(line) => format!("The same name to sign in with is on line {line}."),
    },
    bring_in: |people| if people == 1 { "Bring in 1 person".to_owned() } else { format!("Bring in {people} people") },
    nothing_yet: "Nothing has happened yet.",
    came: |came, of| if came == 1 { format!("1 of {of} is in.") } else { format!("{came} of {of} are in.") },
    left: "Download the lines that did not come, to mend them",
    back: |course| format!("People of {course}"),
    welcome: |name| format!("Welcome, {name}"),
    welcome_lead: "Your account is ready. Choose a password; you sign in with it and with this name:",
    choose: "Sign in with this password",
};
