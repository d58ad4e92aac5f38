//! Who speaks: the signature over each request of a machine (docs/machines.md, "Signed requests").

use aws_lc_rs::{digest, hmac};
use time::OffsetDateTime;

use crate::wish::spec::{hex, unhex};

/// A request may be this old, or this far ahead, in seconds.
pub const TOLERANCE: i64 = 300;

/// The message that is signed.
#[must_use]
pub fn message(method: &str, path_and_query: &str, timestamp: i64, body: &[u8]) -> String {
    format!("{method}\n{path_and_query}\n{timestamp}\n{}", hex(digest::digest(&digest::SHA256, body).as_ref()))
}

/// Whether a signature is the machine's and its time is near.
#[must_use]
pub fn is_valid(secret: &str, message: &str, signature: &str, timestamp: i64, now: OffsetDateTime) -> bool {
    let is_near = now.unix_timestamp().abs_diff(timestamp) <= TOLERANCE.unsigned_abs();
    let signature = unhex(signature);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    // hmac::verify compares in constant time.
    is_near && signature.is_some_and(|signature| hmac::verify(&key, message.as_bytes(), &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(secret: &str, message: &str) -> String {
        hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes()).as_ref())
    }

    #[test]
    fn only_the_right_secret_message_and_time_pass() {
        let now = OffsetDateTime::from_unix_timestamp(1_795_238_400).expect("a time");
        let text = message("GET", "/machines/v1/settings", 1_795_238_400, b"");
        let good = sign("s", &text);
        assert!(is_valid("s", &text, &good, 1_795_238_400, now));
        assert!(!is_valid("t", &text, &good, 1_795_238_400, now), "another secret");
        assert!(!is_valid("s", &text, &sign("s", "x"), 1_795_238_400, now), "another message");
        assert!(!is_valid("s", &text, &good, 1_795_238_400, now + time::Duration::seconds(301)), "too old");
        for broken in ["", "zz", &good[1..], "é"] {
            assert!(!is_valid("s", &text, broken, 1_795_238_400, now), "{broken:?}");
        }
    }
}
