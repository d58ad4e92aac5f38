//! What went wrong with a request, and what becomes of it.
//!
//! Incus tells most failures in words only (an operation has no error code of its own), so the words are read in one place: here.

use std::path::Path;

use cloud::{CloudError, Fate};

/// A request that did not succeed.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// No answer, or none that can be read: nobody knows whether it happened.
    Silent(CloudError),
    /// Incus said no.
    Refused {
        /// As in HTTP.
        status: u16,
        /// In Incus' words.
        said: String,
    },
}

/// So many characters of what Incus said are kept, from its beginning and from its end.
const SAID_FIRST: usize = 1000;
const SAID_LAST: usize = 200;

type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Trouble {
    pub(crate) fn unreachable(socket: &Path, cause: std::io::Error) -> Self {
        let said = format!("{}: {cause}", socket.display());
        Self::Silent(CloudError::new(Fate::TryAgain, "unreachable", said).caused_by(cause))
    }

    pub(crate) fn broken(cause: hyper::Error) -> Self {
        Self::Silent(CloudError::new(Fate::TryAgain, "unreachable", "the connection broke").caused_by(cause))
    }

    pub(crate) fn cut_short(cause: Cause) -> Self {
        Self::Silent(CloudError::new(Fate::TryAgain, "unreachable", "the answer broke off").caused_by(cause))
    }

    pub(crate) fn unreadable(path: &str, cause: impl Into<Cause>) -> Self {
        Self::Silent(CloudError::new(Fate::TryAgain, "unreadable_answer", format!("the answer to {path} makes no sense")).caused_by(cause))
    }

    pub(crate) fn silent(said: String) -> Self {
        Self::Silent(CloudError::new(Fate::TryAgain, "no_answer_in_time", said))
    }

    /// Incus said no. What it said is shortened: it passes on every line that a tool of its wrote.
    pub(crate) fn refused(status: u16, said: &str) -> Self {
        let said = match (said.char_indices().nth(SAID_FIRST), said.char_indices().rev().nth(SAID_LAST)) {
            (Some((head, _)), Some((tail, _))) if head < tail => format!("{} … {}", &said[..head], &said[tail..]),
            _ => said.to_owned(),
        };
        Self::Refused { status, said }
    }

    /// An operation that ended badly.
    pub(crate) fn failed(said: &str) -> Self {
        Self::refused(400, said)
    }

    fn says(&self, words: &[&str]) -> bool {
        match self {
            Self::Silent(_) => false,
            Self::Refused { said, .. } => {
                let said = said.to_lowercase();
                words.iter().any(|word| said.contains(word))
            }
        }
    }

    /// Nothing is there by that name.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Something is there by that name, or at that address, already.
    pub(crate) fn is_taken(&self) -> bool {
        matches!(self, Self::Refused { status: 409, .. })
            || self.says(&["already exists", "already in use", "already defined", "unique constraint", "overlaps with another"])
    }

    /// Another operation holds it.
    pub(crate) fn is_busy(&self) -> bool {
        self.says(&["is busy running", "operation is already running", "matching operation"])
    }

    /// Another process changed the forwards of the network at the same moment, and Incus applied neither whole.
    pub(crate) fn is_stepped_on(&self) -> bool {
        self.says(&[FORWARDS_MIXED_UP])
    }

    /// It was given time and did not use it.
    pub(crate) fn is_timeout(&self) -> bool {
        self.says(&["deadline exceeded", "timed out"])
    }

    /// It went off while Incus looked into it.
    pub(crate) fn is_off_meanwhile(&self) -> bool {
        self.says(&["invalid pid"])
    }

    /// It is in the asked-for state.
    pub(crate) fn is_so_already(&self) -> bool {
        self.says(&["already running", "already stopped", "is already frozen"])
    }
}

const FORWARDS_MIXED_UP: &str = "failed applying firewall address forwards";

/// What Incus says, what becomes of it, and our word for it. The first that fits counts.
const READINGS: [(&[&str], Fate, &str); 7] = [
    (&["no space left", "quota exceeded", "not enough space", "no room", "thin pool"], Fate::NoCapacity, "disk_full"),
    (&["cannot allocate memory", "out of memory", "not enough memory"], Fate::NoCapacity, "memory_full"),
    (&["maximum number of instances", "reached maximum", "project limit", "exceeds project"], Fate::OverQuota, "project_limit"),
    (&["is busy running", "operation is already running", "non-reusable operation", FORWARDS_MIXED_UP], Fate::TryAgain, "busy"),
    (
        &["database is locked", "deadline exceeded", "connection refused", "i/o timeout", "shutting down", "starting up", "leadership"],
        Fate::TryAgain,
        "unreachable",
    ),
    (
        &["image not found", "image not provided", "no such image", "couldn't find image", "image doesn't exist"],
        Fate::Final,
        "image_not_found",
    ),
    (&["is in use", "currently in use", "has dependent", "is still running", "is running"], Fate::InUse, "in_use"),
];

impl From<Trouble> for CloudError {
    fn from(trouble: Trouble) -> Self {
        let (status, said) = match trouble {
            Trouble::Silent(error) => return error,
            Trouble::Refused { status, said } => (status, said),
        };
        let words = said.to_lowercase();
        if let Some((_, fate, code)) = READINGS.iter().find(|(signs, ..)| signs.iter().any(|sign| words.contains(sign))) {
            return Self::new(*fate, code, said);
        }
        match status {
            401 | 403 => Self::new(Fate::Final, "not_allowed", said),
            404 => Self::new(Fate::Final, "not_found", said),
            409 => Self::new(Fate::Final, "name_taken", said),
            429 => Self::new(Fate::Throttled, "throttled", said),
            502..=504 => Self::new(Fate::TryAgain, "unreachable", said),
            _ => Self::new(Fate::Final, "refused", said),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(said: &str) -> (Fate, &'static str) {
        let error = CloudError::from(Trouble::failed(said));
        (error.fate, error.code)
    }

    #[test]
    fn a_full_disk_is_no_capacity_and_not_the_end() {
        assert_eq!(fate("Failed creating instance from image: … write: no space left on device"), (Fate::NoCapacity, "disk_full"));
        assert_eq!(fate("Failed to run: btrfs receive: Disk quota exceeded"), (Fate::NoCapacity, "disk_full"));
    }

    #[test]
    fn a_tool_that_wrote_a_book_is_quoted_in_short() {
        let said = format!("Unpack failed: {} … end", "tar: 講座: No space left on device\n".repeat(5000));
        let error = CloudError::from(Trouble::failed(&said));
        assert_eq!((error.code, error.said.chars().count() < 1300, error.said.ends_with("end")), ("disk_full", true, true));
    }

    #[test]
    fn a_missing_image_is_final_and_says_so() {
        assert_eq!(fate("Failed getting image: Image not found"), (Fate::Final, "image_not_found"));
    }

    #[test]
    fn a_project_at_its_limit_is_over_quota() {
        assert_eq!(
            fate("Reached maximum number of instances of type \"container\" in project \"koza\""),
            (Fate::OverQuota, "project_limit")
        );
    }

    #[test]
    fn rules_that_two_processes_changed_at_once_are_changed_again() {
        let said = "Failed creating forward: Failed applying firewall address forwards: Failed clearing nftables forward rules";
        assert_eq!((fate(said), Trouble::failed(said).is_stepped_on()), ((Fate::TryAgain, "busy"), true));
        let said = "The following instances failed to update (profile change still saved): - Project: koza, Instance: k1-lb1-1: Failed to create \
                    instance update operation: A matching non-reusable operation has now succeeded";
        assert_eq!(fate(said), (Fate::TryAgain, "busy"), "two changed it at the same moment");
    }

    #[test]
    fn a_machine_that_went_off_while_it_was_measured_is_off() {
        // Incus writes the process's number, which is -1 by then, as a letter.
        assert!(Trouble::failed("Invalid PID '\u{fffd}'").is_off_meanwhile());
    }

    #[test]
    fn what_nobody_foresaw_is_final_so_that_somebody_reads_it() {
        assert_eq!(fate("Failed to start device \"eth0\": teapot"), (Fate::Final, "refused"));
    }

    #[test]
    fn a_socket_that_refuses_is_asked_again() {
        let error = CloudError::from(Trouble::unreachable(Path::new("/nowhere"), std::io::ErrorKind::ConnectionRefused.into()));
        assert_eq!((error.fate, error.code), (Fate::TryAgain, "unreachable"));
    }
}
