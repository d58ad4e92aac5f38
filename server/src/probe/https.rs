//! HTTP leads to HTTPS, which shows the page with the certificate that the machine reported, and that is not about to end.
//!
//! All of it by name, as people come; what is asked is the target's address, wherever the name leads.

use app::domain::saw::Saw;
use http::StatusCode;
use time::OffsetDateTime;
use tokio::time::timeout;

use super::http::Site;
use super::{Served, Target, reach, wordpress};

/// Machines renew when a third of a certificate's life is left. When it is a sixth, they have tried in vain for as long again.
const OVERDUE: i32 = 6;

/// Runs the probe.
pub async fn prove(target: &Target) -> Result<(), Saw> {
    let served = target.certificate.as_ref().ok_or(Saw::NoCertificateReported)?;
    let site = Site::secure(target);
    // Half of the time: of two ports, the slow one is named.
    let half = target.limits.whole / 2;
    timeout(half, is_led_to(&site, target)).await.unwrap_or_else(|_| Err(reach::too_slow(target.ports.http, half)))?;

    let page = site.get_following("/").await?;
    if target.has_wordpress {
        wordpress::judge(&page, site.host(), &target.site_title)?;
    } else if page.status != StatusCode::OK {
        return Err(page.unexpected());
    }
    match overdue(served, target.now) {
        None => Ok(()),
        Some(days) => Err(Saw::CertificateEndsSoon { days }),
    }
}

/// Whoever comes by HTTP is sent on to HTTPS, at once.
async fn is_led_to(secure: &Site<'_>, target: &Target) -> Result<(), Saw> {
    let plain = Site::by_name(target);
    let page = plain.get("/", None).await?;
    match page.location() {
        None if page.status.is_success() => Err(Saw::NotLedToHttps),
        None => Err(page.unexpected()),
        Some(location) if plain.path_on("/", &location).is_some() => Err(Saw::NotLedToHttps),
        Some(location) if secure.path_on("/", &location).is_some() => Ok(()),
        Some(location) => Err(Saw::SentAway { to: reach::shown(&location) }),
    }
}

/// The whole days that are left, if its renewal is overdue.
fn overdue(served: &Served, now: OffsetDateTime) -> Option<u32> {
    let left = served.not_after - now;
    (left * OVERDUE < served.not_after - served.not_before).then(|| u32::try_from(left.whole_days()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hostile::tls::{Authority, Paper, Secure, certified};
    use crate::probe::hostile::{Web, answer};
    use app::domain::reason::Probe;
    use time::ext::NumericalDuration;

    /// A target whose HTTP leads to HTTPS, which answers by path.
    async fn site(by_path: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> (Target, Paper) {
        let paper = Authority::new().issues();
        let mut target = certified(&paper);
        target.ports.http = Secure::leads_to(&target.name).await;
        target.ports.https = Secure::web(&paper, move |head| {
            assert!(head.contains("host: c5.exp.example.ac.jp\r\n"), "asked by name: {head}");
            by_path(head.split(' ').nth(1).unwrap_or_default())
        })
        .await;
        (target, paper)
    }

    async fn seen(status: &'static str, headers: &'static str) -> Result<(), Saw> {
        prove(&site(move |_| answer(status, headers, "hello")).await.0).await
    }

    /// What is seen when HTTP answers so, and HTTPS is as it should be.
    async fn seen_of_http(status: &str, headers: &str) -> Result<(), Saw> {
        let (mut target, _) = site(|_| answer("200 OK", "", "hello")).await;
        target.ports.http = Web::says(&answer(status, headers, "")).await;
        prove(&target).await
    }

    #[tokio::test]
    async fn a_page_behind_a_redirect_to_https_passes() {
        assert_eq!(seen("200 OK", "").await, Ok(()));
        for status in ["301 Moved Permanently", "302 Found", "308 Permanent Redirect"] {
            assert_eq!(seen_of_http(status, "Location: https://c5.exp.example.ac.jp/\r\n").await, Ok(()));
        }
    }

    #[tokio::test]
    async fn the_first_page_may_be_elsewhere_on_the_site() {
        let (target, _) = site(|path| match path {
            "/" => answer("302 Found", "Location: https://c5.exp.example.ac.jp/blog/\r\n", ""),
            "/blog/" => answer("200 OK", "", "hello"),
            _ => answer("404 Not Found", "", ""),
        })
        .await;
        assert_eq!(prove(&target).await, Ok(()));
    }

    #[tokio::test]
    async fn http_that_stays_http_does_not_pass() {
        assert_eq!(seen_of_http("200 OK", "").await, Err(Saw::NotLedToHttps));
        assert_eq!(seen_of_http("302 Found", "Location: /blog/\r\n").await, Err(Saw::NotLedToHttps));
        assert_eq!(seen_of_http("302 Found", "Location: http://c5.exp.example.ac.jp/\r\n").await, Err(Saw::NotLedToHttps));
        assert_eq!(seen_of_http("500 Internal Server Error", "").await, Err(Saw::Status { path: "/".into(), status: 500 }));
        assert_eq!(seen_of_http("304 Not Modified", "").await, Err(Saw::Status { path: "/".into(), status: 304 }));
    }

    #[tokio::test]
    async fn being_sent_elsewhere_does_not_pass() {
        for to in ["https://c6.exp.example.ac.jp/", "https://127.0.0.1/", "//c6.exp.example.ac.jp/", "https://c5.exp.example.ac.jp:8443/"] {
            assert_eq!(seen_of_http("307 Temporary Redirect", &format!("Location: {to}\r\n")).await, Err(Saw::SentAway { to: to.into() }));
        }
        let away = "https://c6.exp.example.ac.jp/";
        assert_eq!(seen("302 Found", "Location: https://c6.exp.example.ac.jp/\r\n").await, Err(Saw::SentAway { to: away.into() }));
    }

    #[tokio::test]
    async fn redirects_in_a_circle_do_not_pass() {
        let back = "http://c5.exp.example.ac.jp/";
        assert_eq!(seen("302 Found", "Location: http://c5.exp.example.ac.jp/\r\n").await, Err(Saw::SentAway { to: back.into() }));
        assert_eq!(seen("302 Found", "Location: /\r\n").await, Err(Saw::Status { path: "/".into(), status: 302 }));
    }

    #[tokio::test]
    async fn a_page_that_fails_does_not_pass() {
        assert_eq!(seen("503 Service Unavailable", "").await, Err(Saw::Status { path: "/".into(), status: 503 }));
        assert_eq!(seen("204 No Content", "").await, Err(Saw::Status { path: "/".into(), status: 204 }));
    }

    #[tokio::test]
    async fn where_wordpress_should_be_the_page_is_this_wordpress() {
        let page = |host: &str| format!("<title>My blog</title><link rel='https://api.w.org/' href='https://{host}/wp-json/'>");
        let seen = async |page: String| {
            let (mut target, _) = site(move |_| answer("200 OK", "", &page)).await;
            target.has_wordpress = true;
            prove(&target).await
        };
        assert_eq!(seen(page("c5.exp.example.ac.jp")).await, Ok(()));
        assert_eq!(seen(page("c6.exp.example.ac.jp")).await, Err(Saw::OtherSite));
        assert_eq!(seen("hello".into()).await, Err(Saw::NotWordpress));
    }

    #[tokio::test]
    async fn a_page_without_end_is_cut_off() {
        let (mut target, paper) = site(|_| vec![]).await;
        target.ports.https = Secure::endless(&paper).await;
        assert_eq!(prove(&target).await, Err(Saw::TooMuch { port: target.ports.https }));
    }

    #[tokio::test]
    async fn a_page_cut_short_hung_up() {
        let cut = |text: &'static [u8]| site(move |_| text.to_vec());
        let (target, _) = cut(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort").await;
        assert_eq!(prove(&target).await, Err(Saw::HungUp { port: target.ports.https }));
        // TLS ends with a farewell. Without one, nobody knows whether a page of no stated length is whole.
        let (target, _) = cut(b"HTTP/1.1 200 OK\r\n\r\nshort").await;
        assert_eq!(prove(&target).await, Err(Saw::HungUp { port: target.ports.https }));
    }

    #[tokio::test]
    async fn of_two_ports_the_slow_one_is_named() {
        let (mut target, _) = site(|_| answer("200 OK", "", "")).await;
        let good = target.ports;
        target.ports.http = Web::drips(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a").await;
        let outcome = crate::probe::run(Probe::Https, &target).await.outcome;
        assert_eq!(outcome, Err(Saw::TooSlow { port: target.ports.http, seconds: 1 }));
        target.ports = good;
        target.ports.https = Web::drips(b"\x16\x03\x03\x40\x00", b"a").await;
        let outcome = crate::probe::run(Probe::Https, &target).await.outcome;
        assert_eq!(outcome, Err(Saw::TooSlow { port: target.ports.https, seconds: 1 }));
    }

    #[tokio::test]
    async fn a_renewal_that_is_overdue_is_told_in_days() {
        // 90 days: overdue from 15 days before the end.
        let (mut target, paper) = site(|_| answer("200 OK", "", "")).await;
        let mut left = async |left| {
            target.now = paper.not_after - left;
            prove(&target).await
        };
        assert_eq!(left(15.days()).await, Ok(()));
        assert_eq!(left(15.days() - 1.seconds()).await, Err(Saw::CertificateEndsSoon { days: 14 }));
        assert_eq!(left(25.hours()).await, Err(Saw::CertificateEndsSoon { days: 1 }));
        assert_eq!(left(1.minutes()).await, Err(Saw::CertificateEndsSoon { days: 0 }));
    }

    #[tokio::test]
    async fn without_a_reported_certificate_nobody_is_asked() {
        let (mut target, _) = site(|_| answer("200 OK", "", "")).await;
        let (port, visits) = Web::counts().await;
        (target.ports.http, target.ports.https, target.certificate) = (port, port, None);
        assert_eq!(prove(&target).await, Err(Saw::NoCertificateReported));
        assert_eq!(visits.load(std::sync::atomic::Ordering::SeqCst), 0);
    }
}
