//! What pages say, with which status, in both languages.

use app::domain::backup::DOWNLOAD;
use app::domain::person::{Locale, Visit};
use app::domain::phase::Phase;
use app::domain::reason::Attention;
use app::error::{AppError, told_on};

use crate::portal::{Fake, backup_id, environment_id};
use crate::site::{get, site, student};

fn pages() -> Vec<String> {
    let environment = format!("/environments/{}", environment_id());
    vec![
        "/".to_owned(),
        "/courses/SYS-101".to_owned(),
        environment.clone(),
        format!("{environment}/passwords"),
        format!("{environment}/delete"),
        format!("{environment}/scale"),
        format!("{environment}/prover?send=1"),
        format!("{environment}/costs"),
        "/courses/SYS-101/costs".to_owned(),
        format!("{environment}/backups"),
        format!("{environment}/backups/{}", backup_id()),
        "/backups".to_owned(),
        "/notices".to_owned(),
        "/courses/SYS-101/members".to_owned(),
        "/courses/SYS-101/rosters/ros_00000000000000000000000009".to_owned(),
        "/welcome/x".to_owned(),
        "/join/x".to_owned(),
        "/operate".to_owned(),
        "/desk".to_owned(),
        "/desk/SYS-101".to_owned(),
        "/desk/SYS-101/act?act=stop&whom=all".to_owned(),
        "/desk/SYS-101/acts/blk_00000000000000000000000009".to_owned(),
        "/account".to_owned(),
        "/styleguide".to_owned(),
        "/sign-in".to_owned(),
    ]
}

#[tokio::test]
async fn every_page_is_whole_without_scripts() {
    for locale in [Locale::En, Locale::Ja] {
        let (site, _) = site(Fake::default(), Visit { locale, ..student() });
        for page in pages() {
            let (status, html) = get(&site, &page).await;
            assert_eq!(status, 200, "{page}");
            assert!(html.contains(&format!("<html lang=\"{}\"", locale.code())), "{page}");
            assert_eq!(html.matches("<h1").count(), 1, "{page} has one first heading");
            assert_eq!(html.matches("<title>").count(), 1, "{page}");
            assert!(!html.contains(" style="), "{page} has no inline style: the policy would drop it");
            assert!(!html.contains("<template"), "{page} needs no script to show its parts");
            let links = html.matches("<a ").count();
            assert_eq!(links, html.matches("external\"").count(), "{page}: links load whole pages");
        }
    }
}

#[tokio::test]
async fn only_pages_on_which_something_happens_load_the_program() {
    let (site, _) = site(Fake::default(), student());
    let environment = format!("/environments/{}", environment_id());
    let alive =
        ["/courses/SYS-101", "/account", &environment, &format!("{environment}/passwords"), &format!("{environment}/prover?send=1")];
    for page in pages() {
        let (_, html) = get(&site, &page).await;
        assert_eq!(html.contains("app_bg.wasm"), alive.contains(&page.as_str()), "{page}");
        assert_eq!(html.contains("data-plain"), !alive.contains(&page.as_str()), "{page}");
    }
}

#[tokio::test]
async fn ids_are_unique_and_labels_lead_to_inputs() {
    let (site, _) = site(Fake::default(), student());
    for page in pages() {
        let (_, html) = get(&site, &page).await;
        let values = |attribute: &str| -> Vec<String> {
            html.split(&format!(" {attribute}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
        };
        let mut ids = values("id");
        for reference in ["for", "aria-labelledby", "aria-describedby"] {
            for id in values(reference).iter().flat_map(|ids| ids.split(' ')) {
                assert!(ids.iter().any(|known| known == id), "{page}: {reference} leads to {id}, which is not there");
            }
        }
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{page} repeats an id");
    }
}

#[tokio::test]
async fn who_is_not_signed_in_is_led_to_the_door_and_back() {
    let (site, _) = site(Fake::default(), Visit::default());
    let request = axum::http::Request::get("/courses/SYS-101?a=b").header("accept", "text/html");
    let (response, _) = crate::site::ask(&site, request).await;
    assert_eq!(response.status(), 302);
    assert_eq!(response.headers()["location"], "/sign-in?next=%2Fcourses%2FSYS%2D101%3Fa%3Db");
    let (_, html) = get(&site, "/sign-in?next=%2Fcourses%2FSYS%2D101").await;
    assert!(html.contains(r#"name="next" value="/courses/SYS-101""#));
    let (_, html) = get(&site, "/sign-in?next=%2F%2Fevil").await;
    assert!(html.contains(r#"name="next" value="/""#));
}

#[tokio::test]
async fn what_is_not_there_or_not_ours_is_not_found() {
    let (site, _) = site(Fake::default(), Visit { is_trial: false, ..student() });
    for page in [
        "/courses/NOT-MINE",
        "/environments/env_00000000000000000000000000",
        "/environments/7",
        "/environments/7/passwords",
        "/nowhere",
        "/styleguide",
    ] {
        let (status, html) = get(&site, page).await;
        assert_eq!(status, 404, "{page}");
        assert!(html.contains("<h1>Not found</h1>"), "{page}");
    }
}

#[tokio::test]
async fn a_moving_environment_looks_again_where_no_script_runs() {
    let page = format!("/environments/{}", environment_id());
    let again = r#"<noscript><meta http-equiv="refresh" content="3"></noscript>"#;
    for (phase, is_moving) in [(Phase::Waiting, true), (Phase::Building, true), (Phase::Ready, false), (Phase::Stopped, false)] {
        let (site, fake) = site(Fake { phase, ..Fake::default() }, student());
        let (_, html) = get(&site, &page).await;
        let head = html.split("</head>").next().unwrap();
        assert_eq!(head.contains(again), is_moving, "{phase:?}");
        assert_eq!(*fake.looks.lock().unwrap(), 1, "head and page share one look");
    }
}

#[tokio::test]
async fn trouble_is_told_with_what_to_do() {
    let attention = Some(Attention::NoFreeAddress { used: 5, size: 5 });
    for (locale, sentence) in [(Locale::En, "(5 of 5 in use)"), (Locale::Ja, "（5/5 使用中）")] {
        let (site, _) =
            site(Fake { phase: Phase::Building, attention: attention.clone(), ..Fake::default() }, Visit { locale, ..student() });
        let (_, html) = get(&site, &format!("/environments/{}", environment_id())).await;
        assert!(html.contains(sentence));
        assert!(html.contains("/do/try_environment_again"), "the way on is beside it");
        assert!(html.contains("second line"), "the log of what failed is there");
        assert!(html.contains(r#"<details open class="step-log">"#), "and open");
    }
}

#[tokio::test]
async fn passwords_are_on_no_page_but_their_own() {
    let (site, _) = site(Fake { is_fresh: false, ..Fake::default() }, student());
    let (status, html) = get(&site, &format!("/environments/{}/passwords", environment_id())).await;
    assert_eq!(status, 200);
    assert!(html.contains("Type your password again") && !html.contains("kumo-hare-ame-42"));
    let (_, html) = get(&site, &format!("/environments/{}", environment_id())).await;
    assert!(!html.contains("kumo-hare-ame-42"));
}

#[tokio::test]
async fn an_empty_site_teaches_the_next_step() {
    let (site, _) = site(Fake { is_empty: true, ..Fake::default() }, student());
    let (_, html) = get(&site, "/").await;
    assert!(html.contains("You have no environment yet.") && html.contains("Ask your instructor to add you."));
}

#[tokio::test]
async fn a_download_that_is_refused_leads_to_a_page_that_says_why() {
    let (site, _) = site(Fake::default(), student());
    let page = format!("/environments/{}/backups", environment_id());
    let (status, html) = get(&site, &told_on(&page, DOWNLOAD, AppError::Damaged)).await;
    assert_eq!(status, 200);
    assert!(html.contains("The backup is damaged"), "{html}");
    let (_, html) = get(&site, &page).await;
    assert!(!html.contains("The backup is damaged"));
}
