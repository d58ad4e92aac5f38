//! The keys that AWS signs with.

use std::collections::BTreeMap;
use std::convert::Infallible;

use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64ct::{Base64, Encoding};
use bcder::decode::{Constructed, DecodeError, Source};
use bcder::{Captured, Mode, Tag};

use super::NotProven;
use super::message::{Message, pass_over};

/// Why a file of certificates cannot be used. The number is that of a line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadSigners {
    /// A certificate does not end.
    #[error("line {0}: the certificate does not end")]
    Open(usize),
    /// A certificate is not base64.
    #[error("line {0}: the certificate is not base64")]
    NotBase64(usize, #[source] base64ct::Error),
    /// A certificate does not read.
    #[error("line {0}: this is not a certificate")]
    NotACertificate(usize, #[source] DecodeError<Infallible>),
    /// A certificate of another key.
    #[error("line {0}: the certificate's key is not RSA of 2048 bits or more")]
    NotRsa(usize),
    /// A certificate before the first region.
    #[error("line {0}: no region is named above this certificate")]
    NoRegion(usize),
    /// Nothing in it.
    #[error("there is no certificate for RSA-2048 signatures")]
    Empty,
}

/// The keys that AWS signs with, by region.
#[derive(Debug)]
pub(crate) struct Signers(BTreeMap<String, Vec<ParsedPublicKey>>);

impl Signers {
    /// Reads AWS's own page, <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/regions-certs.md>, or a part of it.
    ///
    /// A line `## US West (Oregon) — us-west-2` names the region of what follows, a line `#### [ RSA-2048 ]` the kind. Certificates of
    /// other kinds are passed over, all other lines too. Without a line of the second sort a certificate is taken for RSA-2048. A region
    /// may have several, so that a new one can stand beside the old.
    ///
    /// # Errors
    /// If a certificate that counts cannot be used, or if there is none.
    pub(crate) fn parse(page: &str) -> Result<Self, BadSigners> {
        let mut keys: BTreeMap<String, Vec<ParsedPublicKey>> = BTreeMap::new();
        let (mut region, mut counts) = (None, true);
        let mut lines = (1..).zip(page.lines().map(str::trim));
        while let Some((number, line)) = lines.next() {
            if let Some(heading) = line.strip_prefix("## ") {
                region = heading.split_whitespace().last().filter(|word| is_region(word));
                counts = true;
            } else if let Some(kind) = line.strip_prefix("#### [").and_then(|rest| rest.strip_suffix(']')) {
                counts = kind.trim() == "RSA-2048";
            } else if line == "-----BEGIN CERTIFICATE-----" {
                let mut text = String::new();
                loop {
                    match lines.next() {
                        Some((_, "-----END CERTIFICATE-----")) => break,
                        Some((_, part)) if !part.starts_with("-----") => text.push_str(part),
                        _ => return Err(BadSigners::Open(number)),
                    }
                }
                if counts {
                    let region = region.ok_or(BadSigners::NoRegion(number))?;
                    keys.entry(region.to_owned()).or_default().push(key(&text, number)?);
                }
            }
        }
        if keys.is_empty() { Err(BadSigners::Empty) } else { Ok(Self(keys)) }
    }

    /// The regions whose machines can prove themselves.
    pub(crate) fn regions(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether a key of the region signed the message.
    pub(super) fn check(&self, region: &str, message: &Message) -> Result<(), NotProven> {
        let keys = self.0.get(region).ok_or_else(|| NotProven::UnknownRegion(region.chars().take(32).collect()))?;
        let fits = |key: &ParsedPublicKey| key.verify_sig(&message.covered, &message.signature).is_ok();
        if keys.iter().any(fits) { Ok(()) } else { Err(NotProven::NotSignedByAws(region.to_owned())) }
    }
}

/// The key of a certificate.
fn key(text: &str, line: usize) -> Result<ParsedPublicKey, BadSigners> {
    let text: String = text.split_ascii_whitespace().collect();
    let der = Base64::decode_vec(&text).map_err(|error| BadSigners::NotBase64(line, error))?;
    let spki = Mode::Der.decode(der.as_slice(), public_key).map_err(|error| BadSigners::NotACertificate(line, error))?;
    // The stricter type first: ParsedPublicKey takes short keys and then refuses every signature of theirs.
    PublicEncryptingKey::from_der(spki.as_slice()).map_err(|_| BadSigners::NotRsa(line))?;
    ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki.as_slice()).map_err(|_| BadSigners::NotRsa(line))
}

/// The `SubjectPublicKeyInfo` of a certificate (RFC 5280, 4.1).
fn public_key<S: Source>(cons: &mut Constructed<S>) -> Result<Captured, DecodeError<S::Error>> {
    cons.take_sequence(|cons| {
        let key = cons.take_sequence(|cons| {
            cons.take_opt_constructed_if(Tag::CTX_0, pass_over)?; // version
            cons.take_primitive_if(Tag::INTEGER, |serial| serial.skip_all())?;
            for _ in ["signature", "issuer", "validity", "subject"] {
                cons.take_sequence(pass_over)?;
            }
            let key = cons.capture_one()?;
            pass_over(cons)?;
            Ok(key)
        })?;
        pass_over(cons)?;
        Ok(key)
    })
}

/// `us-west-2`, `ap-northeast-1`, `us-gov-east-1`.
fn is_region(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    word.chars().all(plain) && word.matches('-').count() >= 2 && word.ends_with(|c: char| c.is_ascii_digit())
}
