//! Forms sent without scripts, and asked for by scripts.

use app::domain::name::NameProblem;
use app::error::{AppError, Field, Why};
use axum::http::{Request, header};

use crate::portal::{Fake, environment_id, version_id};
use crate::site::{ask, location, post, site, student};

fn refusing(error: AppError) -> Fake {
    Fake { refuses: Some(error), ..Fake::default() }
}

#[tokio::test]
async fn a_request_leads_to_the_new_environment() {
    let (site, _) = site(Fake::default(), student());
    let answer = post(&site, "/courses/SYS-101", "/do/request_environment", &format!("version={}&name=c5&public_key=", version_id())).await;
    assert_eq!(answer.status(), 302);
    assert_eq!(location(&answer), format!("/environments/{}", environment_id()));
}

#[tokio::test]
async fn a_refused_request_comes_back_with_the_reason_at_the_field_and_what_was_typed() {
    let taken = AppError::Invalid { field: Field::Name, why: Why::Taken };
    let (site, _) = site(refusing(taken), student());
    let body = format!("version={}&name=my+site&public_key=ssh-ed25519+AAAA%2Bx%3D%3D", version_id());
    let answer = post(&site, "/courses/SYS-101?__path=%2Fdo%2Fother&__err=old", "/do/request_environment", &body).await;
    assert_eq!(answer.status(), 302);
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("Max-Age=60"));
    let request = Request::get(location(&answer)).header("accept", "text/html").header("cookie", cookie.split(';').next().unwrap());
    let (page, html) = ask(&site, request).await;
    assert_eq!(page.status(), 200);
    assert!(html.contains("Somebody has this name already."));
    assert!(html.contains(r#"aria-invalid="true""#));
    assert!(html.contains(r#"value="my site""#) && html.contains(r#"value="ssh-ed25519 AAAA+x==""#));
    assert!(page.headers()[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"), "it is kept for one page");
    let (_, html) = crate::site::get(&site, "/courses/SYS-101").await;
    assert!(!html.contains("Somebody has this name already."));
}

#[tokio::test]
async fn scripts_get_a_status_and_an_error_in_words_of_ours() {
    let reserved = AppError::Invalid { field: Field::Name, why: Why::Name(NameProblem::Reserved) };
    let (site, _) = site(refusing(reserved.clone()), student());
    let request = Request::post("/do/request_environment")
        .header("accept", "application/json")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(format!("version={}&name=www&public_key=", version_id())))
        .unwrap();
    let response = tower::ServiceExt::oneshot(site, request).await.unwrap();
    assert_eq!(response.status(), 422);
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    assert_eq!(serde_json::from_slice::<AppError>(&body).unwrap(), reserved);
}

#[tokio::test]
async fn signing_in_leads_to_a_page_of_ours_only() {
    let (site, _) = site(Fake::default(), app::domain::person::Visit::default());
    for (next, leads_to) in [("%2Fcourses%2FSYS-101", "/courses/SYS-101"), ("https%3A%2F%2Fevil", "/"), ("%2F%2Fevil", "/"), ("", "/")] {
        let answer = post(&site, "/sign-in", "/do/sign_in", &format!("name=hanako&password=x&next={next}")).await;
        assert_eq!(location(&answer), leads_to, "{next}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_said_once_and_never_kept() {
    let (site, _) = site(refusing(AppError::WrongPassword), app::domain::person::Visit::default());
    let answer = post(&site, "/sign-in?next=%2Faccount", "/do/sign_in", "name=hanako&password=hemligt&next=%2Faccount").await;
    let all = format!("{:?}", answer.headers());
    assert!(!all.contains("hemligt") && all.contains("hanako"));
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let (_, html) = ask(&site, Request::get(location(&answer)).header("accept", "text/html").header("cookie", cookie)).await;
    assert!(
        html.contains("The name or the password is wrong.") && html.contains(r#"value="hanako""#) && html.contains(r#"value="/account""#)
    );
}

#[tokio::test]
async fn language_and_theme_are_remembered_and_the_page_stays() {
    let (site, _) = site(Fake::default(), student());
    for (path, body, cookie) in [("/do/set_locale", "locale=ja", "koza_locale=ja"), ("/do/set_theme", "theme=dark", "koza_theme=dark")] {
        let answer = post(&site, "/account", path, body).await;
        assert_eq!(location(&answer), "/account");
        assert!(answer.headers()[header::SET_COOKIE].to_str().unwrap().starts_with(cookie));
    }
}

#[tokio::test]
async fn nothing_is_changed_by_get() {
    let (site, _) = site(Fake::default(), student());
    for path in leptos::server_fn::axum::server_fn_paths() {
        assert_eq!(path.1, axum::http::Method::POST, "{}", path.0);
        let (response, _) = ask(&site, Request::get(path.0).header("accept", "text/html")).await;
        assert!(matches!(response.status().as_u16(), 404 | 405), "{}: {}", path.0, response.status());
    }
}

#[tokio::test]
async fn deleting_wants_the_name() {
    let (site, _) = site(Fake::default(), student());
    let page = format!("/environments/{}/delete", environment_id());
    let answer = post(&site, &page, "/do/delete_environment", &format!("id={}&name=c6", environment_id())).await;
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let (_, html) = ask(&site, Request::get(location(&answer)).header("accept", "text/html").header("cookie", cookie)).await;
    assert!(html.contains("This is not the name of the environment.") && html.contains(r#"value="c6""#));
    let answer = post(&site, &page, "/do/delete_environment", &format!("id={}&name=c5", environment_id())).await;
    assert_eq!(location(&answer), format!("/environments/{}", environment_id()));
}

#[tokio::test]
async fn a_copy_in_the_first_machines_zone_is_refused_with_the_reason_and_what_was_chosen_stays() {
    let (site, _) = site(Fake::default(), student());
    let page = format!("/environments/{}/scale", environment_id());
    let answer = post(&site, &page, "/do/scale_out", &format!("id={}&machines=3&zone=c5", environment_id())).await;
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let (_, html) = ask(&site, Request::get(location(&answer)).header("accept", "text/html").header("cookie", cookie)).await;
    assert!(html.contains("The first machine is in this zone."), "{html}");
    assert!(html.contains(r#"<option value="3" selected"#), "{html}");
    let answer = post(&site, &page, "/do/scale_out", &format!("id={}&machines=2&zone=", environment_id())).await;
    assert_eq!(location(&answer), format!("/environments/{}", environment_id()));
}

#[tokio::test]
async fn who_has_a_machine_that_cannot_leave_may_keep_it_or_let_it_go_and_asks_for_no_more_meanwhile() {
    let (site, _) = site(Fake { is_empty: true, ..Fake::default() }, student());
    let page = format!("/environments/{}/scale", environment_id());
    let (_, html) = ask(&site, Request::get(&page).header("accept", "text/html")).await;
    for said in ["Keep all machines", "Let machine 2 go without a backup", "what was written on it is then lost for ever"] {
        assert!(html.contains(said), "{said}");
    }
    assert!(!html.contains("/do/scale_out"), "it is asked for no more machines");
    let answer = post(&site, &page, "/do/scale_in", &format!("id={}&machines=2&is_backed_up=true", environment_id())).await;
    assert_eq!(location(&answer), format!("/environments/{}", environment_id()));
}
