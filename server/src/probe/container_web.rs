//! The web container says "It works!" on its port.

use app::domain::saw::Saw;
use http::StatusCode;

use super::Target;
use super::http::get_following;

/// Runs the probe.
pub async fn prove(target: &Target) -> Result<(), Saw> {
    let page = get_following(target, target.ports.container, "/").await?;
    if page.status != StatusCode::OK {
        Err(page.unexpected())
    } else if page.text.contains("It works!") {
        Ok(())
    } else {
        Err(Saw::NotTheContainer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hostile::{Web, answer, target};

    async fn seen(answer: &[u8]) -> Result<(), Saw> {
        let mut target = target();
        target.ports.container = Web::says(answer).await;
        prove(&target).await
    }

    #[tokio::test]
    async fn it_works_passes_and_nothing_else_does() {
        assert_eq!(seen(&answer("200 OK", "", "<html><body><h1>It works!</h1></body></html>")).await, Ok(()));
        assert_eq!(seen(&answer("200 OK", "", "<title>c5</title>")).await, Err(Saw::NotTheContainer));
        assert_eq!(seen(&answer("503 Service Unavailable", "", "It works!")).await, Err(Saw::Status { path: "/".into(), status: 503 }));
        let away = answer("302 Found", "Location: http://203.0.113.9/\r\n", "It works!");
        assert_eq!(seen(&away).await, Err(Saw::SentAway { to: "http://203.0.113.9/".into() }));
    }

    #[tokio::test]
    async fn nothing_listening_is_refused() {
        let target = target();
        assert_eq!(prove(&target).await, Err(Saw::Refused { port: target.ports.container }));
    }
}
