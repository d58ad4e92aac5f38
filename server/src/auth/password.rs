//! Passwords: argon2id, off the runtime, a few at a time; an unknown name takes as long as a wrong password.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Each hash takes 19 MiB and a core: more at once than cores only makes all of them slow.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from)));

/// What an unknown name is compared with, so that it takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password").expect("the parameters are good"));

fn hash_now(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

/// Hashes a password with the library's parameters (OWASP's minimum: 19 MiB, two passes).
///
/// # Errors
/// As the library.
pub async fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
    let _turn = TURNS.acquire().await.expect("never closed");
    let password = password.to_owned();
    spawn_blocking(move || hash_now(&password)).await.expect("hashing does not panic")
}

/// Whether a password fits a hash; `None` (nobody of that name) takes as long and is false.
pub async fn fits(hash: Option<String>, password: &str) -> bool {
    let _turn = TURNS.acquire().await.expect("never closed");
    let password = password.to_owned();
    spawn_blocking(move || {
        let is_somebody = hash.is_some();
        let text = hash.unwrap_or_else(|| NOBODY.clone());
        let fits = PasswordHash::new(&text).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        fits && is_somebody
    })
    .await
    .expect("verifying does not panic")
}

/// Makes the first sign-in as fast as the second.
pub async fn warm_up() {
    spawn_blocking(|| LazyLock::force(&NOBODY).len()).await.ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let hash = hash("correct horse").await.expect("hashed");
        assert!(hash.starts_with("$argon2id$"));
        assert!(fits(Some(hash.clone()), "correct horse").await);
        assert!(!fits(Some(hash), "correct horse ").await);
        assert!(!fits(None, "nobody has this password").await, "nobody cannot sign in");
    }
}
