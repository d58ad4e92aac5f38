//! Where the zone is kept, and the key that changes it.

use std::path::PathBuf;
use std::sync::Arc;

use cloud::dns::plain;
use cloud::{CloudError, Fate};
use domain::tsig::{Algorithm, Key, KeyName};
use domain::utils::base64;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// A zone and who may change it: `dns` in the settings of a cloud's row. The secret itself is never in it.
///
/// ```json
/// {
///   "domain": "exp.example.ac.jp",
///   "server": "192.0.2.53",
///   "name_servers": ["ns1.example.ac.jp", "ns2.example.ac.jp"],
///   "key": { "name": "koza", "secret": { "file": "/etc/koza/tsig" } }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DnsUpdateConfig {
    /// The zone, which is the domain that names are made under: `exp.example.ac.jp`.
    pub domain: String,
    /// The name server that takes changes: an address or a name, with a port if it is not 53 (`192.0.2.53:5300`, `[2001:db8::53]:5300`).
    pub server: String,
    /// The name servers that the world asks, written in the same way: a name counts as known, or as gone, once all of these say so. Empty:
    /// the server that takes changes is the only one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub name_servers: Vec<String>,
    /// The key that changes are signed with.
    pub key: KeyConfig,
    /// This installation, as companions write it.
    #[serde(skip)]
    pub installation: String,
}

/// A TSIG key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// Its name, exactly as the server's configuration has it.
    pub name: String,
    /// `hmac-sha256` (if nothing is said), `hmac-sha384` or `hmac-sha512`.
    #[serde(default = "usual")]
    pub algorithm: String,
    /// Where its secret is.
    pub secret: SecretPlace,
}

fn usual() -> String {
    "hmac-sha256".into()
}

/// Where a secret is: in base64, as `keymgr -t` and `tsig-keygen` write it, and nothing else there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretPlace {
    /// In a file that only the portal reads.
    File(PathBuf),
    /// In a variable of the portal's environment.
    Variable(String),
}

impl SecretPlace {
    fn read(&self) -> Result<SecretString, CloudError> {
        let text = match self {
            Self::File(path) => std::fs::read_to_string(path).map_err(|error| {
                wrong(format!("the secret of the TSIG key cannot be read from {}: {error}", path.display())).caused_by(error)
            })?,
            Self::Variable(name) => std::env::var(name)
                .map_err(|_| wrong(format!("the environment has no {name}, which is to hold the secret of the TSIG key")))?,
        };
        Ok(text.into())
    }
}

impl KeyConfig {
    /// The key itself.
    ///
    /// # Errors
    /// `bad_settings`, with what to do.
    pub(crate) fn open(&self) -> Result<Arc<Key>, CloudError> {
        let algorithm = match self.algorithm.to_ascii_lowercase().as_str() {
            "hmac-sha256" => Algorithm::Sha256,
            "hmac-sha384" => Algorithm::Sha384,
            "hmac-sha512" => Algorithm::Sha512,
            other => return Err(wrong(format!("TSIG algorithm {other}: use hmac-sha256, hmac-sha384 or hmac-sha512"))),
        };
        let name: KeyName = plain(&self.name).parse().map_err(|_| wrong(format!("{:?} is no name of a TSIG key", self.name)))?;
        let text = self.secret.read()?;
        let secret: Vec<u8> = base64::decode(text.expose_secret().trim()).map_err(|_| {
            wrong("the secret of the TSIG key is not in base64 alone (only what stands between the quotes of `secret`)".into())
        })?;
        // A short one is guessed; RFC 8945 wants as many octets as the algorithm gives.
        if secret.len() < 16 {
            return Err(wrong(format!("the secret of the TSIG key has {} octets: make one with tsig-keygen or keymgr -t", secret.len())));
        }
        Key::new(algorithm, &secret, name, None, None).map(Arc::new).map_err(|error| wrong(format!("TSIG key: {error}")))
    }
}

fn wrong(said: String) -> CloudError {
    CloudError::new(Fate::Final, "bad_settings", said)
}
