//! The secrets of an environment: made once at the request, sealed, opened where they are used.

use app::domain::environment::SecretKind;
use app::domain::ids::EnvironmentId;
use aws_lc_rs::digest;
use aws_lc_rs::rand::fill;
use secrecy::{ExposeSecret, SecretString};
use ssh_key::{Algorithm, LineEnding, PrivateKey, PublicKey};
use uuid::Uuid;

use crate::db::{Db, secrets};
use crate::vault::Vault;
use crate::wish::spec::hex;

/// Letters and digits that nobody takes for each other (no 0 O, 1 l I): passwords get typed.
const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Something went wrong with a secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The database failed.
    #[error("database")]
    Db(#[from] sqlx::Error),
    /// It does not open.
    #[error(transparent)]
    Vault(#[from] crate::vault::VaultError),
    /// It is not there.
    #[error("secret {0:?} is missing")]
    Missing(SecretKind),
    /// A key pair could not be made.
    #[error("key pair")]
    Key(#[from] ssh_key::Error),
}

/// A password of 16 characters, 92 bits.
///
/// # Panics
/// If the operating system has no randomness.
#[must_use]
pub fn password() -> SecretString {
    let mut text = String::new();
    while text.len() < 16 {
        let mut byte = [0; 1];
        fill(&mut byte).expect("the operating system has randomness");
        // Bytes past the last whole alphabet would make its first letters likelier.
        if usize::from(byte[0]) < 256 / LETTERS.len() * LETTERS.len() {
            text.push(char::from(LETTERS[usize::from(byte[0]) % LETTERS.len()]));
        }
    }
    SecretString::from(text)
}

/// An ed25519 key pair: the private half as an OpenSSH file, the public half as a line.
///
/// # Errors
/// As the library.
pub fn key_pair(comment: &str) -> Result<(SecretString, String), SecretError> {
    let mut seed = [0; 32];
    fill(&mut seed).expect("the operating system has randomness");
    let pair = ssh_key::private::Ed25519Keypair::from_seed(&seed);
    let mut key = PrivateKey::from(pair);
    key.set_comment(comment);
    Ok((SecretString::from(key.to_openssh(LineEnding::LF)?.to_string()), key.public_key().to_openssh()?))
}

/// A person's own public key: one line, of a kind that is still good.
///
/// # Errors
/// When it is not an OpenSSH public key, or of a kind that is refused (DSA).
pub fn own_public_key(typed: &str) -> Result<String, SecretError> {
    let key = PublicKey::from_openssh(typed.trim())?;
    if key.algorithm() == Algorithm::Dsa {
        return Err(ssh_key::Error::AlgorithmUnknown.into());
    }
    Ok(key.to_openssh()?)
}

/// The one-time token of a machine: only this installation can compute it, and a repeated order carries the same.
#[must_use]
pub fn one_time_token(vault: &Vault, intent: Uuid) -> String {
    hex(&vault.derive(&format!("machine token {intent}")))
}

/// What is kept of something that is only compared.
#[must_use]
pub fn hash(text: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

fn place(environment: EnvironmentId, kind: SecretKind) -> String {
    format!("secret|{environment}|{kind:?}")
}

/// Seals and keeps a secret.
///
/// # Errors
/// As the database.
pub async fn keep(
    db: &mut Db,
    vault: &Vault,
    environment: EnvironmentId,
    kind: SecretKind,
    secret: &SecretString,
) -> Result<(), SecretError> {
    let sealed = vault.seal(&place(environment, kind), secret.expose_secret().as_bytes());
    Ok(secrets::keep(db, environment, kind, &sealed).await?)
}

/// Opens a secret.
///
/// # Errors
/// [`SecretError::Missing`] if it was never made, or erased.
pub async fn open(db: &mut Db, vault: &Vault, environment: EnvironmentId, kind: SecretKind) -> Result<SecretString, SecretError> {
    let sealed = secrets::find(db, environment, kind).await?.ok_or(SecretError::Missing(kind))?;
    Ok(vault.open(&place(environment, kind), &sealed)?)
}

/// Opens a secret and erases it: who gets it is the only one.
///
/// # Errors
/// [`SecretError::Missing`] if somebody was faster.
pub async fn take(db: &mut Db, vault: &Vault, environment: EnvironmentId, kind: SecretKind) -> Result<SecretString, SecretError> {
    let sealed = secrets::take(db, environment, kind).await?.ok_or(SecretError::Missing(kind))?;
    Ok(vault.open(&place(environment, kind), &sealed)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_and_differ() {
        let (one, other) = (password(), password());
        assert_eq!(one.expose_secret().len(), 16);
        assert_ne!(one.expose_secret(), other.expose_secret());
    }

    #[test]
    fn a_made_key_pair_is_one_that_openssh_reads() {
        let (private, public) = key_pair("c5").expect("made");
        assert!(private.expose_secret().starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"));
        assert!(public.starts_with("ssh-ed25519 "));
        assert_eq!(own_public_key(&format!(" {public}\n")).expect("reads back").split(' ').next(), Some("ssh-ed25519"));
    }

    #[test]
    fn what_is_not_a_public_key_is_refused() {
        for typed in ["", "hello", "ssh-ed25519 AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----"] {
            assert!(own_public_key(typed).is_err(), "{typed:?}");
        }
    }
}
