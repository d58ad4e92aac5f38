//! Whatever people call things, it stays text.

use app::domain::phase::Phase;
use app::domain::reason::Attention;

use crate::portal::{Fake, backup_id, environment_id, version_id};
use crate::site::{get, location, post, site, student};

const HOSTILE: &str = r#"</textarea></title></script></noscript><img src=x onerror=alert(1)>"'&--><script>alert(1)</script>"#;

fn hostile(phase: Phase) -> Fake {
    let attention =
        (phase == Phase::Building).then(|| Attention::BootStepFailed { step: HOSTILE.to_owned(), log: vec![HOSTILE.to_owned()] });
    Fake { text: HOSTILE.to_owned(), phase, attention, ..Fake::default() }
}

/// Leptos' own scripts carry data as JSON, in which `<` is written `\u003c`; so no tag of ours may appear anywhere in the document.
fn assert_harmless(html: &str, of: &str) {
    for tag in ["<img", "<script>alert", "</textarea", "</noscript><img"] {
        assert!(!html.contains(tag), "{of} lets {tag} through");
    }
    assert_eq!(html.matches("</title>").count(), 1, "{of}");
}

#[tokio::test]
async fn names_titles_logs_and_addresses_stay_text_on_every_page() {
    let environment = format!("/environments/{}", environment_id());
    for phase in [Phase::Ready, Phase::Building, Phase::Stopped] {
        let mut visit = student();
        if let Some(caller) = &mut visit.caller {
            caller.name = HOSTILE.to_owned();
        }
        let (site, _) = site(hostile(phase), visit);
        let restore = format!("backups/{}", backup_id());
        let of_environment = ["passwords", "delete", "scale", "prover?send=1", "backups", &restore, "images", "images/1", "costs"]
            .map(|page| format!("{environment}/{page}"));
        let pages = [
            "/",
            "/courses/SYS-101",
            "/courses/SYS-101/costs",
            "/account",
            "/backups",
            "/notices",
            "/courses/SYS-101/members",
            "/courses/SYS-101/rosters/ros_00000000000000000000000009",
            "/welcome/x",
            "/join/x",
            "/operate",
            "/desk",
            "/desk/SYS-101",
            "/desk/SYS-101/act?act=start&whom=all",
            "/desk/SYS-101/acts/blk_00000000000000000000000009",
            &environment,
        ]
        .into_iter()
        .chain(of_environment.iter().map(String::as_str));
        for page in pages {
            let (status, html) = get(&site, page).await;
            assert_eq!(status, 200, "{page}");
            assert!(html.contains("&lt;img"), "{page} shows the text");
            assert_harmless(&html, page);
        }
    }
}

#[tokio::test]
async fn what_was_typed_and_asked_for_stays_text() {
    let escaped: String = HOSTILE.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let refused = app::error::AppError::WrongPassword;
    let (site, _) = site(Fake { refuses: Some(refused), ..Fake::default() }, student());
    let course = "/courses/SYS-101";
    let answer =
        post(&site, course, "/do/request_environment", &format!("version={}&name={escaped}&public_key={escaped}", version_id())).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let request = axum::http::Request::get(location(&answer)).header("accept", "text/html").header("cookie", cookie);
    let (_, html) = crate::site::ask(&site, request).await;
    assert_harmless(&html, "the form that came back");
    assert_eq!(html.matches("onerror=alert(1)").count(), 4, "both fields, and the same as data for the browser");
    let (_, html) = get(&site, &format!("/sign-in?next={escaped}&__path=%2Fdo%2Fsign_in&__err={escaped}")).await;
    assert_harmless(&html, "sign-in");
}
