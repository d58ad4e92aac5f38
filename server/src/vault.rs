//! Seals secrets at rest: AES-256-GCM under a master key from a file, bound to where they are kept.
//!
//! Sealed bytes are `version (1) | nonce (12) | ciphertext and tag`. The associated data is the place (`secret|env_…|ftp`), so that a
//! sealed value copied to another row does not open there.

use std::io::{self, Write};
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::fill;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use crate::wish::spec::{hex, unhex};

const VERSION: u8 = 1;

/// Sealing and opening, and keys derived for other uses.
pub struct Vault {
    key: SecretSlice<u8>,
}

/// A sealed value did not open.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Changed, moved, or sealed under another master key.
    #[error("a sealed value does not open: wrong master key, or it was changed")]
    DoesNotOpen,
    /// The master key file cannot be used.
    #[error("master key: {0}")]
    Key(String),
}

impl Vault {
    /// A vault under this key.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key: SecretSlice::from(key.to_vec()) }
    }

    /// Reads the master key from a file (64 hexadecimal digits), or makes one there, readable by its owner only.
    ///
    /// # Errors
    /// [`VaultError::Key`].
    pub fn open_or_make(file: &Path) -> Result<Self, VaultError> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_key_file(file).map_err(|error| VaultError::Key(error.to_string()))?
            }
            Err(error) => return Err(VaultError::Key(format!("{}: {error}", file.display()))),
        };
        let text = text.trim();
        let key = unhex(text)
            .and_then(|key| <[u8; 32]>::try_from(key).ok())
            .ok_or_else(|| VaultError::Key(format!("{} does not hold 64 hexadecimal digits", file.display())))?;
        Ok(Self::new(key))
    }

    /// Seals a secret for a place.
    ///
    /// # Panics
    /// Never: sealing fails only for messages of many gigabytes.
    #[must_use]
    pub fn seal(&self, place: &str, secret: &[u8]) -> Vec<u8> {
        let mut text = secret.to_vec();
        let nonce = self.aead().seal_in_place_append_tag(Aad::from(place), &mut text).expect("the message is short");
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&text);
        sealed
    }

    /// Opens a sealed secret at its place.
    ///
    /// # Errors
    /// [`VaultError::DoesNotOpen`].
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<SecretString, VaultError> {
        let (nonce, text) = match sealed {
            [VERSION, rest @ ..] if rest.len() > NONCE_LEN => rest.split_at(NONCE_LEN),
            _ => return Err(VaultError::DoesNotOpen),
        };
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::DoesNotOpen)?;
        let mut text = text.to_vec();
        let open = self.aead().open_in_place(nonce, Aad::from(place), &mut text).map_err(|_| VaultError::DoesNotOpen)?;
        String::from_utf8(open.to_vec()).map(SecretString::from).map_err(|_| VaultError::DoesNotOpen)
    }

    /// Something only this installation can compute for a use, always the same.
    #[must_use]
    pub fn derive(&self, for_use: &str) -> [u8; 32] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, self.key.expose_secret()), for_use.as_bytes());
        let mut derived = [0; 32];
        derived.copy_from_slice(tag.as_ref());
        derived
    }

    fn aead(&self) -> RandomizedNonceKey {
        RandomizedNonceKey::new(&AES_256_GCM, self.key.expose_secret()).expect("the key has 32 bytes")
    }
}

fn make_key_file(file: &Path) -> io::Result<String> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut key = [0; 32];
    fill(&mut key).map_err(io::Error::other)?;
    let text = hex(&key);
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?.write_all(text.as_bytes())?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_at_its_place_and_unchanged() {
        let vault = Vault::new([7; 32]);
        let mut sealed = vault.seal("secret|a", b"geheim");
        assert_eq!(vault.open("secret|a", &sealed).expect("opens").expose_secret(), "geheim");
        assert!(vault.open("secret|b", &sealed).is_err(), "another place");
        assert!(Vault::new([8; 32]).open("secret|a", &sealed).is_err(), "another key");
        *sealed.last_mut().expect("not empty") ^= 1;
        assert!(vault.open("secret|a", &sealed).is_err(), "changed");
    }

    #[test]
    fn the_same_secret_never_looks_the_same_twice() {
        let vault = Vault::new([7; 32]);
        assert_ne!(vault.seal("x", b"geheim"), vault.seal("x", b"geheim"));
    }
}
