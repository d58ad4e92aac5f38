//! Which machine speaks: the identity document of an EC2 instance, signed by AWS.
//!
//! A machine reads its document at `http://169.254.169.254/latest/dynamic/instance-identity/rsa2048` and sends it as it came: base64
//! without armour, line breaks and all.
//!
//! ```text
//! base64 ──► CMS SignedData ──► content ──► JSON ──► region ──► AWS's keys of that region
//!                  │               │                                    │
//!                  └─► signer ──► its digest is the content's ──► its signature fits one of them ──► Identity
//! ```
//!
//! What is always true:
//! - The message never brings its own key. A certificate in it is passed over, and so is the name of who claims to have signed: the key
//!   is that of the region which the document names, from [`Signers`].
//! - One signer, SHA-256, RSA with PKCS#1 v1.5 padding. Anything else is refused, not negotiated.
//! - AWS writes BER, not DER: lengths are left open and the content is in pieces. A reader of DER refuses every real document. Only the
//!   signed attributes must be DER, since the signature is over their bytes (RFC 5652, 5.4).
//! - A configured certificate is a key that we trust until it leaves the file. Its dates and its own signature are not looked at: AWS's
//!   run until 2194 and later, sign themselves, and one that ran out would lock out a whole region without making anything safer.
//!
//! What it does not do: a document is no secret. Whoever may read the metadata service of an instance (every program on it, unless it is
//! fenced off) can send the same document again. So it proves an instance, not who is asking, and belongs beside a one-time token.

use std::convert::Infallible;

use bcder::decode::DecodeError;
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

mod message;
mod signers;
#[cfg(test)]
mod tests;

use message::LONGEST;
pub(crate) use signers::Signers;

/// How long after its machine started a document is accepted: a machine says hello when it boots, and keeps trying while the portal is down.
pub(crate) const FRESH_FOR: Duration = Duration::DAY;
/// So far may our clock be behind AWS's.
const AHEAD: Duration = Duration::minutes(5);

/// What a signed document proves of a machine. Only a check of a signature makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct Identity {
    /// The account that owns the instance, twelve digits.
    pub(crate) account: String,
    /// The region, whose key signed.
    pub(crate) region: String,
    /// The availability zone.
    pub(crate) zone: String,
    /// The instance, `i-…`.
    pub(crate) instance: String,
    /// The image that it was started from, `ami-…`.
    pub(crate) image: String,
    /// When it was started; a stop and a start make it later.
    pub(crate) pending_since: OffsetDateTime,
}

/// What the caller knows of a machine, whatever the machine says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// The account that we build in.
    pub(crate) account: &'a str,
    /// The region that we build in.
    pub(crate) region: &'a str,
}

/// Why a document proves nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotProven {
    /// Too long to be one.
    #[error("the document has {0} characters, more than {LONGEST}")]
    TooLong(usize),
    /// Not base64.
    #[error("the document is not base64")]
    NotBase64(#[source] base64ct::Error),
    /// Not a CMS message, or not of the form that AWS makes.
    #[error("the document is not a signed CMS message")]
    NotSignedData(#[source] DecodeError<Infallible>),
    /// Something follows the message.
    #[error("the document goes on after its end")]
    TrailingData,
    /// It signs something else than plain data.
    #[error("the document signs something else than plain data")]
    NotPlainData,
    /// The signature is there, what it signs is not.
    #[error("the document has no content")]
    NoContent,
    /// Nobody signed, or several did.
    #[error("the document has {0} signers, not one")]
    NotOneSigner(usize),
    /// Another digest than SHA-256.
    #[error("the digest is not SHA-256")]
    NotSha256,
    /// Another signature than RSA with PKCS#1 v1.5 padding and SHA-256.
    #[error("the signature is not RSA (PKCS#1 v1.5) with SHA-256")]
    NotRsa,
    /// The signed attributes are not DER.
    #[error("the signed attributes do not read")]
    BadAttributes(#[source] DecodeError<Infallible>),
    /// The signed attributes do not say exactly once what they must say.
    #[error("the signed attributes do not tell the content's type and digest, once each")]
    MissingAttributes,
    /// What was signed is not this content.
    #[error("the digest that was signed is not the content's")]
    OtherContent,
    /// The content is not an identity document.
    #[error("the content is not an identity document")]
    NotAnIdentity(#[source] serde_json::Error),
    /// We know no certificate of the region. Nobody has signed for this word yet, so it is cut short.
    #[error("no certificate is known for the region {0:?}")]
    UnknownRegion(String),
    /// Nobody whom we trust signed this.
    #[error("the signature is not AWS's of {0}")]
    NotSignedByAws(String),
    /// Another account's machine.
    #[error("the machine belongs to another account")]
    OtherAccount,
    /// Another region's machine.
    #[error("the machine is in {0}")]
    OtherRegion(String),
    /// The machine started long ago.
    #[error("the machine started at {0}, too long ago")]
    TooOld(OffsetDateTime),
    /// The machine starts in the future.
    #[error("the machine started at {0}, which is yet to come")]
    NotYet(OffsetDateTime),
}

impl Signers {
    /// Whether AWS signed this document: yes, and this is what it says, or no, and why. Nothing is compared with what we know; that is
    /// [`Signers::prove`].
    ///
    /// # Errors
    /// If it proves nothing.
    pub(crate) fn verify(&self, document: &str) -> Result<Identity, NotProven> {
        let message = message::read(document)?;
        // The region only chooses among keys that are all AWS's, so it may be read before the signature is checked.
        let said: Said = serde_json::from_slice(&message.content).map_err(NotProven::NotAnIdentity)?;
        self.check(&said.region, &message)?;
        Ok(said.into())
    }

    /// Whether AWS signed this document, and for a machine such as we expect that started a short while ago.
    ///
    /// Which machine it is, the caller asks its own rows with [`Identity::instance`].
    ///
    /// # Errors
    /// If it proves nothing, or something else.
    pub(crate) fn prove(&self, document: &str, expected: &Expected<'_>, now: OffsetDateTime) -> Result<Identity, NotProven> {
        let identity = self.verify(document)?;
        identity.fits(expected, now)?;
        Ok(identity)
    }
}

impl Identity {
    /// Whether this is a machine such as we expect.
    ///
    /// # Errors
    /// If it is not.
    pub(crate) fn fits(&self, expected: &Expected<'_>, now: OffsetDateTime) -> Result<(), NotProven> {
        let age = now - self.pending_since;
        if self.account != expected.account {
            Err(NotProven::OtherAccount)
        } else if self.region != expected.region {
            Err(NotProven::OtherRegion(self.region.clone()))
        } else if age > FRESH_FOR {
            Err(NotProven::TooOld(self.pending_since))
        } else if age < -AHEAD {
            Err(NotProven::NotYet(self.pending_since))
        } else {
            Ok(())
        }
    }
}

/// The fields that we need. AWS may add others; one of these twice is refused by serde.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    account_id: String,
    region: String,
    availability_zone: String,
    instance_id: String,
    image_id: String,
    #[serde(with = "time::serde::rfc3339")]
    pending_time: OffsetDateTime,
}

impl From<Said> for Identity {
    fn from(said: Said) -> Self {
        Self {
            account: said.account_id,
            region: said.region,
            zone: said.availability_zone,
            instance: said.instance_id,
            image: said.image_id,
            pending_since: said.pending_time,
        }
    }
}
