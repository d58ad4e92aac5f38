//! One row for each endpoint: how it is asked, about the holder's things.

use app::domain::ids::AllowanceId;
use axum::http::Method;

use super::everybody::{Cast, PASSWORD};

/// How somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As a browser opens a page.
    Page,
    /// As a script sends a form.
    Form,
    /// As a script sends JSON.
    Json,
    /// As a browser sends a file.
    File,
}

/// See the module.
pub struct Endpoint {
    pub method: Method,
    /// As the program's list has it.
    pub path: &'static str,
    /// The same with real ids.
    pub uri: String,
    pub way: Way,
    pub body: String,
    /// Whether it leaves something behind if it is allowed.
    pub changes: bool,
}

impl Endpoint {
    pub fn name(&self) -> String {
        format!("{:<4} {}", self.method, self.path)
    }

    pub fn is_machines(&self) -> bool {
        self.path.starts_with("/machines/v1/")
    }
}

fn get(path: &'static str, uri: impl Into<String>) -> Endpoint {
    Endpoint { method: Method::GET, path, uri: uri.into(), way: Way::Page, body: String::new(), changes: false }
}

/// A server function that only answers.
fn asks(path: &'static str, body: impl Into<String>) -> Endpoint {
    Endpoint { method: Method::POST, path, uri: path.into(), way: Way::Form, body: body.into(), changes: false }
}

/// One that changes something.
fn does(path: &'static str, body: impl Into<String>) -> Endpoint {
    Endpoint { changes: true, ..asks(path, body) }
}

fn asks_json(path: &'static str, body: serde_json::Value) -> Endpoint {
    Endpoint { way: Way::Json, ..asks(path, body.to_string()) }
}

fn at(uri: impl Into<String>, endpoint: Endpoint) -> Endpoint {
    Endpoint { uri: uri.into(), ..endpoint }
}

/// All of them, in the order of the table.
pub fn endpoints(cast: &Cast) -> Vec<Endpoint> {
    let Cast { environment: id, young, backup, bulk_act, roster, welcome, .. } = cast;
    let (invitation, token) = &cast.invitation;
    let password = PASSWORD.replace(' ', "+");
    let filter = serde_json::json!({"phase": null, "needs_attention": false, "search": "", "order": "attention", "page": 1});
    let desk = serde_json::json!({"code": "SYS-101", "filter": filter});
    let preview = serde_json::json!({"code": "SYS-101", "act": "stop", "whom": null, "filter": filter});
    let (student, holder, session, version) = (cast.student, cast.holder, cast.session, &cast.version);
    let grant = AllowanceId::new();
    let of_environment = |page: &str| format!("/environments/{id}{page}");
    vec![
        // Pages.
        get("/", "/"),
        get("/sign-in", "/sign-in"),
        get("/account", "/account"),
        get("/backups", "/backups"),
        get("/notices", "/notices"),
        get("/styleguide", "/styleguide"),
        get("/join/{token}", format!("/join/{token}")),
        get("/courses/{code}", "/courses/SYS-101"),
        get("/courses/{code}/costs", "/courses/SYS-101/costs"),
        get("/courses/{code}/members", "/courses/SYS-101/members"),
        get("/courses/{code}/rosters/{roster}", format!("/courses/SYS-101/rosters/{roster}")),
        get("/welcome/{token}", format!("/welcome/{welcome}")),
        get("/operate", "/operate"),
        get("/desk", "/desk"),
        get("/desk/{code}", "/desk/SYS-101"),
        get("/desk/{code}/act", "/desk/SYS-101/act?act=stop&whom=all"),
        get("/desk/{code}/acts/{act}", format!("/desk/SYS-101/acts/{bulk_act}")),
        get("/environments/{id}", of_environment("")),
        get("/environments/{id}/passwords", of_environment("/passwords")),
        get("/environments/{id}/prover", of_environment("/prover")),
        get("/environments/{id}/scale", of_environment("/scale")),
        get("/environments/{id}/costs", of_environment("/costs")),
        get("/environments/{id}/delete", of_environment("/delete")),
        get("/environments/{id}/backups", of_environment("/backups")),
        get("/environments/{id}/backups/{backup}", of_environment(&format!("/backups/{backup}"))),
        get("/environments/{id}/images", of_environment("/images")),
        get("/environments/{id}/images/{number}", of_environment("/images/1")),
        // What is fetched from pages.
        get("/environments/{id}/live", of_environment("/live")),
        get("/environments/{id}/backups/{backup}/content", of_environment(&format!("/backups/{backup}/content"))),
        get("/courses/{code}/costs.csv", "/courses/SYS-101/costs.csv"),
        get("/courses/{code}/members.csv", "/courses/SYS-101/members.csv"),
        get("/courses/{code}/rosters/{roster}/left.csv", format!("/courses/SYS-101/rosters/{roster}/left.csv")),
        Endpoint { way: Way::File, ..at("/courses/SYS-101/rosters", does("/courses/{code}/rosters", "s27001,Sora")) },
        at(of_environment("/key"), does("/environments/{id}/key", "")),
        // The door, and one's own.
        does("/do/sign_in", format!("name=aoi&password={password}")),
        does("/do/sign_in_again", format!("password={password}")),
        does("/do/sign_out", ""),
        asks("/do/sessions", ""),
        does("/do/end_session", format!("id={session}")),
        does("/do/end_other_sessions", ""),
        asks("/do/set_locale", "locale=ja"),
        asks("/do/set_theme", "theme=dark"),
        asks("/do/notices", ""),
        does("/do/read_notices", "ids="),
        asks("/do/my_courses", ""),
        asks("/do/my_environments", ""),
        asks("/do/my_backups", ""),
        asks("/do/my_desks", ""),
        // Coming into a course.
        asks("/do/invitation", format!("token={token}")),
        does("/do/join", format!("token={token}")),
        does("/do/register", format!("token={token}&name=Hana&sign_in=hana&password={password}&again={password}")),
        asks("/do/first_sign_in", format!("token={welcome}")),
        does("/do/choose_password", format!("token={welcome}&password={password}&again={password}")),
        // A course.
        asks("/do/course", "code=SYS-101"),
        asks("/do/members", "code=SYS-101"),
        does("/do/invite", "code=SYS-101&role=student&days=7&most=40"),
        does("/do/end_invitation", format!("code=SYS-101&id={invitation}")),
        does("/do/set_role", format!("code=SYS-101&person={student}&role=assistant")),
        does("/do/take_out", format!("code=SYS-101&person={student}")),
        asks("/do/roster", format!("code=SYS-101&id={roster}")),
        does("/do/bring_in", format!("code=SYS-101&id={roster}")),
        asks("/do/course_costs", "code=SYS-101&page=1"),
        does("/do/set_budgets", "code=SYS-101&course=900000&each=90000&reason=for+the+lesson"),
        does("/do/tell_at", "code=SYS-101&percents=50,80"),
        does("/do/grant", format!("code=SYS-101&id={grant}&person={holder}&amount=500&reason=for+the+lesson")),
        asks_json("/do/course_desk", desk),
        asks_json("/do/preview_bulk_act", preview),
        does("/do/begin_bulk_act", format!("code=SYS-101&act=stop&whom={id}")),
        asks("/do/what_came", format!("code=SYS-101&id={bulk_act}")),
        // An environment.
        does("/do/request_environment", format!("version={version}&name=c9&public_key=&size=0")),
        asks("/do/environment", format!("id={id}")),
        asks("/do/show_passwords", format!("id={id}")),
        does("/do/start_environment", format!("id={id}")),
        does("/do/stop_environment", format!("id={id}")),
        does("/do/try_environment_again", format!("id={id}")),
        does("/do/extend_lease", format!("id={id}")),
        does("/do/delete_environment", format!("id={young}&name=c6")),
        asks("/do/costs", format!("id={id}")),
        asks("/do/costs_of_a_copy", format!("id={id}&is_of_image=true")),
        asks("/do/backups", format!("id={id}")),
        does("/do/back_up", format!("id={id}")),
        does("/do/give_up_backup", format!("id={id}&backup={backup}")),
        does("/do/restore_backup", format!("id={id}&backup={backup}&name=c9&public_key=")),
        asks("/do/images", format!("id={id}")),
        does("/do/save_image", format!("id={id}")),
        does("/do/forget_image", format!("id={id}&number=1")),
        does("/do/start_from_image", format!("id={id}&number=1&name=c9&public_key=")),
        asks("/do/scale_offer", format!("id={id}")),
        does("/do/scale_out", format!("id={id}&machines=3")),
        does("/do/scale_in", format!("id={id}&machines=1&is_backed_up=true")),
        does("/do/set_policy", format!("id={id}&least=1&most=2&limit=cpu-80&cooldown_minutes=10")),
        does("/do/set_mode", format!("id={young}&mode=teaching")),
        does("/do/set_apart", format!("id={id}&machine=2&is_apart=true")),
        does("/do/set_sticky", format!("id={id}&is_sticky=true")),
        asks("/do/send_requests", format!("id={id}&requests=4")),
        // The site.
        asks("/do/operate", ""),
        does("/do/retry_chore", format!("id={}", cast.dead_chore)),
        // The process.
        get("/healthz", "/healthz"),
        get("/readyz", "/readyz"),
        get("/metrics", "/metrics"),
        // Machines sign what they ask; who is signed in is nothing to them.
        get("/machines/v1/bundle", "/machines/v1/bundle"),
        asks_json("/machines/v1/hello", serde_json::json!({"token": "made up", "nonce": "made up"})),
        get("/machines/v1/settings", "/machines/v1/settings"),
        asks("/machines/v1/progress", "{}"),
        asks("/machines/v1/facts", "{}"),
        asks("/machines/v1/signs", "{}"),
        get("/machines/v1/orders", "/machines/v1/orders"),
        at("/machines/v1/orders/1", asks("/machines/v1/orders/{number}", "{}")),
        at(format!("/machines/v1/backups/{backup}"), asks("/machines/v1/backups/{backup}", "{}")),
        get("/machines/v1/backups/{backup}/blocks/{number}", format!("/machines/v1/backups/{backup}/blocks/0")),
        Endpoint {
            method: Method::PUT,
            ..at(format!("/machines/v1/backups/{backup}/blocks/0"), asks("/machines/v1/backups/{backup}/blocks/{number}", "a block"))
        },
    ]
}
