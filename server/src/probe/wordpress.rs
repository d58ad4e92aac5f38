//! `/` shows this WordPress: not an error page, not the set-up wizard, not somebody else's site.
//!
//! The site belongs to the student: a changed title or a theme without the generator line is no fault. WordPress' own link to its API
//! at this address is proof enough; without it (a security plugin removes it), the generator line and the title we gave together are.

use app::domain::saw::Saw;
use http::StatusCode;
use http::header::LINK;

use super::Target;
use super::http::{Page, Site};

/// What WordPress writes when its database does not answer, in our two languages.
const DATABASE_DOWN: [&str; 2] = ["Error establishing a database connection", "データベース接続確立エラー"];
/// What it writes during an update and after a fatal error.
const TROUBLE: [&str; 4] = [
    "Briefly unavailable for scheduled maintenance",
    "現在メンテナンス中のため",
    "There has been a critical error on this website",
    "重大なエラーが発生しました",
];
/// Where it leads when it was never set up.
const WIZARDS: [&str; 2] = ["/wp-admin/install.php", "/wp-admin/setup-config.php"];

/// Runs the probe.
pub async fn prove(target: &Target) -> Result<(), Saw> {
    let site = Site::by_address(target, target.ports.http);
    judge(&site.get_following("/").await?, site.host(), &target.site_title)
}

/// Whether a page of `host` is this WordPress'.
pub fn judge(page: &Page, host: &str, title: &str) -> Result<(), Saw> {
    let says = |words: &[&str]| words.iter().any(|words| page.text.contains(words));
    if says(&DATABASE_DOWN) {
        return Err(Saw::DatabaseDown);
    }
    if WIZARDS.iter().any(|wizard| page.path.starts_with(wizard)) {
        return Err(Saw::NotSetUp);
    }
    if page.status != StatusCode::OK {
        return Err(if says(&TROUBLE) { Saw::WordpressTrouble } else { page.unexpected() });
    }
    let generator = page.text.split("<meta").any(|meta| {
        let meta = meta.split('>').next().unwrap_or_default();
        meta.contains("generator") && meta.contains("WordPress")
    });
    let api = api_links(page);
    if api.iter().any(|link| is_at(link, host)) || (generator && is_titled(&page.text, title)) {
        Ok(())
    } else if generator || !api.is_empty() {
        Err(Saw::OtherSite)
    } else {
        Err(Saw::NotWordpress)
    }
}

/// Where the page says WordPress' API is: in its head, or in the header `Link`.
fn api_links(page: &Page) -> Vec<String> {
    const RELATION: &str = "https://api.w.org/";
    let from_html = page.text.split("<link").skip(1).filter_map(|link| {
        let link = link.split('>').next()?;
        link.contains(RELATION).then(|| link.split("href=").nth(1)).flatten()?.get(1..)?.split(['"', '\'']).next().map(str::to_owned)
    });
    let from_header =
        page.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(", ")).filter_map(|link| {
            let (address, relation) = link.strip_prefix('<')?.split_once('>')?;
            relation.contains(RELATION).then(|| address.to_owned())
        });
    from_html.chain(from_header).collect()
}

fn is_at(link: &str, host: &str) -> bool {
    link.strip_prefix("http://")
        .or_else(|| link.strip_prefix("https://"))
        .and_then(|rest| rest.strip_prefix(host))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_titled(text: &str, title: &str) -> bool {
    let Some(shown) = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map(|(title, _)| title) else {
        return false;
    };
    let escaped = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#039;");
    !title.is_empty() && (shown.contains(title) || shown.contains(&escaped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hostile::{Web, answer, target};
    use proptest::prelude::*;

    const GENERATOR: &str = r#"<meta name="generator" content="WordPress 6.1.1" />"#;

    async fn seen(status: &str, body: &str) -> Result<(), Saw> {
        let port = Web::says(&answer(status, "", body)).await;
        let mut target = target();
        target.ports.http = port;
        prove(&target).await
    }

    #[tokio::test]
    async fn this_wordpress_passes() {
        assert_eq!(seen("200 OK", &format!("<title>c5</title>{GENERATOR}")).await, Ok(()));
    }

    #[tokio::test]
    async fn a_new_title_and_a_theme_without_generator_pass_by_the_api_link() {
        let mut target = target();
        target.ports.http = Web::answers_to_host(|host| {
            answer("200 OK", "", &format!(r#"<title>My blog</title><link rel="https://api.w.org/" href="http://{host}/wp-json/" />"#))
        })
        .await;
        assert_eq!(prove(&target).await, Ok(()));
        target.ports.http = Web::answers_to_host(|host| {
            answer("200 OK", &format!("Link: <http://{host}/index.php?rest_route=/>; rel=\"https://api.w.org/\"\r\n"), "<p>bare</p>")
        })
        .await;
        assert_eq!(prove(&target).await, Ok(()));
    }

    #[tokio::test]
    async fn a_wordpress_of_somebody_else_does_not_pass() {
        assert_eq!(seen("200 OK", &format!("<title>Another</title>{GENERATOR}")).await, Err(Saw::OtherSite));
        let elsewhere = r#"<title>c5</title><link rel='https://api.w.org/' href='http://203.0.113.9/wp-json/'>"#;
        assert_eq!(seen("200 OK", elsewhere).await, Err(Saw::OtherSite));
    }

    #[tokio::test]
    async fn a_foreign_page_does_not_pass() {
        assert_eq!(seen("200 OK", "<h1>Apache2 Debian Default Page</h1>").await, Err(Saw::NotWordpress));
        assert_eq!(seen("200 OK", "").await, Err(Saw::NotWordpress));
        assert_eq!(seen("200 OK", "<title>c5</title><p>WordPress is great").await, Err(Saw::NotWordpress));
    }

    #[tokio::test]
    async fn a_lost_database_is_named_in_both_languages() {
        for words in DATABASE_DOWN {
            assert_eq!(seen("500 Internal Server Error", &format!("<h1>{words}</h1>")).await, Err(Saw::DatabaseDown));
        }
    }

    #[tokio::test]
    async fn a_server_error_tells_its_status() {
        assert_eq!(seen("502 Bad Gateway", "nginx").await, Err(Saw::Status { path: "/".into(), status: 502 }));
        assert_eq!(seen("404 Not Found", "").await, Err(Saw::Status { path: "/".into(), status: 404 }));
    }

    #[tokio::test]
    async fn wordpress_in_trouble_is_told_apart_from_any_500() {
        assert_eq!(seen("503 Service Unavailable", TROUBLE[0]).await, Err(Saw::WordpressTrouble));
        assert_eq!(seen("500 Internal Server Error", TROUBLE[2]).await, Err(Saw::WordpressTrouble));
    }

    #[tokio::test]
    async fn the_set_up_wizard_does_not_pass() {
        let mut target = target();
        target.ports.http = Web::answers(|path| match path {
            "/" => answer("302 Found", "Location: /wp-admin/install.php\r\n", ""),
            _ => answer("200 OK", "", &format!("<title>WordPress › Installation</title>{GENERATOR}")),
        })
        .await;
        assert_eq!(prove(&target).await, Err(Saw::NotSetUp));
    }

    #[tokio::test]
    async fn nothing_listening_is_refused() {
        let target = target();
        assert_eq!(prove(&target).await, Err(Saw::Refused { port: target.ports.http }));
    }

    #[tokio::test]
    async fn a_page_that_drips_is_too_slow() {
        let mut target = target();
        target.ports.http = Web::drips(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a").await;
        let outcome = crate::probe::run(app::domain::reason::Probe::Wordpress, &target).await.outcome;
        assert_eq!(outcome, Err(Saw::TooSlow { port: target.ports.http, seconds: 1 }));
    }

    proptest! {
        #[test]
        fn no_page_makes_it_panic_or_pass(text in "(<link|<meta|<title>|</title>|href=|rel=\"https://api.w.org/\"|\\PC){0,40}", link in "[ -~]{0,60}") {
            let mut headers = http::HeaderMap::new();
            headers.insert(LINK, http::HeaderValue::from_str(&link).unwrap());
            let page = Page { status: StatusCode::OK, headers, text, path: "/".into() };
            prop_assert!(judge(&page, "198.51.100.7", "c5").is_err());
        }
    }
}
