//! Identifiers: a uuid v7 inside, readable outside (`env_01jd…`), each kind its own type.
//!
//! The text form is the prefix, an underscore and the 128 bits in Crockford's base 32, lower case, 26 characters, so that ids
//! sort by time as text, too. Accepting the wrong kind does not compile; the wrong prefix does not parse.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A text that is not an id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id that begins with {0}_")]
pub struct NotAnId(&'static str);

/// The 26 characters of a uuid in Crockford's base 32.
#[must_use]
pub fn encode(id: Uuid) -> String {
    let bits = id.as_u128();
    (0..26).rev().map(|place| char::from(ALPHABET[((bits >> (place * 5)) & 31) as usize])).collect()
}

fn decode(text: &str) -> Option<Uuid> {
    if text.len() != 26 || text.as_bytes()[0] > b'7' {
        return None;
    }
    text.bytes()
        .try_fold(0u128, |bits, byte| {
            let digit = ALPHABET.iter().position(|&letter| letter == byte)?;
            Some((bits << 5) | digit as u128)
        })
        .map(Uuid::from_u128)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(transparent))]
        pub struct $name(pub Uuid);

        impl $name {
            /// What the text form begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id, later than every one before it.
            #[cfg(feature = "ssr")]
            #[must_use]
            #[allow(clippy::new_without_default, reason = "an id is made on purpose, never by default")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or(NotAnId($prefix))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// Somebody who uses the site.
    PersonId = "per";
    /// A course: the only tenancy border.
    CourseId = "crs";
    /// A cloud: an account in a region, an Incus project, a simulator.
    CloudId = "cld";
    /// A blueprint, over all its versions.
    BlueprintId = "blu";
    /// One immutable version of a blueprint.
    BlueprintVersionId = "bpv";
    /// An environment.
    EnvironmentId = "env";
    /// A resource row: one machine, one address … of one incarnation.
    ResourceId = "res";
    /// A machine as it speaks to the portal.
    MachineId = "mch";
    /// A backup of a machine.
    BackupId = "bak";
    /// Something that was allowed to be spent.
    AllowanceId = "alw";
    /// Something that was done to many environments at once.
    BulkActId = "blk";
    /// An invitation into a course.
    InvitationId = "inv";
    /// A list of people who are to come into a course.
    RosterId = "ros";
    /// A notice.
    NoticeId = "ntc";
    /// A session of a person, as shown in the list of sessions.
    SessionId = "ses";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_its_text() {
        let id = EnvironmentId(Uuid::from_u128(0x0193_4c1e_0000_7000_8000_0000_0000_002a));
        let text = id.to_string();
        assert_eq!(text.len(), "env_".len() + 26);
        assert_eq!(text.parse(), Ok(id));
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let course = CourseId(Uuid::from_u128(7)).to_string();
        assert_eq!(course.parse::<EnvironmentId>(), Err(NotAnId("env")));
        assert!("env_".parse::<EnvironmentId>().is_err());
        assert!("env_zzzzzzzzzzzzzzzzzzzzzzzzzz".parse::<EnvironmentId>().is_err(), "more than 128 bits");
    }

    #[test]
    fn ids_sort_as_text_the_way_they_sort_as_numbers() {
        let (early, late) = (EnvironmentId(Uuid::from_u128(1 << 100)), EnvironmentId(Uuid::from_u128(1 << 101)));
        assert!(early.to_string() < late.to_string());
    }
}
