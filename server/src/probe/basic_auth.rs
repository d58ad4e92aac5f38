//! `/basic/` refuses without a password and with a wrong one, and opens with the right one.

use app::domain::saw::Saw;
use aws_lc_rs::digest::{SHA256, digest};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use secrecy::ExposeSecret;

use super::Target;
use super::http::get;

const PATH: &str = "/basic/";

/// Runs the probe.
pub async fn prove(target: &Target) -> Result<(), Saw> {
    let port = target.ports.http;
    let (user, password) = &target.basic_auth;

    let page = get(target, port, PATH, None).await?;
    match page.status {
        StatusCode::UNAUTHORIZED => {
            let asks = page
                .headers
                .get_all(WWW_AUTHENTICATE)
                .iter()
                .any(|value| value.as_bytes().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic")));
            if !asks {
                return Err(Saw::NoPasswordAsked);
            }
        }
        StatusCode::OK => return Err(Saw::OpenWithoutPassword),
        _ => return Err(page.unexpected()),
    }

    // Never the right one: derived from it, so that it also cannot be a guess at somebody's.
    let wrong =
        digest(&SHA256, password.expose_secret().as_bytes()).as_ref()[..9].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let page = get(target, port, PATH, Some(basic(user, &wrong)?)).await?;
    match page.status {
        StatusCode::UNAUTHORIZED => {}
        StatusCode::OK => return Err(Saw::WrongPasswordAccepted),
        _ => return Err(page.unexpected()),
    }

    let page = get(target, port, PATH, Some(basic(user, password.expose_secret())?)).await?;
    match page.status {
        StatusCode::OK => Ok(()),
        StatusCode::UNAUTHORIZED => Err(Saw::PasswordRefused),
        _ => Err(page.unexpected()),
    }
}

fn basic(user: &str, password: &str) -> Result<HeaderValue, Saw> {
    let mut value =
        HeaderValue::try_from(format!("Basic {}", base64(format!("{user}:{password}").as_bytes()))).map_err(|_| Saw::PasswordRefused)?;
    value.set_sensitive(true);
    Ok(value)
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |group: u32, place: u32| char::from(LETTERS[(group >> (18 - 6 * place) & 63) as usize]);
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().enumerate().fold(0, |group, (place, byte)| group | u32::from(*byte) << (16 - 8 * place));
        for place in 0..4 {
            text.push(if place as usize <= chunk.len() { letter(group, place) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hostile::{Web, answer, target};

    const ASKS: &str = "WWW-Authenticate: Basic realm=\"auth\"\r\n";

    /// A server that answers by what password it is given: none, a wrong one, the right one.
    async fn seen(none: (&'static str, &'static str), wrong: &'static str, right: &'static str) -> Result<(), Saw> {
        let mut target = target();
        let good = format!("basic {}", base64(b"group:open sesame")).to_lowercase();
        target.ports.http = Web::answers_to_head(move |head| {
            let head = head.to_lowercase();
            if head.contains(&good) {
                answer(right, "", "in")
            } else if head.contains("authorization:") {
                answer(wrong, ASKS, "")
            } else {
                answer(none.0, none.1, "")
            }
        })
        .await;
        prove(&target).await
    }

    #[tokio::test]
    async fn a_page_that_asks_and_opens_passes() {
        assert_eq!(seen(("401 Unauthorized", ASKS), "401 Unauthorized", "200 OK").await, Ok(()));
    }

    #[tokio::test]
    async fn each_way_to_be_wrong_is_named() {
        let asks = ("401 Unauthorized", ASKS);
        assert_eq!(seen(("200 OK", ""), "200 OK", "200 OK").await, Err(Saw::OpenWithoutPassword));
        assert_eq!(seen(("401 Unauthorized", ""), "401 Unauthorized", "200 OK").await, Err(Saw::NoPasswordAsked));
        assert_eq!(
            seen(("401 Unauthorized", "WWW-Authenticate: Digest realm=\"auth\"\r\n"), "401 Unauthorized", "200 OK").await,
            Err(Saw::NoPasswordAsked)
        );
        assert_eq!(seen(asks, "200 OK", "200 OK").await, Err(Saw::WrongPasswordAccepted));
        assert_eq!(seen(asks, "401 Unauthorized", "401 Unauthorized").await, Err(Saw::PasswordRefused));
        let status = |status| Err(Saw::Status { path: PATH.into(), status });
        assert_eq!(seen(("404 Not Found", ""), "401 Unauthorized", "200 OK").await, status(404));
        assert_eq!(seen(("302 Found", "Location: http://203.0.113.9/\r\n"), "401 Unauthorized", "200 OK").await, status(302));
        assert_eq!(seen(asks, "500 Internal Server Error", "200 OK").await, status(500));
        assert_eq!(seen(asks, "401 Unauthorized", "500 Internal Server Error").await, status(500));
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }
}
