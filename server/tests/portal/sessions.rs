//! Signing in and out, through the real store.

use std::sync::Arc;

use app::domain::person::Caller;
use app::error::AppError;
use app::ports::Door;
use server::auth::door::BrowserDoor;
use server::auth::password;
use server::auth::store::Store;
use server::db::people;
use sqlx::PgPool;
use tower_sessions::Session;

async fn portal_with(pool: &PgPool) -> Caller {
    let hash = password::hash("correct horse").await.expect("hashed");
    let person = people::add(&mut pool.acquire().await.expect("a connection"), "aoi", "Aoi", &hash, false).await.expect("a person");
    Caller { person, name: "Aoi".into(), is_operator: false }
}

fn browser(pool: &PgPool) -> BrowserDoor {
    let session = Session::new(None, Arc::new(Store(pool.clone())), None);
    BrowserDoor { pool: pool.clone(), session, browser: "Firefox · Linux".into() }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_wrong_password_and_an_unknown_name_get_the_same_answer(pool: PgPool) {
    portal_with(&pool).await;
    let door = browser(&pool);
    assert_eq!(door.sign_in("aoi", "wrong").await, Err(AppError::WrongPassword));
    assert_eq!(door.sign_in("nobody", "correct horse").await, Err(AppError::WrongPassword));
    door.sign_in(" Aoi ", "correct horse").await.expect("signed in");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn signing_in_changes_the_cookie_and_kills_the_old_one(pool: PgPool) {
    portal_with(&pool).await;
    let door = browser(&pool);
    door.session.insert("planted", true).await.expect("inserted");
    door.session.save().await.expect("saved");
    let planted = door.session.id().expect("an id");
    door.sign_in("aoi", "correct horse").await.expect("signed in");
    assert_ne!(door.session.id(), Some(planted));
    let old = Session::new(Some(planted), Arc::new(Store(pool.clone())), None);
    assert_eq!(old.get::<String>("person").await.expect("loaded"), None, "a planted session is worth nothing");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn sessions_are_listed_and_ended(pool: PgPool) {
    let caller = portal_with(&pool).await;
    let (one, other) = (browser(&pool), browser(&pool));
    one.sign_in("aoi", "correct horse").await.expect("signed in");
    other.sign_in("aoi", "correct horse").await.expect("signed in");
    let rows = one.sessions(&caller).await.expect("a list");
    assert_eq!(rows.len(), 2);
    assert_eq!(rows.iter().filter(|row| row.is_this_one).count(), 1);
    let theirs = rows.iter().find(|row| !row.is_this_one).expect("the other").id;
    one.end_session(&caller, theirs).await.expect("ended");
    assert_eq!(one.sessions(&caller).await.expect("a list").len(), 1);
    assert_eq!(one.end_session(&caller, theirs).await, Err(AppError::NotFound));
    one.sign_out().await.expect("signed out");
    assert!(one.sessions(&caller).await.expect("a list").is_empty());
}
